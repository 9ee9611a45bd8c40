import Manifests
import PromQL
import Testing

@Test func `a sound canary says nothing and keeps the place of its values`() throws {
  let text = canaryText(
    spec: "  service: {port: 80, targetPort: http}\n",
    analysis: """
          interval: 10s
          threshold: 10
          maxWeight: 50
          stepWeight: 5
          metrics:
          - name: request-success-rate
            thresholdRange: {min: 99}
            interval: 1m
          - name: 'latency'
            templateRef: {name: latency, namespace: other}
            templateVariables: {path: "/a b"}
          webhooks:
          - name: load
            url: http://tester/
            timeout: 5s
            metadata: {cmd: hey}
      """)
  let reading = ManifestReading(reading: text)
  #expect(described(reading.findings) == [])
  let canary = try reading.set.canary()
  #expect(canary.name == "podinfo" && canary.namespace == "test")
  #expect(canary.provider?.value == .nginx)
  let analysis = canary.analysis.value
  #expect(analysis.tickInterval == .seconds(10))
  #expect(analysis.failedChecksLimit == 10 && analysis.effectiveMaxWeight == 50)
  #expect(analysis.allMetrics.map(\.value.name.value) == ["request-success-rate", "latency"])
  #expect(analysis.allMetrics[0].value.thresholdRange?.value.min?.value == 99)
  #expect(analysis.allMetrics[1].value.templateVariables?.value.first?.value.value == "/a b")
  #expect(analysis.allWebhooks[0].value.effectiveType == .rollout)
  let bytes = Array(text.utf8)
  func written(_ range: SourceRange?) -> String {
    guard let range else { return "" }
    return String(decoding: bytes[range.start..<range.end], as: UTF8.self)
  }
  #expect(written(canary.provider?.range) == "nginx")
  #expect(written(analysis.threshold?.range) == "10")
  #expect(written(analysis.allMetrics[1].value.name.range) == "'latency'")
  #expect(written(analysis.allMetrics[0].value.thresholdRange?.range) == "{min: 99}")
  #expect(written(analysis.allWebhooks[0].range).hasPrefix("name: load"))
  #expect(written(analysis.allWebhooks[0].range).hasSuffix("{cmd: hey}"))
}

@Test func `what the schema forbids is an error with its place`() {
  let base = "    interval: 1m\n    threshold: 5\n"
  let cases: [(String, [String])] = [
    (canaryText(provider: "ngnix"), ["7:13 manifest-value spec.provider must be one of "]),
    (canaryText(provider: "\"\""), ["7:13 manifest-value spec.provider must be one of "]),
    (
      canaryText(spec: "  suspend: 1\n"),
      ["8:12 manifest-type spec.suspend must be true or false, not a number"]
    ),
    (
      canaryText(spec: "  skipAnalysis: \"true\"\n"),
      ["8:17 manifest-type spec.skipAnalysis must be true or false, not a text"]
    ),
    (
      canaryText(spec: "  metricsServer: 9090\n"),
      ["8:18 manifest-type spec.metricsServer must be a text, not a number"]
    ),
    (
      canaryText(spec: "  service: {name: a}\n"), ["8:3 manifest-missing-key spec.service needs the key port"]
    ),
    (canaryText(spec: "  service: []\n"), ["8:12 manifest-type spec.service must be a mapping, not a list"]),
    (
      canaryText(spec: "  progressDeadlineSeconds: 1.5\n"),
      ["8:28 manifest-value spec.progressDeadlineSeconds must be a whole number"]
    ),
    (
      canaryText(analysis: base),
      ["12:3 manifest-missing-key spec.analysis needs one of the keys iterations, stepWeight, stepWeights"]
    ),
    (
      canaryText(analysis: "    stepWeight: 5\n"),
      [
        "12:3 manifest-missing-key spec.analysis needs the key interval",
        "12:3 manifest-missing-key spec.analysis needs the key threshold",
      ]
    ),
    (
      canaryText(analysis: base + "    stepWeight: 5\n    iterations: 3\n"),
      [
        "16:5 manifest-exclusive-keys spec.analysis has iterations and stepWeight: a cluster takes exactly"
      ]
    ),
    (
      canaryText(analysis: "    interval: 1h\n    threshold: 5\n    stepWeight: 5\n"),
      [
        "13:15 manifest-value spec.analysis.interval must be a number of minutes or seconds"
      ]
    ),
    (
      canaryText(analysis: "    interval: 60\n    threshold: \"5\"\n    stepWeight: 5\n"),
      [
        "13:15 manifest-type spec.analysis.interval must be a text, not a number",
        "14:16 manifest-type spec.analysis.threshold must be a number, not a text",
      ]
    ),
    (
      canaryText(analysis: base + "    stepWeights: [1, x]\n"),
      [
        "15:22 manifest-type spec.analysis.stepWeights[1] must be a number, not a text"
      ]
    ),
    (
      canaryText(analysis: base + "    stepWeight: 5\n    metrics:\n    - interval: 1m\n"),
      [
        "17:7 manifest-missing-key spec.analysis.metrics[0] needs the key name"
      ]
    ),
    (
      canaryText(
        analysis: base + "    stepWeight: 5\n    metrics:\n    - name: a\n      templateVariables: {a: 5}\n"),
      [
        "18:30 manifest-type spec.analysis.metrics[0].templateVariables.a must be a text, not a number"
      ]
    ),
    (
      canaryText(analysis: base + "    stepWeight: 5\n    webhooks: [{name: a, url: b, type: later}]\n"),
      [
        "16:40 manifest-value spec.analysis.webhooks[0].type must be one of confirm-rollout, "
      ]
    ),
    (
      canaryText(analysis: base + "    iterations: 5\n    match: [{headers: {a: {exact: x, regex: z}}}]\n"),
      [
        "16:38 manifest-exclusive-keys spec.analysis.match[0].headers.a has exact and regex"
      ]
    ),
  ]
  for (text, expected) in cases {
    let answers = findings(text)
    #expect(answers.count == expected.count, "\(text)\n\(answers)")
    for (answer, beginning) in zip(answers, expected) {
      #expect(answer.hasPrefix(beginning), "\(text)")
    }
    #expect(ManifestReading(reading: text).set.canaries.isEmpty)
  }
}

@Test func `a key that a cluster prunes is a warning with advice`() {
  let analysis = """
        interval: 1m
        threshold: 5
        stepWeight: 5
        stepWieght: 5
        metrics:
        - name: latency
          thresholdRange:
            max: 0.5
            interval: 1m
          extra: 1
    """
  let reading = ManifestReading(reading: canaryText(analysis: analysis))
  #expect(
    described(reading.findings).map { $0.split(separator: " ").prefix(3).joined(separator: " ") } == [
      "16:5 manifest-unknown-key spec.analysis.stepWieght",
      "21:9 manifest-unknown-key spec.analysis.metrics[0].thresholdRange.interval",
      "22:7 manifest-unknown-key spec.analysis.metrics[0].extra",
    ])
  #expect(reading.findings[0].diagnostic.fixes.first?.replacement == "stepWeight")
  #expect(
    reading.findings[1].diagnostic.notes.first?.message
      == "interval is a key of spec.analysis.metrics[0]: is it indented too far?")
  #expect(!reading.hasErrors && reading.set.canaries.count == 1)
}

@Test func `plain scalars mean what Kubernetes' parser takes them for`() throws {
  let numbers: [(String, Double?)] = [
    ("99", 99), ("0x10", 16), ("010", 8), ("0o17", 15), ("0b101", 5), ("1_000", 1000), ("1e3", 1000),
    (".5", 0.5), ("5.", 5), ("-0.25", -0.25), ("+3", 3), ("08", 8), ("0.5", 0.5), (".5_", nil),
    ("1.5e-1", 0.15), ("12:30", nil),
    ("0x", nil), ("1e", nil), ("\"5\"", nil), ("'5'", nil), ("!!int \"5\"", 5), ("!!str 5", nil),
    ("yes", nil), (".inf", nil), (".nan", nil), ("2001-01-01", nil),
    ("18446744073709551615", 18_446_744_073_709_551_616),
  ]
  for (written, expected) in numbers {
    let analysis =
      "    interval: 1m\n    threshold: 1\n    stepWeight: 1\n"
      + "    metrics: [{name: a, threshold: \(written)}]\n"
    let reading = ManifestReading(reading: canaryText(analysis: analysis))
    let value = reading.set.canaries.first?.analysis.value.allMetrics.first?.value.threshold?.value
    #expect(value == expected, "\(written): \(described(reading.findings))")
    #expect(reading.hasErrors == (expected == nil), "\(written)")
  }
  let booleans: [(String, Bool?)] = [
    ("yes", true), ("Off", false), ("y", true), ("N", false), ("TRUE", true), ("on", true), ("tRUE", nil),
    ("1", nil), ("\"yes\"", nil), ("!!bool on", true), ("~", nil),
  ]
  for (written, expected) in booleans {
    let reading = ManifestReading(reading: canaryText(spec: "  suspend: \(written)\n"))
    #expect(reading.set.canaries.first?.suspend?.value == expected, "\(written)")
    #expect(reading.hasErrors == (expected == nil && written != "~"), "\(written)")
  }
  let texts: [(String, String?)] = [
    ("no", nil), ("\"no\"", "no"), ("2001-01-01", "2001-01-01"), ("1.2.3", "1.2.3"), ("null", nil),
    ("12:30", "12:30"),
    ("!!str 12", "12"), ("12", nil), ("!own x", "x"),
  ]
  for (written, expected) in texts {
    let reading = ManifestReading(reading: canaryText(spec: "  metricsServer: \(written)\n"))
    #expect(reading.set.canaries.first?.metricsServer?.value == expected, "\(written)")
  }
}

@Test func `documents, lists, JSON, anchors and merge keys are read, other kinds are counted`() throws {
  let template = """
    apiVersion: flagger.app/v1beta1
    kind: MetricTemplate
    metadata: {name: errors}
    spec: {provider: {type: prometheus, address: "http://p:9090"}, query: up}
    """
  let json = """
    {"apiVersion": "flagger.app/v1beta1", "kind": "AlertProvider",
    \t"metadata": {"name": "chat", "namespace": "test"},
    \t"spec": {"type": "slack", "address": "http:\\/\\/chat\\u002f"}}
    """
  let other = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n"
  let list =
    "apiVersion: v1\nkind: List\nitems:\n- "
    + template.replacing("\n", with: "\n  ").replacing("errors", with: "listed")
  let merged = """
    base: &base {interval: 1m, threshold: 7}
    apiVersion: flagger.app/v1beta1
    kind: Canary
    metadata: {name: &name shop}
    spec:
      targetRef: {apiVersion: apps/v1, kind: Deployment, name: *name}
      analysis:
        <<: *base
        threshold: 3
        stepWeight: 5
    """
  let text = ["# nothing", template, other, json, "", list, merged].joined(separator: "\n---\n")
  let reading = ManifestReading(reading: text)
  #expect(described(reading.findings).map { $0.prefix(30) } == ["27:1 manifest-unknown-key base"])
  #expect(reading.set.templates.map(\.name) == ["errors", "listed"])
  #expect(reading.set.templates.map(\.namespace) == ["default", "default"])
  #expect(reading.set.alertProviders.first?.address?.value == "http://chat/")
  #expect(reading.skippedCount == 1)
  let canary = try reading.set.canary()
  #expect(canary.targetName == "shop")
  #expect(canary.analysis.value.threshold?.value == 3)
  #expect(canary.analysis.value.interval?.value == "1m")
}

@Test func `a document of no known kind is an error, or skipped where folders are searched`() {
  let cases: [(String, String)] = [
    ("a: 1", "1:1 manifest-kind the document has no apiVersion and no kind"),
    ("[1]", "1:1 manifest-kind a resource is a mapping with apiVersion and kind, not a list"),
    ("just text", "1:1 manifest-kind a resource is a mapping with apiVersion and kind, not a text"),
    ("apiVersion: flagger.app/v1beta1\nkind: Canry", "2:7 manifest-kind flagger.app has no kind \"Canry\""),
    (
      "apiVersion: flagger.app/v1alpha3\nkind: Canary",
      "1:13 manifest-kind flagger.app/v1alpha3 is not served"
    ),
    (
      "apiVersion: flagger.app/v1beta1\nkind: Canary",
      "2:7 manifest-missing-key the resource needs the key metadata"
    ),
  ]
  for (text, expected) in cases {
    #expect(findings(text).first?.hasPrefix(expected) == true, "\(findings(text))")
  }
  let source = ManifestSource(name: "values.yaml", bytes: Array("a: 1".utf8))
  let reading = ManifestReading(reading: source, skipsForeign: true)
  #expect(reading.findings.isEmpty && reading.skippedCount == 1)
}

@Test func `an alert provider has an address or a secret`() {
  func text(_ spec: String) -> String {
    "apiVersion: flagger.app/v1beta1\nkind: AlertProvider\nmetadata: {name: a}\nspec: {\(spec)}\n"
  }
  #expect(findings(text("type: slack, address: x")) == [])
  #expect(findings(text("type: msteams, secretRef: {name: x}, channel: c, proxy: p, username: u")) == [])
  let both = findings(text("type: slack, address: x, secretRef: {name: x}"))
  #expect(both.count == 1 && both[0].hasPrefix("4:33 manifest-exclusive-keys spec has address and secretRef"))
  let none = findings(text("type: slack"))
  #expect(none == ["4:1 manifest-missing-key spec needs one of the keys address, secretRef"])
  #expect(findings(text("address: x")) == ["4:1 manifest-missing-key spec needs the key type"])
  #expect(
    findings(text("type: irc, address: x")).first?.contains(
      "must be one of slack, msteams, discord, rocket, gchat") == true)
}

@Test func `hostile YAML ends in an error and a place`() {
  var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
  for level in 1..<12 {
    bomb +=
      "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      + "]\n"
  }
  var chain = "c0: &c0 [x]\n"
  for level in 1..<5000 { chain += "c\(level): &c\(level) [*c\(level - 1)]\n" }
  let deepFlow = String(repeating: "[", count: 100_000)
  let deepBlock = (0..<500).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
  let cases: [(String, String)] = [
    (bomb, "manifest-limit the document holds more than"),
    (bomb + "{*a11: 1}\n", "manifest-"),
    (chain, "manifest-limit nested more than 100 levels deep, aliases followed"),
    (deepFlow, "manifest-limit nested more than 100"),
    (deepBlock, "manifest-limit nested more than 100"),
    (String(repeating: "- ", count: 50_000), "manifest-limit nested more than 100"),
    ("a: *b", "manifest-yaml YAML: no anchor &b"),
    ("a: &a [*a]", "manifest-yaml YAML: no anchor &a"),
    ("a: 1\na: 2", "2:1 manifest-duplicate-key key a is written twice"),
    ("kind: a\n\"kind\": b", "2:1 manifest-duplicate-key"),
    ("1: a\n\"1\": b", "2:1 manifest-duplicate-key"),
    ("? [a]\n: b", "1:3 manifest-yaml a key must be a text"),
    ("<<: 5", "1:5 manifest-yaml only mappings can be merged"),
    ("~: a", "manifest-yaml a key is missing"),
    (": a", "manifest-yaml YAML: did not find expected key"),
    ("a:\n\tb: 1", "2:1 manifest-yaml YAML: found character that cannot start any token"),
    ("a: [1, 2", "manifest-yaml YAML:"),
    ("a: \"open", "manifest-yaml YAML:"),
    ("über: ä ö: x", "1:13 manifest-yaml YAML: mapping values are not allowed in this context"),
    ("a: !!int x", "1:4 manifest-yaml YAML: the text does not fit its tag"),
    ("a: \u{7}", "1:4 manifest-yaml YAML: control characters are not allowed"),
    ("a: \0", "1:4 manifest-yaml a NUL byte"),
    ("%YAML 9.9\n---\na", "manifest-yaml YAML:"),
    ("a: &", "manifest-yaml YAML:"),
  ]
  for (text, expected) in cases {
    let answers = findings(text)
    #expect(answers.count == 1, "\(text.prefix(60)): \(answers.prefix(3))")
    #expect(answers.first?.contains(expected) == true, "\(text.prefix(60)): \(answers.first ?? "")")
  }
  // Problems without number are summed up.
  let many = (0..<1000).map { "k\($0): 1" }.joined(separator: "\n") + "\n"
  #expect(findings(many + canaryText()).count == 101)
  #expect(findings(String(repeating: "a: 1\n---\n", count: 5000)).count == 202)
  let long = findings(canaryText(provider: String(repeating: "\u{1B}[31m", count: 9) + "x"))
  #expect(long.count == 1 && !long[0].utf8.contains(0x1B), "\(long)")
  for bytes: [UInt8] in [[0x61, 0x3A, 0x20, 0xFF], [0xFF, 0xFE, 0x61, 0x00], [0xC3]] {
    let reading = ManifestReading(reading: ManifestSource(name: "x", bytes: bytes))
    #expect(reading.findings.first?.diagnostic.code == ManifestCode.yaml)
  }
  // Nothing in particular, in every length: no crash is the expectation.
  let seed = Array(
    canaryText(analysis: "    interval: |\n      1m\n    x: [&a 'b', *a, {c: \"\\u00e9\"}]\n").utf8)
  for length in 0..<seed.count {
    _ = ManifestReading(reading: ManifestSource(name: "x", bytes: Array(seed[..<length])))
    var changed = seed
    changed[length] = changed[length] &* 31 &+ UInt8(truncatingIfNeeded: length)
    _ = ManifestReading(reading: ManifestSource(name: "x", bytes: changed))
  }
}
