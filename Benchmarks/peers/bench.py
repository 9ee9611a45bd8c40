#!/usr/bin/env python3
"""Asks several servers the same queries in turn and prints CPU, time and memory as ratios to the first one.

bench.py --server NAME=URL@PID ... [--queries FILE] [--repeat 5] [--only q01,q13] [-o result.json]
The first server is measured, the second one says what is right: where their answers differ, there is no time.
CPU is the process' own clock; every repetition asks for another time, so that no cache of results answers."""
import argparse
import http.client
import json
import math
import os
import statistics
import time
import urllib.parse

KINDS = ["instant", "range60", "range15"]


def cpu_ms(pid):
    """CPU time of another process, ended threads included (clock_getcpuclockid)."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e6


def resident_kib(pid):
    """Anonymous and mapped pages that are in memory."""
    with open(f"/proc/{pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmRSS"].split()[0])


class Server:
    def __init__(self, text):
        self.name, rest = text.split("=", 1)
        url, pid = rest.rsplit("@", 1)
        self.pid = int(pid)
        self.url = urllib.parse.urlparse(url)
        self.connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=300)

    def ask(self, expression, kind, start, end, nocache):
        fields = {"query": expression}
        path = "/api/v1/query"
        if kind == "instant":
            fields["time"] = end
        else:
            path += "_range"
            fields.update(start=start, end=end, step=int(kind[5:]))
        if nocache and self.name == "vm":
            fields["nocache"] = 1
        cpu, clock = cpu_ms(self.pid), time.perf_counter()
        self.connection.request("POST", path, urllib.parse.urlencode(fields),
                                {"Content-Type": "application/x-www-form-urlencoded"})
        response = self.connection.getresponse()
        body = response.read()
        return (time.perf_counter() - clock) * 1e3, cpu_ms(self.pid) - cpu, response.status, body


def samples(body):
    """A result as {labels: {time: value}}."""
    answer = json.loads(body)
    if answer["status"] != "success":
        return None
    data = answer["data"]
    rows = data["result"] if data["resultType"] in ("vector", "matrix") else [{"metric": {}, "value": data["result"]}]
    return {json.dumps(row["metric"], sort_keys=True): {t: float(v) for t, v in row.get("values", [row.get("value")])}
            for row in rows}


def difference(one, other):
    """What differs first, or None. Sums of floats may round otherwise."""
    if one is None or other is None:
        return "an error"
    if one.keys() != other.keys():
        return f"{len(one)} and {len(other)} series"
    for labels, points in one.items():
        if points.keys() != other[labels].keys():
            return f"{labels}: {len(points)} and {len(other[labels])} points"
        for at, value in points.items():
            right = other[labels][at]
            same = value == right or (math.isnan(value) and math.isnan(right))
            if not same and abs(value - right) > 1e-9 * max(abs(value), abs(right)):
                return f"{labels} at {at}: {value} and {right}"
    return None


def geometric(values):
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else float("nan")


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", action="append", required=True)
    parser.add_argument("--queries", default=os.path.join(here, "queries.json"))
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", default="")
    parser.add_argument("--start", type=int, default=1767225600)
    parser.add_argument("--hours", type=float, default=6)
    parser.add_argument("--nocache-vm", action="store_true")
    parser.add_argument("-o", "--out")
    arguments = parser.parse_args()
    servers = [Server(text) for text in arguments.server]
    ours, peers = servers[0], servers[1:]
    with open(arguments.queries) as file:
        queries = json.load(file)
    chosen = [name for name in arguments.only.split(",") if name]
    queries = [q for q in queries if not chosen or any(q["id"].startswith(name) for name in chosen)]
    end = arguments.start + int(arguments.hours * 3600) - 60
    idle = {server.name: resident_kib(server.pid) for server in servers}
    result, wrong = [], 0
    for kind in KINDS:
        print(f"\n{kind:24}" + "".join(f"{s.name + ' CPU ms':>16}{'wall ms':>10}" for s in servers)
              + "".join(f"{'x ' + p.name:>14}" for p in peers))
        for query in queries:
            measured = {server.name: ([], []) for server in servers}
            answers = {}
            for turn in range(arguments.repeat + 1):
                for server in servers:
                    wall, cpu, status, body = server.ask(
                        query["expr"], kind, arguments.start - turn, end - turn, arguments.nocache_vm)
                    if turn == 0:
                        answers[server.name] = samples(body) if status == 200 else None
                        continue
                    measured[server.name][0].append(wall)
                    measured[server.name][1].append(cpu)
            problem = difference(answers[ours.name], answers[peers[0].name]) if peers else None
            if problem:
                wrong += 1
                print(f"{query['id']:24}ANSWERS DIFFER: {problem}")
                continue
            row = {"id": query["id"], "kind": kind}
            for name, (walls, cpus) in measured.items():
                row[name] = {"wall_ms": statistics.median(walls), "cpu_ms": max(1e-3, statistics.median(cpus))}
            result.append(row)
            print(f"{query['id']:24}" + "".join(
                f"{row[s.name]['cpu_ms']:16.2f}{row[s.name]['wall_ms']:10.2f}" for s in servers)
                + "".join(f"{row[p.name]['cpu_ms'] / row[ours.name]['cpu_ms']:14.2f}" for p in peers), flush=True)
    print("\ngeometric means of the ratios of CPU time, and of wall time")
    groups = [("instant", ["instant"]), ("range 60 s", ["range60"]), ("range 15 s", ["range15"])]
    for label, kinds in groups:
        rows = [row for row in result if row["kind"] in kinds]
        print(f"{label:24}" + "".join(
            f"  {p.name}: {geometric([r[p.name]['cpu_ms'] / r[ours.name]['cpu_ms'] for r in rows]):.2f} CPU, "
            f"{geometric([r[p.name]['wall_ms'] / r[ours.name]['wall_ms'] for r in rows]):.2f} wall" for p in peers))
    slower = [f"{row['id']} {row['kind']} ({p.name})" for row in result for p in peers
              if row[ours.name]["cpu_ms"] > row[p.name]["cpu_ms"]]
    print("slower than a peer:      " + (", ".join(slower) or "none"))
    # What is kept, not what is in passing: all have a while to give back what answers took.
    time.sleep(5)
    memory = {server.name: resident_kib(server.pid) for server in servers}
    print("resident, MiB            " + ", ".join(
        f"{s.name} {memory[s.name] / 1024:.0f} ({idle[s.name] / 1024:.0f} before the queries)" for s in servers))
    if arguments.out:
        with open(arguments.out, "w") as file:
            json.dump({"queries": result, "resident_kib": memory}, file, indent=1)
    raise SystemExit(1 if wrong else 0)


main()
