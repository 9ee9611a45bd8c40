#!/usr/bin/env python3
"""Asks promgate and a real Prometheus for the same paths with every method, and how many samples queries look at.

http_api.py PROMGATE PEERS WORK [--show N]

Paths as Prometheus' routers take them (doubled slashes, slashes at the end, dots, capitals, percent-encoding), forms in the URL, as a body
and in parts; status, Location, Allow, Content-Type and the body must be the same. Then the queries of own.json, over the same
data, with stats=all: the samples of every step must be the same. What differs on purpose is in KNOWN, and docs/differences.md says why.
Standard library only; all on loopback.
"""
import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import urllib.parse

from run import LENGTH, START, STEP, FLAGS, Servers, here

PATHS = """//api/v1/query?query=1&time=4
/api/v1/query?query=1&time=4
/api/v1/query/?query=1&time=4
/api/v1//query?query=1&time=4
/api/v1/../v1/query?query=1&time=4
/api/v1/./query?query=1&time=4
/api/v1/query/.?query=1
/api/v1/query//?query=1
/api/v1/query/../query?query=1&time=4
/api/v1/QUERY?query=1&time=4
/api/v1/Query_Range/?query=1
/API/v1/query?query=1
/Api/V1/query?query=1
/api/v1/label/job/values/
/api/v1/label/Job/Values
/api/v1/LABEL/Job/Values/
/api/v1/label//values
/api/v1/label/a%2Fb/values
/api/v1/label/a
/api/v1/label/a/b
/api/v1
/api/v1/
/api/v1/nosuch
/api/v1/nosuch/
/api/v1/Nosuch
/nosuch
/nosuch/
/api
/api/v2/query
/api/v1/%71uery?query=1&time=4
/api/v1/query%20?query=1
/api/v1/notifications
/api/v1/notifications/
/api/v1/status
/api/v1/status/
/api/v1/status/walreplay
/api/v1/status/walreplay/
/api/v1/status/Walreplay
/api/v1/write/
/api/v1/read/
/api/v1/admin/tsdb/snapshot
/api/v1/admin/tsdb/snapshot/
/api/v1/admin/tsdb/delete_series
/api/v1/admin/tsdb/nosuch
/api/v1/otlp/v1/metrics/
/api/v1/alertmanagers
/api/v1/alerts
/api/v1/alerts/
/api/v1/rules
/api/v1/scrape_pools
/api/v1/targets
/api/v1/targets/metadata
/api/v1/metadata
/api/v1/format_query?query=a
/api/v1/format_query/?query=a
/api/v1/query_exemplars?query=up&start=0&end=1
/api/v1/query_exemplars?query=1&start=0&end=1
/api/v1/series?match[]=nosuch
/api/v1/series
/api/v1/labels?match[]=nosuch
/api/v1/label/__name__/values?match[]=nosuch
/api/v1/label/__name__/values?match[]=nosuch&limit=-1
/api/v1/query?query=%zz
/api/v1/query?a;b&query=1&time=4
/api/v1/query?query=1&query=2&time=4
/api/v1/query?query=1&time=4&limit=x
/api/v1/query?query=1&time=4&timeout=x
/api/v1/query?query=1&time=4&timeout=0
/api/v1/query?query=1&time=4&lookback_delta=x
/api/v1/query?query=1&time=4&lookback_delta=-1
/api/v1/query_range?query=1&start=1&end=0&step=1
/api/v1/query_range?query=1&start=0&end=1&step=0
/api/v1/query_range?query=1&start=0&end=1
/-/healthy
/-/healthy/
/-/Healthy
/-/ready
/-/ready/
/-/reload
/-/reload/
/-/quit
/metrics/
/Metrics
/federate/
/federate?match[]=nosuch
/federate?match[]=(
/version/
/../
/..
/./
//
/a/../../b
/status/buildinfo""".split("\n")
METHODS = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]

GOOD = "--B\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\n1\r\n--B\r\ncontent-disposition: FORM-DATA; name=time\r\nX: y\r\n\r\n4\r\n--B--\r\n"
FORMS = [(path, type, body) for path in ("/api/v1/query?time=4", "/api/v1/query?query=2&time=5", "/api/v1/labels?match[]=nosuch", "/api/v1/format_query")
         for type, body in [
             ("multipart/form-data; boundary=B", GOOD), ('Multipart/Form-Data;boundary="B"', GOOD), ("multipart/form-data", GOOD),
             ("multipart/form-data; boundary=C", GOOD), ("multipart/mixed; boundary=B", GOOD), ("application/json", GOOD), ("", GOOD),
             ("multipart/form-data; boundary=B", GOOD.replace("\r\n", "\n")), ("multipart/form-data; boundary=B", GOOD[:-9]),
             ("multipart/form-data; boundary=B", "preamble\r\n" + GOOD + "epilogue"), ("multipart/form-data; boundary=B", ""),
             ("multipart/form-data; boundary=B", "--B--"), ("multipart/form-data; boundary=B", "--B\r\n\r\nx\r\n--B--"),
             ("multipart/form-data; boundary=B", GOOD.replace('name="query"', 'name="query"; filename="f"')),
             ("multipart/form-data; boundary=B", GOOD.replace("--B\r\ncontent", "--B \t\r\ncontent")),
             ("multipart/form-data; boundary=B", GOOD.replace("\r\n1\r\n", "\r\n--Bx\r\n1\r\n")),
             ("application/x-www-form-urlencoded", "query=1&time=4"), ("Application/X-WWW-Form-Urlencoded; charset=x", "query=1"),
             ("application/x-www-form-urlencoded", "query=%zz&time=4"), ("application/x-www-form-urlencoded", "query=1;2"),
         ]]

KNOWN = [re.compile(pattern) for pattern in (
    r"^\w+ /$",                                              # no web pages
    r"^POST /api/v1/otlp/v1/metrics/$",                      # no OTLP
    r"^HEAD /(metrics/|Metrics|-/)",                         # /metrics answers HEAD here; Go sends no type with it
    r"^\w+ /api/v1/metadata$",                               # a recording's metadata is told
    r"&timeout=0$",                                          # 3.14 answers 400
    r"^samples of .* timestamp\(x_gappy @ ",                 # 3.5.3 looks at another time
    r"^samples of \S+ (first_over_time|ts_of_first|.*(smoothed|anchored))",
)]


class Server:
    def __init__(self, port):
        self.port = port

    def ask(self, method, path, body=None, headers={}):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answer = {name: response.headers.get(name) for name in ("Location", "Allow", "Content-Type")}
            # 3.5.3 repeats the origin where every one is welcome.
            answer["is shared"] = "Access-Control-Allow-Origin" in response.headers
            answer["status"] = response.status
            answer["body"] = response.read().decode("utf8", "replace")
            return answer
        finally:
            connection.close()


def samples(answer):
    data = json.loads(answer["body"]).get("data") or {}
    return {k: v for k, v in data.get("stats", {}).get("samples", {}).items() if k.startswith("total")}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("promgate")
    ap.add_argument("peers")
    ap.add_argument("work")
    ap.add_argument("--show", type=int, default=20, help="how many differences are printed (default 20)")
    ap.add_argument("--port", type=int, default=19440, help="the first of two ports on loopback (default 19440)")
    a = ap.parse_args()
    os.makedirs(a.work, exist_ok=True)
    work = lambda name: os.path.join(a.work, name)
    open(work("prometheus.yml"), "w").write("global: {scrape_interval: 15s}\n")
    servers = Servers()
    passed = known = failed = 0

    def check(what, left, right):
        nonlocal passed, known, failed
        if left == right:
            passed += 1
        elif any(pattern.search(what) for pattern in KNOWN):
            known += 1
        else:
            failed += 1
            if failed <= a.show:
                print(f"DIFFERENT {what}\n    {str(left)[:700]}\n    {str(right)[:700]}")

    try:
        with open(work("own.om"), "w") as out:
            subprocess.run([sys.executable, os.path.join(here, "own_data.py"), "--seed", "1"], stdout=out, check=True)
        subprocess.run(["rm", "-rf", work("own")], check=True)
        subprocess.run([os.path.join(a.peers, "promtool/usr/bin/promtool"), "tsdb", "create-blocks-from", "openmetrics", work("own.om"), work("own")],
                       stdout=subprocess.DEVNULL, check=True)
        ready = lambda port: f"http://127.0.0.1:{port}/-/ready"
        servers.start([os.path.join(a.peers, "prometheus/usr/bin/prometheus"), f"--config.file={work('prometheus.yml')}", f"--storage.tsdb.path={work('own')}",
                       f"--web.listen-address=127.0.0.1:{a.port}", "--storage.tsdb.retention.time=100y", f"--enable-feature={FLAGS}",
                       "--web.enable-remote-write-receiver", "--web.console.templates=/nonexistent", "--web.console.libraries=/nonexistent"],
                      ready(a.port), work("prometheus.log"))
        servers.start([a.promgate, "serve", "--data", work("own.om"), "--receive", "--listen", f"127.0.0.1:{a.port + 1}"], ready(a.port + 1), work("promgate.log"))
        real, ours = Server(a.port), Server(a.port + 1)
        for path in PATHS:
            for method in METHODS:
                check(f"{method} {path}", *(s.ask(method, path, headers={"Origin": "http://a.example"}) for s in (real, ours)))
        for path, type, body in FORMS:
            check(f"POST {path} {type} {body!r}", *(s.ask("POST", path, body, {"Content-Type": type} if type else {}) for s in (real, ours)))
        queries = [q["query"] for q in json.load(open(os.path.join(here, "own.json"))) if "query" in q]
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        encode = lambda **parameters: urllib.parse.urlencode(parameters)
        for query in queries:
            for path, body in (("/api/v1/query", encode(query=query, time=START + LENGTH - 600, stats="all")),
                               ("/api/v1/query_range", encode(query=query, start=START + 1000, end=START + 1600, step=STEP, stats="all"))):
                left, right = (s.ask("POST", path, body, form) for s in (real, ours))
                if left["status"] == right["status"] == 200:
                    check(f"samples of {path} {query}", samples(left), samples(right))
    finally:
        servers.stop_all()
    print(f"http api: {passed} passed, {known} differ as docs/differences.md says, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
