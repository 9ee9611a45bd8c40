#!/usr/bin/env python3
"""Asks promgate and a real Prometheus the same questions over the same data, and compares every answer.

run.py PROMGATE PEERS WORK [--only REGEX] [--show N]

PEERS is what scripts/peers unpacked; WORK is a scratch folder. Two lists of queries: own.json over series of floats
(text), ext.json over native histograms and stale markers (sent by remote write; promgate reads the directory that
Prometheus wrote). docs/differences.md explains the differences that are right: a difference without a row fails, and so
does a row without a difference. Standard library only.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import compare

here = os.path.dirname(os.path.abspath(__file__))
START, LENGTH, STEP = 1767225600, 7200, 15
FLAGS = "promql-experimental-functions,promql-per-step-stats,native-histograms"


class Explained:
    """The table of docs/differences.md: a pattern of questions, and what promgate does instead."""

    def __init__(self, path):
        self.rows = []
        for line in open(path, encoding="utf8"):
            cells = [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]
            if len(cells) == 3 and cells[0].startswith("`"):
                pattern = cells[0].strip("`").replace("\\|", "|")
                self.rows.append([re.compile(pattern), cells[1], 0])

    def find(self, what):
        hits = [row for row in self.rows if row[0].search(what)]
        for row in hits:
            row[2] += 1
        return bool(hits)


def wait(url, process, log):
    for _ in range(600):
        if process.poll() is not None:
            sys.exit(f"{process.args[0]} ended early:\n{open(log).read()[-2000:]}")
        try:
            urllib.request.urlopen(url, timeout=2).read()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"no answer from {url}")


class Servers:
    """Starts servers and ends each by its process id."""

    def __init__(self):
        self.processes = []

    def start(self, args, ready, log):
        process = subprocess.Popen(args, stdout=open(log, "w"), stderr=subprocess.STDOUT, start_new_session=True)
        self.processes.append(process)
        wait(ready, process, log)
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        process.wait()
        self.processes.remove(process)

    def stop_all(self):
        for process in list(self.processes):
            self.stop(process)


def questions(name):
    for q in json.load(open(os.path.join(here, name))):
        if "path" in q:
            yield f"GET {q['path']} {json.dumps(q.get('params', {}), sort_keys=True)}", q["path"], q.get("params", {}), q
            continue
        span = {"query": q["query"], "start": START, "end": START + LENGTH, "step": STEP}
        yield f"range {q['query']}", "/api/v1/query_range", span, dict(q, ordered=False)
        yield f"instant {q['query']}", "/api/v1/query", {"query": q["query"], "time": START + LENGTH - 600}, q


def ask(a, b, name, only, show, explained):
    options = argparse.Namespace(ignore_annotations=False, strict_annotations=True, strict_errors=False, show_series=2)
    judge = compare.Cmp(1e-12, 0)
    agree = differ = known = empty = 0
    for what, path, params, q in questions(name):
        if only and not re.search(only, what):
            continue
        left, right = a.get(path, params), b.get(path, params)
        problems = compare.compare(q, left, right, judge, options)
        data = right[1].get("data") if isinstance(right[1], dict) else None
        if isinstance(data, dict) and data.get("result") == []:
            empty += 1
        if not problems:
            agree += 1
        elif explained.find(what):
            known += 1
        else:
            differ += 1
            if differ <= show:
                print("DIFFERENT " + what)
                for problem in problems:
                    print("    " + problem)
    print(f"{name}: {agree} agree, {known} differ as docs/differences.md says, {differ} differ without a reason; "
          f"{empty} answers are empty; largest relative difference {judge.maxrel:.1e}")
    return differ, agree, empty


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("promgate")
    ap.add_argument("peers")
    ap.add_argument("work")
    ap.add_argument("--only", help="regular expression on the question, such as 'range .*histogram'")
    ap.add_argument("--show", type=int, default=40, help="how many differences are printed (default 40)")
    ap.add_argument("--seed", default="1", help="seed of the data (default 1)")
    ap.add_argument("--port", type=int, default=19361, help="the first of three ports on loopback (default 19361)")
    a = ap.parse_args()
    os.makedirs(a.work, exist_ok=True)
    work = lambda name: os.path.join(a.work, name)
    url = lambda offset: f"http://127.0.0.1:{a.port + offset}"
    prometheus = os.path.join(a.peers, "prometheus/usr/bin/prometheus")
    promtool = os.path.join(a.peers, "promtool/usr/bin/promtool")
    open(work("prometheus.yml"), "w").write("global: {scrape_interval: 15s}\n")

    def real(data, port):
        return [prometheus, f"--config.file={work('prometheus.yml')}", f"--storage.tsdb.path={data}", f"--web.listen-address=127.0.0.1:{port}",
                "--storage.tsdb.retention.time=100y", "--web.enable-remote-write-receiver", f"--enable-feature={FLAGS}",
                "--web.console.templates=/nonexistent", "--web.console.libraries=/nonexistent"]

    def ours(data, port):
        return [a.promgate, "serve", "--data", data, "--listen", f"127.0.0.1:{port}"]

    servers, explained = Servers(), Explained(os.path.join(here, "../../docs/differences.md"))
    failed = 0
    try:
        # Floats: the same text, turned into blocks for Prometheus.
        with open(work("own.om"), "w") as out:
            subprocess.run([sys.executable, os.path.join(here, "own_data.py"), "--seed", a.seed], stdout=out, check=True)
        subprocess.run(["rm", "-rf", work("own"), work("ext")], check=True)
        subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", work("own.om"), work("own")], stdout=subprocess.DEVNULL, check=True)
        servers.start(real(work("own"), a.port), url(0) + "/-/ready", work("prometheus-own.log"))
        servers.start(ours(work("own.om"), a.port + 1), url(1) + "/-/ready", work("promgate-own.log"))
        d, n, e = ask(compare.Server(url(0), 120), compare.Server(url(1), 120), "own.json", a.only, a.show, explained)
        failed += d
        servers.stop_all()

        # Histograms and stale markers: promgate reads what Prometheus has on disk while it runs.
        servers.start(real(work("ext"), a.port), url(0) + "/-/ready", work("prometheus-ext.log"))
        subprocess.run([sys.executable, os.path.join(here, "ext_data.py"), url(0) + "/api/v1/write", "--seed", a.seed], check=True)
        servers.start(ours(work("ext"), a.port + 2), url(2) + "/-/ready", work("promgate-ext.log"))
        d, n2, e2 = ask(compare.Server(url(0), 120), compare.Server(url(2), 120), "ext.json", a.only, a.show, explained)
        failed += d
        agreed = n + n2
        if not a.only and a.seed == "1":
            if e + e2 > 0.5 * (n + n2):
                print("most answers are empty: is the data loaded?")
                failed += 1
            for pattern, behaviour, hits in explained.rows:
                if hits == 0:
                    print(f"docs/differences.md: nothing differs any more for `{pattern.pattern}`: take the row out")
                    failed += 1
    finally:
        servers.stop_all()
    print(f"{agreed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
