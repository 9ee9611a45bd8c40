#!/usr/bin/env python3
"""Writes the recordings in Examples/recordings: what Prometheus would have scraped during the tutorial's rollout,
every 10 s for 15 minutes, once with a good release and once with a slow one. Deterministic.

usage: scripts/example-recordings.py FOLDER"""
import os
import random
import sys

START, STEP, TICKS = 1_760_000_000, 10, 90
BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
PODS = {"primary": "podinfo-primary-6d8f9c7b5-x7k2p", "canary": "podinfo-7d9f8b6c5-q4mzt"}


def series(name, labels):
    return name + "{" + ",".join(f'{k}="{v}"' for k, v in sorted(labels.items())) + "}"


def record(slow):
    """Lines of an OpenMetrics dump; the canary's share grows by 5 % a tick of 10 s up to half."""
    dice = random.Random(7)
    counters = {}

    def add(name, labels, value):
        key = (name, tuple(sorted(labels.items())))
        counters[key] = counters.get(key, 0.0) + value

    samples = {}
    for tick in range(TICKS):
        share = min(50, max(5, 5 * (tick - 6))) / 100
        for side in ("primary", "canary"):
            part = share if side == "canary" else 1 - share
            for _ in range(round(600 * part)):
                status = "500" if dice.random() < 0.002 else "200"
                seconds = dice.lognormvariate(-3.0, 0.5)
                if side == "canary" and slow:
                    seconds += 0.8
                pod = {"kubernetes_namespace": "test", "kubernetes_pod_name": PODS[side]}
                for bound in BOUNDS + [float("inf")]:
                    le = "+Inf" if bound == float("inf") else f"{bound:g}"
                    add("http_request_duration_seconds_bucket", {**pod, "status": status, "le": le}, float(seconds <= bound))
                add("http_request_duration_seconds_sum", {**pod, "status": status}, seconds)
                add("http_request_duration_seconds_count", {**pod, "status": status}, 1)
                ingress = {"namespace": "test", "ingress": "podinfo", "status": status,
                           "canary": "test-podinfo-canary-80" if side == "canary" else ""}
                ingress = {k: v for k, v in ingress.items() if v}
                add("nginx_ingress_controller_requests", ingress, 1)
                add("nginx_ingress_controller_response_duration_seconds_sum", ingress, seconds)
                add("nginx_ingress_controller_response_duration_seconds_count", ingress, 1)
        for key, value in counters.items():
            samples.setdefault(key, []).append((START + tick * STEP, value))
    lines = []
    for (name, labels), points in sorted(samples.items()):
        for time, value in points:
            lines.append(f"{series(name, dict(labels))} {value:.6g} {time}")
    return lines + ["# EOF"]


folder = sys.argv[1]
for name, slow in (("good", False), ("slow", True)):
    with open(os.path.join(folder, name + ".om"), "w") as out:
        out.write("\n".join(record(slow)) + "\n")
