#!/usr/bin/env python3
"""Mutates prometheus.yml files, and compares what promgate check config and promtool refuse.

configs.py PROMGATE PEERS WORK [--seed N] [--cases N] [--show N]

Every case is a configuration of ours with up to three things changed: keys, types, durations, sizes, names, patterns, addresses,
forms of authentication, nulls, anchors, the way in which it is written, and its bytes. `promgate check config --syntax-only` must
refuse exactly what `promtool check config --syntax-only` refuses; where one thing was changed, in the same words and at the same lines.
What 3.14 does otherwise than the promtool at hand (3.5) is in docs/differences.md. Standard library only.
"""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys

from rules import DURATIONS, PLAIN, TEXTS, Map, Plain, at, block, flow, mangled, nodes, put

BATCH = 100


def client():
    return random.choice([
        [("basic_auth", Map([("username", "u"), ("password", "p")]))], [("authorization", Map([("type", "Bearer"), ("credentials", "x")]))],
        [("oauth2", Map([("client_id", "i"), ("client_secret", "s"), ("token_url", "http://x/token"), ("scopes", ["a", "b"]),
                         ("endpoint_params", Map([("a", "b")])), ("tls_config", Map([("server_name", "x")]))]))],
        [("bearer_token_file", "/tmp/token")], [("follow_redirects", Plain("false")), ("enable_http2", Plain("true"))],
        [("proxy_url", "http://proxy:3128"), ("no_proxy", "a,b"), ("proxy_connect_header", Map([("X-A", ["b"])]))],
        [("proxy_from_environment", Plain("true"))], [("http_headers", Map([("X-Scope", Map([("values", ["a"]), ("secrets", ["b"]), ("files", ["c"])]))]))],
        [("tls_config", Map([("ca_file", "ca.pem"), ("cert_file", "c.pem"), ("key_file", "k.pem"), ("server_name", "x"),
                             ("insecure_skip_verify", Plain("true")), ("min_version", "TLS12"), ("max_version", "TLS13")]))]])


def rule():
    return random.choice([
        Map([("source_labels", ["__address__", "job"]), ("separator", "@"), ("regex", "(.*):(\\d+)@(.*)"), ("target_label", "host"), ("replacement", "$1-${3}")]),
        Map([("source_labels", ["__meta_kubernetes_pod_annotation_prometheus_io_scrape"]), ("action", "keep"), ("regex", Plain("true"))]),
        Map([("action", "labelmap"), ("regex", "__meta_kubernetes_pod_label_(.+)")]), Map([("action", "labeldrop"), ("regex", "tmp_.*")]),
        Map([("source_labels", ["__address__"]), ("modulus", Plain("4")), ("target_label", "__tmp_hash"), ("action", "hashmod")]),
        Map([("source_labels", ["a"]), ("action", "lowercase"), ("target_label", "b")]), Map([("target_label", "fixed"), ("replacement", "value")]),
        Map([("source_labels", ["a"]), ("action", "keepequal"), ("target_label", "b")])])


def discovery():
    return random.choice([
        ("static_configs", [Map([("targets", ["localhost:9090", "[::1]:9100"]), ("labels", Map([("env", "prod"), ("a b", "c")]))]), Map([("targets", ["x"])])]),
        ("file_sd_configs", [Map([("files", ["targets/*.json", "more.yml"]), ("refresh_interval", "5m")])]),
        ("http_sd_configs", [Map([("url", "http://localhost:1/targets"), ("refresh_interval", "1m")] + client())]),
        ("dns_sd_configs", [Map([("names", ["_x._tcp.example.org"]), ("refresh_interval", "30s")]), Map([("names", ["a"]), ("type", "A"), ("port", Plain("9100"))])]),
        ("kubernetes_sd_configs", [Map([("role", "pod"), ("namespaces", Map([("names", ["a", "b"]), ("own_namespace", Plain("true"))])),
                                        ("selectors", [Map([("role", "pod"), ("label", "app=x")])]), ("attach_metadata", Map([("node", Plain("true"))]))]),
                                   Map([("role", "endpoints"), ("api_server", "https://k:6443"), ("tls_config", Map([("ca_file", "x")]))])])])


def job(name):
    entries = [("job_name", name)]
    for entry in [("scrape_interval", "15s"), ("scrape_timeout", "10s"), ("metrics_path", "/m"), ("scheme", "https"), ("honor_labels", Plain("true")),
                  ("honor_timestamps", Plain("false")), ("track_timestamps_staleness", Plain("true")), ("params", Map([("module", ["a", "b"])])),
                  ("sample_limit", Plain("1000")), ("label_limit", Plain("30")), ("body_size_limit", "10MB"), ("enable_compression", Plain("false")),
                  ("scrape_protocols", ["OpenMetricsText1.0.0", "PrometheusText0.0.4"]), ("fallback_scrape_protocol", "PrometheusText0.0.4"),
                  ("keep_dropped_targets", Plain("10")), ("native_histogram_bucket_limit", Plain("100")), ("native_histogram_min_bucket_factor", Plain("1.1"))]:
        if random.random() < 0.2:
            entries.append(entry)
    if random.random() < 0.4:
        entries += client()
    entries.append(discovery())
    if random.random() < 0.5:
        entries.append(("relabel_configs", [rule() for _ in range(random.choice([1, 1, 2, 3]))]))
    if random.random() < 0.3:
        entries.append(("metric_relabel_configs", [rule()]))
    return Map(entries)


def configuration():
    entries = [
        ("global", Map([("scrape_interval", "15s"), ("scrape_timeout", "10s"), ("evaluation_interval", "30s"), ("rule_query_offset", "1m"),
                        ("external_labels", Map([("cluster", "a"), ("replica", "$HOSTNAME")])), ("body_size_limit", "1GB512MB"), ("sample_limit", Plain("5"))])),
        ("rule_files", ["rules/*.yml", "more.yml"]), ("scrape_config_files", ["jobs/*.yml"]),
        ("scrape_configs", [job(name) for name in random.sample(["a", "b", "node", "kubernetes-pods", "x y"], random.choice([1, 2, 3]))]),
        ("alerting", Map([("alert_relabel_configs", [rule()]), ("alertmanagers", [Map(
            [("scheme", "http"), ("path_prefix", "/am"), ("timeout", "5s"), ("api_version", "v2"), discovery(), ("relabel_configs", [rule()])])])])),
        ("remote_write", [Map([("url", "http://localhost:1/write"), ("name", "w"), ("remote_timeout", "30s"), ("headers", Map([("X-A", "b")])),
                               ("write_relabel_configs", [rule()]), ("send_exemplars", Plain("true")), ("send_native_histograms", Plain("true")),
                               ("protobuf_message", "io.prometheus.write.v2.Request"),
                               ("queue_config", Map([("capacity", Plain("10")), ("max_shards", Plain("5")), ("min_shards", Plain("1")),
                                                     ("max_samples_per_send", Plain("7")), ("batch_send_deadline", "5s"), ("min_backoff", "30ms"),
                                                     ("max_backoff", "5s"), ("retry_on_http_429", Plain("true")), ("sample_age_limit", "1h")])),
                               ("metadata_config", Map([("send", Plain("true")), ("send_interval", "1m"), ("max_samples_per_send", Plain("5"))]))] + client())]),
        ("remote_read", [Map([("url", "http://localhost:1/read"), ("name", "r"), ("remote_timeout", "1m"), ("read_recent", Plain("true")),
                              ("required_matchers", Map([("a", "b")])), ("filter_external_labels", Plain("false")), ("headers", Map([("X-A", "b")])),
                              ("chunked_read_limit", Plain("1000"))])]),
        ("storage", Map([("tsdb", Map([("out_of_order_time_window", "30m")])), ("exemplars", Map([("max_exemplars", Plain("100"))]))])),
        ("tracing", Map([("endpoint", "localhost:4317"), ("sampling_fraction", Plain("0.5")), ("insecure", Plain("true")), ("client_type", "grpc"),
                         ("headers", Map([("a", "b")])), ("compression", "gzip"), ("timeout", "5s")])),
        ("otlp", Map([("promote_resource_attributes", ["a", "b"]), ("translation_strategy", "UnderscoreEscapingWithSuffixes"),
                      ("keep_identifying_resource_attributes", Plain("true"))])),
        ("runtime", Map([("gogc", Plain("75"))]))]
    chosen = [entry for entry in entries if random.random() < 0.45]
    return Map(chosen or entries[:1])


KEYS = ["job_name", "scrape_interval", "scrape_timeout", "static_configs", "file_sd_configs", "kubernetes_sd_configs", "dns_sd_configs", "relabel_configs",
        "metric_relabel_configs", "basic_auth", "authorization", "bearer_token", "bearer_token_file", "oauth2", "tls_config", "proxy_url", "no_proxy",
        "target_label", "regex", "action", "replacement", "modulus", "separator", "source_labels", "username_file", "password_file", "credentials_file",
        "url", "name", "files", "role", "targets", "labels", "foo", "jobname", "scrape_intervall", "", "5", "<<", "honor_labels", "params", "headers",
        "ca", "ca_file", "key", "cert", "kubeconfig_file", "http_headers", "follow_redirects", "sample_limit", "body_size_limit", "names", "port", "type"]
SIZES = ["0", "5", "5B", "1KB", "1KiB", "1.5MB", "1kb", "1GB1MB", "-1MB", "+1MB", "1 MB", "MB", "", "99999EB", "1EB", "1.5.5KB", ".5KB", ".KB", "1e3MB", "10mb"]
ADDRESSES = ["", "http://x", "https://x:9090/a?b=c", "x:9090", "ftp://x", "http://", "//x", "/x", "http://[::1", "http://[::1]:9", "http://x:y", "http://a b",
             "http://u:p@x", "http://u%zz@x", "http://x/%zz", "http://x/%41", "::", "1http://x", "http:x", "http://x#%zz", "http://x?%zz", "a b:c",
             "HTTP://x", "http://x:", "http://ä", "http://x\\y", "http://x|y", "http://x%20y", "http://[::1]x", "http://x:99999", "http:///a", "a\tb"]
VALUES = {
    "action": ["replace", "Keep", "DROP", "foo", "", "labelmap", "labelkeep", "hashmod", "uppercase", "dropequal"], "regex": ["(", "a|b", "[", "*", "", "(?P<x>a)", "\\d+", "a{2,1}", "(?<x>a)", "\\y", "(.*)"],
    "target_label": ["", "a b", "a-b", "$1", "${1}_x", "__address__", "5", "$", "a$b"], "replacement": ["", "$1", "x", "$", "${x}", "a b"], "modulus": ["0", "1", "-1", "1.5", "x", "18446744073709551615"],
    "role": ["pod", "Pod", "", "service", "endpoints", "endpointslice", "node", "ingress", "x"], "type": ["SRV", "a", "AAAA", "MX", "NS", "TXT", "", "Basic", "Bearer", " basic "],
    "min_version": ["TLS10", "TLS13", "tls12", "", "SSL3"], "api_version": ["v1", "v2", ""], "port": ["0", "-1", "9100", "x", "99999"], "scheme": ["", "ftp", "HTTP"],
    "fallback_scrape_protocol": ["", "foo", "PrometheusProto"], "client_type": ["http", "grpc", "", "x"], "compression": ["", "gzip", "zstd"], "job_name": ["", "a", "b"],
    "translation_strategy": ["NoTranslation", "NoUTF8EscapingWithSuffixes", "x", ""], "protobuf_message": ["prometheus.WriteRequest", ""],
    "url": ADDRESSES, "proxy_url": ADDRESSES, "api_server": ADDRESSES, "endpoint": [""], "token_url": ["", "::"], "client_id": [""], "body_size_limit": SIZES,
    "label": ["app=x", "app!=x", "app in (a, b)", "app", "!app"], "name": ["", "w", "r"]}
LISTS = {
    "targets": ["x:1", "http://x:1", "x:1/metrics", "", "a b", "[::1]", "/"], "files": ["a.json", "a.txt", "*.yml", "a/*/b.yml", "a*b*.yaml", "", "a.YML", ".json"],
    "rule_files": ["a", "a*", "*/a", "a/*", "", "**", "a/*b/c", "["], "scrape_config_files": ["a", "*/a", "a*b*"], "names": ["", "a"], "scopes": ["", "a"],
    "scrape_protocols": ["foo", "PrometheusProto", "prometheusproto", "OpenMetricsText0.0.1", ""], "source_labels": ["", "a b", "a", "ä"], "promote_resource_attributes": ["", "a", " a "]}
HEADERS = ["Authorization", "x-a", "Host", "X-Prometheus-Remote-Read-Version", "content-type", "", "a b", "X-Amz-Date", "user-agent"]


def change(value):
    """Changes one thing of a configuration."""
    found = list(nodes(value))
    maps = [path for path, node in found if isinstance(node, Map)]
    inner = [path for path, _ in found if path]
    key_of = lambda path: at(value, path[:-1])[path[-1]][0] if isinstance(at(value, path[:-1]), Map) else None
    mapping = at(value, random.choice(maps))
    kind = random.randrange(15)
    if kind == 0 and mapping:
        index = random.randrange(len(mapping))
        mapping[index] = (random.choice(KEYS + [mapping[index][0] + "x", mapping[index][0][1:], mapping[index][0].upper()]), mapping[index][1])
    elif kind == 1 and mapping:
        mapping.insert(random.randrange(len(mapping) + 1), random.choice(mapping))
    elif kind == 2 and mapping:
        del mapping[random.randrange(len(mapping))]
    elif kind == 3:
        mapping.insert(random.randrange(len(mapping) + 1), (random.choice(KEYS), random.choice(["a", Plain("~"), Plain("5"), [], Map(), ["a"]])))
    elif kind in (4, 5):
        put(value, random.choice(inner), Plain(random.choice(PLAIN)))
    elif kind == 6:
        places = [path for path in inner if (key_of(path) or "").endswith(("interval", "timeout", "window", "deadline", "backoff", "offset", "age_limit"))]
        if places:
            put(value, random.choice(places), random.choice([str, Plain])(random.choice(DURATIONS)))
    elif kind in (7, 8, 9):
        places = [path for path in inner if key_of(path) in VALUES]
        if places:
            path = random.choice(places)
            chosen = random.choice(VALUES[key_of(path)])
            # A question mark without quotes ends a text within brackets to go-yaml, and not to libyaml.
            put(value, path, chosen if "?" in chosen or random.random() < 0.7 else Plain(chosen))
    elif kind == 10:
        places = [path for path in inner if key_of(path) in LISTS and isinstance(at(value, path), list)]
        if places:
            path = random.choice(places)
            at(value, path).insert(0, random.choice(LISTS[key_of(path)]))
    elif kind == 11:
        places = [path for path in inner if key_of(path) in ("headers", "labels", "external_labels", "required_matchers", "http_headers", "params") and isinstance(at(value, path), Map)]
        if places:
            path = random.choice(places)
            at(value, path).append((random.choice(HEADERS + TEXTS[:20]), random.choice(["a", Plain("~"), ["a"], Map()])))
    elif kind == 12:
        places = [path for path, node in found if isinstance(node, Map) and path]
        if places:
            at(value, random.choice(places)).extend(client())
    elif kind == 13:
        places = [path for path in inner if isinstance(at(value, path), str)]
        if places:
            put(value, random.choice(places), random.choice(TEXTS))
    else:
        lists = [path for path, node in found if isinstance(node, list) and not isinstance(node, Map) and node]
        if lists:
            items = at(value, random.choice(lists))
            index = random.randrange(len(items))
            items.insert(index, random.choice([Plain("~"), Plain("5"), Map(), [], items[index]]))


def make(seed):
    """A text, and whether one thing was changed at most."""
    random.seed(seed)
    value = configuration()
    changes = random.choice([0, 1, 1, 1, 1, 1, 2, 3])
    for _ in range(changes):
        change(value)
    if random.randrange(6) == 0:
        text = flow(random, value) + "\n"
    else:
        lines = block(random, value)
        text = "\n".join(lines) + "\n" if lines else flow(random, value) + "\n"
    if random.random() < 0.2:
        return mangled(random, text), False
    return text.encode(), changes < 2


def said(command, names, work):
    """What a command says of each file, whole."""
    run = subprocess.run(command + names, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = run.stdout.decode(errors="replace")
    parts = re.split(r"(?m)^Checking (\S+\.yml)\n", text)
    found = dict(zip(parts[1::2], parts[2::2]))
    missing = [name for name in names if name not in found]
    return found, missing, text


def theirs(promtool, names, work):
    """Of each file the message that promtool refuses it with; None where it takes it."""
    found, missing, text = said([promtool, "check", "config", "--syntax-only"], names, work)
    if missing or "panic:" in text or "goroutine" in text:
        if len(names) == 1:
            return {names[0]: "panic"}
        return {name: theirs(promtool, [name], work)[name] for name in names}
    result = {}
    for name in names:
        _, marker, message = found[name].partition("FAILED: ")
        result[name] = message.strip("\n").removeprefix(f"parsing YAML file {name}: ") if marker else None
    return result


def ours(promgate, names, work):
    """The same of promgate, put together as Prometheus would."""
    found, missing, text = said([promgate, "check", "config", "--syntax-only", "--lint", "none"], names, work)
    if missing:
        sys.exit(f"promgate says nothing of {missing[:3]}:\n{text[-2000:]}")
    result = {}
    for name in names:
        starts = re.escape(name) + r"(?::\d+:\d+)?: (?:error|warning|info|note): "
        errors = re.findall(rf"(?ms)^{re.escape(name)}(?::(\d+):\d+)?: error: (.*?)(?=\n  +\d* *\||\n{starts}|\n  help: |\n\n|\Z)", found[name])
        if not errors:
            result[name] = None
            continue
        lines = [(line, message.strip("\n")) for line, message in errors]
        typed = re.compile(r"field .* (not found|already set) in type |cannot unmarshal |key .* already set in map")
        if typed.match(lines[0][1]):
            result[name] = "yaml: unmarshal errors:" + "".join(f"\n  line {line}: {message}" for line, message in lines)
        else:
            result[name] = lines[0][1]
    return result


# What 3.14 says otherwise than 3.5.
NEWER = [
    (r"oauth2, or sigv4 parameter", "oauth2, sigv4, azuread or google_iam parameter"),
    (r"oauth2, sigv4, or azuread must be configured", "oauth2, sigv4, azuread or google_iam must be configured"),
    (r"config\.translationStrategyOption", "otlptranslator.TranslationStrategyOption"),
    # It says the value of a scalar that is tagged as a list or mapping without a blank, and a binary one as it is written.
    (r"!!(?:map|seq)(\w+) into", r"!!str `\1` into"),
    (r"!!binary `\S*` into", "!!binary into"),
    # Tags of somebody's own.
    (r"cannot unmarshal !\w+ `", "cannot unmarshal !!str `"),
    (r"(unable to parse requirement: ).*Invalid value(?s:.*)", r"\1Invalid value"),
    (r"unknown remote write protobuf message", "unknown type for remote write protobuf message"),
]


def normal(message):
    for old, new in NEWER:
        message = re.sub(old, new, message)
    return message


def explained(mine, other, text):
    """Differences that docs/differences.md has rows for."""
    if other == "panic" and mine is not None or mine in ('unknown relabel action "~"', 'unknown relabel action "null"'):
        return True
    # Those that promgate does not keep apart: our limits, and texts that are no UTF-8.
    return mine is not None and other is not None and ("\ufffd" in mine or mine.startswith(("the text is no UTF-8", "a NUL byte", "nested more than")))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("promgate", "peers", "work"):
        parser.add_argument(name)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--show", type=int, default=20, help="how many differences are shown")
    options = parser.parse_args()
    promgate, work = os.path.abspath(options.promgate), os.path.abspath(options.work)
    promtool = os.path.join(os.path.abspath(options.peers), "promtool/usr/bin/promtool")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    failed = refused = compared = 0
    for start in range(0, options.cases, BATCH):
        cases = {}
        for number in range(start, min(start + BATCH, options.cases)):
            name = f"{options.seed}-{number}.yml"
            text, cases[name] = make(f"{options.seed}-{number}")
            with open(os.path.join(work, name), "wb") as file:
                file.write(text)
        other, mine = theirs(promtool, list(cases), work), ours(promgate, list(cases), work)
        for name, is_single in cases.items():
            path = os.path.join(work, name)
            with open(path, "rb") as file:
                text = file.read()
            refused += other[name] is not None
            same = (other[name] is None) == (mine[name] is None)
            if same and other[name] is not None and is_single:
                compared += 1
                same = normal(other[name]) == normal(mine[name])
            if same or explained(mine[name], other[name], text):
                os.unlink(path)
                continue
            failed += 1
            if failed <= options.show:
                print(f"FAIL {name}\n  promtool: {other[name]!r}\n  promgate: {mine[name]!r}")
    print(f"{options.cases - failed} passed, {failed} failed ({refused} refused by promtool, {compared} texts compared)")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
