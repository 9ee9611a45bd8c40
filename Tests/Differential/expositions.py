#!/usr/bin/env python3
"""Serves generated expositions to promgate and to a real Prometheus, and compares what each of them stores.

expositions.py PROMGATE PEERS WORK [--seed N] [--cases N] [--show N]

One small server serves every target to both, which scrape it every few seconds. A case is what one target answers in a few
scrapes, the last of which it repeats: text format and OpenMetrics, valid and mutated: blanks, tabs and carriage returns, comments,
HELP and TYPE, timestamps old and new, spellings of numbers, quoted names, escapes, series that come twice, exemplars, ends that
are missing. Compared are up, the other report series, the text of the last error, metadata, every sample with its timestamp, and which
series are alive after the first scrapes. What 3.14 does otherwise than 3.5.3 is left out or made alike, and docs/differences.md says why. Standard
library only; all on loopback.
"""
import argparse
import http.client
import http.server
import json
import os
import random
import re
import shutil
import sys
import threading
import time
import urllib.parse

from run import Servers

INTERVAL, ROUNDS, PER_BATCH = 4, 3, 500
TEXT, OPEN = "text/plain; version=0.0.4; charset=utf-8", "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Generator:
    """Expositions of one case."""

    def __init__(self, seed, base):
        self.rng = random.Random(seed)
        # Seconds, far enough from any scrape's time.
        self.base = base
        self.open = self.rng.random() < 0.4
        self.type = OPEN if self.open else TEXT
        roll = self.rng.random()
        if roll < 0.02:
            self.type = self.rng.choice(["", "text/html", "text/plain", "TEXT/PLAIN;version=1.0.0;escaping=underscores", "application/json",
                                         "application/openmetrics-text", "application/openmetrics-text; version=2.0.0", "text/plain;;", "text"])
        self.valid = self.rng.random() < 0.35
        first = self.lines()
        self.bodies = [self.body(first)]
        while len(self.bodies) < ROUNDS:
            roll = self.rng.random()
            again = list(first)
            if roll < 0.25:
                again = self.lines()
            elif roll < 0.4:
                self.rng.shuffle(again)
            elif roll < 0.6 and again:
                del again[self.rng.randrange(len(again))]
            self.bodies.append(self.body(again) if self.rng.random() < 0.97 else None)

    # Pieces. `odd` ones are only for cases that may be broken.

    def odd(self, chance):
        return not self.valid and self.rng.random() < chance

    def blank(self, required=False):
        r = self.rng
        if self.open:
            return " " if required and not self.odd(0.01) else r.choice(["", "  ", "\t"]) if self.odd(0.02) else " " if required else ""
        return r.choice([" ", " ", " ", "\t", "  ", " \t "]) if required else r.choice(["", "", "", "", " ", "\t"])

    def name(self):
        return self.rng.choice(["a", "b", "c", "a_total", "h_bucket", "h_sum", "s", "b:c", "A", "_x", "a_seconds", "a_created"])

    def string(self):
        r = self.rng
        s = r.choice(["1", "2", "", "x y", "ü", "日本", "\\\\", "\\\"", "\\n", "a\\\\nb", "#", "}", "{", ",", "=", "\t", "'", " ", "0.5", "1", "+Inf", "1e3"])
        if self.odd(0.03):
            s = r.choice(["\\x", "\\", "\n", "\x00", "\udcff", "\"", "\r", "a\\"])
        return '"' + s + '"'

    def label(self):
        r = self.rng
        name = r.choice(["x", "y", "le", "quantile", "job", "instance", "exported_job", "_", "Z"])
        if self.odd(0.03):
            name = r.choice(["__name__", "1x", "x:y", "ü", "", "x-y"])
        elif r.random() < 0.06:
            name = r.choice(['"x"', '"la bel"', '"ü"', '"a.b"', '"q\\"q"', '"__name__"' if self.odd(0.3) else '"z"'])
        return name + self.blank() + "=" + self.blank() + self.string()

    def labels(self, quoted):
        r = self.rng
        items = ([quoted] if quoted else []) + [self.label() for _ in range(r.choice([0, 0, 1, 1, 2, 3]))]
        if quoted and r.random() < 0.1:
            r.shuffle(items)
        if self.odd(0.01):
            items.append('"second"')
        comma = lambda: self.blank() + ("," if not self.odd(0.02) else r.choice([",,", " ", ";"])) + self.blank()
        text = self.blank()
        for i, item in enumerate(items):
            text += (comma() if i else "") + item
        if items and r.random() < 0.15:
            text += ","
        if self.odd(0.01):
            text = "," + text
        return "{" + text + self.blank() + ("}" if not self.odd(0.01) else "")

    def value(self):
        r = self.rng
        v = r.choice(["1", "2", "3", "0", "-1", "1.5", "+2", "1e3", "1E-3", ".5", "5.", "NaN", "nan", "Inf", "+Inf", "-Inf", "inf", "Infinity",
                      "-infinity", "00012", "1e-400", "0.1234567890123456789", "123456789012345678901234567890", "1e308", "-0", "4.9e-324"])
        if self.odd(0.06):
            v = r.choice(["1e999", "0x10", "0x1p4", "1_000", "+NaN", "-NaN", "1.2.3", "e5", "1e", "--1", "infin", "1,5", "", "#", "one", "1\r", "0b1",
                          "1p2", "+", ".", "Nan1", "1e+", "0o7", "1 2 3", "NAN", "iNf", "+inf", "∞"])
        return v

    def timestamp(self):
        r = self.rng
        t = self.base + r.choice([-60, -45, -30, -15, 300, 301, 302])
        if r.random() < 0.15:
            t = self.base + r.choice([-7200, -4000, 3600, -1000000])
        text = f"{t}.{r.choice(['0', '5', '1239', '001'])}" if self.open and r.random() < 0.5 else str(t) if self.open else str(t * 1000 + r.choice([0, 0, 1, 500]))
        if self.odd(0.06):
            text = r.choice(["-5", "0", "1.5", "NaN", "Inf", "1e3", "99999999999999999999", "9223372036854775807", "+1", "12a", "0x1", "1_0", "-1.5", "1e30", ""])
        return text

    def exemplar(self):
        r = self.rng
        inner = ",".join(self.label() for _ in range(r.choice([0, 1, 1, 2])))
        if r.random() < 0.05:
            inner = 'trace="' + "t" * 130 + '"'
        text = " # {" + inner + "} " + self.value()
        return text + (" " + self.timestamp() if r.random() < 0.4 else "")

    def sample(self):
        r = self.rng
        if r.random() < 0.12:
            text = self.labels(r.choice(['"a"', '"utf8.name"', '"ü"', '"a b"', '"q\\"\\\\\\n"', '""' if self.odd(0.2) else '"c"', '"\\x"']))
        elif self.odd(0.01):
            text = self.labels(None)
        else:
            text = self.name()
            if self.odd(0.01):
                text = r.choice(["1a", "ü", "a-b", "a.b", '"a"', "", "-a", "a\x00b", "\x00"])
            if r.random() < 0.6:
                text += self.blank() if not self.open else ""
                text += self.labels(None if not self.odd(0.02) else '"other"')
        text = ("" if self.open and not self.odd(0.02) else self.blank()) + text
        text += self.blank(True) if not text.endswith("}") or self.open or r.random() < 0.9 else ""
        text += self.value()
        if r.random() < 0.2:
            text += self.blank(True) + self.timestamp()
        if self.open and r.random() < 0.08 or self.odd(0.02):
            text += self.exemplar()
        return text + ("" if self.open else self.blank())

    def meta(self):
        r = self.rng
        name = self.name() if r.random() < 0.85 else r.choice(['"utf8.name"', '"ü"', '"a"', '"q\\"q"'])
        if self.odd(0.04):
            name = r.choice(["1a", "", "a.b", '"', "ü", '"a'])
        if self.open:
            roll = r.random()
            if roll < 0.5:
                kind, text = "TYPE", r.choice(["counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown"])
            elif roll < 0.8:
                kind, text = "HELP", r.choice(["help", "", "a \\n b", 'q\\"q', "ü", "\\x", "  two", "trail  "])
            else:
                kind, text = "UNIT", r.choice(["", "seconds"])
                name = "a_seconds" if not self.odd(0.2) else name
            if self.odd(0.05):
                kind = r.choice(["TYPE", "HELP", "UNIT", "type", "Help", "COMMENT", "EOF", "EOFX"])
            if self.odd(0.05):
                text = r.choice(["untyped", "Counter", "counter ", " counter", "\udcff", "", "\t"])
            gap = lambda: " " if not self.odd(0.02) else r.choice(["", "  ", "\t"])
            return "#" + gap() + kind + gap() + name + gap() + text
        roll = r.random()
        if roll < 0.5:
            kind, text = "TYPE", r.choice(["counter", "gauge", "histogram", "summary", "untyped"])
        elif roll < 0.85:
            kind, text = "HELP", r.choice(["help", "", "a \\n b", 'q\\"q', "ü", "\\x", "  two", "trail  ", "#", "\t"])
        else:
            return r.choice(["# comment", "#", "#nospace", "# ", "#\t", "# HELPx a b", "#HELP a b", "#TYPE a foo", "# EOF", "# UNIT a_seconds seconds", "##", "# TYPEa counter",
                             "# help a b", "# HELP", "# TYPE", "  # indented", "\t#x"] if not self.valid else ["# comment", "#nospace", "# EOF"])
        if self.odd(0.05):
            text = r.choice(["foo", "Counter", "counter ", " counter", "\udcff", "", "\t", "info"])
        return self.blank() + "#" + self.blank(True) + kind + self.blank(True) + name + r.choice([" ", " ", " ", "\t"]) + text

    def lines(self):
        r, lines = self.rng, []
        for _ in range(r.choice([0, 1, 2, 3, 4, 6, 8])):
            roll = r.random()
            if roll < 0.25:
                lines.append(self.meta())
            elif roll < 0.3 and not self.open or self.odd(0.01):
                lines.append(r.choice(["", " ", "\t", "  \t"]))
            else:
                lines.append(self.sample())
                # The same series again: its text, or another spelling; with or without a timestamp.
                while r.random() < 0.3:
                    text = re.split(r"[ \t]", lines[-1].strip(" \t"))[0] if r.random() < 0.5 and "{" not in lines[-1] else None
                    if text:
                        lines.append(text + " " + self.value() + (" " + self.timestamp() if r.random() < 0.6 else ""))
                    else:
                        lines.append(lines[r.randrange(len(lines))])
        return lines

    def body(self, lines):
        r = self.rng
        end = "\n" if not self.odd(0.03) else "\r\n"
        text = "".join(line + end for line in lines)
        if self.open and not self.odd(0.03):
            text += "# EOF" + ("\n" if r.random() < 0.8 else "")
            if self.odd(0.03):
                text += r.choice(["\n", "a 1\n", " ", "# EOF\n"])
        elif not self.open and r.random() < 0.2 and text:
            text = text[:-1]
        data = text.encode("utf8", "surrogateescape")
        if not self.valid and data and r.random() < 0.25:
            for _ in range(r.choice([1, 1, 2])):
                data = self.mutated(data)
        # A bare word alone in braces: 3.5.3 makes a name of its middle, and dies of a word of one letter. Zeros in metadata
        # end the input there if they stand at some places.
        is_left_out = re.search(rb"[{,][ \t]*[a-zA-Z_]\w*[ \t]*[,}]|#[ \t]+(HELP|TYPE|UNIT)[^\n]*\n?\0", data)
        return b"a 1\n" + b"# EOF\n" * self.open if is_left_out else data

    def mutated(self, data):
        r, i = self.rng, self.rng.randrange(len(data) + 1)
        byte = bytes([r.choice(b' \t\n\r"{}=,#\\\x00\xff0123456789.eE+-aNI_:') if r.random() < 0.9 else r.randrange(256)])
        roll = r.random()
        if roll < 0.35:
            return data[:i] + byte + data[i:]
        if roll < 0.65:
            return data[:i] + data[i + r.choice([1, 1, 2, 5]):]
        if roll < 0.9:
            return data[:i] + byte + data[i + 1:]
        if roll < 0.95:
            return data[:i]
        j = r.randrange(len(data) + 1)
        return data[:i] + data[min(i, j):max(i, j)] + data[i:]


# ---- what 3.14 does otherwise ----

def alive_after_failure(case, left, right):
    """3.5.3 gives no stale markers to series that a failing scrape showed before its fault, and later some to series that were
    never stored. 3.14's way and ours is to end what was stored. So series may be alive there that are not here; and samples
    with timestamps of their own may be older than a marker there."""
    up = dict(left["reports"].get("up", []))
    for key in [k for k in left if k.startswith("alive after ")]:
        if up.get(key.removeprefix("alive after ")) == "0" and set(right[key]) < set(left[key]):
            left[key] = right[key]
    if "0" in up.values() and any(re.search(rb"[ \t][0-9.]{9,}[ \t]*\n", body or b"") for body in case.bodies):
        for what in ("reports", "samples", *(k for k in left if k.startswith("alive after "))):
            left[what] = right[what]


# ---- servers ----

class Targets:
    """Answers for all targets; each server that asks goes through a target's bodies by itself."""

    def __init__(self, port):
        self.cases, self.asked, self.lock = {}, {}, threading.Lock()
        targets = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                _, who, slot = self.path.split("/")
                case = targets.cases[int(slot)]
                with targets.lock:
                    turn = targets.asked.get((who, int(slot)), 0)
                    targets.asked[who, int(slot)] = turn + 1
                body = case.bodies[min(turn, ROUNDS - 1)]
                self.send_response(200 if body is not None else 500)
                if case.type:
                    self.send_header("Content-Type", case.type)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 1024
            daemon_threads = True

            def handle_error(self, *_):
                """Servers that are ended go away in the middle of an answer."""

        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def are_asked(self, who, times):
        with self.lock:
            return all(self.asked.get((who, slot), 0) >= times for slot in self.cases)


class API:
    def __init__(self, port):
        self.port, self.connection = port, None

    def get(self, path, **parameters):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.connection.request("GET", path + "?" + urllib.parse.urlencode(parameters))
        return json.loads(self.connection.getresponse().read())["data"]

    def found(self, slot, base):
        """What is stored of a target: report series by scrape, samples by series, series alive after each scrape."""
        stored = self.get("/api/v1/query", query='{slot="%d"}[3h]' % slot, time=base + 900)["result"]
        series, reports = {}, {}
        for one in stored:
            labels = {k: v for k, v in one["metric"].items() if k != "slot"}
            is_report = set(labels) == {"__name__", "instance", "job"} and (labels["__name__"] == "up" or labels["__name__"].startswith("scrape_"))
            (reports if is_report else series)[json.dumps(labels, sort_keys=True)] = one["values"]
        up = next((v for k, v in reports.items() if '"up"' in k), [])[:ROUNDS]
        times = {t: i for i, (t, _) in enumerate(up)}
        last = max(times, default=0)
        keep = lambda values: [(f"scrape {times[t]}" if t in times else t, v) for t, v in values
                               if t in times or not (last < t < base + 290) ]
        answer = {"samples": {k: kept for k, v in series.items() if (kept := keep(v))}, "reports": {}}
        for k, v in reports.items():
            name = json.loads(k)["__name__"]
            if name != "scrape_duration_seconds":
                answer["reports"][name] = keep(v)[:ROUNDS]
        for i, (t, _) in enumerate(up[:-1]):
            alive = self.get("/api/v1/query", query='{slot="%d",__name__!~"up|scrape_.*"}' % slot, time=t)["result"]
            answer[f"alive after scrape {i}"] = sorted(json.dumps(one["metric"], sort_keys=True) for one in alive)
        return answer

    def metadata(self):
        """What each target says about its metrics."""
        told = {}
        for one in self.get("/api/v1/targets/metadata"):
            told.setdefault(int(one["target"]["slot"]), []).append([one.get("metric", ""), one["type"], one["help"], one["unit"]])
        return {slot: sorted(all) for slot, all in told.items()}

    def errors(self):
        targets = self.get("/api/v1/targets")["activeTargets"]
        return {int(t["labels"]["slot"]): re.sub(r"^line \d+, column \d+: ", "", t["lastError"]) for t in targets}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("promgate")
    ap.add_argument("peers")
    ap.add_argument("work")
    ap.add_argument("--seed", type=int, default=1, help="the first case's seed (default 1)")
    ap.add_argument("--cases", type=int, default=2000, help=f"how many cases, {PER_BATCH} at once (default 2000)")
    ap.add_argument("--show", type=int, default=10, help="how many differences are printed (default 10)")
    ap.add_argument("--port", type=int, default=19430, help="the first of three ports on loopback (default 19430)")
    a = ap.parse_args()
    shutil.rmtree(a.work, ignore_errors=True)
    os.makedirs(a.work)
    targets = Targets(a.port)
    passed = failed = known = ups = 0
    for batch, first in enumerate(range(a.seed, a.seed + a.cases, PER_BATCH)):
        work = lambda name: os.path.join(a.work, f"{batch}-{name}")
        slots = range(first, min(first + PER_BATCH, a.seed + a.cases))
        base = int(time.time())
        targets.cases, targets.asked = {slot: Generator(slot, base) for slot in slots}, {}
        honor_labels, honor_timestamps = batch % 2 == 1, batch % 3 != 2
        statics = "".join(f"  - {{targets: ['127.0.0.1:{a.port}'], labels: {{__metrics_path__: '/real/{slot}', slot: '{slot}', instance: i}}}}\n" for slot in slots)
        open(work("prometheus.yml"), "w").write(
            f"global: {{scrape_interval: {INTERVAL}s, scrape_timeout: {INTERVAL}s}}\nscrape_configs:\n- job_name: j\n  honor_labels: {str(honor_labels).lower()}\n"
            f"  honor_timestamps: {str(honor_timestamps).lower()}\n  static_configs:\n" + statics)
        servers = Servers()
        try:
            ready = lambda port: f"http://127.0.0.1:{port}/-/ready"
            servers.start([os.path.join(a.peers, "prometheus/usr/bin/prometheus"), f"--config.file={work('prometheus.yml')}",
                           f"--storage.tsdb.path={work('data')}", f"--web.listen-address=127.0.0.1:{a.port + 1}",
                           "--web.console.templates=/nonexistent", "--web.console.libraries=/nonexistent"], ready(a.port + 1), work("prometheus.log"))
            scrapes = [x for slot in slots for x in ("--scrape", f"http://127.0.0.1:{a.port}/ours/{slot},job=j,slot={slot},instance=i")]
            options = (["--honor-labels"] if honor_labels else []) + ([] if honor_timestamps else ["--no-honor-timestamps"])
            servers.start([a.promgate, "serve", "--listen", f"127.0.0.1:{a.port + 2}", "--interval", f"{INTERVAL}s", "--scrape-timeout", f"{INTERVAL}s"] + options + scrapes,
                          ready(a.port + 2), work("promgate.log"))
            end = time.time() + 120
            while not (targets.are_asked("real", ROUNDS + 1) and targets.are_asked("ours", ROUNDS + 1)):
                if time.time() > end:
                    sys.exit("the targets are not scraped")
                time.sleep(0.2)
            time.sleep(1)
            real, ours = API(a.port + 1), API(a.port + 2)
            left_errors, right_errors = real.errors(), ours.errors()
            left_told, right_told = real.metadata(), ours.metadata()
            for slot in slots:
                case = targets.cases[slot]
                left, right = real.found(slot, base), ours.found(slot, base)
                left["error"], right["error"] = left_errors.get(slot), right_errors.get(slot)
                left["metadata"], right["metadata"] = left_told.get(slot), right_told.get(slot)
                ups += sum(v == "1" for _, v in left["reports"].get("up", []))
                before = json.dumps(left)
                alive_after_failure(case, left, right)
                is_known = before != json.dumps(left)
                problems = []
                for what in sorted(set(left) | set(right)):
                    if left.get(what) != right.get(what):
                        problems.append(f"{what}: {json.dumps(left.get(what))[:500]} and {json.dumps(right.get(what))[:500]}")
                if not problems:
                    known, passed = known + is_known, passed + (not is_known)
                else:
                    failed += 1
                    if failed <= a.show:
                        print(f"DIFFERENT case {slot} (base {base}, {case.type}{', honor labels' if honor_labels else ''}{'' if honor_timestamps else ', no timestamps'})")
                        for body in case.bodies:
                            print(f"    {body}")
                        for problem in problems:
                            print("  " + problem)
        finally:
            servers.stop_all()
    print(f"expositions: {passed} passed, {known} differ as docs/differences.md says, {failed} failed; {ups} scrapes succeeded")
    sys.exit(1 if failed or ups == 0 else 0)


if __name__ == "__main__":
    main()
