#!/usr/bin/env python3
"""Asks promgate and a real Prometheus for subqueries of very many steps, which promgate evaluates a stretch at a time.

subqueries.py PROMGATE PEERS WORK [--seed N] [--cases N] [--show N]

Random series with gaps; every case is a shape of query with random ranges and steps, as an instant and as a range query. Values agree to nine
digits, annotations by their texts. Standard library only; all on loopback.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

START = 1700000000
SHAPES = """max_over_time(a[W:S])
sum_over_time((a + b)[W:S])
count_over_time(topk(1, a)[W:S])
quantile_over_time(0.9, (a * 2)[W:S])
sum by (i) (count_over_time({__name__=~"a|b"}[W:S]))
count_over_time(rate({__name__=~"a|b"}[5m])[W:S])
max_over_time(sum_over_time(a[10m:1s])[W:S])
changes(count_values("v", a)[W:S])
avg_over_time((a or b)[W:S])
last_over_time(absent(a)[W:S])
sum_over_time(label_replace(a, "x", "$1", "i", "(.)")[W:S])
max_over_time((a unless b > 20)[W:S])
sum_over_time((a + on (i) group_left () max_over_time(b[30m:1s] @ 1700002000))[W:S])
stddev_over_time(sort(a)[W:S])
deriv(vector(time())[W:S])
count_over_time(timestamp(a)[W:S])
rate(sum(a)[W:S])
a[W:S]
max_over_time(max_over_time(max_over_time(a[10m:10s])[10m:5s])[W:S])
min_over_time((a @ end() - b offset 1m)[W:S])
sum_over_time(quantile(0.5, a)[W:S])
present_over_time((a > bool b)[W:S])""".splitlines()


def data(rng, path):
    with open(path, "w") as file:
        for name in ["a", "b"]:
            file.write(f"# TYPE {name} gauge\n")
            for index in range(4):
                moment = START + rng.randrange(50)
                for _ in range(60):
                    file.write(f'{name}{{i="{index}"}} {rng.randrange(50)} {moment}\n')
                    moment += rng.choice([5, 15, 15, 60, 400])
        file.write("# EOF\n")


def ask(port, query, moment, is_range):
    times = f"query_range?start={START}&end={moment}&step={(moment - START) // 7}" if is_range else f"query?time={moment}"
    address = f"http://127.0.0.1:{port}/api/v1/{times}&query={urllib.parse.quote(query)}"
    try:
        answer = json.load(urllib.request.urlopen(address, timeout=200))
    except urllib.error.HTTPError as error:
        answer = json.load(error)
    if answer["status"] != "success":
        return answer["error"]
    rows = sorted((json.dumps(row["metric"], sort_keys=True), str(row.get("value") or row.get("values"))) for row in answer["data"]["result"])
    # Prometheus has this one since a later version than Debian's.
    notes = [note for note in answer.get("infos", []) + answer.get("warnings", []) if "sort is ineffective" not in note]
    return rows, sorted(notes)


def same(left, right):
    if left == right or isinstance(left, str) or isinstance(right, str):
        return left == right
    if left[1] != right[1] or [labels for labels, _ in left[0]] != [labels for labels, _ in right[0]]:
        return False
    for (_, first), (_, second) in zip(left[0], right[0]):
        numbers = [re.findall(r"[-+0-9.eInfNa]+", text) for text in (first, second)]
        if len(numbers[0]) != len(numbers[1]):
            return False
        for a, b in zip(*numbers):
            if a != b and not abs(float(a) - float(b)) <= 1e-9 * max(abs(float(a)), abs(float(b))):
                return False
    return True


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["promgate", "peers", "work"]:
        ap.add_argument(name)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--cases", type=int, default=120)
    ap.add_argument("--port", type=int, default=21231, help="the first of two ports on loopback")
    ap.add_argument("--show", type=int, default=20)
    options = ap.parse_args()
    rng = random.Random(options.seed)
    work = os.path.join(options.work, f"seed-{options.seed}-{os.getpid()}")
    os.makedirs(work, exist_ok=True)
    text, store = os.path.join(work, "data.om"), os.path.join(work, "tsdb")
    data(rng, text)
    subprocess.run([f"{options.peers}/promtool/usr/bin/promtool", "tsdb", "create-blocks-from", "openmetrics", text, store],
                   stdout=subprocess.DEVNULL, check=True)
    with open(os.path.join(work, "prometheus.yml"), "w") as file:
        file.write("global: {}\n")
    log = open(os.path.join(work, "log"), "w")
    servers = [
        subprocess.Popen([f"{options.peers}/prometheus/usr/bin/prometheus", f"--config.file={work}/prometheus.yml", f"--storage.tsdb.path={store}",
                          "--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{options.port}"], stdout=log, stderr=log),
        subprocess.Popen([options.promgate, "serve", "--data", text, "--listen", f"127.0.0.1:{options.port + 1}"], stdout=log, stderr=log)]
    failures, passed = [], 0
    try:
        for port in (options.port, options.port + 1):
            for attempt in range(300):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2).read()
                    break
                except OSError:
                    time.sleep(0.2)
        for case in range(options.cases):
            query = SHAPES[case % len(SHAPES)].replace("W", rng.choice(["1h", "2h", "3h"])).replace("S", rng.choice(["150ms", "200ms", "333ms", "500ms"]))
            moment, is_range = START + rng.randrange(3000, 15000), rng.random() < 0.5
            left, right = (ask(port, query, moment, is_range) for port in (options.port, options.port + 1))
            if same(left, right):
                passed += 1
            else:
                failures.append(f"{query} {'range' if is_range else 'instant'} {moment}\n  Prometheus {str(left)[:300]}\n  promgate   {str(right)[:300]}")
    finally:
        for server in servers:
            server.terminate()
            server.wait()
    for failure in failures[:options.show]:
        print(failure)
    print(f"{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
