"""Compares the answers of two servers of the Prometheus HTTP API (standard library only)."""
import http.client
import json
import math
import re
import time
import urllib.parse


class Server:
    def __init__(self, url, timeout):
        u = urllib.parse.urlparse(url)
        self.url, self.host, self.port, self.base, self.timeout = url, u.hostname, u.port or 80, u.path.rstrip("/"), timeout
        self.c = None

    def get(self, path, params):
        q = urllib.parse.urlencode(params, doseq=True)
        for attempt in (0, 1):
            try:
                if self.c is None:
                    self.c = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
                t = time.perf_counter()
                if path.startswith("/api/v1/query"):
                    self.c.request("POST", self.base + path, q, {"Content-Type": "application/x-www-form-urlencoded"})
                else:
                    self.c.request("GET", self.base + path + ("?" + q if q else ""))
                r = self.c.getresponse()
                body = r.read()
                self.ms = (time.perf_counter() - t) * 1e3
                break
            except (http.client.HTTPException, OSError) as e:
                self.c = None
                if attempt:
                    return 0, {"status": "transport", "errorType": "transport", "error": repr(e)}
        try:
            return r.status, json.loads(body)
        except ValueError:
            return r.status, {"status": "notjson", "errorType": "notjson", "error": body[:200].decode("utf8", "replace")}


def num(s):
    return float(s)


class Cmp:
    def __init__(self, rtol, atol):
        self.rtol, self.atol, self.maxrel = rtol, atol, 0.0

    def feq(self, a, b):
        try:
            x, y = num(a), num(b)
        except (TypeError, ValueError):
            return False
        if math.isnan(x) or math.isnan(y):
            return math.isnan(x) and math.isnan(y)
        if math.isinf(x) or math.isinf(y):
            return x == y
        d = abs(x - y)
        if d == 0:
            return True
        rel = d / max(abs(x), abs(y))
        if d <= self.atol or rel <= self.rtol:
            if d > self.atol:
                self.maxrel = max(self.maxrel, rel)
            return True
        return False

    def point(self, a, b, what, out):
        if abs(a[0] - b[0]) > 1e-6:
            out.append(f"{what}: timestamp {a[0]} vs {b[0]}")
        elif not self.feq(a[1], b[1]):
            out.append(f"{what} @{a[0]}: {a[1]} vs {b[1]}")

    def hist(self, a, b, what, out):
        if abs(a[0] - b[0]) > 1e-6:
            out.append(f"{what}: histogram timestamp {a[0]} vs {b[0]}")
            return
        x, y = a[1], b[1]
        for k in ("count", "sum"):
            if not self.feq(x.get(k), y.get(k)):
                out.append(f"{what} @{a[0]}: histogram {k} {x.get(k)} vs {y.get(k)}")
        bx, by = x.get("buckets") or [], y.get("buckets") or []
        if len(bx) != len(by):
            out.append(f"{what} @{a[0]}: {len(bx)} vs {len(by)} histogram buckets")
            return
        for p, q in zip(bx, by):
            if p[0] != q[0] or not all(self.feq(m, n) for m, n in zip(p[1:], q[1:])):
                out.append(f"{what} @{a[0]}: bucket {p} vs {q}")
                return

    def seq(self, xs, ys, what, out, f):
        if len(xs) != len(ys):
            tx, ty = [p[0] for p in xs], [p[0] for p in ys]
            only_a = sorted(set(tx) - set(ty))[:3]
            only_b = sorted(set(ty) - set(tx))[:3]
            out.append(f"{what}: {len(xs)} vs {len(ys)} points; only A {only_a} only B {only_b}")
            return
        for p, q in zip(xs, ys):
            n = len(out)
            f(p, q, what, out)
            if len(out) > n:
                return      # the first difference of a series is enough


def key(m):
    return tuple(sorted(m.items()))


def show(m):
    m = dict(m)
    n = m.pop("__name__", "")
    return n + "{" + ",".join(f'{k}="{v}"' for k, v in sorted(m.items())) + "}"


def norm_ann(xs):
    return sorted(re.sub(r"\s*\(\d+:\d+\)", "", x) for x in xs)


def compare(q, ra, rb, cmp, a):
    (ca, ja), (cb, jb) = ra, rb
    out = []
    if ja.get("status") != jb.get("status"):
        return [f"status {ja.get('status')} ({ca}, {str(ja.get('error'))[:200]}) vs {jb.get('status')} ({cb}, {str(jb.get('error'))[:200]})"]
    if ja.get("status") != "success":
        if q.get("should_fail") is False:
            out.append(f"both failed unexpectedly: {ja.get('error')}")
        if ja.get("errorType") != jb.get("errorType"):
            out.append(f"errorType {ja.get('errorType')} vs {jb.get('errorType')} ({str(ja.get('error'))[:150]} | {str(jb.get('error'))[:150]})")
        if ca != cb:
            out.append(f"HTTP code {ca} vs {cb}")
        if a.strict_errors and ja.get("error") != jb.get("error"):
            out.append(f"error text: {ja.get('error')} | {jb.get('error')}")
        return out
    if q.get("should_fail"):
        out.append("both succeeded, a failure was expected")
    for k in ("warnings", "infos"):
        x, y = ja.get(k) or [], jb.get(k) or []
        if bool(x) != bool(y) and not a.ignore_annotations:
            out.append(f"{k}: {x[:2]} vs {y[:2]}")
        elif a.strict_annotations and norm_ann(x) != norm_ann(y):
            out.append(f"{k} text: {x[:3]} vs {y[:3]}")
    if "path" in q:
        x, y = ja.get("data"), jb.get("data")
        if isinstance(x, list) and isinstance(y, list) and not q.get("ordered"):
            x = sorted(x, key=lambda e: json.dumps(e, sort_keys=True))
            y = sorted(y, key=lambda e: json.dumps(e, sort_keys=True))
        if x != y:
            out.append(f"data differs: {json.dumps(x, sort_keys=True)[:200]} vs {json.dumps(y, sort_keys=True)[:200]}")
        return out
    da, db = ja["data"], jb["data"]
    t = da.get("resultType")
    if t != db.get("resultType"):
        return out + [f"resultType {t} vs {db.get('resultType')}"]
    xa, xb = da.get("result"), db.get("result")
    if xa is None or xb is None:
        return out + ([] if xa == xb else [f"result {xa!r:.80} vs {xb!r:.80}"])
    if t == "scalar":
        cmp.point(xa, xb, "scalar", out)
        return out
    if t == "string":
        return out + ([] if xa == xb else [f"string {xa} vs {xb}"])
    ma, mb = {}, {}
    for xs, m, n in ((xa, ma, "A"), (xb, mb, "B")):
        for s in xs:
            k = key(s["metric"])
            if k in m:
                out.append(f"{n} has duplicate series {show(s['metric'])}")
            m[k] = s
    oa, ob = [k for k in ma if k not in mb], [k for k in mb if k not in ma]
    if oa or ob:
        out.append(f"series: A {len(ma)}, B {len(mb)}; only A {len(oa)} {[show(k) for k in oa[:2]]}; only B {len(ob)} {[show(k) for k in ob[:2]]}")
    if t == "vector" and q.get("ordered") and not (oa or ob) and list(ma) != list(mb):
        out.append("order of the vector differs")
    bad = 0
    for k in ma:
        if k not in mb:
            continue
        sa, sb, o, w = ma[k], mb[k], [], show(k)
        if t == "vector":
            if ("value" in sa) != ("value" in sb):
                o.append(f"{w}: float vs histogram")
            elif "value" in sa:
                cmp.point(sa["value"], sb["value"], w, o)
            else:
                cmp.hist(sa["histogram"], sb["histogram"], w, o)
        else:
            cmp.seq(sa.get("values") or [], sb.get("values") or [], w, o, cmp.point)
            cmp.seq(sa.get("histograms") or [], sb.get("histograms") or [], w, o, cmp.hist)
        if o:
            bad += 1
            if bad <= a.show_series:
                out += o
    if bad > a.show_series:
        out.append(f"... {bad} of {len(ma)} series differ")
    return out
