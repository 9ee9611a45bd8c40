#!/usr/bin/env python3
"""Asks a promgate that has little memory for as much as it can be asked for: it refuses, and is never killed.

memory.py PROMGATE PEERS WORK [--seed N] [--cases N] [--clients N] [--limit MIB] [--show N]

`serve` runs in a control group (version 1 or 2) of 256 MiB; where none can be made, under a limit of its data segment (RLIMIT_DATA),
which is said. A seeded stream of hostile queries comes from many clients at once: nested subqueries, steps of a millisecond, patterns, labels
that double, count_values, joins, long texts, deep parentheses, whole matrices, lists, federation, remote-looking bodies, clients that read
slowly. Each answer is right or an error that says why; /-/healthy answers all the time; small queries are answered right while the large ones
run; afterwards the server is the same process, and what was answered in the storm is answered the same way in the quiet. PEERS is not needed.
Standard library only; all on loopback.
"""
import argparse
import hashlib
import http.client
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

START, SAMPLES, STEP = 1767225600, 240, 15
SERIES = 2000
END = START + SAMPLES * STEP


class Group:
    """A control group with a limit of memory; None of the fields where the system lets nobody make one."""

    def __init__(self, limit):
        self.path, self.kind, self.limit = None, f"RLIMIT_DATA of {limit >> 20} MiB: no control group could be made", limit
        name = f"promgate-check-{os.getpid()}"
        for root, file, kind in [("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "1"), ("/sys/fs/cgroup", "memory.max", "2")]:
            path = os.path.join(root, name)
            try:
                os.mkdir(path)
            except OSError:
                continue
            try:
                with open(os.path.join(path, file), "w") as limits:
                    limits.write(str(limit))
                for swap, value in [("memory.swap.max", "0"), ("memory.memsw.limit_in_bytes", str(limit))]:
                    try:
                        with open(os.path.join(path, swap), "w") as limits:
                            limits.write(value)
                    except OSError:
                        pass
                self.path, self.kind = path, f"a control group (version {kind}) of {limit >> 20} MiB"
                return
            except OSError:
                os.rmdir(path)

    def enter(self):
        """In the child, before it becomes promgate."""
        if self.path is None:
            resource.setrlimit(resource.RLIMIT_DATA, (self.limit, self.limit))
            return
        with open(os.path.join(self.path, "cgroup.procs"), "w") as processes:
            processes.write(str(os.getpid()))

    def peak(self, pid):
        """The most that was used, MiB; that of the process where there is no group."""
        for name in ["memory.peak", "memory.max_usage_in_bytes"]:
            try:
                return int(open(os.path.join(self.path or "", name)).read()) >> 20
            except OSError:
                continue
        try:
            status = open(f"/proc/{pid}/status").read()
            return int(status.split("VmHWM:")[1].split()[0]) >> 10
        except (OSError, IndexError):
            return 0

    def remove(self):
        for _ in range(50):
            if self.path is None:
                return
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.1)


def write(path):
    """Some 2,000 series: counters, gauges, classic histograms, info metrics."""
    random.seed(7)
    with open(path, "w") as file:
        kinds = [("requests_total", "counter", 60), ("memory_bytes", "gauge", 60), ("target_info", "gauge", 10)]
        for name, kind, pods in kinds:
            file.write(f"# TYPE {name.removesuffix('_total') if kind == 'counter' else name} {kind}\n")
            for pod in range(pods):
                for code in range(10 if name != "target_info" else 1):
                    labels = f'instance="10.0.0.{pod}:80",job="j{pod % 5}",pod="pod-{pod}-{"x" * (pod % 30)}"'
                    labels += f',code="{code}"' if name != "target_info" else ',version="v1"'
                    value = 0
                    for sample in range(SAMPLES):
                        value += random.randrange(10)
                        file.write(f"{name}{{{labels}}} {value if name != 'target_info' else 1} {START + sample * STEP}\n")
        file.write("# TYPE latency histogram\n")
        for pod in range(60):
            labels = f'instance="10.0.0.{pod}:80",job="j{pod % 5}"'
            bounds = ["0.1", "0.2", "0.5", "1.0", "2.0", "5.0", "10.0", "20.0", "50.0", "+Inf"]
            for index, bound in enumerate(bounds):
                for sample in range(SAMPLES):
                    file.write(f'latency_bucket{{{labels},le="{bound}"}} {(index + 1) * sample} {START + sample * STEP}\n')
        file.write("# EOF\n")


def nested(rng, depth):
    inner = rng.choice(["memory_bytes", "requests_total", "memory_bytes + 1", "memory_bytes * on (instance, code) requests_total"])
    for _ in range(depth):
        function = rng.choice(["max_over_time", "sum_over_time", "quantile_over_time", "count_over_time", "stddev_over_time", "last_over_time"])
        window, step = rng.choice(["13h", "1h", "30m", "2h"]), rng.choice(["1ms", "10ms", "100ms", "1s", "7s"])
        inner = f"{function}({'0.9, ' if function == 'quantile_over_time' else ''}({inner})[{window}:{step}])"
    return inner


def hostile(rng):
    """A query that wants much of something, and whether it is asked as a range."""
    name = rng.choice(["memory_bytes", "requests_total", '{__name__=~".+"}', "latency_bucket"])
    kind = rng.randrange(24)
    if kind == 0:
        return nested(rng, 1), False
    if kind == 1:
        return nested(rng, rng.randrange(2, 5)), False
    if kind == 2:
        return "(" * (depth := rng.choice([100, 5000, 90000])) + "1" + ")" * depth, False
    if kind == 3:
        return name, True
    if kind == 4:
        text = "memory_bytes"
        for _ in range(rng.choice([5, 20, 60])):
            text = f'label_replace({text}, "pod", "$1$1$1", "pod", "(.*)")'
        return text, rng.random() < 0.3
    if kind == 5:
        text = "memory_bytes"
        for _ in range(rng.choice([5, 20, 60])):
            text = f'label_join({text}, "pod", "{"-" * rng.randrange(100)}", "pod", "pod")'
        return text, rng.random() < 0.3
    if kind == 6:
        return f'count_values("v", {name})', True
    if kind == 7:
        return f'count_values without () ("v", {name} * time())', True
    if kind == 8:
        return f"absent({name}[13h:1ms])" if rng.random() < 0.3 else f"absent_over_time(nosuch[{rng.choice(['1d', '30d'])}:1ms])", False
    if kind == 9:
        return f"{name} * ignoring (instance, pod, code, le) group_left () {name}", True
    if kind == 10:
        return f'label_replace(vector(1), "a", "{"x" * rng.choice([1000, 1000000, 4000000])}", "", "")', rng.random() < 0.5
    if kind == 11:
        names = ", ".join(f"l{index}" for index in range(rng.choice([1000, 100000])))
        return f"sum by ({names}) ({name})", True
    if kind == 12:
        return f"{rng.choice(['topk', 'bottomk', 'limitk'])}(1e9, {name})", True
    if kind == 13:
        return " or ".join(f"memory_bytes{{code=\"{index % 12}\"}}" for index in range(rng.choice([100, 1000, 10000]))), rng.random() < 0.3
    if kind == 14:
        return f"info({name})", True
    if kind == 15:
        phis = ", ".join(str(index / 1000) for index in range(rng.choice([3, 10])))
        return f'histogram_quantiles(latency_bucket, "q", {phis})', True
    if kind == 16:
        return "histogram_quantile(time() / 2e9, latency_bucket)", True
    if kind == 17:
        patterns = ",".join(f'pod=~"{rng.choice(["[^a-z]", ".", "(x|y|z)"])}{{{rng.randrange(100, 900)}}}{index}|pod.*"'
                            for index in range(rng.choice([1, 20, 2000])))
        return f"memory_bytes{{{patterns}}}", False
    if kind == 18:
        return f"{name}[13h]", False
    if kind == 19:
        return f"{name}[1h:{rng.choice(['1ms', '20ms', '1s'])}]", False
    if kind == 20:
        return "+".join(["memory_bytes"] * rng.choice([50, 2000, 30000])), rng.random() < 0.5
    if kind == 21:
        return f"quantile without (instance) (0.5, {name})", True
    if kind == 22:
        return f"sort_by_label_desc({name}, \"pod\") unless on (pod) {name} offset 1m", True
    return f"sum_over_time((count_values(\"v\", {name}))[30m:{rng.choice(['10ms', '1s'])}])", False


class Client:
    def __init__(self, port):
        self.port = port

    def ask(self, method, path, body=None, headers={}, timeout=180, slowly=False):
        """Status and body; status 0 and the problem where there was no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            if slowly:
                parts = []
                for _ in range(20):
                    part = response.read(4096)
                    if not part:
                        return response.status, b"".join(parts)
                    parts.append(part)
                    time.sleep(0.1)
                return response.status, None
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as problem:
            return 0, repr(problem).encode()
        finally:
            connection.close()

    def query(self, text, is_range, timeout, slowly=False, encoding=None):
        form = {"query": text, "timeout": timeout}
        if is_range:
            form |= {"start": START, "end": END, "step": (END - START) / 10900}
        else:
            form |= {"time": END}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if encoding:
            headers["Accept-Encoding"] = encoding
        path = "/api/v1/query_range" if is_range else "/api/v1/query"
        return self.ask("POST", path, urllib.parse.urlencode(form), headers, slowly=slowly)


# Statuses that an error may have.
REFUSED = {400, 408, 413, 422, 431, 499, 503}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("promgate")
    ap.add_argument("peers")
    ap.add_argument("work")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--cases", type=int, default=600)
    ap.add_argument("--clients", type=int, default=40)
    ap.add_argument("--limit", type=int, default=256, help="MiB")
    ap.add_argument("--port", type=int, default=21210)
    ap.add_argument("--show", type=int, default=20)
    options = ap.parse_args()
    os.makedirs(options.work, exist_ok=True)
    data, log = os.path.join(options.work, "data.om"), os.path.join(options.work, "serve.log")
    write(data)
    group = Group(options.limit << 20)
    print(f"promgate has {group.kind}", flush=True)
    server = subprocess.Popen(
        [options.promgate, "serve", "--data", data, "--listen", f"127.0.0.1:{options.port}", "--query-timeout", "10s"],
        stdout=open(log, "w"), stderr=subprocess.STDOUT, preexec_fn=group.enter)
    client = Client(options.port)
    for _ in range(1200):
        if client.ask("GET", "/-/ready", timeout=2)[0] == 200:
            break
        if server.poll() is not None:
            sys.exit(f"promgate ended early:\n{open(log).read()[-2000:]}")
        time.sleep(0.1)
    before = group.peak(server.pid)

    lock = threading.Lock()
    failures, passed, counts, digests = [], [0], {}, {}
    stop = threading.Event()
    rng = random.Random(options.seed)
    # All cases are known before any is asked: they do not depend on who is fast.
    cases = [(index, hostile(rng), rng.randrange(1 << 30)) for index in range(options.cases)]

    def note(good, what):
        with lock:
            if good:
                passed[0] += 1
            else:
                failures.append(what)

    def healthy():
        while not stop.is_set():
            status, body = client.ask("GET", "/-/healthy", timeout=20)
            note(status == 200, f"/-/healthy: {status} {body[:100]!r}")
            stop.wait(0.25)

    def small():
        """What costs nothing is answered right; too many requests at once may be refused."""
        while not stop.is_set():
            status, body = client.query('count(target_info) + scalar(count(memory_bytes{code="1"}))', False, "10s")
            if status == 200:
                note(json.loads(body)["data"]["result"][0]["value"][1] == "70", f"a small query: {body[:200]!r}")
            else:
                note(status == 503 and b"memory" not in body, f"a small query: {status} {body[:200]!r}")
            stop.wait(0.1)

    def judge(what, status, body):
        """Whether an answer is one, or an error that says why."""
        with lock:
            counts[status] = counts.get(status, 0) + 1
        if status == 200:
            return body is None or bool(body) or what.startswith("/federate")
        # A text without a selector has no exemplars to ask for.
        if status == 204:
            return what.startswith("/api/v1/query_exemplars") and not body
        if status not in REFUSED or not body:
            return False
        if status in (422, 503) and b"would hold more" in body:
            return b"--query.max-memory" in body
        return True

    def ask(case):
        index, (text, is_range), number = case
        local = random.Random(number)
        manner = local.randrange(12)
        if manner == 0:
            path = local.choice([
                "/federate?match[]=" + urllib.parse.quote('{__name__=~".+"}'), "/api/v1/series?match[]=" + urllib.parse.quote('{__name__=~".+"}'),
                "/api/v1/label/pod/values", "/api/v1/status/tsdb", "/api/v1/labels"])
            status, body = client.ask("GET", path)
            return path, status, body
        if manner == 1:
            path = local.choice(["/api/v1/format_query", "/api/v1/parse_query", "/api/v1/query_exemplars"])
            form = urllib.parse.urlencode({"query": text, "start": START, "end": END})
            status, body = client.ask("POST", path, form, {"Content-Type": "application/x-www-form-urlencoded"})
            return f"{path} {text[:150]}", status, body
        if manner == 2:
            selectors = urllib.parse.urlencode([("match[]", '{__name__=~".+"}')] * local.choice([10, 200]))
            status, body = client.ask("POST", "/api/v1/series", selectors, {"Content-Type": "application/x-www-form-urlencoded"})
            return "many selectors", status, body
        slowly = manner == 3
        status, body = client.query(text, is_range, "10s", slowly, "gzip" if manner == 4 else None)
        if status == 200 and not slowly and manner != 4:
            with lock:
                digests[index] = hashlib.sha256(body).digest()
        return f"{'range' if is_range else 'instant'} {text[:150]}", status, body

    def work(mine):
        for case in mine:
            if server.poll() is not None:
                return
            what, status, body = ask(case)
            note(judge(what, status, body), f"{what}: {status} {(body or b'')[:200]!r}")

    watchers = [threading.Thread(target=healthy), threading.Thread(target=small)]
    workers = [threading.Thread(target=work, args=(cases[number::options.clients],)) for number in range(options.clients)]
    began = time.monotonic()
    for thread in watchers + workers:
        thread.start()
    for thread in workers:
        thread.join()
    storm = time.monotonic() - began
    # The worst at once, from as many clients as may connect.
    worst = "max_over_time(max_over_time(memory_bytes[13h:1ms])[13h:1ms])"
    crowd = [threading.Thread(target=lambda: note(*(lambda answer: (judge(worst, *answer), f"200 at once: {answer[0]} {answer[1][:200]!r}"))(
        client.query(worst, False, "2s")))) for _ in range(200)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    stop.set()
    for thread in watchers:
        thread.join()

    # In the quiet: the same answers.
    for index, (text, is_range), _ in cases:
        if index in digests and server.poll() is None:
            status, body = client.query(text, is_range, "10s")
            if status == 200:
                same = hashlib.sha256(body).digest() == digests[index]
                note(same, f"another answer in the quiet: {'range' if is_range else 'instant'} {text[:150]}")
    note(server.poll() is None, f"promgate ended with status {server.poll()}: {open(log).read()[-1000:]}")
    note(client.ask("GET", "/-/healthy")[0] == 200, "/-/healthy at the end")
    peak = group.peak(server.pid)
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            failures.append("promgate does not stop")
            server.kill()
            server.wait()
    group.remove()
    for failure in failures[:options.show]:
        print(failure)
    statuses = ", ".join(f"{status}: {count}" for status, count in sorted(counts.items()))
    print(f"{options.cases} hostile requests from {options.clients} clients in {storm:.0f} s; statuses {statuses}")
    print(f"memory: {before} MiB at rest, {peak} MiB at most")
    print(f"{passed[0]} passed, {len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
