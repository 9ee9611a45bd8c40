#!/usr/bin/env python3
"""Runs generated unit tests of rules with promtool and with promgate, and compares what becomes of each.

unit_tests.py PROMGATE PEERS WORK [--seed N] [--cases N] [--show N]

PEERS is what scripts/peers unpacked; WORK is a scratch folder. Three kinds, a third of the cases each:
  templates    random alert templates (times, humanize…, printf, range, comparisons): the rendered texts are equal
  expressions  random rules and expressions with values that promgate computed: promtool finds them equal to the bit
  mutations    seeds of unit tests and rule files, changed at random: both pass, or both fail
docs/differences.md explains those of Prometheus 3.14 and 3.5.3; what is generated keeps away from them. Standard library only.
"""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys

import unit_test_seeds as seeds

CHUNK = 60


def run(arguments, folder):
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, errors="surrogateescape", timeout=300)


class Tools:
    def __init__(self, promgate, promtool, work):
        self.promgate, self.promtool, self.work = promgate, promtool, work

    def write(self, name, text):
        with open(os.path.join(self.work, name), "w", encoding="utf8", errors="surrogateescape", newline="") as file:
            file.write(text)

    def real(self, name):
        return run([self.promtool, "--enable-feature=promql-experimental-functions", "test", "rules", name], self.work)

    def ours(self, *names):
        return run([self.promgate, "test", "--enable-feature=promql-experimental-functions", "--format=json", *names], self.work)


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


# Templates: an annotation that is expected to be something else shows what it became.

def rendered_by_promtool(output):
    """The annotation `t` by the label `case` of the alert."""
    found = {}
    for block in re.finditer(r"got:\[(.*?)\n {12}\]", output, re.S):
        for item in re.finditer(r'Labels:\{(.*?)\}\n\s*Annotations:\{t="((?:[^"\\]|\\.)*)"\}', block[1], re.S):
            number = re.search(r'case="(\d+)"', item[1])
            if number:
                found[int(number[1])] = item[2]
    return found


def rendered_by_promgate(report):
    found = {}
    for file in report["files"]:
        for failure in file["failures"]:
            for row in failure["series"]:
                number = re.search(r'case="(\d+)"', row["series"])
                text = re.fullmatch(r'firing \{t="((?:[^"\\]|\\.)*)"\}', row.get("got") or "", re.S)
                if number and text:
                    found[int(number[1])] = text[1]
    return found


def compare_templates(tools, texts):
    """Yields (template, promtool's text, ours) for each template; a text is None where there is none."""
    rules = ["groups:", "- name: g", "  rules:"]
    checks = []
    for number, text in enumerate(texts):
        rules += [f"  - alert: A{number}", f"    expr: {quoted(seeds.EXPRESSION)}", f"    labels: {{case: \"{number}\"}}",
                  f"    annotations: {{t: {quoted(text)}}}"]
        checks.append(f"  - {{eval_time: 5m, alertname: A{number}, exp_alerts: []}}")
    tools.write("t.rules.yml", "\n".join(rules) + "\n")
    tools.write("t.yml", "\n".join(
        ["rule_files: [t.rules.yml]", "tests:", "- interval: 1m", seeds.SERIES, "  external_labels: {dc: \"eu-1\", empty: \"\"}",
         "  external_url: http://example.org/prom/eth", "  alert_rule_test:"] + checks) + "\n")
    real, ours = tools.real("t.yml"), tools.ours("t.yml")
    wanted = rendered_by_promtool(real.stdout + real.stderr)
    got = rendered_by_promgate(json.loads(ours.stdout)) if ours.stdout.startswith("{") else {}
    if len(texts) > 1 and len(wanted) < len(texts) or len(got) < len(wanted):
        # One of them cannot be parsed: each alone.
        for text in texts if len(texts) > 1 else []:
            yield from compare_templates(tools, [text])
        if len(texts) > 1:
            return
    for number, text in enumerate(texts):
        yield text, wanted.get(number), got.get(number)


def templates(tools, r, cases, show):
    differences = made = broken = 0
    while made < cases:
        texts = [seeds.template(r) for _ in range(min(CHUNK, cases - made))]
        made += len(texts)
        for text, wanted, got in compare_templates(tools, texts):
            broken += wanted is None
            if wanted == got:
                continue
            differences += 1
            if differences <= show:
                print(f"TEMPLATE {text!r}\n    promtool {wanted}\n    promgate {got}")
    print(f"templates: {made - differences} agree, {differences} differ; {broken} are no templates")
    return made, differences


# Expressions: what promgate computes is what promtool is told to expect.

def expected(value):
    return {"NaN": ".nan", "+Inf": ".inf", "Inf": ".inf", "-Inf": "-.inf"}.get(value, value)


def expressions(tools, r, cases, show):
    differences = made = unequal = 0
    while made < cases:
        count = min(CHUNK, cases - made)
        made += count
        series = seeds.series(r)
        rules = seeds.recording_rules(r)
        queries = [(seeds.expression(r), r.choice(["0s", "1m", "3m", "5m", "7m30s", "11m"])) for _ in range(count)]
        tools.write("e.rules.yml", rules)

        def file(samples):
            lines = ["rule_files: [e.rules.yml]", "evaluation_interval: 1m", "tests:", "- interval: 30s", series, "  promql_expr_test:"]
            for (query, time), rows in zip(queries, samples):
                rows = ", ".join(f"{{labels: {quoted(labels)}, value: {value}}}" for labels, value in rows)
                lines.append(f"  - {{expr: {quoted(query)}, eval_time: {time}, exp_samples: [{rows}]}}")
            return "\n".join(lines) + "\n"

        # Nothing is expected first: the report has all that came.
        tools.write("e.yml", file([[] for _ in queries]))
        report = json.loads(tools.ours("e.yml").stdout)
        failures = {}
        for failure in report["files"][0]["failures"]:
            failures.setdefault((failure["query"], failure["run"]), failure)
        samples, errors, met = [], {}, set()
        for query, time in queries:
            seconds = sum(int(n) * {"m": 60, "s": 1}[u] for n, u in re.findall(r"(\d+)([ms])", time))
            failure = failures.get((query, f"as written, at {seconds} s"))
            rows = [(row["series"], expected(row["got"])) for row in failure["series"]] if failure else []
            if failure and not rows:
                errors[(query, time)] = failure["problem"].removeprefix("the query failed: ")
            samples.append([row for row in rows if row[1] != ".nan" and not row[1].startswith("{{")])
            unequal += len(rows) - len(samples[-1])
        tools.write("e.yml", file(samples))
        real = tools.real("e.yml")
        told = real.stdout + real.stderr
        for match in re.finditer(r'    expr: ("(?:[^"\\]|\\.)*"), time: (\w+),(?: err: (.*)|\n        exp: (.*)\n        got: (.*))', told):
            query, time, error, wanted, got = json.loads(match[1]), match[2], match[3], match[4], match[5]
            failure = errors.get((query, time))
            met.add((query, time))
            if error is not None and seeds.same_error(failure, error):
                continue
            if failure is not None and error is None and seeds.is_late(query, failure):
                continue
            if got is not None and (seeds.without_nan(got) == seeds.without_nan(wanted) or seeds.is_tie(query, wanted, got)
                                    or seeds.is_close(query, wanted, got)):
                continue
            differences += 1
            if differences <= show:
                print(f"EXPRESSION {query} at {time}\n    promgate {failure or wanted}\n    promtool {got or error}")
        for (query, time), error in errors.items():
            if (query, time) in met or seeds.is_late(query, error):
                continue
            differences += 1
            if differences <= show:
                print(f"EXPRESSION {query} at {time}\n    promgate failed: {error}\n    promtool did not")
        if "err:" in told and "rule:" in told:
            print(told[:500])
            differences += 1
    print(f"expressions: {made - differences} agree, {differences} differ; {unequal} values are NaN or histograms")
    return made, differences


# Mutations: whole files.

def mutations(tools, r, cases, show):
    differences = made = passed = 0
    while made < cases:
        names = []
        for number in range(min(CHUNK, cases - made)):
            test, rules = r.choice(seeds.FILES)
            for _ in range(r.choice([0, 1, 1, 1, 2, 3])):
                if r.random() < 0.7:
                    test = seeds.mutated(r, test)
                else:
                    rules = seeds.mutated(r, rules)
            tools.write(f"m{number}.rules.yml", rules)
            tools.write(f"m{number}.yml", test.replace("RULES", f"m{number}.rules.yml"))
            names.append(f"m{number}.yml")
        made += len(names)
        ours = json.loads(tools.ours(*names).stdout)
        for name, file in zip(names, ours["files"]):
            real = tools.real(name)
            wanted = real.returncode == 0
            passed += wanted
            got = file["failed"] == 0 and "error" not in file
            text = open(os.path.join(tools.work, name), encoding="utf8", errors="surrogateescape").read()
            if wanted == got or seeds.is_known(text, real.stdout + real.stderr, file):
                continue
            # Groups that no order names are evaluated in another one at each run.
            if any((tools.real(name).returncode == 0) == got for _ in range(12)):
                continue
            differences += 1
            kept = os.path.join(tools.work, f"different-{differences}")
            shutil.copy(os.path.join(tools.work, name), kept + ".yml")
            shutil.copy(os.path.join(tools.work, name.replace(".yml", ".rules.yml")), kept + ".rules.yml")
            if differences <= show:
                print(f"MUTATION {kept}.yml: promtool {'passes' if wanted else 'fails'}, promgate does not")
                print("    " + (real.stdout + real.stderr).strip().replace("\n", "\n    ")[:800])
                print("    " + (file.get("error") or json.dumps(file["failures"])[:800]))
    print(f"mutations: {made - differences} agree, {differences} differ; promtool passes {passed}")
    return made, differences


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("promgate")
    p.add_argument("peers")
    p.add_argument("work")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--cases", type=int, default=900)
    p.add_argument("--show", type=int, default=20, help="so many differences of a kind are shown")
    p.add_argument("--only", choices=["templates", "expressions", "mutations"])
    a = p.parse_args()
    shutil.rmtree(a.work, ignore_errors=True)
    os.makedirs(a.work)
    promtool = os.path.join(os.path.abspath(a.peers), "promtool/usr/bin/promtool")
    tools = Tools(os.path.abspath(a.promgate), promtool, os.path.abspath(a.work))
    made = failed = 0
    for kind in (templates, expressions, mutations):
        if a.only in (None, kind.__name__):
            n, different = kind(tools, random.Random(f"{kind.__name__} {a.seed}"), max(1, a.cases // 3), a.show)
            made, failed = made + n, failed + different
    print(f"{made - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
