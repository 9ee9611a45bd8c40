#!/usr/bin/env python3
"""Makes jobs with random relabelling rules, and compares the targets of promgate and of a real Prometheus.

relabels.py PROMGATE PEERS WORK [--seed N] [--cases N] [--port N] [--show N]

Every case is a job: static targets with labels, parameters, and one to four rules of all actions. Prometheus 3.5 loads them all
and tells its targets, kept and dropped; `promgate check config --targets` tells the same. Compared are the discovered labels, the
labels, the address, interval and timeout of each, and which targets cannot be made. Standard library only; all on loopback.
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
import urllib.request

from run import Servers

BATCH = 1000
LABELS = ["env", "num", "multi", "a.b", "ä", "__tmp_x", "__meta_kubernetes_pod_label_app", "__meta_kubernetes_pod_annotation_prometheus_io_port",
          "__param_target", "__metrics_path__", "__scheme__", "job", "instance", "__address__", "__scrape_interval__", "nope"]
WORDS = ["prod", "Prod-Ä", "007", "a\nb", "", "x;y", "10.0.0.1:8080", "[::1]:80", "https", "/m", "$1", "ß", "İstanbul", "ǅ", "true", "a b", "1m", "ΑΣ", "9797"]
PATTERNS = [None, None, "(.*)", "(.+)", ".*", "", "prod", "prod|007", "(\\w+)-(.*)", "(?i)PROD.*", "(?P<host>[^:]+)(?::\\d+)?", "([^:]+)(?::\\d+)?;(\\d+)", "a.b", ".+",
            "x.*", ".*b", ".*o.*", "(a)|(.*)", "[[:alpha:]]+", "\\d+", "^prod$", "(?s).*", "(?-s:.*)", "(.)(.*)", "__meta_kubernetes_pod_(.+)", "(e.*)", "env", "num|env",
            "__tmp.*", "_(.*)", "(?:)", "\\pL+", "(.*?)(o?)(.*)"]
TEMPLATES = ["$1", "$2", "${1}", "$1_x", "${1}_x", "$0", "x", "", "$$", "$", "$host", "${host}", "a$1b", "${", "$1$2", "${1}:${2}", "$11", "v-$3", "$ä", "${1", "-$01"]
TARGETS = ["env", "out", "job", "instance", "__address__", "__metrics_path__", "__scheme__", "__param_target", "__param_new", "__tmp_y", "a.b", "$1", "to_$1", "${2}",
           "__scrape_interval__", "__scrape_timeout__", "ü$host"]
# Of names that become the same one, 3.14 takes the last in their order, 3.5 the one that was set last: they stay apart here.
MAPS = [{"regex": regex, "replacement": replacement} for regex, replacement in [
    ("(.+)", "copy_$1"), ("__meta_kubernetes_pod_(.+)", "$1"), ("(e.*)", "${1}_x"), ("__tmp(.*)", "t$1"), ("env", "x"), ("(nope|num)", "$$1"), ("(?i)(ENV)", "$1$1"),
    ("(.)(.*)", "$2-$1"), ("__(.+)__", "a.$1"), ("(?P<all>.+)", "${all}ü"), ("__meta_kubernetes_pod_label_(.+)", "__param_$1"), ("env", "__address__")]] + [{"replacement": "b_$1"}]
ACTIONS = ["replace"] * 8 + ["keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap", "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase"]


def rule():
    action = random.choice(ACTIONS)
    made = {"action": action}
    sources = random.sample(LABELS, random.choice([0, 1, 1, 1, 2, 3]))
    pattern = random.choice(PATTERNS)
    if action in ("replace", "keep", "drop", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal"):
        made["source_labels"] = sources
    if pattern is not None and action not in ("keepequal", "dropequal"):
        made["regex"] = pattern
    if action in ("replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal"):
        made["target_label"] = random.choice(TARGETS if action == "replace" else TARGETS[:11])
    if action == "replace":
        if random.random() < 0.8:
            made["replacement"] = random.choice(TEMPLATES)
        if random.random() < 0.2:
            made["separator"] = random.choice(["", ",", "::", "ä"])
    if action == "labelmap":
        made.pop("regex", None)
        made.update(random.choice(MAPS))
    if action == "hashmod":
        made["modulus"] = random.choice([1, 2, 1000, 1000000, 2**63, 2**64 - 1])
    return made


def job(name):
    groups = []
    for number in range(random.choice([1, 1, 2])):
        targets = random.sample(["10.0.0.1:8080", "[::1]:80", "host", "a.example.org:9100", "x y:1"], random.choice([1, 2]))
        labels = {label: random.choice(WORDS) for label in random.sample(LABELS[:9], random.randrange(5))}
        groups.append({"targets": targets, "labels": labels})
    made = {"job_name": name, "static_configs": groups, "relabel_configs": [rule() for _ in range(random.choice([1, 1, 2, 3, 4]))]}
    if random.random() < 0.3:
        made["params"] = {"target": ["orig", "se cond"], "p": ["q/ä"]}
    if random.random() < 0.2:
        made["scheme"] = random.choice(["https", "HTTP"])
    if random.random() < 0.2:
        made["metrics_path"] = random.choice(["m", "/a b", "/ä?x", ""])
    return made


# Labels that targets have since 3.13, and what labelmap makes of them.
NEWER = ("scrape_classic_histograms", "classic_histograms_to_nhcb", "scrape_native_histograms")


def known(labels):
    return {name: value for name, value in labels.items() if not any(newer in name for newer in NEWER)}


def by_job(data):
    """Targets of each job in an order of their own."""
    jobs = {}
    for target in data["activeTargets"]:
        shown = [known(target["discoveredLabels"]), known(target["labels"]), target["scrapeUrl"], target["scrapeInterval"], target["scrapeTimeout"]]
        jobs.setdefault(target["scrapePool"], []).append(json.dumps(["kept"] + shown, sort_keys=True, ensure_ascii=False))
    for target in data["droppedTargets"]:
        jobs.setdefault(target["scrapePool"], []).append(json.dumps(["dropped", known(target["discoveredLabels"])], sort_keys=True, ensure_ascii=False))
    return {name: sorted(found) for name, found in jobs.items()}


def told_by_prometheus(prometheus, path, work, port):
    """Targets of a Prometheus with this configuration."""
    servers = Servers()
    try:
        address = f"127.0.0.1:{port}"
        shutil.rmtree(os.path.join(work, "data"), ignore_errors=True)
        servers.start([prometheus, f"--config.file={path}", f"--storage.tsdb.path={work}/data", f"--web.listen-address={address}"], f"http://{address}/-/ready",
                      os.path.join(work, "prometheus.log"))
        before = None
        for _ in range(120):
            # Discovery hands its targets on every five seconds.
            time.sleep(0.5 if before is None else 1)
            data = json.load(urllib.request.urlopen(f"http://{address}/api/v1/targets?state=any"))["data"]
            count = len(data["activeTargets"]) + len(data["droppedTargets"])
            if count and count == before:
                break
            before = count or None
        return by_job(data)
    finally:
        servers.stop_all()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("promgate", "peers", "work"):
        parser.add_argument(name)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--port", type=int, default=19190)
    parser.add_argument("--show", type=int, default=20, help="how many differences are shown")
    options = parser.parse_args()
    promgate, work = os.path.abspath(options.promgate), os.path.abspath(options.work)
    prometheus = os.path.join(os.path.abspath(options.peers), "prometheus/usr/bin/prometheus")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    random.seed(options.seed)
    failed = kept = 0
    for start in range(0, options.cases, BATCH):
        jobs = [job(f"j{number}") for number in range(start, min(start + BATCH, options.cases))]
        path = os.path.join(work, "prometheus.yml")
        with open(path, "w", encoding="utf8") as file:
            # JSON is YAML.
            file.write("global: {scrape_interval: 1h}\nscrape_configs:\n")
            for made in jobs:
                file.write("- " + json.dumps(made, ensure_ascii=False) + "\n")
        run = subprocess.run([promgate, "check", "config", "--targets", path], capture_output=True)
        mine = by_job(json.loads(run.stdout)) if run.stdout.startswith(b"{") else {}
        if not mine:
            sys.exit(f"promgate tells no targets: {run.stderr.decode(errors='replace')[-2000:]}")
        other = told_by_prometheus(prometheus, path, work, options.port)
        for made in jobs:
            left, right = mine.get(made["job_name"], []), other.get(made["job_name"], [])
            kept += sum(one.startswith('["kept"') for one in right)
            # Two targets with the same labels and address are one, whatever they were discovered with.
            alike = [{re.sub(r'^\["kept", \{.*?\}, ', '["kept", ', one) for one in side} for side in (left, right)]
            if alike[0] == alike[1]:
                continue
            failed += 1
            if failed <= options.show:
                print(f"FAIL {json.dumps(made, ensure_ascii=False)}\n  Prometheus: " + "\n    ".join(one for one in right if one not in left)
                      + "\n  promgate:   " + "\n    ".join(one for one in left if one not in right))
    print(f"{options.cases - failed} passed, {failed} failed ({kept} targets kept)")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
