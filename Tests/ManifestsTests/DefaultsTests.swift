import Manifests
import Testing

@Test func `durations are read and written as Go does`() {
  let good: [(String, Int64, String)] = [
    ("1m30s", 90_000_000_000, "1m30s"), ("0", 0, "0s"), ("-1.5h", -5_400_000_000_000, "-1h30m0s"),
    ("300ms", 300_000_000, "300ms"), (".5s", 500_000_000, "500ms"), ("1.515s", 1_515_000_000, "1.515s"),
    ("1us", 1000, "1µs"), ("1µs", 1000, "1µs"), ("3ns", 3, "3ns"), ("+5s", 5_000_000_000, "5s"),
    ("30s1m", 90_000_000_000, "1m30s"), ("1h", 3_600_000_000_000, "1h0m0s"),
    ("9223372036854775807ns", .max, "2562047h47m16.854775807s"),
    ("-9223372036854775808ns", .min, "-2562047h47m16.854775808s"),
    ("0.9223372036854775807h", 3_320_413_933_267, "55m20.413933267s"),
  ]
  for (text, nanoseconds, printed) in good {
    let duration = try? GoDuration(parsing: text)
    #expect(duration?.nanoseconds == nanoseconds, "\(text)")
    #expect(duration?.description == printed, "\(text)")
  }
  let bad = [
    ("", "time: invalid duration \"\""), ("abc", "time: invalid duration \"abc\""),
    ("60", "time: missing unit in duration \"60\""),
    ("60sfoo", "time: unknown unit \"sfoo\" in duration \"60sfoo\""),
    ("1d", "time: unknown unit \"d\" in duration \"1d\""), (".s", "time: invalid duration \".s\""),
    ("9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""),
    ("99999999999999999999s", "time: invalid duration \"99999999999999999999s\""),
    ("1\"", "time: unknown unit \"\\\"\" in duration \"1\\\"\""), ("-", "time: invalid duration \"-\""),
    ("3000000h", "time: invalid duration \"3000000h\""),
  ]
  for (text, message) in bad {
    do {
      _ = try GoDuration(parsing: text)
      Issue.record("\(text) must be refused")
    } catch {
      #expect(error.description == message)
    }
  }
}

@Test func `what a manifest leaves out is what Flagger makes of it`() throws {
  let canary = try ManifestReading(reading: canaryText(provider: nil)).set.canary()
  #expect(canary.serviceName == "podinfo" && canary.ingressName == "podinfo" && canary.routeName == "podinfo")
  #expect(canary.primaryServiceName == "podinfo-primary" && canary.primaryTargetName == "podinfo-primary")
  #expect(canary.progressDeadline == 600 && !canary.skipsAnalysis && !canary.isSuspended)
  let intervals: [(String, Int64)] = [("5s", 10), ("1m30s", 90), ("60sfoo", 60), ("0s", 10), ("10s", 10)]
  for (written, seconds) in intervals {
    let text = canaryText(
      analysis: "    interval: \(written)\n    threshold: -1\n    stepWeight: 1\n    maxWeight: 0\n")
    let analysis = try ManifestReading(reading: text).set.canary().analysis.value
    #expect(analysis.tickInterval == .seconds(seconds), "\(written)")
    #expect(analysis.failedChecksLimit == 1 && analysis.effectiveMaxWeight == 100)
  }
  var analysis = CanaryAnalysis()
  #expect(analysis.tickInterval == .seconds(60) && analysis.weightLimit == 100)
  analysis.stepWeights = Located([Located(1), Located(200)])
  #expect(analysis.weightLimit == 100)
  analysis.stepWeights = Located([Located(1), Located(40)])
  analysis.maxWeight = Located(10)
  #expect(analysis.weightLimit == 40)
}

@Test func `the strategy follows from iterations, match and provider`() throws {
  let base = "    interval: 1m\n    threshold: 1\n"
  let match = "    match: [{headers: {a: {exact: b}}}]\n"
  let cases: [(String, String, RolloutStrategy)] = [
    (base + "    stepWeight: 5\n", "istio", .canary),
    (base + "    stepWeights: [5]\n" + match, "istio", .canary),
    (base + "    iterations: 5\n", "nginx", .blueGreen),
    (base + "    iterations: 5\n    match: []\n", "nginx", .blueGreen),
    (base + "    iterations: 5\n" + match, "nginx", .abTesting),
    (base + "    iterations: 5\n" + match, "kubernetes", .blueGreen),
    (base + "    stepWeight: 5\n", "kubernetes", .blueGreen),
  ]
  for (analysis, provider, expected) in cases {
    let canary = try ManifestReading(reading: canaryText(analysis: analysis)).set.canary()
    #expect(canary.strategy(on: provider) == expected, "\(analysis)\(provider)")
  }
}

@Test func `references are looked up with the canary's namespace, and their absence is typed`() throws {
  func template(_ name: String, _ namespace: String) -> String {
    "---\napiVersion: flagger.app/v1beta1\nkind: MetricTemplate\n"
      + "metadata: {name: \(name), namespace: \(namespace)}\n"
      + "spec: {provider: {type: prometheus}, query: \(namespace)}\n"
  }
  let text = canaryText() + "\n" + template("a", "test") + template("a", "other") + template("b", "other")
  let set = ManifestReading(reading: text).set
  let canary = try set.canary(named: "podinfo.test")
  func lookUp(_ name: String, _ namespace: String?) throws -> String {
    let reference = NamespacedReference(name: Located(name), namespace: namespace.map { Located($0) })
    return try set.template(reference, of: canary).query.text
  }
  #expect(try lookUp("a", nil) == "test")
  #expect(try lookUp("a", "") == "test")
  #expect(try lookUp("a", "other") == "other")
  do {
    _ = try lookUp("b", nil)
    Issue.record("it must fail")
  } catch let error as ManifestReferenceError {
    #expect(
      error
        == .missing(.metricTemplate, name: "b", namespace: "test", known: ["a.test", "a.other", "b.other"]))
    #expect(error.description == "MetricTemplate b.test not found: known: a.test, a.other, b.other")
  }
  #expect(throws: ManifestReferenceError.self) { try set.canary(named: "shop") }
  let two = ManifestReading(reading: canaryText() + "\n---\n" + canaryText(name: "shop")).set
  #expect(throws: ManifestReferenceError.ambiguousCanary(candidates: ["podinfo.test", "shop.test"])) {
    try two.canary()
  }
  #expect(try two.canary(named: "shop").name == "shop")
}

@Test func `what the controller refuses is said before a cluster does`() {
  func check(_ text: String, crossing: Bool = true) -> [String] {
    var options = ControllerOptions()
    options.allowsCrossNamespaceReferences = crossing
    let reading = ManifestReading(reading: text)
    return described(reading.findings + reading.set.validated(options))
  }
  let base = "    interval: 1m\n    threshold: 5\n    stepWeight: 10\n"
  #expect(check(canaryText()) == [])
  #expect(check(canaryText(provider: "knative"))[0].hasPrefix("9:5 manifest-refused provider knative needs"))
  let knative = canaryText(provider: "nginx").replacing("apps/v1", with: "serving.knative.dev/v1")
    .replacing("Deployment", with: "Service")
  #expect(check(knative)[0].hasPrefix("7:13 manifest-refused a Knative Service needs provider: knative"))
  let cookies = base + "    sessionAffinity: {cookieName: a, primaryCookieName: a}\n"
  #expect(
    check(canaryText(analysis: cookies)) == [
      "16:57 manifest-refused cookieName and primaryCookieName must differ"
    ])
  let crossing = base + "    metrics: [{name: m, templateRef: {name: t, namespace: far}}]\n"
  #expect(check(canaryText(analysis: crossing)) == [])
  #expect(
    check(canaryText(analysis: crossing), crossing: false) == [
      "16:59 manifest-refused can't access metric template t.far, cross-namespace references are blocked"
    ])
  let twice = check(canaryText() + "\n---\n" + canaryText())
  #expect(twice.count == 1 && twice[0].contains("Canary podinfo.test is in manifest.yaml too"))
  let shared = check(canaryText() + "\n---\n" + canaryText(name: "shop"))
  #expect(
    shared.count == 1 && shared[0].contains("canary podinfo has the target Deployment/podinfo.test too"))
}
