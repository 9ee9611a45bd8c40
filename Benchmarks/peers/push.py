#!/usr/bin/env python3
"""Pushes the data set by remote write 1.0 as a sender does: scrape by scrape in order of time, some thousand
samples a request. push.py URL [--series 10000] [--hours 6] [--seed 1] [--batch 2000]; standard library only."""
import argparse
import heapq
import http.client
import struct
import sys
import urllib.parse

from dataset import build


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, data):
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def snappy(data):
    """One literal block: valid snappy without a library."""
    return varint(len(data)) + b"\xfc" + struct.pack("<I", len(data) - 1) + data


def labels(series):
    pairs = sorted(dict(series.labels, __name__=series.name).items())
    return b"".join(field(1, field(1, k.encode()) + field(2, v.encode())) for k, v in pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--series", type=int, default=10000)
    parser.add_argument("--hours", type=float, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--step", type=int, default=15)
    parser.add_argument("--start", type=int, default=1767225600)
    parser.add_argument("--batch", type=int, default=2000)
    arguments = parser.parse_args()
    url = urllib.parse.urlparse(arguments.url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=300)
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
               "X-Prometheus-Remote-Write-Version": "0.1.0"}
    targets = {}
    for family in build(arguments.seed, arguments.series, arguments.hours, arguments.step, arguments.start):
        for series in family.series:
            targets.setdefault(id(series.ts), (series.ts, []))[1].append((labels(series), series.values))
    # The next scrape of each target; numbers tell equal times apart.
    scrapes = [(times[0], number, 0, times, series) for number, (times, series) in enumerate(targets.values()) if times]
    heapq.heapify(scrapes)
    request, count, total = [], 0, 0

    def send():
        connection.request("POST", url.path, snappy(b"".join(request)), headers)
        response = connection.getresponse()
        body = response.read()
        if response.status >= 300:
            sys.exit(f"{arguments.url}: {response.status} {body[:300]}")

    while scrapes:
        time, number, position, times, series = heapq.heappop(scrapes)
        stamp = b"\x10" + varint(time)
        for known, values in series:
            sample = b"\x09" + struct.pack("<d", values[position]) + stamp
            entry = known + b"\x12" + varint(len(sample)) + sample
            request.append(b"\x0a" + varint(len(entry)) + entry)
        count += len(series)
        if position + 1 < len(times):
            heapq.heappush(scrapes, (times[position + 1], number, position + 1, times, series))
        if count >= arguments.batch:
            send()
            total += count
            request, count = [], 0
    if request:
        send()
        total += count
    print(f"{total} samples pushed", file=sys.stderr)


if __name__ == "__main__":
    main()
