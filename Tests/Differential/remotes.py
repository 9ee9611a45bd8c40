#!/usr/bin/env python3
"""Puts promgate between real peers and compares what each of them answers.

remotes.py PROMGATE PEERS WORK

A Prometheus scrapes itself and writes into two promgates, by remote write 1.0 and 2.0; a vmagent writes into the first one
as well; another Prometheus reads the first one by remote read, streamed. Then the same queries are asked of all: what was
read must be what promgate says, what was written must be what its writer says. promtool's commands that talk to a server are
run against promgate, and one of the promgates is killed and must come back with what it had acknowledged. Standard library
only; all on loopback.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PORT = 19400
ONE, TWO, WRITER, READER, AGENT = range(PORT, PORT + 5)
# What the reader must answer as promgate does, and (True) what the writer must.
QUERIES = [
    ('{job="self",__name__!~"prometheus_remote.*"}', True),
    ('sum by (code) (count_over_time(prometheus_http_requests_total{job="self"}[10s]))', True),
    ('rate(prometheus_http_requests_total{job="self"}[10s])', True),
    ('up{job="self"}[8s]', True),
    ("sum(increase(prometheus_tsdb_head_samples_appended_total[10s])) by (type)", False),
    ('histogram_quantile(0.9, sum by (handler) (rate(prometheus_http_request_duration_seconds{job="self"}[10s])))', True),
    ('count by (__name__) ({job=~"self|agent"})', False),
    ('max_over_time(go_goroutines[10s] offset 3s) - on (job) go_goroutines', False),
]


def get(port, path, **parameters):
    url = f"http://127.0.0.1:{port}{path}?" + urllib.parse.urlencode(parameters)
    return urllib.request.urlopen(url, timeout=20).read()


def ask(port, query, at):
    series = json.loads(get(port, "/api/v1/query", query=query, time=at))["data"]["result"]
    answer = {}
    for one in series:
        shown = one.get("value") or one.get("histogram")
        answer[json.dumps(one["metric"], sort_keys=True)] = shown[1] if shown else one.get("values") or one["histograms"]
    return answer


def alike(a, b):
    try:
        return a == b or abs(float(a) - float(b)) <= 1e-9 * abs(float(a))
    except (TypeError, ValueError):
        return False


def difference(wanted, got):
    for key in sorted(set(wanted) | set(got)):
        if not alike(wanted.get(key), got.get(key)):
            return f"{key}: {str(wanted.get(key))[:120]} and {str(got.get(key))[:120]}"
    return None


class Peers:
    def __init__(self, work):
        self.work, self.running = work, {}

    def start(self, name, ready, *arguments):
        log = open(os.path.join(self.work, name + ".log"), "a")
        process = subprocess.Popen(arguments, cwd=self.work, stdout=log, stderr=log)
        self.running[name] = process
        for _ in range(300):
            if process.poll() is not None:
                sys.exit(f"{name} ended early: see {log.name}")
            try:
                return urllib.request.urlopen(ready, timeout=2).read()
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{name} does not answer at {ready}")

    def end(self, name, how=signal.SIGTERM):
        process = self.running.pop(name)
        process.send_signal(how)
        process.wait()

    def end_all(self):
        for name in list(self.running):
            self.end(name)


def main():
    promgate, peers, work = map(os.path.abspath, sys.argv[1:4])
    binary = lambda package, name: os.path.join(peers, package, "usr/bin", name)
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    write = lambda name, text: open(os.path.join(work, name), "w").write(text)
    scrape = "global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: %s\n  static_configs: [{targets: ['127.0.0.1:%d']}]\n"
    queue = "  queue_config: {batch_send_deadline: 500ms}\n  send_native_histograms: true\n"
    write("writer.yml", scrape % ("self", WRITER) + "remote_write:\n"
          + f"- url: http://127.0.0.1:{ONE}/api/v1/write\n" + queue
          + f"- url: http://127.0.0.1:{TWO}/api/v1/write\n  protobuf_message: io.prometheus.write.v2.Request\n" + queue)
    write("reader.yml", f"remote_read:\n- url: http://127.0.0.1:{ONE}/api/v1/read\n  read_recent: true\n")
    write("agent.yml", scrape % ("agent", WRITER))
    servers, failures, checks = Peers(work), [], 0

    def check(what, problem):
        nonlocal checks
        checks += 1
        print(("ok    " if problem is None else "FAIL  ") + what + ("" if problem is None else f": {problem}"))
        if problem is not None:
            failures.append(what)

    ready = lambda port: f"http://127.0.0.1:{port}/-/ready"
    serve_one = [promgate, "serve", "--receive", "--recording", "one.rec", "--listen", f"127.0.0.1:{ONE}"]
    try:
        servers.start("one", ready(ONE), *serve_one)
        servers.start("two", ready(TWO), promgate, "serve", "--receive", "--listen", f"127.0.0.1:{TWO}")
        for name, port, folder in (("writer", WRITER, "dw"), ("reader", READER, "dr")):
            servers.start(name, ready(port), binary("prometheus", "prometheus"), f"--config.file={name}.yml",
                          f"--storage.tsdb.path={folder}", f"--web.listen-address=127.0.0.1:{port}",
                          "--enable-feature=metadata-wal-records,native-histograms")
        servers.start("agent", f"http://127.0.0.1:{AGENT}/health", binary("victoria-metrics", "vmagent"),
                      "-promscrape.config=agent.yml", f"-remoteWrite.url=http://127.0.0.1:{ONE}/api/v1/write",
                      "-remoteWrite.flushInterval=500ms", f"-httpListenAddr=127.0.0.1:{AGENT}", "-remoteWrite.tmpDataPath=va")
        time.sleep(18)
        at = int(time.time()) - 4
        for query, is_written in QUERIES:
            here = ask(ONE, query, at)
            check(f"{len(here):4} series, read by Prometheus: {query}",
                  "no answer" if not here else difference(here, ask(READER, query, at)))
            if is_written:
                there = ask(WRITER, query, at)
                check("      as the writer has it, by 1.0", difference(there, here))
                check("      as the writer has it, by 2.0", difference(there, ask(TWO, query, at)))
        told = json.loads(get(TWO, "/api/v1/metadata", metric="go_goroutines"))["data"]
        check("metadata by 2.0", None if told["go_goroutines"][0]["type"] == "gauge" else str(told))

        url = f"http://127.0.0.1:{ONE}"
        write("push.txt", 'pushed_thing{a="b"} 5\n')
        for command in (f"query instant {url} up", f"query range {url} up", f"query series {url} --match=up",
                        f"query labels {url} job", f"check healthy --url={url}", f"check ready --url={url}",
                        f"query analyze --server={url} --type=histogram --match=prometheus_http_request_duration_seconds_bucket",
                        f"push metrics {url}/api/v1/write push.txt", f"debug metrics {url}"):
            run = subprocess.run([binary("promtool", "promtool")] + command.split(), cwd=work, capture_output=True, text=True)
            check("promtool " + command.replace(url, "URL"), None if run.returncode == 0 else run.stderr[-300:])

        newest = float(next(iter(ask(ONE, 'timestamp(up{job="agent"})', int(time.time())).values())))
        servers.end("one", signal.SIGKILL)
        time.sleep(1)
        servers.start("one", ready(ONE), *serve_one)
        held = ask(ONE, f'timestamp(last_over_time(up{{job="agent"}}[1h]))', int(time.time()))
        back = float(next(iter(held.values()), 0))
        check("killed and back with what it had", None if back >= newest else f"{back} after {newest}")
        time.sleep(5)
        gaps = ask(ONE, 'changes(timestamp(up{job="self"})[15s:1s]) < 9', int(time.time()) - 2)
        check("the writer sent what it could not send meanwhile", None if not gaps else str(gaps))
    finally:
        servers.end_all()
    print(f"{checks} checks, {len(failures)} failed")
    sys.exit(1 if failures else 0)


main()
