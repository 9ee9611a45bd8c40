#!/usr/bin/env python3
"""Asks several servers for label names, values, series and statistics, as Grafana does, and prints CPU as ratios.

listings.py --server NAME=URL@PID ... [--start 1767225600] [--hours 6] [--repeat 20] [--selector 'up'] [--label pod]
The first server is measured, the second one says what is right (but for statistics, which count otherwise).
CPU is the process' own clock; each repetition asks for another time."""
import argparse
import http.client
import json
import statistics
import time
import urllib.parse


def cpu_ms(pid):
    """CPU time of another process, ended threads included (clock_getcpuclockid)."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e6


class Server:
    def __init__(self, text):
        self.name, rest = text.split("=", 1)
        url, pid = rest.rsplit("@", 1)
        self.pid = int(pid)
        self.url = urllib.parse.urlparse(url)
        self.connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=300)

    def ask(self, path):
        cpu, clock = cpu_ms(self.pid), time.perf_counter()
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        body = response.read()
        return (time.perf_counter() - clock) * 1e3, cpu_ms(self.pid) - cpu, response.status, body


def requests(arguments):
    """What is asked: a name, and the path for a turn."""
    end = arguments.start + int(arguments.hours * 3600) - 60
    match = urllib.parse.urlencode({"match[]": arguments.selector})

    def within(path, hours, turn):
        joint = "&" if "?" in path else "?"
        return f"{path}{joint}start={end - int(hours * 3600) - turn}&end={end - turn}"

    for name, path in [
        ("/labels", "/api/v1/labels"),
        ("/label/__name__/values", "/api/v1/label/__name__/values"),
        (f"/label/{arguments.label}/values", f"/api/v1/label/{arguments.label}/values"),
        ("/label/job/values", "/api/v1/label/job/values"),
        ("/labels of a metric", f"/api/v1/labels?{match}"),
        (f"/label/{arguments.label}/values of a metric", f"/api/v1/label/{arguments.label}/values?{match}"),
        ("/series of a metric", f"/api/v1/series?{match}"),
    ]:
        if "/series" not in path:
            yield name, lambda turn, path=path: path
        yield name + ", 1 h", lambda turn, path=path: within(path, 1, turn)
        yield name + ", all", lambda turn, path=path: within(path, arguments.hours, turn)
    yield "/status/tsdb", lambda turn: "/api/v1/status/tsdb"


def answer(body):
    data = json.loads(body).get("data")
    return sorted(json.dumps(item, sort_keys=True) for item in data) if isinstance(data, list) else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", action="append", required=True)
    parser.add_argument("--start", type=int, default=1767225600)
    parser.add_argument("--hours", type=float, default=6)
    parser.add_argument("--repeat", type=int, default=20)
    parser.add_argument("--selector", default="http_requests_total")
    parser.add_argument("--label", default="kubernetes_pod_name")
    arguments = parser.parse_args()
    servers = [Server(text) for text in arguments.server]
    wrong = 0
    print(f"{'':48}" + "".join(f"{s.name + ' CPU ms':>20}" for s in servers)
          + "".join(f"{'x ' + s.name:>14}" for s in servers[1:]))
    for name, path in requests(arguments):
        measured = {server.name: [] for server in servers}
        answers = []
        for turn in range(arguments.repeat + 1):
            for server in servers:
                _, cpu, status, body = server.ask(path(turn))
                if turn == 0:
                    answers.append(answer(body) if status == 200 else f"status {status}")
                else:
                    measured[server.name].append(cpu)
        if len(answers) > 1 and answers[0] != answers[1]:
            wrong += 1
            sizes = [len(a) if isinstance(a, list) else a for a in answers]
            print(f"{name:48}ANSWERS DIFFER: {sizes}")
        # The mean: a process' clock moves in steps.
        means = [max(1e-3, statistics.mean(measured[s.name])) for s in servers]
        print(f"{name:48}" + "".join(f"{m:20.3f}" for m in means)
              + "".join(f"{m / means[0]:14.2f}" for m in means[1:]), flush=True)
    raise SystemExit(1 if wrong else 0)


main()
