import Evaluator
import Gate
import Manifests
import Testing
import TimeSeries

/// From samples to verdicts: built-in and hand-written queries over series of ten minutes.
@Suite struct MeasuredTests {
  private let success = "{name: request-success-rate, interval: 1m, thresholdRange: {min: 99}}"
  private let duration = "{name: request-duration, interval: 1m, thresholdRange: {max: 500}}"

  private func query(_ text: String, _ bounds: String = "{max: 5}") -> String {
    "{name: m, thresholdRange: \(bounds), query: '\(text)'}"
  }

  private func value(_ outcome: CheckOutcome) -> Double? {
    switch outcome {
    case .passed(let measurement), .failed(let measurement, _): measurement.value
    case .noValue, .error: nil
    }
  }

  @Test func `the success rate of the canary alone is judged`() async throws {
    let busy = try Measured().requests("200") { 100_000 + 98 * $0 }.requests("500") { 100_000 + 2 * $0 }
    try busy.requests("500", canary: false) { 1000 + 100 * $0 }
    let bad = try await busy.judge(success)
    #expect(value(bad.outcome) == 98)
    #expect(bad.text == "Halt podinfo.default advancement success rate 98.00% < 99%")

    let healthy = try await Measured().requests("200") { 1000 + 10 * $0 }.judge(success)
    #expect(value(healthy.outcome) == 100 && healthy.outcome.isPassed)

    let halved = try await Measured().requests("200") { 1000 + 10 * $0 }
      .requests("503") { 1000 + 10 * $0 }.judge(success)
    #expect(value(halved.outcome) == 50)

    let classes = try await Measured().requests("2xx") { 9 * $0 }.requests("5xx") { $0 }.judge(success)
    #expect(value(classes.outcome).map { ($0 * 1e9).rounded() / 1e9 } == 90)

    let silent = try await Measured().requests("500") { 1000 + 10 * $0 }.requests("200") { _ in 5000 }
      .judge(success)
    #expect(silent.text == "Halt podinfo.default advancement success rate 0.00% < 99%")

    let reset = try await Measured().requests("200") { 98 * ($0 < 570 ? $0 + 1000 : $0 - 570) }
      .requests("500") { 2 * ($0 < 570 ? $0 + 1000 : $0 - 570) }.judge(success)
    #expect(value(reset.outcome).map { abs($0 - 98) < 1e-9 } == true)
  }

  @Test func `what was there before the canary counts as long as the window reaches it`() async throws {
    let stale = try Measured().requests("200", to: 570) { 1000 + 5 * $0 }
      .requests("500", to: 570) { 1000 + 5 * $0 }
    #expect(value(try await stale.judge(success).outcome) == 50)
    let short = try await stale.judge(success.replacing("1m", with: "30s"))
    guard case .noValue(let noValue) = short.outcome else {
      Issue.record("\(short)")
      return
    }
    #expect(noValue.findings.description.contains("newest is from 1970-01-01 00:09:30Z"))
  }

  @Test func `no value says why`() async throws {
    let requests = "nginx_ingress_controller_requests"
    let cases: [(name: String, data: Measured, metric: String, cause: NoValue.Cause, finding: String)] = [
      ("no traffic", try Measured().requests("200") { _ in 1000 }, success, .notANumber, "0/0: sum( rate("),
      ("one sample", try Measured().requests("200", from: 600) { $0 }, success, .noSeries, "has one sample"),
      (
        "all failing from birth", try Measured().requests("500") { 10 * $0 }, success, .noSeries,
        #"no series of \#(requests) has status!~"5.*"; seen: "500""#
      ),
      (
        "nothing at all", Measured(), success, .noSeries,
        "there is no series called \(requests)"
      ),
      (
        "relabelled",
        try Measured().add(
          "nginx_ingress_controller_requests",
          ["namespace": "ingress", "exported_namespace": "default", "ingress": "podinfo", "canary": "c"],
          { $0 }), success, .noSeries, "exported_namespace has it: scrape with honor_labels"
      ),
      (
        "healthy by errors", try Measured().requests("200") { 10 * $0 },
        query(#"sum(rate(\#(requests){status=~"5.."}[1m])) / sum(rate(\#(requests)[1m]))"#), .noSeries,
        #"has status=~"5.."; seen: "200""#
      ),
      (
        "a filter", try Measured().add("g", [:]) { _ in 1 }, query("sum(g) > 5"), .noSeries,
        "removed 1 series with the value 1; with bool it would answer 0"
      ),
      (
        "no labels in common", try Measured().add("g", ["q": "x"]) { _ in 1 },
        query("sum by (q) (g) / sum(g)"), .noSeries,
        "only the left has q; on () would match"
      ),
      (
        "an exported NaN", try Measured().add("g", ["a": "1"]) { _ in 5 }.add("g", ["a": "2"]) { _ in .nan },
        query("sum(g)"), .notANumber, "g was exported as NaN"
      ),
      (
        "an old sample", try Measured().add("g", [:], to: 240) { _ in 9 }, query("g"), .noSeries,
        "without a sample in the last 5m"
      ),
      (
        "a quiet histogram",
        try Measured().add("b", ["le": "1"]) { _ in 1 }.add("b", ["le": "+Inf"]) { _ in 1 },
        query("histogram_quantile(0.9, sum by (le) (rate(b[1m])))"), .notANumber, "no observation"
      ),
      (
        "a bucket alone", try Measured().add("b", ["le": "+Inf"]) { $0 },
        query("histogram_quantile(0.9, sum by (le) (rate(b[1m])))"), .notANumber, "no usable buckets"
      ),
      (
        "or does not mend NaN", try Measured().requests("200") { _ in 1 },
        query("(sum(rate(\(requests)[1m])) / sum(rate(\(requests)[1m]))) or vector(0)"),
        .notANumber, "0/0"
      ),
    ]
    for item in cases {
      let (outcome, text) = try await item.data.judge(item.metric)
      guard case .noValue(let noValue) = outcome else {
        Issue.record("\(item.name): \(outcome)")
        continue
      }
      #expect(noValue.cause == item.cause, "\(item.name)")
      let said = noValue.findings.map(\.description).joined(separator: " | ")
      #expect(said.contains(item.finding), "\(item.name): \(said)")
      #expect(text.hasPrefix("Halt advancement no values found for"), "\(item.name)")
    }
  }

  @Test func `a query of any depth has its reasons looked for without harm`() async throws {
    for depth in [50, 3_000] {
      let nested = String(repeating: "(", count: depth) + "g" + String(repeating: ")", count: depth)
      let negated = String(repeating: "-", count: depth) + "g"
      for text in [nested, negated, String(repeating: "abs(", count: depth) + nested] {
        #expect(try await Measured().judge(query(text)).outcome.isPassed == false)
      }
    }
  }

  @Test func `windows are open on the left`() async throws {
    let sparse = try Measured().requests("200", every: 30) { 10 * $0 }
    #expect(value(try await sparse.judge(success).outcome) == 100)
    #expect(value(try await sparse.judge(success.replacing("1m", with: "30s")).outcome) == nil)
  }

  private func buckets(_ pod: String, _ name: String, _ bounds: [(String, Double)]) throws -> Measured {
    let data = Measured()
    for (bound, rate) in bounds {
      try data.add(
        name, ["kubernetes_namespace": "default", "kubernetes_pod_name": pod, "le": bound]
      ) { rate * $0 }
    }
    return data
  }

  @Test func `durations come from histograms, in the provider's own unit`() async throws {
    let name = "http_request_duration_seconds_bucket"
    let usual = [("0.1", 90.0), ("0.5", 99.0), ("1.0", 100.0), ("+Inf", 100.0)]
    let pods = try buckets("podinfo-7d9f8b6c5-x2k4p", name, usual)
    let good = try await pods.judge(duration, provider: "kubernetes")
    #expect(value(good.outcome) == 0.5 && good.outcome.isPassed)

    let daemon = try buckets("podinfo-x2k4p", name, usual)
    let never = try await daemon.judge(duration, provider: "kubernetes", kind: "DaemonSet")
    #expect(!never.outcome.isMeasured)
    let foreign = try buckets("podinfo-foo-abcde", name, usual)
    #expect(try await foreign.judge(duration, provider: "kubernetes").outcome.isPassed)

    let beyond = try buckets(
      "podinfo-7d9f8b6c5-x2k4p", name, [("0.5", 0), ("1.0", 0), ("+Inf", 100)])
    #expect(
      try await beyond.judge(duration, provider: "kubernetes").text
        == "Halt podinfo.default advancement request duration 1s > 500ms")

    let istio = Measured()
    for (bound, rate) in [("100", 90.0), ("250", 99.0), ("500", 100.0), ("+Inf", 100.0)] {
      try istio.add(
        "istio_request_duration_milliseconds_bucket",
        [
          "reporter": "destination", "destination_workload_namespace": "default",
          "destination_workload": "podinfo", "le": bound,
        ]
      ) { rate * $0 }
    }
    #expect(value(try await istio.judge(duration, provider: "istio").outcome) == 250)
  }

  @Test func `queries of one's own mean what they say`() async throws {
    let g = try Measured().add("g", ["namespace": "a", "pod": "1"]) { _ in 1 }
      .add("g", ["namespace": "a", "pod": "2"]) { _ in 2 }
    let failed = "Prometheus query failed for m:"
    let refused = "\(failed) error response: Status"
    let cases: [(query: String, bounds: String, expected: String)] = [
      ("sum(g) > bool 5", "{max: 0}", ""),
      ("scalar(sum(g))", "{max: 5}", "\(failed) error unmarshaling result: json: cannot unmarshal number"),
      ("g[1m]", "{max: 5}", "\(failed) query returned multiple values"),
      ("absent(g{namespace=\"zz\"})", "{max: 0}", "Halt podinfo.default advancement m 1.00 > 0"),
      (
        "g / on(namespace) g", "{max: 5}",
        #"\#(refused) 422 Unprocessable Entity: {"status":"error","errorType":"execution","error":"found d"#
      ),
      (
        "", "{max: 5}",
        "Metric query failed for no usable metrics template and query were configured"
      ),
      (
        "sum(", "{max: 5}",
        #"\#(refused) 400 Bad Request: {"status":"error","errorType":"bad_data","error":"invalid parameter "#
          + #"\"query\": 1:5: parse error: unclosed left parenthesis"#
      ),
      ("max(g)", "{max: 5}", ""), ("sum(g offset 1m)", "{min: 3, max: 3}", ""),
      ("(sum(g) > 10000) or vector(100)", "{min: 99}", ""),
    ]
    for item in cases {
      let (outcome, text) = try await g.judge(query(item.query, item.bounds))
      #expect(
        item.expected.isEmpty ? outcome.isPassed : text.hasPrefix(item.expected),
        "\(item.query): \(outcome) \(text)")
    }
  }
}
