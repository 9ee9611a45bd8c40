#!/usr/bin/env python3
"""Sends series that no text format carries (native histograms, stale markers, exemplars) by remote write 1.0.
ext_data.py URL [--seed 1] [--hours 2] [--step 10] [--start 1767225600]; standard library only, deterministic."""
import argparse
import http.client
import math
import random
import struct
import sys
import urllib.parse

def snappy(b):
    """One literal block: valid snappy without a library."""
    return varint(len(b)) + b"\xfc" + struct.pack("<I", len(b) - 1) + b


def varint(n):
    out = bytearray()
    n &= (1 << 64) - 1
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def zz(n):
    return varint((n << 1) ^ (n >> 63))


def ld(field, b):
    return bytes([field << 3 | 2]) + varint(len(b)) + b


def dbl(field, v):
    return bytes([field << 3 | 1]) + struct.pack("<d", v)


STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
STALEB = struct.pack("<Q", 0x7FF0000000000002)


def labels_pb(name, labels):
    d = dict(labels, __name__=name)
    return b"".join(ld(1, ld(1, k.encode()) + ld(2, v.encode())) for k, v in sorted(d.items()))


class Sender:
    def __init__(self, url):
        u = urllib.parse.urlparse(url)
        self.c, self.path = http.client.HTTPConnection(u.hostname, u.port, timeout=300), u.path
        self.n = 0

    def send(self, parts):
        self.c.request("POST", self.path, snappy(b"".join(parts)), {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"})
        r = self.c.getresponse()
        body = r.read()
        self.n += 1
        if r.status >= 300:
            sys.exit(f"{self.path}: {r.status} {body[:300]}")


def hist_pb(ts, schema, counts, off, zero, total_sum, gauge=False, floats=False, custom=None, zth=2.938735877055719e-39):
    """counts: consecutive bucket counts starting at offset off (positive side only)."""
    b = b""
    cnt = sum(counts) + zero
    if floats:
        b += dbl(2, float(cnt))
    else:
        b += b"\x08" + varint(int(cnt))
    b += dbl(3, total_sum) + b"\x20" + zz(schema)
    if custom is None:
        b += dbl(5, zth)
        b += dbl(7, float(zero)) if floats else b"\x30" + varint(int(zero))
    if counts:
        b += ld(11, b"\x08" + zz(off) + b"\x10" + varint(len(counts)))
        if floats:
            b += ld(13, struct.pack(f"<{len(counts)}d", *counts))
        else:
            d, prev = b"", 0
            for c in counts:
                d += zz(int(c) - prev)
                prev = int(c)
            b += ld(12, d)
    b += b"\x70" + varint(3 if gauge else 0) + b"\x78" + varint(ts)
    if custom is not None:
        b += bytes([16 << 3 & 127 | 128 | 2, 16 >> 4]) + varint(8 * len(custom)) + struct.pack(f"<{len(custom)}d", *custom)
    return b


def run_ext(a, snd):
    n, r, total = int(a.hours * 3600 // a.step), random.Random(a.seed), 0
    series = []     # (labels, fn(i, ts) -> list of encoded sample/histogram fields or None)

    def sample(v, ts):
        return ld(2, b"\x09" + (STALEB if v is STALE else struct.pack("<d", v)) + b"\x10" + varint(ts))

    for k in range(4):      # appear/disappear with stale markers
        def f(i, ts, k=k, st=[False]):
            on = (i // (20 + 7 * k)) % 2 == 0
            if on:
                st[0] = True
                return sample(float(i + k), ts)
            if st[0]:
                st[0] = False
                return sample(STALE, ts)
            return None
        series.append((labels_pb("s_stale", {"k": str(k), "job": "ext"}), f))
    for k in range(3):      # native histogram counters, reset for k == 1
        def f(i, ts, k=k, st={}):
            c = st.setdefault("c", [0] * 12)
            if k == 1 and i and i % 150 == 0:
                c[:] = [0] * 12
                st["s"] = 0.0
                st["z"] = 0
            for _ in range(r.randrange(8)):
                j = min(11, max(0, int(r.gauss(5 + k, 2))))
                c[j] += 1
                st["s"] = st.get("s", 0.0) + 1.1 ** j
            st["z"] = st.get("z", 0) + (r.random() < 0.1)
            return ld(4, hist_pb(ts, 2 if k != 2 else 0, list(c), -3, st["z"], st.get("s", 0.0)))
        series.append((labels_pb("h_native", {"k": str(k), "job": "ext"}), f))
    for k in range(2):      # gauge float histograms
        def f(i, ts, k=k):
            return ld(4, hist_pb(ts, 1, [r.random() * 10 for _ in range(6)], 0, r.random(), r.random() * 100, gauge=True, floats=True))
        series.append((labels_pb("h_gauge", {"k": str(k), "job": "ext"}), f))
    for k in range(2):      # custom buckets (NHCB)
        def f(i, ts, k=k, st={}):
            c = st.setdefault("c", [0] * 5)
            for _ in range(r.randrange(6)):
                c[r.randrange(5)] += 1
            return ld(4, hist_pb(ts, -53, list(c), 0, 0, float(sum(c)) * 0.7, custom=[0.1, 0.5, 1.0, 5.0]))
        series.append((labels_pb("h_nhcb", {"k": str(k), "job": "ext"}), f))
    for k in range(2):      # floats and histograms mixed in one series
        def f(i, ts, k=k):
            if (i // 30) % 2:
                return sample(float(i), ts)
            return ld(4, hist_pb(ts, 1, [i % 5 + 1, 2, 3], 0, 1, float(i)))
        series.append((labels_pb("mixed", {"k": str(k), "job": "ext"}), f))
    for k in range(2):
        def f(i, ts, k=k):
            ex = ld(3, ld(1, ld(1, b"trace_id") + ld(2, f"t{i:06d}".encode())) + dbl(2, float(i)) + b"\x18" + varint(ts))
            return sample(float(i * (k + 1)), ts) + (ex if i % 10 == 0 else b"")
        series.append((labels_pb("with_exemplars_total", {"k": str(k), "job": "ext"}), f))
    for i in range(n):
        ts = (a.start + i * a.step) * 1000 + 123
        parts = []
        for lp, f in series:
            b = f(i, ts)
            if b:
                parts.append(ld(1, lp + b))
                total += 1
        snd.send(parts)
    return total


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("url")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--hours", type=float, default=2)
    ap.add_argument("--step", type=int, default=10)
    ap.add_argument("--start", type=int, default=1767225600)
    a = ap.parse_args()
    sender = Sender(a.url)
    total = run_ext(a, sender)
    print(f"{total} samples in {sender.n} requests", file=sys.stderr)


if __name__ == "__main__":
    main()
