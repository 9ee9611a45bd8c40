#!/usr/bin/env python3
"""Sends random remote-write requests to promgate and to a real Prometheus, and compares what becomes of them.

remote_write.py PROMGATE PEERS WORK [--seed N] [--cases N] [--show N]

A case is a few requests, 1.0 and 2.0, over metrics of its own: samples that come twice, in disorder, with another value at a
time that has one, too early and too late; stale markers; histograms of integers, floats and custom buckets, good and bad;
labels that are unsorted, empty, doubled or no text; series that several entries repeat. Status, body and the headers of 2.0
must be the same, and so must be what both answer for the metrics afterwards. What 3.14 does otherwise than 3.5.3 is in KNOWN,
and docs/differences.md says why. Standard library only; all on loopback.
"""
import argparse
import http.client
import json
import os
import random
import re
import shutil
import struct
import sys
import time
import urllib.parse

from run import Servers

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]


# ---- messages ----

def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def zigzag(n):
    return varint(n << 1 ^ n >> 63)


def number(field, n):
    return varint(field << 3) + varint(n)


def double(field, x):
    return varint(field << 3 | 1) + struct.pack("<d", x)


def block(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def snappy(data):
    """One literal."""
    return varint(len(data)) + (b"\xfc" + struct.pack("<I", len(data) - 1) + data if data else b"")


class Symbols:
    def __init__(self, rng):
        self.rng, self.all = rng, [b""]

    def place(self, text):
        if text not in self.all or self.rng.random() < 0.05:
            self.all.append(text)
        return self.all.index(text) if self.rng.random() < 0.9 else max(i for i, s in enumerate(self.all) if s == text)


# ---- what is sent ----

class Histogram:
    """One histogram; `problem` says what is wrong with it."""

    def __init__(self, rng, is_float):
        self.rng = rng
        self.is_float, self.is_custom = is_float, rng.random() < 0.25
        self.schema = -53 if self.is_custom else rng.choice([-4, 0, 3, 8])
        self.offset, self.counts = rng.randrange(0 if self.is_custom else -3, 3), [rng.randrange(0, 9) for _ in range(rng.randrange(1, 4))]
        self.negative = [] if self.is_custom or rng.random() < 0.6 else [rng.randrange(0, 5)]
        self.zero = 0 if self.is_custom else rng.randrange(0, 4)
        self.count = sum(self.counts) + sum(self.negative) + self.zero
        self.sum = rng.choice([0.0, 1.5, 22.25, float("nan"), STALE]) if rng.random() < 0.4 else float(self.count)
        self.bounds = [0.5 * i for i in range(self.offset + len(self.counts) + 1)] if self.is_custom else []
        self.span = len(self.counts)
        self.hint = rng.choice([0, 0, 1, 2, 3])
        self.problem = None if rng.random() < 0.93 else rng.choice(["count", "span", "schema", "bounds", "negative", "high"])
        if self.problem == "count":
            self.count += rng.choice([-1, 1, 90])
        if self.problem == "span":
            self.span += 1
        if self.problem == "schema" and not self.is_custom:
            self.schema = rng.choice([60, -7, 53])
        if self.problem == "high" and not self.is_custom:
            self.schema = rng.choice([9, 10])
        if self.problem == "bounds":
            self.bounds = [1.0, 1.0] if self.is_custom else [1.0]
        if self.problem == "negative":
            self.counts[0] = -2

    def message(self, time):
        out = double(2, float(self.count)) if self.is_float else number(1, self.count)
        if struct.pack("<d", self.sum) != bytes(8):
            out += double(3, self.sum)
        out += varint(4 << 3) + zigzag(self.schema)
        if not self.is_custom:
            out += double(5, 0.001)
            out += double(7, float(self.zero)) if self.is_float else number(6, self.zero)
        spans = lambda field, offset, length: block(field, varint(1 << 3) + zigzag(offset) + number(2, length))

        def buckets(floats, deltas, counts):
            if self.is_float:
                return block(floats, b"".join(struct.pack("<d", float(c)) for c in counts))
            return block(deltas, b"".join(zigzag(b - a) for a, b in zip([0] + counts, counts)))

        if self.negative:
            out += spans(8, 1, len(self.negative)) + buckets(10, 9, self.negative)
        out += spans(11, self.offset, self.span) + buckets(13, 12, self.counts)
        if self.hint:
            out += number(14, self.hint)
        out += number(15, time)
        if self.bounds:
            out += block(16, b"".join(struct.pack("<d", b) for b in self.bounds))
        return out


class Request:
    """What is posted; `entries` are what its body says, for messages."""

    is_damaged = False

    def __init__(self, version, entries, body, headers):
        self.version, self.entries, self.body, self.headers = version, entries, body, headers


class Damaged(Request):
    """Of which only the status is compared: each program has words of its own."""

    is_damaged = True


# Not gzip: 3.5.3 answers 415 and stores it nevertheless.
HEADERS = [
    {"Content-Type": "application/json"}, {"Content-Type": ""}, {"Content-Type": "application/x-protobuf;proto=foo"},
    {"Content-Type": "application/x-protobuf; proto=io.prometheus.write.v2.Request"}, {"Content-Type": "application/x-protobuf;proto"},
    {"Content-Type": "application/x-protobuf;charset=utf-8"}, {"Content-Type": "Application/X-Protobuf"}, {"Content-Type": " application/x-protobuf "},
    {"Content-Type": "application/x-protobuf;proto=prometheus.WriteRequest;x=y"}, {"Content-Encoding": ""},
    {"Content-Encoding": "Snappy"}, {"X-Prometheus-Remote-Write-Version": "7"},
]


class Case:
    def __init__(self, seed, now):
        self.rng = random.Random(seed)
        self.name = f"case_{seed}"
        # Milliseconds; few, so that they meet.
        self.times = [now + 1000 * i for i in range(-3, 4)]
        self.wide = [now - 3_500_000, now - 3_700_000, now - 9_000_000, now + 500_000, now + 700_000, 0, -5, 1]
        self.has_histograms, self.has_floats = self.rng.random() < 0.4, self.rng.random() < 0.4
        self.requests = [self.request() for _ in range(self.rng.randrange(1, 5))]

    def labels(self):
        """Pairs as sent; most are good."""
        rng, pairs = self.rng, [(b"__name__", self.name.encode())]
        if rng.random() < 0.6:
            pairs.append((b"x", rng.choice([b"1", b"2"])))
        roll = rng.random()
        if roll < 0.03:
            pairs.append((b"", b"v"))
        elif roll < 0.06:
            pairs.append((b"empty", b""))
        elif roll < 0.09:
            pairs += [(b"x", b"1"), (b"x", rng.choice([b"1", b"3", b""]))]
        elif roll < 0.12:
            pairs.append((rng.choice([b"x", b"bad\xff"]), b"\xff\xfe"))
        elif roll < 0.15:
            pairs = pairs[1:]
        elif roll < 0.17:
            pairs[0] = (b"__name__", b"")
        elif roll < 0.22:
            pairs.append((rng.choice(["ü.dot".encode(), b"a b", b"1"]), rng.choice([b'q"\\\n', b"v"])))
        elif roll < 0.24:
            pairs.append(pairs[0])
        if rng.random() < 0.2:
            rng.shuffle(pairs)
        else:
            pairs.sort(key=lambda p: p[0])
        return pairs

    def time(self):
        return self.rng.choice(self.times) if self.rng.random() < 0.93 else self.rng.choice(self.wide)

    def value(self):
        return self.rng.choice([1.0, 2.0, 2.0, 0.5, 1e21, 1234567.0, 1e-7, float("nan"), float("inf"), float("-inf"), 0.0, STALE])

    def entry(self):
        rng = self.rng
        kind = "both" if rng.random() < 0.005 else "histograms" if self.has_histograms and rng.random() < 0.9 else "floats"
        few = lambda: rng.choice([1, 1, 1, 2, 3]) if rng.random() < 0.95 else rng.choice([0, 5])
        samples = [(self.value(), self.time()) for _ in range(few())] if kind != "histograms" else []
        histograms = [(Histogram(rng, self.has_floats if rng.random() < 0.97 else not self.has_floats), self.time()) for _ in range(few())] if kind != "floats" else []
        if rng.random() < 0.5:
            samples.sort(key=lambda s: s[1])
            histograms.sort(key=lambda s: s[1])
        exemplars = [(1.5, self.time())] if rng.random() < 0.1 else []
        return {"labels": self.labels(), "samples": samples, "histograms": histograms, "exemplars": exemplars}

    def request(self):
        version = self.rng.choice([1, 2])
        entries = [self.entry() for _ in range(self.rng.randrange(1, 5))]
        if self.rng.random() < 0.05:
            entries = []
        message = (self.one if version == 1 else self.two)(entries)
        if self.rng.random() < 0.03 and message:
            return Damaged(version, entries, self.damaged(message), {})
        if self.rng.random() < 0.02:
            return Damaged(version, entries, snappy(message), self.rng.choice(HEADERS))
        return Request(version, entries, snappy(message), {})

    def damaged(self, message):
        """The bytes of a message, or its block, with one of them changed or the end cut off."""
        rng = self.rng
        inside = rng.random() < 0.8
        data = bytearray(message if inside else snappy(message))
        place = rng.randrange(len(data))
        if rng.random() < 0.3:
            del data[place:]
        else:
            data[place] = rng.randrange(256)
        return snappy(bytes(data)) if inside else bytes(data)

    def one(self, entries):
        out = b""
        for e in entries:
            series = b"".join(block(1, block(1, n) + block(2, v)) for n, v in e["labels"])
            for value, time in e["samples"]:
                bits = struct.pack("<d", value)
                series += block(2, (double(1, value) if bits != bytes(8) else b"") + number(2, time))
            for value, time in e["exemplars"]:
                series += block(3, block(1, block(1, b"trace") + block(2, b"t")) + double(2, value) + number(3, time))
            for histogram, time in e["histograms"]:
                series += block(4, histogram.message(time))
            out += block(1, series)
        if self.rng.random() < 0.1:
            out += block(3, number(1, 1) + block(2, self.name.encode()) + block(4, b"help"))
        return out

    def two(self, entries):
        rng, symbols, out = self.rng, Symbols(self.rng), b""
        packed = lambda field, refs: block(field, b"".join(map(varint, refs))) if rng.random() < 0.9 else b"".join(number(field, r) for r in refs)
        for e in entries:
            refs = [symbols.place(text) for pair in e["labels"] for text in pair]
            series = packed(1, refs)
            for value, time in e["samples"]:
                bits = struct.pack("<d", value)
                series += block(2, (double(1, value) if bits != bytes(8) else b"") + number(2, time))
            for histogram, time in e["histograms"]:
                series += block(3, histogram.message(time))
            for value, time in e["exemplars"]:
                series += block(4, packed(1, [symbols.place(b"trace"), symbols.place(b"t")]) + double(2, value) + number(3, time))
            series += block(5, number(1, rng.randrange(0, 8)) + number(3, symbols.place(b"help")) if rng.random() < 0.5 else b"")
            out += block(5, series)
        return b"".join(block(4, s) for s in symbols.all) + out

    def shown(self):
        lines = []
        for request in self.requests:
            lines.append(f"  request {request.version}.0 {request.headers or ''} {'damaged' if request.is_damaged else ''}")
            for e in request.entries:
                shown = [(v if struct.pack("<d", v) != struct.pack("<d", STALE) else "stale", t) for v, t in e["samples"]]
                kinds = [(("float" if h.is_float else "int") + (" custom" if h.is_custom else ""), h.problem, h.count, h.sum, t) for h, t in e["histograms"]]
                lines.append(f"    {e['labels']} {shown} {kinds}" + (" exemplar" if e["exemplars"] else ""))
        return "\n".join(lines)


# ---- what 3.14 does otherwise ----

def only_in_order(case):
    """Whether a series gets floats and histograms, or histograms of both kinds, within one request."""
    for request in case.requests:
        kinds = {}
        for e in request.entries:
            key = tuple(sorted((n, v) for n, v in e["labels"] if v))
            for _ in e["samples"]:
                kinds.setdefault(key, set()).add("float")
            for h, _ in e["histograms"]:
                kinds.setdefault(key, set()).add("float histogram" if h.is_float else "histogram")
        if any(len(k) > 1 for k in kinds.values()):
            return False
    return True


def odd_histogram(case, real):
    """3.5.3 answers 500 for some histograms, and takes schemas that nobody knows."""
    return any(r["status"] in (0, 500) for r in real) or any(
        h.problem in ("schema", "high") for request in case.requests for e in request.entries for h, _ in e["histograms"])


def no_samples(case):
    return any(r.version == 2 and not e["samples"] and not e["histograms"] for r in case.requests for e in r.entries)


KNOWN = [
    ("a request stores floats before histograms (3.14 keeps the order of a series)", lambda case, real: not only_in_order(case)),
    ("histograms that cannot be (3.14 answers 400)", odd_histogram),
    ("a series of 2.0 without samples (3.14 answers 400)", lambda case, real: no_samples(case)),
]


# ---- both servers ----

class Server:
    def __init__(self, port):
        self.port, self.connection = port, None

    def call(self, method, path, body=None, headers={}):
        for attempt in (0, 1):
            try:
                self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                self.connection.request(method, path, body, headers)
                response = self.connection.getresponse()
                return response.status, dict(response.headers), response.read()
            except (OSError, http.client.HTTPException) as error:
                self.connection = None
                if attempt:
                    return 0, {}, repr(error).encode()

    def write(self, request):
        proto = ";proto=io.prometheus.write.v2.Request" if request.version == 2 else ""
        status, headers, text = self.call("POST", "/api/v1/write", request.body, {
            "Content-Encoding": "snappy", "Content-Type": "application/x-protobuf" + proto,
            "X-Prometheus-Remote-Write-Version": "2.0.0" if request.version == 2 else "0.1.0", **request.headers})
        if request.is_damaged:
            return {"status": status}
        written = {k.lower(): v for k, v in headers.items() if k.lower().startswith("x-prometheus")}
        return {"status": status, "body": text.decode("utf8", "replace"), "written": written}

    def stored(self, name, at):
        query = urllib.parse.urlencode({"query": '{__name__="%s"}[4h]' % name, "time": at})
        status, _, text = self.call("GET", "/api/v1/query?" + query)
        try:
            result = json.loads(text)["data"]["result"]
        except (ValueError, KeyError):
            return f"status {status}: {text[:200]!r}"
        return sorted(result, key=lambda s: json.dumps(s["metric"], sort_keys=True))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("promgate")
    ap.add_argument("peers")
    ap.add_argument("work")
    ap.add_argument("--seed", type=int, default=1, help="the first case's seed (default 1)")
    ap.add_argument("--cases", type=int, default=4000, help="how many cases (default 4000)")
    ap.add_argument("--show", type=int, default=10, help="how many differences are printed (default 10)")
    ap.add_argument("--port", type=int, default=19420, help="the first of two ports on loopback (default 19420)")
    a = ap.parse_args()
    shutil.rmtree(a.work, ignore_errors=True)
    os.makedirs(a.work)
    work = lambda name: os.path.join(a.work, name)
    open(work("prometheus.yml"), "w").write("global: {scrape_interval: 15s}\n")
    servers = Servers()
    passed = failed = known = 0
    try:
        ready = lambda port: f"http://127.0.0.1:{port}/-/ready"
        servers.start([os.path.join(a.peers, "prometheus/usr/bin/prometheus"), f"--config.file={work('prometheus.yml')}",
                       f"--storage.tsdb.path={work('data')}", f"--web.listen-address=127.0.0.1:{a.port}", "--web.enable-remote-write-receiver",
                       "--enable-feature=native-histograms", "--web.console.templates=/nonexistent", "--web.console.libraries=/nonexistent"],
                      ready(a.port), work("prometheus.log"))
        servers.start([a.promgate, "serve", "--receive", "--listen", f"127.0.0.1:{a.port + 1}"], ready(a.port + 1), work("promgate.log"))
        real, ours = Server(a.port), Server(a.port + 1)
        now = int(time.time()) * 1000
        # What is old is the same for both from here on.
        first = Request(1, [], snappy(block(1, block(1, block(1, b"__name__") + block(2, b"first")) + block(2, double(1, 1.0) + number(2, now + 550_000)))), {})
        assert real.write(first)["status"] == ours.write(first)["status"] == 204
        for seed in range(a.seed, a.seed + a.cases):
            case = Case(seed, now)
            problems, answers = [], []
            for place, request in enumerate(case.requests, 1):
                left, right = real.write(request), ours.write(request)
                answers.append(left)
                if left != right:
                    problems.append(f"request {place}: {left} and {right}")
            left, right = (server.stored(case.name, now / 1000 + 1200) for server in (real, ours))
            if left != right:
                problems.append(f"stored: {json.dumps(left)[:600]} and {json.dumps(right)[:600]}")
            if not problems:
                passed += 1
            elif any(is_known(case, answers) for _, is_known in KNOWN):
                known += 1
            else:
                failed += 1
                if failed <= a.show:
                    print(f"DIFFERENT case {seed} (now {now})\n{case.shown()}")
                    for problem in problems:
                        print("    " + problem)
    finally:
        servers.stop_all()
    print(f"remote write: {passed} passed, {known} differ as docs/differences.md says, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
