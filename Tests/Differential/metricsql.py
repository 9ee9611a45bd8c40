#!/usr/bin/env python3
"""Compares which MetricsQL queries promgate's lint and a real VictoriaMetrics refuse.

metricsql.py PROMGATE PEERS WORK [--seed N] [--cases N]

Queries are made from VictoriaMetrics' grammar and functions; half of them are then damaged by a token. VictoriaMetrics is
asked to evaluate each over nothing; `promgate lint --backend victoriametrics` has to find a query that cannot be read (MT002)
exactly where VictoriaMetrics refuses it. What it refuses because of data that is missing is left out. Standard library only;
all on loopback.
"""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PORT = 19440
# What depends on data, and not on the query.
DATA = re.compile(
    "must return a single series|must return a non-NaN|timezone|unexpected second arg for rollup|aggr_over_time|cannot be evaluated|"
    "must be a scalar|should contain only one|expecting scalar|too many|cannot parse .?limit|unexpected non-scalar|"
    "must contain only one|duplicate output timeseries|lower le cannot|duplicate timeseries|cannot find tag|cannot obtain|must be a number|cannot convert|args to .*duplicate|arg must")
# Arguments by letter: windows, any, number, text.
SHAPES = {
    "r": "rate increase delta irate idelta deriv changes resets avg_over_time max_over_time count_over_time median_over_time "
         "distinct_over_time increase_pure rate_prometheus lag lifetime tlast_over_time absent_over_time zscore_over_time "
         "range_over_time default_rollup rollup rollup_rate timestamp mode_over_time integrate scrape_interval",
    "rn": "count_gt_over_time share_le_over_time predict_linear duration_over_time sum_eq_over_time",
    "rnn": "holt_winters",
    "nr": "quantile_over_time hoeffding_bound_lower",
    "snnr": "quantiles_over_time",
    "v": "abs ceil exp floor interpolate keep_last_value ln range_avg running_max remove_resets sort sqrt sgn scalar vector absent "
         "hour histogram_avg prometheus_buckets drop_empty_series range_median ttf year",
    "vn": "clamp_max bitmap_and smooth_exponential round",
    "vnn": "clamp",
    "nv": "range_quantile buckets_limit histogram_quantile histogram_share",
    "nnv": "histogram_fraction",
    "vss": "label_set label_copy label_match label_move label_join label_keep label_del sort_by_label label_lowercase",
    "vssss": "label_replace label_set label_copy",
    "vsss": "label_transform",
    "vs": "label_del label_value label_keep alias",
    "": "time now pi start end step rand",
    "vv": "union ru drop_common_labels range_normalize",
}
AGGREGATES = {
    "v": "sum avg count min max group stddev any median mode geomean distinct sum2 mad share zscore histogram outliers_iqr",
    "vv": "sum avg count median any",
    "nv": "topk bottomk limitk quantile outliersk topk_avg bottomk_median outliers_mad",
    "nvs": "topk_max bottomk_last",
    "sv": "count_values",
    "snnv": "quantiles",
}
OPERATORS = ["+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless", "default", "if", "ifnot", "atan2"]
SETS = {"and", "or", "unless"}
COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}


class Maker:
    def __init__(self, random):
        self.random = random
        self.templates = []

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, share):
        return self.random.random() < share

    def case(self, word):
        return self.pick(word, word, word, word.upper(), word.capitalize())

    def duration(self):
        return self.pick("5m", "1h", "30s", "1.5h", "5i", "1i", "1h30m", "90", "1d", "100ms", "2w", "1d-3h", "1H", "0.5m", "$__interval")

    def step(self):
        return self.pick("1m", "30s", "15", "1i", "0.5h")

    def text(self):
        return self.pick('"a"', '"b"', '"status"', "'x'", "`y`", '"a" + "b"')

    def number(self):
        return self.pick("0", "1", "0.5", "0.99", "1e3", "1K", "2Ki", "1.5M", "0x1f", "5m", ".5", "3.", "1_000", "2GiB", "inf", "1i")

    def filters(self):
        def one():
            label = self.pick("job", "status", "le", '"a.b"', "or", "by", "a\\-b")
            operation = self.pick("=", "!=", "=~", "!~")
            value = self.pick('"x"', '"5.."', '""', "'a|b'", '"a"+"b"')
            return f"{label}{operation}{value}"
        alternatives = [", ".join(one() for _ in range(self.random.randint(1, 2))) for _ in range(self.pick(1, 1, 1, 2, 3))]
        return "{" + " or ".join(alternatives) + self.pick("", "", ",") + "}"

    def selector(self):
        name = self.pick("foo", "bar_total", "a:b:c", "föö", "http.requests", "x\\-y", "default", "if", "sum", "rate", "by", "foo")
        return self.pick(name, name, name + self.filters(), name + "{}", self.filters(), '{"foo", job="x"}')

    def labels(self):
        return "(" + ", ".join(self.pick("job", "status", '"pod"') for _ in range(self.random.randint(0, 2))) + ")"

    def windows(self, depth):
        inner = self.selector() if depth <= 0 or self.chance(0.7) else self.pick("(" + self.expression(depth - 1) + ")", self.call(depth - 1))
        window = self.pick("", f"[{self.duration()}]", f"[{self.duration()}]", f"[{self.duration()}:{self.step()}]",
                           f"[{self.duration()}:]", f"[:{self.step()}]")
        return inner + window + self.moved()

    def moved(self):
        return self.pick("", "", "", "", f" offset {self.pick('', '-')}{self.duration()}", " @ 1000", " @ end()", f" offset {self.duration()} @ start()")

    def argument(self, kind, depth):
        return {"r": lambda: self.windows(depth), "v": lambda: self.expression(depth - 1), "n": self.number, "s": self.text}[kind]()

    def call(self, depth):
        shape = self.pick(*SHAPES)
        name = self.pick(*SHAPES[shape].split())
        # Templates of the server's own.
        name = name if name in ("alias", "ru", "ttf", "range_median") else self.case(name)
        # `round(v)` and the like take fewer; the table above says what each takes.
        arguments = [self.argument(kind, depth) for kind in shape]
        tail = "," if arguments and self.chance(0.05) else ""
        return f"{name}({', '.join(arguments)}{tail})" + self.pick("", "", "", " keep_metric_names")

    def aggregate(self, depth):
        shape = self.pick(*AGGREGATES)
        name = self.case(self.pick(*AGGREGATES[shape].split()))
        arguments = "(" + ", ".join(self.argument(kind, depth) for kind in shape) + self.pick("", "", "", ",") + ")"
        grouping = self.pick("by", "without", "BY") + " " + self.labels()
        limit = self.pick("", "", "", f" limit {self.random.randint(0, 5)}")
        return self.pick(f"{name}{arguments}", f"{name} {grouping} {arguments}", f"{name}{arguments} {grouping}") + limit

    def binary(self, depth):
        operator = self.pick(*OPERATORS)
        modifiers = " bool" if operator in COMPARISONS and self.chance(0.3) else ""
        if self.chance(0.3):
            modifiers += f" {self.pick('on', 'ignoring')}{self.labels()}"
            if operator not in SETS and self.chance(0.4):
                modifiers += " " + self.pick("group_left", "group_right") + self.pick("", self.labels(), "(*)")
                if self.chance(0.3):
                    modifiers += ' prefix "x_"'
        tail = self.pick("", "", "", "", " keep_metric_names")
        return f"{self.expression(depth - 1)} {self.case(operator)}{modifiers} {self.expression(depth - 1)}{tail}"

    def template(self, depth):
        kind = self.random.randint(0, 4)
        if kind == 0:
            return f"WITH (t = {self.expression(depth - 1)}) t {self.pick('+', 'or')} {self.expression(depth - 1)}"
        if kind == 1:
            return f"with (f(q) = {self.pick('rate(q)', 'sum(q) by (job)', 'q + 1', 'abs(q)')},) f({self.expression(depth - 1)})"
        if kind == 2:
            return f"WITH (common = {self.filters()}) foo{{common, x=\"y\"}}"
        if kind == 3:
            return f"with (w = {self.pick('5m', '1i', '90')}) rate({self.selector()}[w])"
        return 'WITH (v = "x", m = foo{a=v}) m{b="c"}'

    def expression(self, depth):
        if depth <= 0:
            return self.pick(self.selector(), self.selector(), self.number(), self.selector() + f"[{self.duration()}]" + self.moved())
        kind = self.random.randint(0, 9)
        if kind <= 2:
            return self.call(depth)
        if kind <= 5:
            return self.aggregate(depth)
        if kind == 6:
            return self.binary(depth)
        if kind == 7:
            return "(" + ", ".join(self.expression(depth - 1) for _ in range(self.pick(1, 1, 2))) + self.pick("", "", ",") + ")" + self.moved()
        if kind == 8:
            return self.pick("-", "+", "- ") + self.expression(depth - 1)
        return self.selector() + self.moved()


TOKEN = re.compile(r'"[^"]*"|\'[^\']*\'|`[^`]*`|[\w.:\\$]+|[=!<>]=|=~|!~|\s+|.')


def damaged(random, query):
    tokens = TOKEN.findall(query)
    at = random.randrange(len(tokens))
    kind = random.randrange(5)
    if kind == 0:
        tokens.pop(at)
    elif kind == 1:
        tokens.insert(at, random.choice(["(", ")", "[", "]", "{", "}", ",", ":", "by", "5m", "foo", "==", "=", '"', "bool", "offset", "@", "limit",
                                         "keep_metric_names", "on", "+", "-", "or", "1", "or ", "if "]))
    elif kind == 2:
        tokens[at] = random.choice(tokens)
    elif kind == 3:
        other = random.randrange(len(tokens))
        tokens[at], tokens[other] = tokens[other], tokens[at]
    else:
        word = tokens[at]
        tokens[at] = word[:-1] if len(word) > 1 else word + "x"
    return "".join(tokens)


class VictoriaMetrics:
    def __init__(self, binary, work):
        self.binary, self.work, self.process = binary, work, None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.binary, "-storageDataPath=" + os.path.join(self.work, "vm"), f"-httpListenAddr=127.0.0.1:{PORT}", "-loggerLevel=PANIC"],
            stdout=subprocess.DEVNULL, stderr=open(os.path.join(self.work, "vm.log"), "a"))
        for _ in range(200):
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=2).read()
            except OSError:
                time.sleep(0.1)
        sys.exit("VictoriaMetrics does not start")

    def refusal(self, query):
        """None where it answers, the error where it refuses, and "" where it cannot be told."""
        body = urllib.parse.urlencode({"query": query, "time": "1700000000"}).encode()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/v1/query", body, timeout=20).read()
            return None
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            try:
                return json.loads(text)["error"]
            except ValueError:
                return text
        except OSError:
            # Some queries end it.
            if self.process.poll() is not None:
                self.start()
            return ""

    def stop(self):
        self.process.kill()
        self.process.wait()


def refused(promgate, queries):
    command = [promgate, "lint", "--backend", "victoriametrics", "--format", "json"]
    for query in queries:
        command += ["--expr=" + query]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode not in (0, 1):
        sys.exit(f"promgate lint ended with {answer.returncode}: {answer.stderr[-500:]}")
    found = {}
    for finding in json.loads(answer.stdout)["findings"]:
        if finding["code"] == "MT002":
            found[finding["range"]["file"]] = finding["message"]
    return [found.get(f"query-{index + 1}") for index in range(len(queries))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("promgate")
    parser.add_argument("peers")
    parser.add_argument("work")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=3000)
    arguments = parser.parse_args()
    binary = os.path.join(os.path.abspath(arguments.peers), "victoria-metrics/usr/bin/victoria-metrics")
    work = os.path.abspath(arguments.work)
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    choices = random.Random(arguments.seed)
    maker = Maker(choices)
    queries = []
    while len(queries) < arguments.cases:
        query = maker.template(2) if choices.random() < 0.1 else maker.expression(choices.randint(0, 3))
        if len(queries) % 2:
            query = damaged(choices, query)
        # Flagger's templates and comments are another matter; limit_offset of texts ends VictoriaMetrics.
        if query.strip() and "{{" not in query and "#" not in query and not re.search(r"limit_offset|(start|end)\([^)]", query.lower()):
            queries.append(query.strip())
    server = VictoriaMetrics(binary, work)
    passed, failed, skipped = 0, 0, 0
    try:
        for start in range(0, len(queries), 200):
            batch = queries[start:start + 200]
            for query, ours in zip(batch, refused(os.path.abspath(arguments.promgate), batch)):
                theirs = server.refusal(query)
                if theirs is not None and (not theirs or DATA.search(theirs)):
                    skipped += 1
                elif (theirs is None) == (ours is None):
                    passed += 1
                else:
                    failed += 1
                    said = ours if theirs is None else theirs.replace("\n", " ")[-160:]
                    print(f"{'lint refuses' if theirs is None else 'only VictoriaMetrics refuses'}: {query}\n  {said}")
    finally:
        server.stop()
    print(f"{passed} passed, {failed} failed ({skipped} left out: they depend on data)")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
