#!/usr/bin/env python3
"""Counts the instructions of some benchmarks with callgrind, and holds them against what was recorded.

instructions.py PARTS [--write]

Times differ from machine to machine and from minute to minute; instructions hardly do. More than a seventh above the record
fails; `--write` records anew, which belongs into the commit that explains it. Standard library only; needs valgrind.
"""
import json
import os
import re
import subprocess
import sys

RECORD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.json")
TOLERANCE = 0.15
COUNTED = {
    "language": ["lex and parse", "print"],
    "windows": ["instant selector", "rate [5m]", "increase [1h]", "changes [5m]", "avg_over_time [1h]", "max_over_time [1h]",
                "stddev_over_time [1h]", "arithmetic", "match on all labels", "sum by (le)", "histogram_quantile", "topk",
                "instant: sum(rate)"],
    "targets": ["instant: selector", "instant: count by", "instant: sum by rate", "instant: avg_over_time", "instant: group_left",
                "instant: regular expression"],
    "long": ["rate [1d], 10 s data", "changes [1d], 10 s data", "max_over_time [1d], 10 s data", "stddev_over_time [1d], 10 s data"],
    "formats": ["pack counters", "write and read XOR chunks", "scrape 10000 series (1060 kB)", "write a matrix as JSON",
                "quantiles of native histograms (40 buckets)", "a gate's ticks"],
}


def count(parts, group, name):
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", parts, "--once", group, name],
        capture_output=True, text=True, env={**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"})
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not found:
        sys.exit(f"{group}, {name}: {run.stdout}{run.stderr[-1000:]}")
    return int(found.group(1))


def main():
    parts, writes = sys.argv[1], "--write" in sys.argv
    with open("/proc/cpuinfo") as cpu:
        if "avx2" not in cpu.read():
            return print("instructions: skipped, the record is of a processor with AVX2")
    known = json.load(open(RECORD)) if os.path.exists(RECORD) and not writes else {}
    counted, failures = {}, []
    for group, names in COUNTED.items():
        setup = count(parts, group, "none")
        for name in names:
            number = count(parts, group, name) - setup
            counted[name] = number
            before = known.get(name)
            change = "" if not before else f"  {100 * (number - before) / before:+.1f} %"
            print(f"{name:48}{number / 1e6:10.1f} M{change}", flush=True)
            if before and number > before * (1 + TOLERANCE):
                failures.append(name)
            elif not before and not writes:
                failures.append(name + " (not recorded)")
    if writes:
        json.dump(counted, open(RECORD, "w"), indent=1)
    if failures:
        sys.exit("more instructions than recorded: " + ", ".join(failures))


main()
