#!/usr/bin/env python3
"""Mutates rule files, and compares what promgate lint and promtool refuse.

rules.py PROMGATE PEERS WORK [--seed N] [--cases N]

Every case is a rule file of ours with one to three things changed: keys, types, durations, templates, names, expressions,
nulls, anchors, tags, the way in which it is written, and its bytes. `promgate lint` must have an error of the code `rule`,
which is what Prometheus refuses, exactly where `promtool check rules` fails. What 3.14 accepts and the promtool at hand (3.5)
does not is not made here; docs/differences.md has the rows. Standard library only.
"""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys

BATCH = 200


# A file is made of these; a Python str is a scalar that is written in any style that keeps it, a Plain as it is.
class Map(list):
    """Pairs, so that a key can stand twice."""


class Plain(str):
    pass



def seeds():
    alert = lambda: Map([
        ("alert", "HighErrors"),
        ("expr", 'sum by (job) (rate(http_errors_total{code=~"5.."}[5m])) / sum by (job) (rate(http_requests_total[5m])) > 0.05'),
        ("for", "5m"), ("keep_firing_for", "1h30m"),
        ("labels", Map([("severity", "page"), ("team", "{{ $labels.job }}-team"), ("tier", Plain("2"))])),
        ("annotations", Map([
            ("summary", "{{ $labels.job }} has {{ $value | humanizePercentage }} errors"),
            ("description", '{{ range query "up == 0" }}{{ .Labels.instance }} {{ .Value }}{{ end }}'),
            ("runbook_url", "https://example.org/{{ $externalLabels.cluster }}?x={{ $externalURL }}")]))])
    record = lambda name="job:http_requests:rate5m": Map([
        ("record", name), ("expr", "sum by (job) (rate(http_requests_total[5m]))"), ("labels", Map([("source", "rules")]))])
    full = lambda: Map([("groups", [
        Map([("name", "errors"), ("interval", "30s"), ("query_offset", "1m"), ("limit", Plain("10")),
             ("labels", Map([("owner", "web")])), ("rules", [alert(), record()])]),
        Map([("name", "more"), ("rules", [record("instance:up:count"), Map([
            ("alert", "Down"), ("expr", "up == 0"), ("annotations", Map([("summary", "{{ with $labels.instance }}{{ . }}{{ else }}?{{ end }}")]))])])])])])
    small = lambda: Map([("groups", [Map([("name", "g"), ("rules", [Map([("record", "a"), ("expr", Plain("1"))])])])])])
    alerts = lambda: Map([("groups", [Map([("name", "g"), ("rules", [alert(), alert()])])])])
    return [full, full, small, alerts]


DURATIONS = ["0", "0s", "5", "5m", "-5m", "1h30m", "1m1h", "1.5s", "5x", "", " ", "1y2w3d4h5m6s7ms", "9999999999y", "292y", "293y",
             "99999999999999999999s", "5M", "1d1d", "+5m", "5 minutes", "5m ", "1_0m", "5µs", "5min", "1h 30m", "Inf", "m", "ms", "1ms",
             "106751d", "106752d", "0y", "5mm", "5S"]
TEXTS = ["", " ", "a", "a b", "a-b", "ä", "😀", "a{b}", "a{", "}", "__name__", "alertname", "__x", "5", "true", "y", "~", "null", "2001-01-01",
         ".nan", "a:b:c", "a.b", "{{ $value }}", "a\nb", "\t", "a\"b", "a'b", "a\\b", "# x", "- a", "? a", "a: b", "[a]", "%x", "@x", "`x`", "&x", "*x",
         "!x", "|", ">", "=", "<<", "\u2028", "\u0085", "\u00a0", "\ufeff", "x" * 200]
PLAIN = ["~", "null", "Null", "", "true", "yes", "off", "0", "5", "-1", "1.5", "1e3", "0x10", "0o17", "017", "0b11", "1_000", ".inf", "-.inf", ".nan",
         "99999999999999999999", "-99999999999999999999", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e30", "-1e30",
         "2001-01-01", "[]", "{}", "[a]", "{a: b}", "[~]", "{~: ~}", "[[]]", "{a: [b]}", "!!str 5", "!!int 5", "!!int x", '!!int "5"', "!!float 5",
         "!!float x", "!!bool x", "!!bool true", "!!null x", "!!binary YQ==", "!!binary /w==", "!!binary Y", "!foo a", "! 5", "!!seq a",
         "!!map a", "!x!y g", '"\\xff"', '"\\u00e4"', '"a\\qb"', '"a\\/b"', "'it''s'", '"\\x00"', "*nowhere", "&a b", "!!set {a}", "!!omap [a: b]",
         "|\n        a\n        b", ">-\n        a", '"unclosed', "'unclosed", "{a", "[a", "a: b", "a: b: c", "- a", "@a", "`a`", "%a", "a # b", "a#b"]
TEMPLATES = ["{{ .Foo }", "{{ .Foo }}", "{{ $labels.x.y }}", "{{ $value.x }}", "{{ $nope }}", "{{ index $labels 5 }}", '{{ humanize "x" }}', "{{ humanize }}",
             '{{ printf "%d" $value }}', '{{ template "x" }}', '{{ define "x" }}a{{ end }}', '{{ block "x" . }}a{{ end }}', "{{ if }}x{{ end }}",
             "{{ if true }}", "{{ end }}", '{{ query "up(" }}', "{{ with $x := 5 }}{{ $x }}{{ end }}", "{{ $x := 5 }}{{ $y }}", "{{ break }}",
             "{{ range .Labels }}{{ break }}{{ continue }}{{ end }}", "{{ else }}", "{{/* c */}}", "{{/* c", "{{- $value -}}", "{{-$value}}",
             '{{ "a" | b }}', "{{ 5.x }}", "{{ .5 }}", "{{ 0x }}", "{{ 1 2 }}", "{{ nil }}", "{{ $ }}", "{{ `x }}", '{{ "x }}', "{{ 'xx' }}", "{{ 'x' }}",
             "{{ toUpper 5 }}", "{{ $labels.a-b }}", "{{ $value | humanize2 }}", "{{{ $value }}}", "{{ $value }}}", "{{ ( $value }}", "{{ $value ) }}",
             "{{ .Labels.5 }}", "{{ $labels.0 }}", '{{ $labels["x"] }}', "{{ $external.x }}", "{{}}", "{{ }}", '{{ define "a" }}', "{{ $a = 5 }}",
             "{{ $value = 5 }}", "{{ $value, $x := range }}", "{{ range $a, $b := .Labels }}{{ end }}", "{{ range $a, $b, $c := .Labels }}{{ end }}",
             "{{ with $a, $b := .Labels }}{{ end }}", "{{ $labels := 5 }}", "{{ strvalue 5 }}", "{{ .Value | printf \"%.2f\" }}", "{{ . | }}", "{{ | a }}",
             "{{ if eq $value 1.0 }}a{{ else if eq $value 2.0 }}b{{ else }}c{{ end }}", "{{ else if true }}", "{{ with . }}a{{ else with . }}b{{ end }}",
             "{{ template x }}", "{{ template }}", "{{ define x }}{{ end }}", "{{ range }}{{ end }}", "{{ len $labels | }}", "{{ $labels . }}", "{{ .. }}",
             "{{ ... }}", "{{ .a..b }}", "{{ $labels..x }}", "{{ (.Labels).x }}", "{{ (index .Labels \"x\").y }}", "{{ not }}", "{{ print 1 | print | len }}",
             "{{ 1i }}", "{{ 1e5 }}", "{{ 0b12 }}", "{{ 1__0 }}", "{{ '\\x' }}", '{{ "\\x" }}', '{{ "a\nb" }}', "{{ `a\nb` }}", "{{ true false }}",
             "{{ $x }}{{ $x := 1 }}", "{{ if $x := 1 }}{{ end }}{{ $x }}", "{{ break }}{{ range . }}{{ end }}", "{{ range . }}{{ else }}{{ break }}{{ end }}",
             "{{ \n }}", "{{ $value\n}}", "{{ä}}", "{{ $ä }}", "{{ .ä }}", "{{ safeHtml \"a\" }}{{ pathPrefix }}{{ externalURL }}{{ args 1 2 }}"]
EXPRESSIONS = ["", " ", "(", "up{", "rate(up)", "rate(up[5m]", "up[5m]", '"x"', "1", "up > bool 1", "1 > 2", "1 > bool 2", "sum by (a) (up) without (b)",
               "histogram_quantile(0.9)", "nope(up)", "up offset 5", "up offset 5m", "up @ 5", "up @ start()", "up[5m:1m]", "up[5m:]", 'up{a=~"("}', "up{a=1}",
               'up{a="b",}', "{}", '{a=""}', '{__name__="x"}', "up and on() up", "up + on(a) group_left up", "up + group_left up", "sum(up, 1)", "topk(up)",
               "topk(1, up)", "count_values(\"x\", up)", "quantile(0.5, up)", "up # comment", "# comment", "up; up", "up == 0 == 1", "--up", "-up ^ 2",
               "1e1000", "0x1F", "NaN", "Inf > 1", "up{a='b'}", "up{`a`=`b`}", '{"a.b"}', '{"a.b", c="d"}', "sum(up) by (\"a.b\")", "absent(up{a=\"b\"})",
               "up\u00a0== 0", "up == 0\n  and\nup", "up unless up or up", "up atan2 up", "mad_over_time(up[5m])", "limitk(1, up)", "sort_by_label(up, \"a\")",
               "rate(up[0s])", "rate(up[-5m])", "rate(up[5m5m])", "rate(up[1d2h])", "label_replace(up, \"a\", \"$1\", \"b\", \"(\")",
               "label_replace(up, \"\", \"\", \"\", \"\")", "label_join(up, \"a b\", \",\", \"c\")", "time()", "vector(1)", "scalar(up)", "sum(1)", "-\"a\"", "up{a!=\"b\"}[5m] offset 1w",
               "holt_winters(up[5m], 0.5, 0.5)", "double_exponential_smoothing(up[5m], 0.5, 0.5)", "rate(sum(up)[5m])", "rate(sum(up)[5m:1m])", "bool", "by", "sum", "sum()", "start", "up.x"]
KEYS = ["name", "interval", "query_offset", "limit", "rules", "labels", "record", "alert", "expr", "for", "keep_firing_for", "annotations", "groups",
        "exprr", "Expr", "annotation", "label", "partial_response_strategy", "source_tenants", "evaluation_delay", "", " ", "expr ", "<<", "y", "5", "true"]


def nodes(value, path=()):
    """All parts of a file: where they stand, and what they are."""
    yield path, value
    if isinstance(value, Map):
        for index, (_, inner) in enumerate(value):
            yield from nodes(inner, path + (index,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from nodes(inner, path + (index,))


def at(value, path):
    for index in path:
        value = value[index][1] if isinstance(value, Map) else value[index]
    return value


def put(value, path, new):
    parent = at(value, path[:-1])
    if isinstance(parent, Map):
        parent[path[-1]] = (parent[path[-1]][0], new)
    else:
        parent[path[-1]] = new


def change(random, value):
    """Changes one thing of a file."""
    found = list(nodes(value))
    maps = [path for path, node in found if isinstance(node, Map)]
    inner = [path for path, _ in found if path]
    mapping = at(value, random.choice(maps))
    key_of = lambda path: at(value, path[:-1])[path[-1]][0] if isinstance(at(value, path[:-1]), Map) else None
    kind = random.randrange(14)
    if kind == 0 and mapping:
        index = random.randrange(len(mapping))
        mapping[index] = (random.choice(KEYS + [mapping[index][0] + "x", mapping[index][0][1:], mapping[index][0].upper()]), mapping[index][1])
    elif kind == 1 and mapping:
        mapping.insert(random.randrange(len(mapping) + 1), random.choice(mapping))
    elif kind == 2 and mapping:
        del mapping[random.randrange(len(mapping))]
    elif kind == 3:
        mapping.insert(random.randrange(len(mapping) + 1), (random.choice(KEYS), random.choice(["a", Plain("~"), Plain("5"), [], Map()])))
    elif kind in (4, 5) and inner:
        path = random.choice(inner)
        put(value, path, Plain(random.choice(PLAIN)))
    elif kind == 6:
        places = [path for path in inner if key_of(path) in ("for", "keep_firing_for", "interval", "query_offset")]
        if places:
            put(value, random.choice(places), random.choice([str, Plain])(random.choice(DURATIONS[:4] + DURATIONS)))
        else:
            mapping.append((random.choice(["for", "keep_firing_for", "interval", "query_offset"]), random.choice(DURATIONS)))
    elif kind in (7, 8):
        places = [path for path in inner if len(path) > 2 and key_of(path[:-1]) in ("annotations", "labels")]
        if places:
            template = random.choice(TEMPLATES)
            if random.random() < 0.2:
                cut = random.randrange(len(template))
                template = template[:cut] + template[cut + 1:]
            put(value, random.choice(places), template)
    elif kind in (9, 10):
        places = [path for path in inner if key_of(path) == "expr"]
        if places:
            expression = random.choice(EXPRESSIONS)
            if random.random() < 0.3:
                expression = str(at(value, random.choice(places)))
                cut = random.randrange(len(expression) or 1)
                expression = expression[:cut] + random.choice(["", "(", ")", "}", "\"", ",", " ", "[", "5", "€"]) + expression[cut + 1:]
            put(value, random.choice(places), expression)
    elif kind == 11:
        places = [path for path in inner if isinstance(at(value, path), str)]
        if places:
            put(value, random.choice(places), random.choice(TEXTS))
    elif kind == 12:
        places = [path for path in inner if len(path) > 2 and key_of(path[:-1]) in ("annotations", "labels")]
        if places:
            path = random.choice(places)
            parent = at(value, path[:-1])
            if isinstance(parent, Map):
                parent[path[-1]] = (random.choice(TEXTS), parent[path[-1]][1])
    else:
        lists = [path for path, node in found if isinstance(node, list) and not isinstance(node, Map) and node]
        if lists:
            items = at(value, random.choice(lists))
            index = random.randrange(len(items))
            items.insert(index, random.choice([Plain("~"), Plain("5"), Map(), [], items[index]]))


def quoted(random, text):
    """A text as YAML: plain where that surely keeps it."""
    if isinstance(text, Plain):
        return str(text)
    styles = ['"']
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_:./-]*", text) and not text.endswith(":") and text.lower() not in (
            "true", "false", "null", "y", "n", "yes", "no", "on", "off"):
        styles += ["plain"] * 3
    if re.fullmatch(r"[ -~]*", text):
        styles.append("'")
    style = random.choice(styles)
    if style == "plain":
        return text
    if style == "'":
        return "'" + text.replace("'", "''") + "'"
    return json.dumps(text, ensure_ascii=random.random() < 0.3 and all(ord(c) < 0x10000 for c in text)).replace("\x7f", "\\x7f")


def flow(random, value):
    if isinstance(value, Map):
        return "{" + ", ".join(f"{quoted(random, key)}: {flow(random, inner)}" for key, inner in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(random, inner) for inner in value) + "]"
    return quoted(random, value)


def block(random, value, indent=""):
    """The lines of a value that stands below its key."""
    if not isinstance(value, list) or not value or random.random() < 0.08:
        return None
    lines = []
    if isinstance(value, Map):
        for key, inner in value:
            step = indent + random.choice(["  ", "  ", "    "])
            below = block(random, inner, indent if isinstance(inner, list) and not isinstance(inner, Map) and random.random() < 0.5 else step)
            lines += [f"{indent}{quoted(random, key)}:"] + below if below else [f"{indent}{quoted(random, key)}: {flow(random, inner)}"]
            if random.random() < 0.03:
                lines.append(random.choice(["", "# comment", indent + "# comment"]))
        return lines
    for inner in value:
        below = block(random, inner, indent + "  ")
        lines += [f"{indent}- {below[0].lstrip(' ')}"] + below[1:] if below else [f"{indent}- {flow(random, inner)}"]
    return lines


def anchored(random, text):
    """Uses an anchor, an alias or a merge key somewhere."""
    lines = text.split("\n")
    places = [index for index, line in enumerate(lines) if re.match(r" *- \w+: ", line)]
    if not places:
        return text
    index = random.choice(places)
    indent = re.match(r" *", lines[index]).group()
    added = random.choice([
        "- <<: {expr: up}\n%s  record: merged", "- <<: {foo: 1}\n%s  record: merged", "- <<: 5\n%s  record: b", "- <<: ~\n%s  record: b\n%s  expr: up",
        "- <<: [{expr: up}, {expr: 1}]\n%s  record: merged", "- <<: [5]\n%s  record: b", "- {record: b, expr: up, <<: {record: c}}",
        "- &x {record: b, expr: up}\n%s- *x", "- *y", "- &x {record: b, expr: up}\n%s- {<<: *x, record: c}", '- {"<<": {expr: up}, record: c}',
        "- <<: {expr: up}\n%s  <<: {expr: up}\n%s  record: c", "- {record: b, expr: &e up, labels: {a: *e}}", "- {record: b, expr: up, labels: &l {a: *l}}",
        "- {record: b, expr: up, labels: {<<: {a: b}, a: c}}"])
    lines.insert(index, indent + added.replace("%s", indent))
    return "\n".join(lines)


def mangled(random, text):
    """Changes how the file is written, or its bytes."""
    kind = random.randrange(16)
    data = text.encode()
    cut = random.randrange(len(text) or 1)
    if kind == 0:
        return b"\xef\xbb\xbf" + data
    if kind == 1:
        return text.replace("\n", "\r\n").encode()
    if kind == 2:
        return (text[:cut] + random.choice(["\t", " ", "\n", "\n  ", ":", ": ", "- ", "#", " #", "'", '"', "{", "}", "[", "]", ",", "&a ", "*a", "!", "|",
                                            ">", "%", "@", "`", "é", "😀", "\x7f", "\x01", "\u2028", "\ufeff"]) + text[cut:]).encode()
    if kind == 3:
        return (text[:cut] + text[cut + 1:]).encode()
    if kind == 4:
        lines = text.split("\n")
        index = random.randrange(len(lines))
        lines[index] = random.choice([" ", "  ", "\t"]) + lines[index]
        return "\n".join(lines).encode()
    if kind == 5:
        lines = text.split("\n")
        lines.insert(random.randrange(len(lines)), random.choice(lines))
        return "\n".join(lines).encode()
    if kind == 6:
        return (text + random.choice(["---\n", "---\nfoo: bar\n", "---\ngroups: []\n", "---\ngroups: 5\n", "...\n", "...\n# x\n", "# x\n", "---\n~\n"])).encode()
    if kind == 7:
        return (random.choice(["---\n", "--- # x\n", "# x\n---\n", "\n\n", "%YAML 1.1\n---\n", "%YAML 1.2\n---\n", "%FOO\n---\n", "---\n---\n", "~\n---\n"]) + text).encode()
    if kind == 8:
        return text[:cut].encode()
    if kind == 9:
        return data[:cut] + random.choice([b"\xff", b"\x00", b"\xc3", b"\xed\xa0\x80"]) + data[cut:]
    if kind == 10:
        return anchored(random, text).encode()
    if kind == 11:
        return text.rstrip("\n").encode()
    if kind == 12:
        return random.choice(["", "# x\n", "groups:\n", "groups: ~\n", "groups: []\n", "groups: {}\n", "groups: 5\n", "groups: [~]\n", "groups: [5]\n", "groups: [[]]\n",
                              "groups: [{}]\n", "Groups: []\n", "group: []\n", "groups: []\nfoo: 1\n", "groups: []\ngroups: []\n", "- groups: []\n", "groups:\n- name: a\n  rules: {}\n",
                              "groups: [{name: a}, {name: a}]\n", "groups: [{name: a, rules: [~, {}]}]\n", '"groups": []\n', "? groups\n: []\n", "groups : []\n"]).encode()
    return data


def make(seed):
    chance = random.Random(seed)
    value = chance.choice(seeds())()
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        change(chance, value)
    style = chance.randrange(6)
    if style == 0:
        text = flow(chance, value) + "\n"
    else:
        lines = block(chance, value)
        text = "\n".join(lines) + "\n" if lines else flow(chance, value) + "\n"
    return mangled(chance, text) if chance.random() < 0.35 else text.encode()


def refused_by_promtool(promtool, names, work):
    run = subprocess.run([promtool, "check", "rules", "--lint=none"] + names, cwd=work, capture_output=True)
    parts = run.stdout.decode(errors="replace").split("Checking ")[1:]
    loaded = {part.split("\n", 1)[0]: "SUCCESS" in part for part in parts}
    return {name for name in names if not loaded[name]}, run.stderr.decode(errors="replace")


def refused_by_promgate(promgate, names, work):
    run = subprocess.run([promgate, "lint", "--format", "json", "--prometheus-version", "3.5"] + names, cwd=work, capture_output=True)
    if run.returncode not in (0, 1, 2) or not run.stdout:
        sys.exit(f"promgate ended with {run.returncode}: {run.stderr.decode(errors='replace')[-2000:]}")
    errors = {}
    for finding in json.loads(run.stdout)["findings"]:
        if finding["severity"] == "error":
            errors.setdefault(finding["range"]["file"], []).append(finding)
    refused = {name for name in errors if any(finding["code"] == "rule" for finding in errors[name])}
    return refused, errors


def is_recognisable(path):
    """Whether anything in a file tells that it was meant for rules; of any other file each error is right."""
    with open(path, "rb") as file:
        words = set(re.findall(rb"\w+", file.read()))
    return b"groups" in words or b"expr" in words and bool(words & {b"alert", b"record"})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("promgate", "peers", "work"):
        parser.add_argument(name)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--show", type=int, default=20, help="how many differences are shown")
    options = parser.parse_args()
    promgate, work = os.path.abspath(options.promgate), os.path.abspath(options.work)
    promtool = os.path.join(os.path.abspath(options.peers), "promtool/usr/bin/promtool")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    failed = refused = 0
    for start in range(0, options.cases, BATCH):
        names = []
        for number in range(start, min(start + BATCH, options.cases)):
            names.append(f"{options.seed}-{number}.yml")
            with open(os.path.join(work, names[-1]), "wb") as file:
                file.write(make(f"{options.seed}-{number}"))
        theirs, text = refused_by_promtool(promtool, names, work)
        ours, errors = refused_by_promgate(promgate, names, work)
        refused += len(theirs)
        for name in names:
            path = os.path.join(work, name)
            is_same = (name in theirs) == (name in ours)
            if is_same or not is_recognisable(path) and (name in errors or name not in theirs):
                os.unlink(path)
                continue
            failed += 1
            if failed <= options.show:
                said = [line for line in text.split("\n") if name in line][:3] if name in theirs else errors[name]
                print(f"FAIL {name}: {'promtool' if name in theirs else 'promgate'} refuses it")
                for one in said:
                    print("   ", one if isinstance(one, str) else f"{one['code']}: {one['message']}")
    print(f"{options.cases - failed} passed, {failed} failed ({refused} refused by promtool)")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
