"""YAML as a Kubernetes API server reads it, beside lint: scalars with their types and values, keys, merges, documents.

The server tells what it read through a resource of its own without a schema. Lint tells it through its findings: the value of
`spec.provider` by its complaint that it is none of the providers, a number by the complaint that `min` is above `max`, a key by
the path of the complaint about its value.
"""
import json
import random
import re

from apiserver import lint

PROBE = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "probes.promgate.test"},
    "spec": {
        "group": "promgate.test", "scope": "Namespaced", "names": {"kind": "Probe", "plural": "probes"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
            "type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}}],
    },
}
PROBE_TEXT = "apiVersion: promgate.test/v1\nkind: Probe\nmetadata: {name: p}\n"
HEAD = "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: p}\n"
TARGET = "targetRef: {apiVersion: apps/v1, kind: Deployment, name: p}"
SCALARS = """yes no on off y n Y N Yes No On Off YES NO ON OFF oN true false True TRUE tRUE False FALSE null Null NULL nULL ~ ~~ 0 -0
+0 00 01 -01 010 -010 +010 08 09 018 0o17 0O17 -0o17 +0o7 0o8 0x1F 0X1f -0x1F +0x1F 0x 0xG 0b101 0B11 -0b11 0b2 0b 1_000 _1 1_ 1__0
0x_1 0x1_ 0_7 0b_1 -_1 _ __ 12:30 1:30:45 190:20:30.15 -12:30 60:60 1. .5 5. -.5 +.5 . .. ... -. +. .e1 1e3 1E3 1e+3 1e-3 1.5e-1 1e
1e+ 1e1.5 1.5.5 1e400 -1e400 1e-400 1e308 .inf -.inf +.inf .Inf .INF .iNF inf .nan .NaN .NAN nan NaN Infinity 1_0.5 1._5 1.5_ .5_
.5_0 1e1_0 9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616
0x7fffffffffffffff 0x8000000000000000 0xffffffffffffffff 0x10000000000000000 -0x8000000000000000 0777777777777777777777
01777777777777777777777 02000000000000000000000 123456789012345678901234567890 1.0 1.50 100000000000000000000.0 0.1 1e21 1e20 123456.789
2001-01-01 2001-1-1 2001-01-01T00:00:00Z 2001-12-14t21:59:43.10-05:00 20010101 << = + - -- --- +1 -1 +-1 1+1 1-1 a:b a:
'it''s' '5' 'yes' "5" "yes" "null" "~" "" '' "a\\tb" "\\x41" "\\u263a" "\\U0001f600" "\\e" "\\0" "\\/" "\\_" "\\N" "\\q" "\\ud83d"
!!str !!null !!bool !foo ! &a &a~ *a @a `a %a |a >a #a a#b ,a ]a }a ?a :a""".split()
PHRASES = [
    "!!str 5", "!!str yes", "!!str null", "!!str ~", '!!int "5"', "!!int 5", "!!int 5.0", "!!int x", "!!int 0x10", "!!int yes", "!!float 5",
    '!!float "5"', "!!float 5.5", "!!float x", "!!float .inf", "!!bool yes", '!!bool "true"', "!!bool 1", "!!bool x", '!!null ""', "!!null x",
    "!!null ~", "!!binary aGk=", "!!binary '!'", "!!timestamp 2001-01-01", "!!timestamp x", "!foo 5", "!foo bar", "! 5", "! yes",
    "!!seq []", "!!map {}", "!!set {a}", "!!omap []", "!<tag:yaml.org,2002:str> 5", "!<tag:yaml.org,2002:int> '5'",
    "a b", "a #b", "a: b", "a :b", "- a", "? a", ": a", "# a", "a\tb", "\ta", "a\t", "5 #x", "5\t#x", "[a, b]", "{a: b}", "[a, b", "{a: b",
    "[a, b]]", "[1, yes, ~, 010, x]", "{1: 2}", "[]", "{}", "[,]", "[a,]", "{a,}", "{a: , b: }", "[{a: b}, [c]]", "{a: b, a: c}",
    "|\n  a\n  b", "|-\n  a", "|+\n  a\n\n", ">\n  a\n  b", ">-\n  a\n\n  b\n   c\n  d", "|2\n    a", "|1\n  a", "|\n  5", "|-\n  yes", "|\n", ">2\n  a",
    "|\n   a\n  b", "|\n\ta", "a\n  b", "a\n\n  b", "'a\n  b'", '"a\n  b"', '"a\\\n  b"', "'a\n\n  b'", "5\n  6", "yes\n  no", "&a 5", "&a yes", "&a b",
    "&a [*a]", "[&a 5, *a]", "[&a x, &a y, *a]", "{a: &a 1, b: *a}", "*b", "[a]: b", "{[a]: b}", "{{a: b}: c}", "? a\n  : b",
    "{<<: {a: 1}, b: 2}", "{<<: {a: 1}, a: 2}", "{a: 2, <<: {a: 1}}", "{<<: [{a: 1}, {a: 2, b: 3}]}", "{<<: 5}", "{<<: [5]}", "{<<: []}",
    "{<<: ~}", "{'<<': {a: 1}}", "{!!merge <<: {a: 1}}", '{"<<": 5}', "{<<: {a: 1}, <<: {b: 2}}", "{b: &b {a: 1}, <<: *b, a: 3}",
    "{x: &x {a: 1}, y: &y {<<: *x, c: 1}, <<: *y}", "{<<: {<<: {a: 1}, b: 1}, c: 1}", "{<<: {a: ~}}", "[<<, <<: {a: 1}]",
    "{yes: 1}", "{on: 1}", "{y: 1}", "{~: 1}", "{null: 1}", "{'': 1}", "{1: 1}", "{1.5: 1}", "{010: 1}", "{1e3: 1}", "{0x10: 1}", "{.5: 1}",
    "{true: 1, 'true': 2}", "{1: 1, '1': 2}", "{yes: 1, true: 2}", "{1: 1, 01: 2}", "{.inf: 1}", "{2001-01-01: 1}", "{12:30: 1}", "{1_000: 1}",
    "{18446744073709551615: 1}", "{1.0: 1}", "{100000000.0: 1}", "{1e-7: 1}", "{!!str 5: 1}", "{!!int '5': 1}", "{? a: b}", "{? : b}", "{a}", "{: b}",
    "{1e21: 1}", "{123456789.125: 1}", "{0.1: 1}", "{-1: 1}", "{-0: 1}", "{-0.0: 1}", "{off: 1}", "{\"off\": 1}", "{!!bool on: 1}",
]
# Two keys of one text that YAML tells apart: a cluster keeps one of them, lint refuses both.
COLLIDING = {"{true: 1, 'true': 2}", "{1: 1, '1': 2}"}
MERGES = [
    "{<<: {min: 1}, min: 2}", "{min: 2, <<: {min: 1}}", "{<<: [{min: 1}, {min: 2}]}", "{<<: {min: 1}, <<: {min: 2}}",
    "{<<: {<<: {min: 1}, min: 2}}", "{<<: {min: 2, <<: {min: 1}}}", "{<<: [{<<: {min: 1}}, {min: 2}], min: 3}",
]
# A lone exclamation mark before brackets is left out: libyaml and go-yaml end such a tag at different places.
ALPHABETS = ["0123456789_.eE+-", "0123456789abcdefxobX_-+", "yesnoftrualYNOET~", "0123456789:.-T Z", "+-.infINFaA_", "a:#-?,[]{}&*|>'\"%@` 1"]


def snippets(seed, count):
    """Values as they may stand behind a key and a blank; further lines are indented by two blanks."""
    yield ""
    yield from SCALARS
    yield from PHRASES
    chosen = random.Random(seed)
    for _ in range(count):
        letters = chosen.choice(ALPHABETS)
        yield "".join(chosen.choice(letters) for _ in range(chosen.randint(1, 8))).strip(" ")


def indented(text, blanks):
    return text.replace("\n", "\n" + " " * blanks)


def shown(findings, where):
    """What lint says of the value at a path: (sort, value)."""
    for finding in findings:
        code, message = finding["code"], finding["message"]
        if code == "manifest-yaml" or code == "manifest-duplicate-key":
            return "broken", code
        if not message.startswith(where + " "):
            continue
        if code == "manifest-empty-value":
            return "null", None
        found = re.search(r"must be (?:a text|one of .*?), not (.*)$", message, re.S)
        if found is None:
            return "?", message
        what = found.group(1)
        if what.startswith('"'):
            return "text", what
        return {"a number": ("number", None), "a boolean (true)": ("boolean", True), "a boolean (false)": ("boolean", False),
                "a list": ("list", None), "a mapping": ("mapping", None)}.get(what, ("?", what))
    return "nothing", None


def quoted(text):
    """As lint shows a text: in Go's quotes, cut after sixty characters."""
    cut = text[:60]
    result = ""
    for letter in cut:
        if letter in '"\\':
            result += "\\" + letter
        elif letter in "\a\b\f\n\r\t\v":
            result += {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}[letter]
        elif ord(letter) < 0x20 or ord(letter) == 0x7F:
            result += f"\\x{ord(letter):02x}"
        elif not letter.isprintable():
            result += f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"
        else:
            result += letter
    return '"' + result + '"' + ("…" if len(text) > 60 else "")


def expected(value):
    if value is None:
        return "null", None
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, (int, float)):
        return "number", None
    if isinstance(value, str):
        return "text", quoted(value)
    return ("list", None) if isinstance(value, list) else ("mapping", None)


def ask(server, text):
    """What the server reads: ("broken", its reason) or ("read", the resource's spec), and whether a key is there twice."""
    answers = [server.create("promgate.test/v1", "probes", text, how, "application/yaml") for how in ("Ignore", "Strict")]
    (status, answer), (_, strict) = answers
    if status != 201:
        return "broken", answer.get("message", ""), False
    return "read", answer.get("spec"), "already set in map" in strict.get("message", "")


def documents(snippet):
    """The texts in which a snippet is given to the server and to lint."""
    canary = f"{HEAD}spec:\n  {TARGET}\n  analysis: {{interval: 1m, threshold: 1, stepWeight: 1}}\n  provider: {indented(snippet, 4)}\n"
    number = (f"{HEAD}spec:\n  {TARGET}\n  analysis:\n    interval: 1m\n    threshold: 1\n    stepWeight: 1\n    metrics:\n    - name: a\n"
              f"      thresholdRange:\n        max: -1.5e308\n        min: {indented(snippet, 10)}\n")
    keys = (f"{HEAD}spec:\n  {TARGET}\n  analysis:\n    interval: 1m\n    threshold: 1\n    stepWeight: 1\n    metrics:\n    - name: a\n"
            f"      templateVariables: {indented(snippet, 8)}\n")
    return f"{PROBE_TEXT}spec:\n  a: {indented(snippet, 4)}\n", canary, number, keys


def number_of(findings):
    for finding in findings:
        found = re.match(r"min (\S+) is above max ", finding["message"])
        if found:
            return float(found.group(1))
    return None


def keys_of(findings):
    found = set()
    for finding in findings:
        path = re.match(r'spec\.analysis\.metrics\[0\]\.templateVariables\.("(?:[^"\\]|\\.)*"|\S+) ', finding["message"])
        if path:
            found.add(path.group(1))
    return found


def shown_key(key):
    plain = re.fullmatch(r"[A-Za-z0-9._/-]{1,60}", key)
    return key if plain else quoted(key)


def compare(server, promgate, work, seed, count):
    server.define(PROBE)
    cases = list(dict.fromkeys(snippets(seed, count)))
    files, probes = {}, []
    for index, snippet in enumerate(cases):
        probe, canary, number, keys = documents(snippet)
        probes.append(probe)
        files[f"{index:05}-value.yaml"], files[f"{index:05}-number.yaml"], files[f"{index:05}-keys.yaml"] = canary, number, keys
    found = lint(promgate, files, work)
    passed = failed = 0
    for index, snippet in enumerate(cases):
        problem = difference(snippet, *ask(server, probes[index]), *(
            found[f"{index:05}-{sort}.yaml"] for sort in ("value", "number", "keys")))
        if problem is None:
            passed += 1
        else:
            failed += 1
            if failed <= 60:
                print(f"{json.dumps(snippet, ensure_ascii=False)}: {problem}")
    for more, wrong in (compare_merges(server, promgate, work), compare_documents(server, promgate, work)):
        passed, failed = passed + more, failed + wrong
    return passed, failed


def compare_merges(server, promgate, work):
    """Which of several values of a key wins."""
    files = {f"{index:03}.yaml": (
        f"{HEAD}spec:\n  {TARGET}\n  analysis:\n    interval: 1m\n    threshold: 1\n    stepWeight: 1\n    metrics:\n    - name: a\n"
        f"      thresholdRange: {snippet[:-1]}, max: -1}}\n") for index, snippet in enumerate(MERGES)}
    found = lint(promgate, files, work)
    passed = failed = 0
    for name, snippet in zip(sorted(files), MERGES):
        state, spec, _ = ask(server, f"{PROBE_TEXT}spec:\n  a: {snippet}\n")
        wanted = spec["a"]["min"] if state == "read" else spec
        if number_of(found[name]) == wanted:
            passed += 1
        else:
            failed += 1
            print(f"{snippet}: the server {wanted}; lint {number_of(found[name])}")
    return passed, failed


def difference(snippet, state, spec, twice, value, number, keys):
    ours = shown(value, "spec.provider")
    if ours == ("broken", "manifest-duplicate-key"):
        # A cluster keeps one of them silently, unless it is asked to be strict.
        return None if twice or snippet in COLLIDING else f"the server: {json.dumps(spec)}; lint: {ours}"
    if state == "broken":
        # JSON has no such numbers, and the server says so; lint says it of the number.
        if "unsupported value" in spec:
            return None if ours[0] == "number" else f"no JSON: {spec}; lint: {ours}"
        return None if ours[0] == "broken" else f"the server: {spec}; lint: {ours}"
    theirs = expected(spec["a"] if "a" in (spec or {}) else None)
    if ours != theirs:
        return f"the server: {theirs} {json.dumps(spec)}; lint: {ours}"
    if theirs[0] == "number" and spec["a"] > -1.5e308:
        got = number_of(number)
        if got is None or float(got) != float(spec["a"]):
            return f"the server: {spec['a']}; lint: {got}"
    if theirs[0] == "mapping":
        wanted = {shown_key(key) for key, one in spec["a"].items() if not isinstance(one, str)}
        if keys_of(keys) != wanted:
            return f"keys of the server: {sorted(wanted)}; lint: {sorted(keys_of(keys))}"
    return None


ONE = "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: p}\nspec: {provider: %s}\n"
STREAMS = {
    "two": (ONE % "x1") + "---\n" + (ONE % "x2"),
    "a mark first": "---\n" + (ONE % "x1"),
    "a comment first": "# a\n---\n" + (ONE % "x1"),
    "empty ones between": "---\n---\n" + (ONE % "x1") + "---\n\n---\n# a\n---\n" + (ONE % "x2") + "---\n",
    "a comment behind the mark": (ONE % "x1") + "--- # a\n" + (ONE % "x2"),
    "blanks behind the mark": (ONE % "x1") + "---  \n" + (ONE % "x2"),
    "CRLF": ((ONE % "x1") + "---\n" + (ONE % "x2")).replace("\n", "\r\n"),
    "no line feed at the end": ((ONE % "x1") + "---\n" + (ONE % "x2")).rstrip("\n"),
    "dots at the end": (ONE % "x1") + "...\n",
    "a directive": "%YAML 1.1\n---\n" + (ONE % "x1"),
    "tabs at the ends of lines": (ONE % "x1").replace("kind: Canary\n", "kind: Canary\t\n"),
    "a mark in a text": (ONE % "x1") + "---\n" + (ONE % '"---"'),
    "JSON": '{"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "metadata": {"name": "p"},\n\t"spec": {"provider": "x1"}}\n',
}


def compare_documents(server, promgate, work):
    """Streams: every document in order, the server being given what stands between the marks."""
    found = lint(promgate, {f"{index:03}.yaml": text for index, text in enumerate(STREAMS.values())}, work)
    passed = failed = 0
    for index, (name, text) in enumerate(STREAMS.items()):
        wanted = []
        for part in re.split(r"(?m)^---[ \t]*(?:#.*)?\r?$\n?", text):
            if part.startswith("%") or not re.sub(r"#.*", "", part).strip():
                continue
            status, answer = server.create("flagger.app/v1beta1", "canaries", part, "Ignore", "application/yaml")
            wanted += re.findall(r'spec.provider: Unsupported value: (".*?"):', answer.get("message", "")) or [f"status {status}"]
        got = re.findall(r"not (\"[^\"]*\")$", "\n".join(
            one["message"] for one in found[f"{index:03}.yaml"] if one["code"] == "manifest-value"), re.M)
        if wanted == got:
            passed += 1
        else:
            failed += 1
            print(f"stream, {name}: the server {wanted}; lint {got}")
    return passed, failed
