#!/usr/bin/env python3
"""Puts `promgate crds` and `promgate lint` beside a real Kubernetes API server.

crds.py PROMGATE SERVER WORK [--seed N] [--cases N] [--table FILE]

SERVER is a folder with bin/kuberig and bin/etcd; without it the check is skipped. The definitions that promgate prints are
created there; then manifests in which every property is mutated in many ways, and random ones with several mutations, are
given to both. What the server refuses must be an error of lint with the same path, what it names as unknown field a finding
of unknown keys, what it drops silently said by lint, and nothing else. Then YAML: the types and values that the server's
reader makes of scalars, keys, merges and documents must be those that lint shows. Every difference is printed.

--table compares the definitions with a table of another source, property by property: tab-separated columns kind, path
(spec.metrics[].labels.*), type, required, limits.
"""
import argparse
import ast
import copy
import json
import os
import random
import re
import subprocess
import sys

from apiserver import APIServer, lint
from yaml_cases import compare as compare_yaml

PORT = 22210
GROUP = "flagger.app/v1beta1"
WORDS = ["x", "5m", "1h", "90s", "A_B", "a-b", "a.b.c", "-a", "a\n", "Service", "istio", "", "é" * 253, "x" * 254, "0"]
NUMBERS = [0, 1, -1, 7, 1.5, 65535, 65536, 3_000_000_000, 1e30, 100]
OTHERS = [None, True, False, [], {}, [None], ["x"], [7], [{}], {"a": "b"}, {"a": None}, {"a": 7}, {"a": {}}, {"a": ["b"]}]


def sample(schema):
    """The smallest value that a schema takes."""
    if "enum" in schema:
        return next(word for word in schema["enum"] if word)
    if schema.get("x-kubernetes-int-or-string"):
        return "http"
    kind = schema["type"]
    if kind == "string":
        if "pattern" not in schema or re.search(schema["pattern"], "word"):
            return "word"
        return "1m"
    if kind in ("number", "integer"):
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return True
    if kind == "array":
        return [sample(schema["items"])]
    if "additionalProperties" in schema:
        return {"key": sample(schema["additionalProperties"])}
    value = {name: sample(schema["properties"][name]) for name in schema.get("required", [])}
    settle(value, schema, ())
    return value


def settle(value, schema, kept):
    """Makes exactly one alternative of an object hold, where that can be had; `kept` are keys that stay."""
    if "oneOf" not in schema:
        return
    alternatives = [one for one in schema["oneOf"] if "required" in one]
    fitting = [one for one in alternatives if set(kept) & set(one["required"])] or alternatives
    chosen = fitting[0]
    for one in alternatives:
        for name in one["required"]:
            if name not in chosen["required"] and name not in kept:
                value.pop(name, None)
    if len(schema["oneOf"]) > len(alternatives) and not kept:
        return
    for name in chosen["required"]:
        if name not in value:
            value[name] = sample(schema["properties"][name])
    for name, inner in chosen.get("properties", {}).items():
        if isinstance(value.get(name), dict) and not kept:
            settle(value[name], {**schema["properties"][name], **inner}, ())


def paths(schema, path=()):
    """Every place of a schema: the way to it, and its schema."""
    for name, inner in schema.get("properties", {}).items():
        yield path + (name,), inner
        yield from paths(inner, path + (name,))
    if "items" in schema:
        yield path + (0,), schema["items"]
        yield from paths(schema["items"], path + (0,))
    if isinstance(schema.get("additionalProperties"), dict):
        yield path + ("key",), schema["additionalProperties"]
        yield from paths(schema["additionalProperties"], path + ("key",))


def place(root, schema, path, change):
    """Walks to a path, making what is missing on the way, and lets `change` do its work there."""
    value, current = root, schema
    for index, step in enumerate(path[:-1]):
        inner = current["items"] if step == 0 else current.get("properties", {}).get(step) or current["additionalProperties"]
        there = value[step] if isinstance(value, dict) and step in value or isinstance(value, list) and value else None
        # What an earlier mutation left is built anew where it is of no use here.
        if not isinstance(there, (dict, list)) or isinstance(there, list) != (inner.get("type") == "array"):
            there = sample(inner)
            if isinstance(there, list):
                there = there or [sample(inner["items"])]
        if isinstance(there, list) and not there:
            there.append(sample(inner["items"]))
        if isinstance(value, list):
            value[0] = there
        else:
            value[step] = there
            settle(value, current, (step,))
        value, current = there, inner
    change(value, current, path[-1])


def mutations(schema):
    """Changes at a place: what to do with its container and key."""

    def put(new):
        def change(value, container, step):
            value[step] = copy.deepcopy(new)
            if isinstance(value, dict):
                settle(value, container, (step,))
        return change

    def remove(value, container, step):
        if isinstance(value, dict):
            value.pop(step, None)
        else:
            value.clear()

    def unknown(name):
        def change(value, container, step):
            if isinstance(value, dict):
                value[name] = "x"
            else:
                value.append({"nope": 1})
        return change

    news = [sample(schema)] + WORDS + NUMBERS + OTHERS + schema.get("enum", [])[:3]
    if schema.get("enum"):
        news += [schema["enum"][-1].upper(), schema["enum"][-1] + "x"]
    for bound in ("minimum", "maximum"):
        if bound in schema:
            news += [schema[bound], schema[bound] - 1, schema[bound] + 1]
    if "maxItems" in schema:
        news += [[sample(schema["items"])] * schema["maxItems"], [sample(schema["items"])] * (schema["maxItems"] + 1)]
    for name in ("exact", "suffix", "simple"):
        news += [{name: "a", "prefix": "b"}, {name: "a"}]
    news += [{"simple": "RANDOM", "consistentHash": {"useSourceIp": True}}, {"simple": "RANDOM", "consistentHash": {}},
             {"consistentHash": {"useSourceIp": True, "httpHeaderName": "a"}}, {"consistentHash": {"useSourceIp": None}}]
    news += [{"name": "a"}, {"name": "a", "kind": "Other"}, {"name": "a", "group": "b.c"}, {"name": "a", "port": 80},
             {"name": "a", "port": None, "kind": None}]
    return [put(new) for new in news] + [remove, unknown("nope")]


def manifests(definitions, seed, count):
    """Cases: kind and manifest; every mutation of every place once, then random ones of several places."""
    chosen = random.Random(seed)
    places = []
    for kind, schema in definitions.items():
        for path, inner in paths(schema):
            if path[0] in ("spec", "status"):
                places.append((kind, path, inner))
                for change in mutations(inner):
                    yield kind, changed(kind, schema, [(path, change)])
    for kind, schema in definitions.items():
        # Names of the wrong form are left out: lint lets placeholders stand.
        for path, new in [(("metadata", "namespace"), None), (("metadata", "name"), None), (("metadata", "name"), ""),
                          (("metadata", "labels"), {"a": 1}), (("metadata", "labels"), {"a": None}), (("metadata", "labels"), None),
                          (("metadata", "annotations"), {"a": True}), (("metadata", "nope"), 1), (("nope",), 1), (("nope",), None),
                          (("metadata",), None), (("metadata",), [])]:
            manifest = base(kind, schema)
            value = manifest
            for step in path[:-1]:
                value = value[step]
            value[path[-1]] = new
            yield kind, manifest
    for _ in range(count):
        kind = chosen.choice(["Canary"] * 6 + list(definitions))
        some = [one for one in places if one[0] == kind]
        changes = []
        for _ in range(chosen.randint(2, 5)):
            _, path, inner = chosen.choice(some)
            changes.append((path, chosen.choice(mutations(inner))))
        yield kind, changed(kind, definitions[kind], changes)


def base(kind, schema):
    return {"apiVersion": GROUP, "kind": kind, "metadata": {"name": "case"}, "spec": sample(schema["properties"]["spec"])}


def changed(kind, schema, changes):
    manifest = base(kind, schema)
    for path, change in changes:
        try:
            place(manifest, schema, path, change)
        except (KeyError, TypeError, AttributeError, IndexError):
            pass  # An earlier change took the place away.
    return manifest


def server_answer(server, kind, plural, manifest):
    """What the server names as unknown, whether it refuses and where, and what it keeps."""
    status, strict = server.create(GROUP, plural, manifest, "Strict")
    unknown = set(re.findall(r'unknown field "([^"]+)"', strict.get("message", ""))) if status == 400 else set()
    status, answer = server.create(GROUP, plural, manifest, "Ignore")
    if status == 201:
        return unknown, None, answer
    where = set()
    for cause in (answer.get("details") or {}).get("causes", []):
        if cause.get("field") not in (None, "<nil>"):
            where.add(cause["field"])
        where |= set(re.findall(r'"([\w.\[\]-]+)" must validate', cause.get("message", "")))
        where |= set(re.findall(r" in ([\w.\[\]-]+)$", cause.get("message", "")))
    where |= {"metadata." + name for name in re.findall(r"ObjectMeta\.(\w+)", answer.get("message", ""))}
    return unknown, where or {"metadata"}, None


def lint_answer(findings):
    """The same of lint: unknown keys, errors by path, and keys that a cluster takes for absent."""
    unknown, errors, empty = set(), set(), set()
    for finding in findings:
        code, message = finding["code"], finding["message"]
        path = message.split(" ")[0]
        if code == "manifest-unknown-key":
            unknown.add(path)
        elif code == "manifest-empty-value":
            empty.add(path)
        elif code in ("manifest-type", "manifest-value", "manifest-missing-key", "manifest-exclusive-keys"):
            if "Flagger cannot read it" in message or message == "the resource needs the key spec":
                continue  # Stricter than a cluster on purpose.
            needed = re.search(r"needs the key (\w+)", message)
            owner = "" if path == "the" else path
            errors.add((owner + "." + needed.group(1)).strip(".") if needed else owner)
        elif code == "manifest-limit":
            return None
        elif code == "MT130" and "left empty" in message:
            empty.add("spec.analysis.metrics")
        elif code == "MT120" and "left empty" in message:
            empty.add("spec.analysis.match")
        elif code.startswith("manifest-") and code not in ("manifest-duplicate-resource", "manifest-refused"):
            errors.add(code)
    return unknown, errors, empty


def related(one, other):
    return one == other or one.startswith(other + ".") or one.startswith(other + "[") or (
        other.startswith(one + ".") or other.startswith(one + "["))


def lost(sent, kept, path=""):
    """Paths of what was sent and not kept."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        for name, value in sent.items():
            inner = f"{path}.{name}" if path else name
            if name not in kept or (value is None and kept[name] is not None):
                yield inner
            else:
                yield from lost(value, kept[name], inner)
    elif isinstance(sent, list) and isinstance(kept, list):
        for index, (one, other) in enumerate(zip(sent, kept)):
            yield from lost(one, other, f"{path}[{index}]")


def difference(manifest, theirs, ours):
    unknown, refused, kept = theirs
    our_unknown, errors, empty = ours
    if bool(errors) != (refused is not None):
        return f"refused: {sorted(refused) if refused else 'no'}, lint: {sorted(errors) or 'no error'}"
    if refused and not any(related(one, other) for one in refused for other in errors):
        return f"refused at {sorted(refused)}, lint at {sorted(errors)}"
    # Below a value of the wrong type there is nothing to know.
    free = {path for path in unknown ^ our_unknown if not any(related(path, one) for one in errors)}
    if free:
        return f"unknown fields differ: {sorted(free)}; the server knows not {sorted(unknown)}"
    if kept is not None:
        gone = {path for path in lost(manifest, kept) if not path.startswith("status")}
        said = our_unknown | empty
        if any(not any(path == one or path.startswith(one + ".") for one in said) for path in gone):
            return f"dropped without a word: {sorted(gone - said)}"
        if {path for path in said if not path.startswith("status")} - gone:
            return f"said to be dropped, and kept: {sorted(said - gone)}"
    return None


def compare_manifests(server, promgate, definitions, plurals, work, seed, count):
    cases = list(manifests(definitions, seed, count))
    files = {f"{index:06}.json": json.dumps(manifest, ensure_ascii=False) for index, (_, manifest) in enumerate(cases)}
    found = lint(promgate, files, work)
    failures = passed = 0
    for index, (kind, manifest) in enumerate(cases):
        ours = lint_answer(found[f"{index:06}.json"])
        if ours is None:
            continue
        problem = difference(manifest, server_answer(server, kind, plurals[kind], manifest), ours)
        if problem is None:
            passed += 1
            continue
        failures += 1
        if failures <= 40:
            print(f"{kind}: {problem}\n  {json.dumps(manifest, ensure_ascii=False)[:600]}")
    return passed, failures


LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "format")


def stated(schema, required):
    """A property as a row of the table: type, whether it is required, and its limits."""
    limits = {name: str(schema[name]) for name in LIMITS if name in schema}
    if "default" in schema:
        limits["default"] = str(schema["default"])
    if "enum" in schema:
        limits["enum"] = "|".join(sorted(schema["enum"]))
    if "oneOf" in schema:
        limits["oneOf"] = sorted(json.dumps(one, sort_keys=True) for one in schema["oneOf"])
    kind = "any" if schema.get("x-kubernetes-int-or-string") else schema["type"]
    return kind, required, limits


def properties(schema, path=""):
    """Rows by path: of every property, and of items and values that are no objects with properties of their own."""
    for name, inner in schema.get("properties", {}).items():
        way = f"{path}.{name}" if path else name
        yield way, stated(inner, name in schema.get("required", [])), inner
        yield from properties(inner, way)
    for mark, inner in (("[]", schema.get("items")), (".*", schema.get("additionalProperties"))):
        if isinstance(inner, dict):
            yield path + mark, stated(inner, False), inner
            yield from properties(inner, path + mark)


def compare_table(definitions, made, file):
    passed = failed = 0
    ours = {(kind, path): (row, schema) for kind, root in definitions.items() for path, row, schema in properties(root)}
    seen = set()
    for line in open(file, encoding="utf-8").read().splitlines()[1:]:
        kind, path, sort, required, limits = (line.split("\t") + [""] * 5)[:5]
        if path.startswith("("):
            problem = compare_names(made[kind], path, sort, limits)
        elif limits.startswith("x-kubernetes-validations"):
            rules = ours.get((kind, path), (None, {}))[1].get("x-kubernetes-validations", [])
            problem = None if len(rules) == 1 and rules[0]["message"] in limits else f"rules: {rules}"
        else:
            seen.add((kind, path))
            wanted = (sort, required == "required", parsed(limits))
            got = ours.get((kind, path), (None, None))[0]
            problem = None if got == wanted else f"the table {wanted}, the definition {got}"
        passed, failed = passed + (problem is None), failed + (problem is not None)
        if problem:
            print(f"{kind} {path}: {problem}")
    # Objects in lists and maps have no row of their own where nothing limits them.
    for kind, path in sorted(set(ours) - seen):
        row, schema = ours[kind, path]
        if not (path.endswith(("[]", "*")) and schema.get("properties") and not row[2]):
            failed += 1
            print(f"{kind} {path}: is not in the table")
    return passed, failed


def parsed(limits):
    if limits.startswith("oneOf="):
        return {"oneOf": sorted(json.dumps(one, sort_keys=True) for one in ast.literal_eval(limits[6:]))}
    found = dict(part.split("=", 1) for part in limits.split("; ") if "=" in part)
    if "enum" in found:
        found["enum"] = "|".join(sorted(found["enum"].split("|")))
    return found


def compare_names(definition, path, sort, limits):
    spec = definition["spec"]
    if path == "(names)":
        got = f"plural={spec['names']['plural']}; categories={','.join(spec['names']['categories'])}; subresource " + (
            ",".join(spec["versions"][0]["subresources"]))
        return None if (sort, limits) == (spec["scope"], got) else f"{spec['scope']} {got}"
    for column in spec["versions"][0]["additionalPrinterColumns"]:
        if path == f"(column) {column['name']}":
            got = f"jsonPath={column['jsonPath']}; priority={column.get('priority', 0)}"
            return None if (sort, limits) == (column["type"], got) else f"{column['type']} {got}"
    return "is not there"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("promgate", "server", "work"):
        parser.add_argument(name)
    parser.add_argument("--seed", type=int, default=1, help="of the random cases")
    parser.add_argument("--cases", type=int, default=2000, help="random cases of each sort")
    parser.add_argument("--table", help="a table of all properties to compare the definitions with")
    options = parser.parse_args()
    if not APIServer.is_there(options.server):
        print(f"crds: skipped, there is no API server in {options.server} (bin/kuberig, bin/etcd)")
        return 0
    os.makedirs(options.work, exist_ok=True)
    printed = subprocess.run([options.promgate, "crds", "--format", "json"], capture_output=True, text=True, check=True).stdout
    server = APIServer(options.server, options.work, PORT)
    try:
        definitions, plurals, whole = {}, {}, {}
        for definition in json.loads(printed)["items"]:
            made = server.define(definition)
            kind = made["spec"]["names"]["kind"]
            plurals[kind], whole[kind] = made["spec"]["names"]["plural"], definition
            definitions[kind] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        places = sum(1 for schema in definitions.values() for _ in paths(schema))
        passed, failures = compare_manifests(
            server, options.promgate, definitions, plurals, options.work, options.seed, options.cases)
        print(f"manifests, {places} places of the schemas: {passed} passed, {failures} failed")
        more, wrong = compare_yaml(server, options.promgate, options.work, options.seed, options.cases)
        print(f"YAML: {more} passed, {wrong} failed")
    finally:
        server.stop()
    rows, different = compare_table(definitions, whole, options.table) if options.table else (0, 0)
    if options.table:
        print(f"table: {rows} rows passed, {different} failed")
    print(f"{passed + more + rows} passed, {failures + wrong + different} failed")
    return 1 if failures + wrong + different else 0


if __name__ == "__main__":
    sys.exit(main())
