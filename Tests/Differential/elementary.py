#!/usr/bin/env python3
"""Compares elementary functions with a real Prometheus on this machine, to the last bit.

elementary.py PROMGATE PEERS WORK [--points N] [--seed N] [--cases N] [--only REGEX] [--show N]

Points of all magnitudes, about thresholds, multiples of a quarter turn and whole numbers go into a Prometheus directory
that both servers read. Every function is asked at every point; answers must be equal as text, which is the shortest that
stands for a number. `--cases` expressions of written numbers are asked too. Points come a million at a time, each time
with the next seed. Standard library only.
"""
import argparse
import json
import math
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

START, STEPS, SERIES = 1767225600, 10_000, 100
ONE = "exp ln log2 log10 sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh deg rad ceil floor sgn round".split()
QUERIES = [f"{name}(x)" for name in ONE] + [
    "round(x, 0.1)", "x ^ 2", "x ^ 0.5", "x ^ -1.5", "2 ^ x", "10 ^ x", "base ^ exponent", "x atan2 exponent", "1 atan2 x",
    "x % exponent", "x % 360"]
# Where functions change their ways, or end.
THRESHOLDS = [
    0.0, 5e-324, 2.2250738585072014e-308, 2.0**-54, 2.0**-29, 2.0**-28, 1e-14, 1e-7, 0.05, 0.1, 0.41421356237309503,
    0.2928932188134525, 0.5, 0.625, 0.66, 0.7, 0.7071067811865476, 1.0, 1.4142135623730951, 2.0, 2.414213562373095, 10.0, 21.0,
    44.01484596555653, 100.0, 708.3964185322641, 709.782712893384, 710.4758600739439, 745.1332191019411, 1000.0, 1022.5, 1074.5,
    2.0**28, 2.0**29, 2.0**53, 2.0**63, 1e22, 1e300, 1.7976931348623157e308, math.inf]


def from_bits(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def beside(r, x):
    """A number some units in the last place away."""
    bits = struct.unpack("<Q", struct.pack("<d", abs(x)))[0]
    return math.copysign(from_bits(min(max(bits + r.randint(-20, 20), 0), 0x7ff0000000000000)), x)


def point(r):
    sign = r.choice((1, -1))
    kind = r.randrange(11)
    if kind == 0:
        return from_bits(r.getrandbits(64))
    if kind == 1:
        return sign * r.choice(THRESHOLDS)
    if kind == 2:
        return sign * beside(r, r.choice(THRESHOLDS))
    if kind == 3:
        return r.uniform(-1, 1)
    if kind == 4:
        return r.uniform(-50, 50)
    if kind == 5:
        return r.uniform(-750, 750)
    if kind == 6:
        return sign * beside(r, r.randrange(1_000_000) * math.pi / 4)
    if kind == 7:
        return r.randint(-2000, 2000) / r.choice((1, 2, 10, 100, 1000))
    if kind == 8:
        return math.ldexp(sign * r.uniform(1, 2), r.randint(-70, 70))
    if kind == 9:
        return math.ldexp(sign * r.uniform(1, 2), r.randint(-1074, 1023))
    return from_bits(r.getrandbits(52) | r.getrandbits(1) << 63)


def base(r):
    kind = r.randrange(4)
    if kind == 0:
        return r.uniform(0, 10)
    if kind == 1:
        return 1 + math.ldexp(r.uniform(-1, 1), -r.randrange(30))
    if kind == 2:
        return float(r.randint(-100, 100))
    return point(r)


def exponent(r):
    kind = r.randrange(6)
    if kind == 0:
        return r.randint(-20, 20) / 2
    if kind == 1:
        return r.uniform(-10, 10)
    if kind == 2:
        return r.random()
    if kind == 3:
        return float(r.randint(-1100, 1100))
    return point(r)


def text(x):
    return "NaN" if x != x else "+Inf" if x == math.inf else "-Inf" if x == -math.inf else repr(x)


def write_points(path, seed):
    with open(path, "w") as out:
        for name, make in (("x", point), ("base", base), ("exponent", exponent)):
            out.write(f"# TYPE {name} gauge\n")
            for i in range(SERIES):
                r = random.Random(f"{seed} {name} {i}")
                out.write("".join(f'{name}{{i="{i:02}"}} {text(make(r))} {START + step}\n' for step in range(STEPS)))
        out.write("# EOF\n")


def literals(r, count):
    for _ in range(count):
        x, y = (f"({text(make(r))})" for make in (base, exponent))
        yield r.choice([f"{x} ^ {y}", f"{x} atan2 {y}", f"{x} % {y}", f"scalar({r.choice(ONE)}(vector({x})))"])


class Server:
    def __init__(self, args, port, log):
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(args, stdout=open(log, "w"), stderr=subprocess.STDOUT, start_new_session=True)
        for _ in range(1200):
            if self.process.poll() is not None:
                sys.exit(f"{args[0]} ended early:\n{open(log).read()[-2000:]}")
            try:
                urllib.request.urlopen(self.url + "/-/ready", timeout=2).read()
                return
            except OSError:
                time.sleep(0.1)
        sys.exit(f"no answer from {self.url}")

    def ask(self, path, **parameters):
        body = urllib.parse.urlencode(parameters).encode()
        try:
            return urllib.request.urlopen(self.url + path, body, timeout=300).read()
        except urllib.error.HTTPError as error:
            return error.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def values(body):
    """The answer's numbers by series and time; what else it has, as it is."""
    answer = json.loads(body)
    if answer.get("status") != "success":
        return {"error": body.decode(errors="replace")[:200]}
    result = answer["data"]["result"]
    if answer["data"]["resultType"] != "matrix":
        return {"": result[1]}
    return {(series["metric"].get("i"), time): value for series in result for time, value in series["values"]}


class Count:
    def __init__(self, show):
        self.passed = self.failed = 0
        self.show = show

    def compare(self, query, real, ours, of, points):
        """`of` tells at which numbers a point was asked."""
        if real == ours and real.startswith(b'{"status":"success"') and len(real) > points * 10:
            self.passed += points
            return
        real, ours = values(real), values(ours)
        different = [key for key in sorted(set(real) | set(ours), key=str) if real.get(key) != ours.get(key)]
        self.passed += len(set(real) | set(ours)) - len(different)
        self.failed += len(different)
        if not different and len(real) < points:
            different = [None]
            self.failed += 1
        for key in different[:5]:
            if self.show > 0:
                self.show -= 1
                print(f"DIFFERENT {query}{of(key)}: {real.get(key)} and {ours.get(key)}")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("promgate")
    ap.add_argument("peers")
    ap.add_argument("work")
    ap.add_argument("--points", type=int, default=SERIES * STEPS, help="points a function, rounded up to a million (default 1000000)")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--cases", type=int, default=500, help="expressions of written numbers (default 500)")
    ap.add_argument("--only", help="regular expression on the query, such as 'exp|sinh'")
    ap.add_argument("--show", type=int, default=20, help="how many differences are printed (default 20)")
    ap.add_argument("--port", type=int, default=19381, help="the first of two ports on loopback (default 19381)")
    a = ap.parse_args()
    os.makedirs(a.work, exist_ok=True)
    work = lambda name: os.path.join(a.work, name)
    open(work("prometheus.yml"), "w").write("global: {scrape_interval: 15s}\n")
    count = Count(a.show)
    rounds = max(1, math.ceil(a.points / (SERIES * STEPS)))
    for seed in range(a.seed, a.seed + rounds):
        shutil.rmtree(work("points"), ignore_errors=True)
        write_points(work("points.om"), seed)
        subprocess.run([os.path.join(a.peers, "promtool/usr/bin/promtool"), "tsdb", "create-blocks-from", "openmetrics", work("points.om"),
                        work("points")], stdout=subprocess.DEVNULL, check=True)
        servers = []
        try:
            servers.append(Server([
                os.path.join(a.peers, "prometheus/usr/bin/prometheus"), f"--config.file={work('prometheus.yml')}",
                f"--storage.tsdb.path={work('points')}", f"--web.listen-address=127.0.0.1:{a.port}",
                "--storage.tsdb.retention.time=100y", "--web.console.templates=/nonexistent",
                "--web.console.libraries=/nonexistent"], a.port, work("prometheus.log")))
            servers.append(Server([a.promgate, "serve", "--data", work("points.om"), "--listen", f"127.0.0.1:{a.port + 1}"],
                                  a.port + 1, work("promgate.log")))
            real, ours = servers
            span = {"start": START, "end": START + STEPS - 1, "step": 1}
            for query in QUERIES:
                if a.only and not re.search(a.only, query):
                    continue

                def at(key):
                    if key is None or key == "error":
                        return ""
                    names = sorted(set(re.findall(r"\b(?:x|base|exponent)\b", query)))
                    found = (values(real.ask("/api/v1/query_range", query=f'{name}{{i="{key[0]}"}}', **span)) for name in names)
                    return " at " + ", ".join(f"{name} = {each.get(key)}" for name, each in zip(names, found))

                bodies = [server.ask("/api/v1/query_range", query=query, **span) for server in servers]
                count.compare(query, *bodies, at, SERIES * STEPS)
            for query in literals(random.Random(seed), a.cases):
                if a.only and not re.search(a.only, query):
                    continue
                bodies = [server.ask("/api/v1/query", query=query, time=START) for server in servers]
                count.compare(query, *bodies, lambda key: "", 1)
        finally:
            for server in servers:
                server.stop()
        print(f"seed {seed}: {count.passed} passed, {count.failed} failed up to here", flush=True)
    print(f"{count.passed} passed, {count.failed} failed")
    sys.exit(1 if count.failed else 0)


main()
