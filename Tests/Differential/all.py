#!/usr/bin/env python3
"""Runs the checks against real parts, one after the other, and says what each of them came to.

all.py PROMGATE PEERS CLUSTER WORK [--full] [--only NAME…] [--report FILE]

PEERS is what scripts/peers unpacked, CLUSTER what Tests/Cluster/build.sh built. Without --full the checks take a part of their
cases, some minutes in all. --report writes a page with the date, versions and counts. Standard library only.
"""
import argparse
import datetime
import os
import re
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))

# Every check: its script, what stands beside promgate, and its arguments for a part of the cases and for all of them.
CHECKS = [
    ("remotes.py", "Prometheus, vmagent, promtool", [], []),
    ("run.py", "Prometheus", [], []),
    ("http_api.py", "Prometheus", [], []),
    ("elementary.py", "Prometheus", [], ["--points", "10000000"]),
    ("remote_write.py", "Prometheus", ["--cases", "4000"], ["--cases", "20000"]),
    ("tls.py", "Prometheus", [], ["--cases", "5000", "--broken", "4000", "--handshakes", "20000"]),
    ("expositions.py", "Prometheus", ["--cases", "1000"], ["--cases", "6000"]),
    ("rules.py", "promtool", ["--cases", "4000"], ["--cases", "40000"]),
    ("unit_tests.py", "promtool", ["--cases", "1500"], ["--cases", "12000"]),
    ("configs.py", "promtool", ["--cases", "1000"], ["--cases", "10000"]),
    ("relabels.py", "Prometheus", ["--cases", "2000"], ["--cases", "20000"]),
    ("metricsql.py", "VictoriaMetrics", ["--cases", "3000"], ["--cases", "30000"]),
    ("subqueries.py", "Prometheus", [], ["--cases", "1000"]),
    ("memory.py", "a control group of 256 MiB", [], ["--cases", "6000"]),
    ("crds.py", "a Kubernetes API server", ["--cases", "500"], ["--cases", "10000"]),
]


def versions(promgate, peers):
    """What was run, a line each."""
    lines = []
    for name, command in [
        ("promgate", [promgate, "--version"]),
        ("Prometheus", [f"{peers}/prometheus/usr/bin/prometheus", "--version"]),
        ("promtool", [f"{peers}/promtool/usr/bin/promtool", "--version"]),
        ("VictoriaMetrics", [f"{peers}/victoria-metrics/usr/bin/victoria-metrics", "--version"]),
    ]:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        found = re.search(r"\d+\.\d+\.\d+[^\s,]*", done.stdout)
        lines.append(f"{name} {found.group() if found else 'from Debian'}")
    return lines


def counts(output):
    """Of the last line that counts: how many passed and failed; None when nothing was counted."""
    for line in reversed(output.splitlines()):
        if found := re.search(r"(\d+) (?:passed|checks)\b.*?(\d+) failed", line):
            return int(found.group(1)), int(found.group(2))
    return None


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["promgate", "peers", "cluster", "work"]:
        ap.add_argument(name)
    ap.add_argument("--full", action="store_true", help="all cases: hours instead of minutes")
    ap.add_argument("--only", nargs="+", metavar="NAME", help="only these checks, such as rules.py")
    ap.add_argument("--report", metavar="FILE", help="write a page of what came out")
    options = ap.parse_args()
    rows, failed = [], []
    for script, beside, part, full in CHECKS:
        if options.only and script not in options.only:
            continue
        work = os.path.join(os.path.abspath(options.work), script.removesuffix(".py"))
        place = options.cluster if script == "crds.py" else options.peers
        command = [sys.executable, os.path.join(here, script), options.promgate, place, work]
        command += full if options.full else part
        print(f"== {script}", flush=True)
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines = []
        for line in process.stdout:
            lines.append(line)
            print(line, end="", flush=True)
        status, seconds = process.wait(), time.monotonic() - began
        found = counts("".join(lines))
        if status != 0 or (found is None and "skipped" not in "".join(lines)):
            failed.append(script)
        rows.append((script, beside, found, status, seconds))
        print(f"{script}: status {status} after {seconds:.0f} s", flush=True)
    if options.report:
        write(options.report, rows, versions(options.promgate, options.peers), options.full)
    passed = sum(row[2][0] for row in rows if row[2])
    print(f"failed: {', '.join(failed)}" if failed else "all checks against real parts agree")
    print(f"{passed} passed, {max(sum(row[2][1] for row in rows if row[2]), len(failed))} failed")
    sys.exit(1 if failed else 0)


def write(path, rows, lines, full):
    today = datetime.date.today().isoformat()
    with open(path, "w", encoding="utf8") as file:
        file.write("# The last run of all checks\n\n")
        file.write(f"`make check-{'all' if full else 'real'}` on {today}: {', '.join(lines)}. What differs on purpose is in [differences.md](differences.md).\n\n")
        file.write("| check | beside | passed | failed | minutes |\n|---|---|---|---|---|\n")
        for script, beside, found, status, seconds in rows:
            passed, wrong = found or ("skipped", "")
            file.write(f"| `{script}` | {beside} | {passed} | {wrong if found else ''} | {seconds / 60:.1f} |\n")


main()
