import Gate
import Manifests
import Testing
import TimeSeries

@Suite struct JudgingTests {
  private let rollout = Rollout.podinfo(steps(10, to: 50))

  /// The verdict's name, and Flagger's words unless it passed.
  private func judge(_ kind: Check.Kind, _ bounds: Bounds, _ body: String) -> String {
    var rollout = rollout
    rollout.checks = [Check(metric: "m", kind: kind, query: .text("q"), bounds: bounds)]
    let answer = Result { () throws(QueryFailure) in
      try InstantAnswer(status: 200, reason: "OK", body: Array(body.utf8))
    }
    let outcome = rollout.checks[0].outcome(of: CheckEvidence(answer))
    if outcome.isPassed { return "passed" }
    return "\(outcome.name): " + AnalysisEvent.halted(0, outcome).message(in: rollout)
  }

  private func vector(_ values: String...) -> String {
    let results = values.map { #"{"metric":{"a":"b"},"value":[1,\#($0)]}"# }
    let list = results.joined(separator: ",")
    return #"{"status":"success","data":{"resultType":"vector","result":[\#(list)]}}"#
  }

  private let most5 = Bounds.range(min: nil, max: 5)

  @Test func `an answer is read in order, the last series wins`() {
    let nothing = "noValue: Halt advancement no values found for custom metric: m: no values found"
    let cases: [(name: String, body: String, expected: String)] = [
      ("one series", vector(#""5""#), "passed"),
      ("nothing", #"{"data":{"result":[]}}"#, nothing),
      ("NaN", vector(#""NaN""#), nothing),
      (
        "the last is too high", vector(#""5""#, #""6""#),
        "failed: Halt podinfo.default advancement m 6.00 > 5"
      ),
      ("the last is fine", vector(#""6""#, #""5""#), "passed"),
      ("the last is NaN", vector(#""5""#, #""NaN""#), nothing),
      ("the first is NaN", vector(#""NaN""#, #""5""#), "passed"),
      ("negative infinity", vector(#""-Inf""#), "passed"),
      ("infinity", vector(#""+Inf""#), "failed: Halt podinfo.default advancement m +Inf > 5"),
      ("an exponent", vector(#""1e1""#), "failed: Halt podinfo.default advancement m 10.00 > 5"),
      ("a JSON number", vector("5"), nothing),
      ("an error in disguise", #"{"status":"error","error":"boom"}"#, nothing),
      (
        "no number", vector(#""five""#),
        #"error: Metric query failed for m: strconv.ParseFloat: parsing "five": invalid syntax"#
      ),
      (
        "a range", #"{"data":{"result":[{"metric":{},"values":[[1,"2"]]}]}}"#,
        "error: Metric query failed for m: query returned multiple values"
      ),
    ]
    for item in cases {
      #expect(judge(.template("t.default"), most5, item.body) == item.expected, "\(item.name)")
    }
  }

  @Test func `what is no vector cannot be read`() {
    let failed = "Metric query failed for m: error unmarshaling result: "
    let cases: [(body: String, start: String)] = [
      (
        #"{"data":{"resultType":"scalar","result":[1,"5"]}}"#,
        "\(failed)json: cannot unmarshal number"
      ),
      ("<html>", "\(failed)invalid character '<' looking for beginning of value, '<html>'"),
      ("", "\(failed)unexpected end of JSON input, ''"),
      (#"{"data":{"result":"#, "\(failed)unexpected end of JSON input"),
      (#"{"data":{"result":[]}} x"#, "\(failed)invalid character 'x' after top-level value"),
      (#"{"data":[]}"#, "\(failed)json: cannot unmarshal array"),
      (#"{"data":{"result":[{"metric":{},"histogram":[1,{}]}]}}"#, "Metric query failed for m: index out of"),
      (String(repeating: "[", count: 100_000), "\(failed)exceeded max depth"),
    ]
    for item in cases {
      let verdict = judge(.template("t.default"), most5, item.body)
      #expect(verdict.hasPrefix("error: " + item.start), "\(verdict.prefix(200))")
    }
  }

  @Test func `no body of any kind does harm`() {
    let body = Array(
      #"{"status":"success","data":{"result":[{"metric":{"a":"\u00fc\ud83d\ude00"},"value":[1.5e3,"-2"]}]}}"#
        .utf8)
    func read(_ bytes: [UInt8]) {
      let answer = Result { () throws(QueryFailure) in
        try InstantAnswer(status: 200, reason: "", body: bytes)
      }
      let check = Check(metric: "m", kind: .inline, query: .text("q"), bounds: most5)
      _ = check.outcome(of: CheckEvidence(answer)).reasons
    }
    for end in body.indices { read(Array(body[..<end])) }
    for place in body.indices {
      for byte in [UInt8(0), 0x22, 0x2D, 0x5C, 0x5B, 0x5D, 0x7B, 0x7D, 0x80, 0xFF] {
        var broken = body
        broken[place] = byte
        read(broken)
      }
    }
  }

  @Test func `a status of 400 or more is an error with the body in its text`() {
    for (kind, text) in [
      (Check.Kind.template("t.default"), "Metric query failed for m: "),
      (.inline, "Prometheus query failed for m: "),
      (.builtIn(.requestSuccessRate, .nginx), "Prometheus query failed: running query failed: "),
    ] {
      var rollout = rollout
      rollout.checks = [Check(metric: "m", kind: kind, query: .text("q"), bounds: most5)]
      let answer = Result { () throws(QueryFailure) in
        try InstantAnswer(status: 502, reason: "Bad Gateway", body: Array("bad gateway".utf8))
      }
      let outcome = rollout.checks[0].outcome(of: CheckEvidence(answer))
      #expect(
        AnalysisEvent.halted(0, outcome).message(in: rollout)
          == text + "error response: Status 502 Bad Gateway: bad gateway")
      #expect(!outcome.isMeasured)
    }
  }

  @Test func `no value has words of its own for each kind of check`() {
    let empty = #"{"data":{"result":[]}}"#
    let idle =
      "Halt advancement no values found for istio metric m probably podinfo.default is not "
      + "receiving traffic"
    let cases: [(Check.Kind, String)] = [
      (.builtIn(.requestSuccessRate, .istio), "\(idle): running query failed: no values found"),
      (.builtIn(.requestSuccessRate, .http), "\(idle): no values found"),
      (.builtIn(.requestDuration, .istio), idle),
      (.inline, "Halt advancement no values found for metric: m"),
    ]
    for (kind, text) in cases { #expect(judge(kind, most5, empty) == "noValue: " + text) }
  }

  @Test func `bounds are inclusive and the deprecated threshold changes its direction`() {
    let success = Check.Kind.builtIn(.requestSuccessRate, .nginx)
    let duration = Check.Kind.builtIn(.requestDuration, .nginx)
    let seconds = Check.Kind.builtIn(.requestDuration, .http)
    let template = Check.Kind.template("t.default")
    let halt = "failed: Halt podinfo.default advancement"
    let cases: [(kind: Check.Kind, bounds: Bounds, value: String, expected: String)] = [
      (template, .range(min: 99, max: nil), "99", "passed"),
      (template, .range(min: nil, max: 99), "99", "passed"),
      (template, .threshold(0), "0", "passed"),
      (template, .threshold(0), "0.01", "\(halt) m 0.01 > 0"),
      (template, .threshold(5), "5", "passed"),
      (template, .threshold(5), "6", "\(halt) m 6.00 > 5"),
      (.inline, .threshold(99), "100", "\(halt) m 100.00 > 99"),
      (template, .range(min: 10, max: 5), "7", "\(halt) m 7.00 < 10"),
      (template, .range(min: 10, max: 5), "12", "\(halt) m 12.00 > 5"),
      (template, .range(min: 0, max: nil), "+Inf", "passed"),
      (template, .range(min: nil, max: nil), "-1e300", "passed"),
      (template, .range(min: nil, max: 1_000_000), "1500000", "\(halt) m 1500000.00 > 1e+06"),
      (template, .range(min: 0.00001, max: nil), "0", "\(halt) m 0.00 < 1e-05"),
      (template, .range(min: nil, max: 100), "100.0001", "\(halt) m 100.00 > 100"),
      (success, .threshold(99), "98", "\(halt) success rate 98.00% < 99%"),
      (success, .threshold(0), "0", "passed"),
      (success, .range(min: 99, max: nil), "98.995", "\(halt) success rate 99.00% < 99%"),
      (success, .range(min: nil, max: 99), "100", "\(halt) success rate 100.00% > 99%"),
      (duration, .threshold(0), "0.9", "passed"),
      (duration, .threshold(0), "1", "\(halt) request duration 1ms > 0s"),
      (duration, .range(min: 100, max: nil), "99.9", "\(halt) request duration 99ms < 100ms"),
      (duration, .threshold(500), "501", "\(halt) request duration 501ms > 500ms"),
      (duration, .range(min: nil, max: 500), "500.9", "passed"),
      (duration, .range(min: nil, max: 0.5), "1", "\(halt) request duration 1ms > 0s"),
      (duration, .range(min: nil, max: 500), "1515", "\(halt) request duration 1.515s > 500ms"),
      (duration, .range(min: nil, max: 500), "+Inf", "passed"),
      (duration, .range(min: 1, max: nil), "-Inf", "\(halt) request duration 0s < 1ms"),
      (duration, .range(min: nil, max: 500), "1e300", "passed"),
      (seconds, .range(min: nil, max: 500), "0.5", "passed"),
      (seconds, .range(min: nil, max: 500), "0.5009", "passed"),
      (seconds, .range(min: nil, max: 500), "0.501", "\(halt) request duration 501ms > 500ms"),
      (seconds, .range(min: nil, max: 569), "0.57", "\(halt) request duration 570ms > 569ms"),
    ]
    for item in cases {
      #expect(
        judge(item.kind, item.bounds, vector("\"\(item.value)\"")) == item.expected,
        "\(item.kind) \(item.bounds) \(item.value)")
    }
  }

  @Test func `a measurement says how close it was, in the unit of its bounds`() {
    func margin(_ kind: Check.Kind, _ bounds: Bounds, _ value: Double) -> Double? {
      let check = Check(metric: "m", kind: kind, query: .text("q"), bounds: bounds)
      let answer = InstantAnswer(series: [AnsweredSeries(content: .value(value))])
      switch check.outcome(of: CheckEvidence(.success(answer))) {
      case .passed(let measurement), .failed(let measurement, _): return measurement.margin
      case .noValue, .error: return nil
      }
    }
    #expect(margin(.inline, .range(min: 0, max: 10), 7) == 3)
    #expect(margin(.inline, .range(min: 6, max: 10), 7) == 1)
    #expect(margin(.inline, .range(min: nil, max: 5), 7) == -2)
    #expect(margin(.inline, .range(min: 10, max: 5), 7) == -3)
    #expect(margin(.inline, .range(min: nil, max: nil), 7) == nil)
    #expect(margin(.builtIn(.requestDuration, .http), .range(min: nil, max: 500), 0.4203) == 80)
    #expect(margin(.inline, .range(min: .infinity, max: nil), .infinity) == 0)
  }

  @Test func `several series are counted and their spread is known`() {
    let check = Check(metric: "m", kind: .inline, query: .text("q"), bounds: most5)
    let answer = InstantAnswer(series: [
      AnsweredSeries(labels: Labels([(name: "pod", value: "a")]), content: .value(9)),
      AnsweredSeries(labels: Labels([(name: "pod", value: "b")]), content: .value(.nan)),
      AnsweredSeries(labels: Labels([(name: "pod", value: "c")]), content: .value(1)),
    ])
    let outcome = check.outcome(of: CheckEvidence(.success(answer)))
    guard case .passed(let measurement) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(measurement.seriesCount == 3)
    #expect(measurement.seriesLabels.description == #"{pod="c"}"#)
    #expect(measurement.lowest == 1 && measurement.highest == 9)
    #expect(outcome.reasons.first?.contains("3 series, from 1 to 9") == true)
  }

  @Test func `checks that cannot be asked fail in the cluster's words`() {
    let cases: [(CheckError, String)] = [
      (.noQuery, "Metric query failed for no usable metrics template and query were configured"),
      (
        .rendering("template excution failed: x"),
        "Metric template t.default query render error: template excution failed: x"
      ),
      (.templateMissing("not found"), "Metric template t.default error: not found"),
      (
        .secretMissing("zz"),
        #"Metric template t.default secret zz error: secrets "zz" not found"#
      ),
      (
        .provider(type: "prometheus", "no password"),
        "Metric template t.default provider prometheus error: no password"
      ),
    ]
    for (error, text) in cases {
      var rollout = rollout
      rollout.checks = [
        Check(metric: "m", kind: .template("t.default"), query: .unavailable(error), bounds: most5)
      ]
      let ticks = Play(rollout: rollout).ticks(3)
      #expect(ticks[2].events == [text])
      #expect(ticks[2].queries == 0)
      #expect(ticks[2].result.state.unmeasuredChecks == 1)
    }
  }
}
