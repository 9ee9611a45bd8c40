import Evaluator
import Gate
import Manifests
import Testing
import TimeSeries

@Suite struct ReportTests {
  private var rollout: Rollout {
    var rollout = Rollout.podinfo(steps(10, to: 50), threshold: 12, hooks: [.preRollout, .rollout])
    rollout.checks = [
      Check(
        metric: "\u{1B}[31mlatency\n", kind: .template("latency.default"),
        query: .text(
          #"histogram_quantile(0.99, sum(rate(request_seconds_bucket{a="b"}[1m])) by (le)) + vector(0)"#),
        bounds: .range(min: nil, max: 0.5)),
      Check(metric: "second", kind: .inline, query: .text("b"), bounds: .range(min: 0, max: nil)),
    ]
    return rollout
  }

  private func text(_ outcome: CheckEvidence, color: Bool = false, width: Int = 80) -> String {
    let report = TextReport(rollout, usesColor: color, width: width)
    var evidence = TickEvidence(time: 1_800_000_000_123)
    evidence.checks = [0: outcome, 1: CheckEvidence(.success(InstantAnswer()))]
    evidence.hooks = [0: .notRun, 1: .notRun]
    let state = AnalysisState(
      phase: .progressing, failedChecks: 11, routes: Routes(primary: 90, canary: 10))
    guard case .settled(let result) = Analysis(rollout).step(state, evidence) else { return "" }
    let record = TickRecord(number: 12, time: evidence.time, before: state, result: result)
    return report.heading(Forecast(rollout), notDone: ["webhook load (rollout): not run"])
      + report.tick(record)
      + report.ending(.outOfEvidence(lastTime: 5)) + JSONReport(rollout).tick(record)
  }

  private let bodies: [CheckEvidence] = [
    CheckEvidence(
      .success(InstantAnswer(series: [AnsweredSeries(content: .value(0.25))]))),
    CheckEvidence(
      .success(
        InstantAnswer(series: [
          AnsweredSeries(labels: Labels([(name: "pod", value: "a\u{1b}[2J")]), content: .value(.infinity)),
          AnsweredSeries(labels: Labels([(name: "pod", value: "b")]), content: .value(1e9)),
        ]))),
    CheckEvidence(.success(InstantAnswer()), findings: [.unknownName("lat\u{1B}]0;x\u{07}", nearest: nil)]),
    CheckEvidence(.failure(.unreachable(String(repeating: "x", count: 300)))),
  ]

  @Test func `every line fits its terminal, and nothing in it moves the cursor`() {
    for body in bodies {
      for width in [80, 100] {
        let lines = text(body, width: width).split(separator: "\n").filter { !$0.hasPrefix("{") }
        #expect(lines.count > 8)
        for line in lines {
          #expect(line.count <= width, "\(line)")
          #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "\(line)")
        }
      }
    }
  }

  @Test func `nothing that was never checked is said to have passed`() {
    var unchecked = rollout
    unchecked.checks = []
    unchecked.hooks = []
    var hooked = unchecked
    hooked.hooks = [Hook(name: "test", kind: .rollout), Hook(name: "gate", kind: .preRollout)]
    var gated = unchecked
    gated.hooks = [Hook(name: "gate", kind: .confirmPromotion)]
    let none = "nothing is checked: the canary has neither metrics nor rollout webhooks"
    let cases: [(Rollout, String?)] = [
      (rollout, nil), (unchecked, none), (gated, none),
      (hooked, "no metric is checked: the canary has none, only a rollout webhook"),
    ]
    for (rollout, reason) in cases {
      #expect(rollout.unchecked == reason)
      let forecast = Forecast(rollout)
      let end = GateEnd.finished(.promoted)
      let texts = [
        TextReport(rollout, width: 200).heading(forecast), TextReport(rollout, width: 200).ending(end),
        JSONReport(rollout).start(forecast), JSONReport(rollout).end(end), end.explanation(in: rollout),
      ]
      for (index, text) in texts.enumerated() {
        if let reason {
          #expect(text.contains(reason), "\(text)")
          #expect(!text.contains("were passed") && !text.contains("rounds of checks"), "\(text)")
        } else {
          #expect(!text.contains("nothing is checked"), "\(index): \(text)")
        }
      }
    }
    var skipped = unchecked
    skipped.skipsAnalysis = true
    #expect(skipped.unchecked == nil)
  }

  @Test func `colour comes only when it is asked for`() {
    #expect(!text(bodies[0]).contains("\u{1B}["))
    #expect(text(bodies[0], color: true).contains("\u{1B}[32m"))
  }

  @Test func `a tick names what happened and what did not`() {
    let shown = text(bodies[2])
    for part in [
      "tick 12  08:00:00.123Z  Progressing  weight 10  failed 12/12", "NO VALUE", "the result is empty",
      "there is no series called lat", "max 0.5", "query: histogram_quantile",
      "second", "not evaluated: the tick had failed", "webhook h-rollout (rollout): not run",
      "→ Halt advancement no values found for custom metric",
      #""verdict":"noValue""#, #""notEvaluated":["second"]"#, #""cause":"noSeries""#,
    ] { #expect(shown.contains(part), "\(part)") }
    let several = text(bodies[1])
    #expect(several.contains(#"2 series, from 1e+09 to +Inf; only the last one counts: {pod=\"b\"}"#))
    #expect(several.contains(#""highest":"+Inf""#))
  }
}
