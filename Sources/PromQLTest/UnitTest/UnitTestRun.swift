import Evaluator
import PromQL
import Rules
import TimeSeries

/// One test while it runs.
struct UnitTestRun {
  private let test: UnitTest
  private let step: Int64
  private let isFuzzy: Bool
  private let query: RuleQuery
  private let store = Store()
  private var groups: [GroupEvaluation]
  private let series: [SeriesLine]
  private var loaded: [Int]
  /// When the last evaluation is, behind the start.
  private let last: Int64
  /// Alert tests that have not been looked at, the next one last.
  private var pendingAlerts: [UnitTest.AlertTest]
  private(set) var outcomes: [Outcome] = []
  /// A rule failed: as in promtool, nothing after it is looked at.
  private(set) var hasFailedRules = false

  /// Throws when the test cannot be run.
  init(
    _ test: UnitTest, file: UnitTestFile, groups: [RuleGroup], query: RuleQuery
  ) throws(UnitTestProblem) {
    self.test = test
    self.query = query
    step = file.evaluationInterval
    isFuzzy = file.isFuzzy
    let external = ExternalFacts(labels: test.externalLabels, url: test.externalURL, isServer: false)
    self.groups = groups.map { GroupEvaluation($0, query: query, external: external) }
    let end = (test.alerts.map(\.time) + test.expressions.map(\.time)).max() ?? 0
    last = end - end % step
    // What comes later than the last evaluation is never seen, as in promtool.
    series = try test.load(keeping: Int(clamping: last / test.interval + 1)).series.map(\.series)
    loaded = series.map { _ in 0 }
    for alert in test.alerts where alert.name.isEmpty {
      throw UnitTestProblem(
        line: alert.line,
        description: "an item under alert_rule_test misses required attribute alertname at eval_time "
          + DurationText.text(milliseconds: alert.time)
          + (test.name.isEmpty ? "" : " (in TestGroup \(test.name))"))
    }
    pendingAlerts = test.alerts.enumerated()
      .sorted { ($0.element.time, $0.offset) > ($1.element.time, $1.offset) }.map(\.element)
  }

  mutating func evaluateRules() {
    if groups.isEmpty {
      load(through: last)
      while let next = pendingAlerts.popLast() { check(next) }
      return
    }
    guard last / step < UnitTestRunner.maximumSteps else {
      let limit = UnitTestRunner.maximumSteps
      return fail(line: firstLine, "rules", .rules(at: last), "more than \(limit) evaluations of the rules")
    }
    var time: Int64 = 0
    while time <= last, !hasFailedRules {
      load(through: time)
      guard !hasFailedRules else { return }
      for index in groups.indices {
        for (rule, failure) in groups[index].evaluate(at: test.start &+ time, in: store) {
          fail(line: firstLine, "rule \(rule.name)", .rules(at: time), failure.message)
        }
      }
      guard !hasFailedRules else { return }
      while let next = pendingAlerts.last, next.time < time &+ step {
        pendingAlerts.removeLast()
        check(next)
      }
      time &+= step
    }
  }

  private var firstLine: Int { (test.alerts.map(\.line) + test.expressions.map(\.line)).min() ?? 1 }

  private mutating func fail(line: Int, _ subject: String, _ run: Failure.Run, _ problem: String) {
    hasFailedRules = true
    outcomes.append(
      Outcome(line: line, subject: named(subject), failure: Failure(run: run, problem: problem)))
  }

  private func named(_ subject: String) -> String {
    test.name.isEmpty ? subject : "\(test.name): \(subject)"
  }

  /// Appends the samples up to a time.
  private mutating func load(through time: Int64) {
    for (index, series) in series.enumerated() {
      let labels = series.labels
      if loaded[index] == 0, let name = series.duplicateName {
        return fail(
          line: firstLine, "input_series", .load, "label name \(GoText.quoted(name)) is not unique")
      }
      while loaded[index] < series.values.count {
        let (offset, overflow) = test.interval.multipliedReportingOverflow(by: Int64(loaded[index]))
        guard !overflow, offset <= time else { break }
        let value = series.values[loaded[index]]
        loaded[index] += 1
        let sample: StoredSample.Value
        switch value {
        case .omitted: continue
        case .float(let number): sample = .float(number)
        case .histogram(let histogram, _): sample = .histogram(histogram)
        }
        do {
          try store.append(labels, StoredSample(timestamp: test.start &+ offset, sample))
        } catch { return fail(line: firstLine, "input_series", .load, "\(error)") }
      }
    }
  }

  // Alerts.

  private mutating func check(_ expected: UnitTest.AlertTest) {
    var firing = groups.flatMap { $0.alerts(named: expected.name) }.filter { $0.state == .firing }
    var rows: [Failure.Row] = []
    var missing: [UnitTest.Alert] = []
    for alert in expected.alerts {
      let found = firing.firstIndex {
        alert.canMatch && $0.labels == alert.labels && Self.areSame($0.annotations, alert.annotations)
      }
      guard let found else {
        missing.append(alert)
        continue
      }
      let text = Self.annotations(alert.annotations)
      rows.append(.init(series: "\(alert.labels)", expected: text, got: text, agrees: true))
      firing.remove(at: found)
    }
    for alert in missing {
      // The same labels with other annotations stand side by side.
      let other = firing.firstIndex { $0.labels == alert.labels }.map { firing.remove(at: $0) }
      rows.append(
        .init(
          series: "\(alert.labels)", expected: Self.annotations(alert.annotations),
          got: other.map { Self.annotations($0.annotations) }, agrees: false))
    }
    rows += firing.map {
      .init(series: "\($0.labels)", expected: nil, got: Self.annotations($0.annotations), agrees: false)
    }
    let differs = rows.contains { !$0.agrees }
    let problem = "other alerts fire than expected"
    outcomes.append(
      Outcome(
        line: expected.line, subject: named("alert \(expected.name)"),
        failure: differs ? Failure(run: .alerts(at: expected.time), problem: problem, rows: rows) : nil))
  }

  /// By bytes: strings that differ may be equal to Swift.
  private static func areSame(_ left: [String: String], _ right: [String: String]) -> Bool {
    Self.annotations(left).utf8.elementsEqual(Self.annotations(right).utf8)
  }

  private static func annotations(_ annotations: [String: String]) -> String {
    let pairs = annotations.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { "\($0.key)=\(GoText.quoted($0.value))" }
    return "firing {" + pairs.joined(separator: ", ") + "}"
  }

  // Expressions.

  mutating func checkExpressions() {
    let snapshot = store.snapshot()
    for expected in test.expressions {
      let failure: Failure?
      do {
        let samples = try query.samples(
          of: expected.expression, at: test.start &+ expected.time, over: snapshot)
        if let problem = expected.problem {
          failure = Failure(run: .asWritten(at: expected.time), problem: problem)
        } else {
          failure = SampleComparison(isFuzzy: isFuzzy).mismatch(expected.samples, samples).map {
            Failure(run: .asWritten(at: expected.time), problem: $0.problem, rows: $0.rows)
          }
        }
      } catch {
        failure = Failure(
          run: .asWritten(at: expected.time), problem: "the query failed: \(error.message)")
      }
      outcomes.append(
        Outcome(
          line: expected.line,
          subject: named(String(decoding: expected.expression, as: UTF8.self)), failure: failure))
    }
  }

  /// All series but what lies at the start itself, up to the next whole second after the last time that is
  /// looked at; nil when the query fails.
  func dump(asking engine: QueryEngine) -> (text: String, time: Int64)? {
    let end = (test.alerts.map(\.time) + test.expressions.map(\.time)).max() ?? 0
    let time = (end / 1000 + 1) * 1000
    let text = "{__name__=~\".+\"}[\(time / 1000)s]"
    let result = try? engine.instant(Array(text.utf8), at: test.start &+ time, over: store.snapshot())
    guard case .matrix(let all)? = result?.value else { return nil }
    let lines = all.flatMap { series in
      ["\(series.labels) =>"]
        + zip(series.values, series.timestamps).map { "\(GoText.plain($0)) @[\($1)]" }
        + zip(series.histograms, series.histogramTimestamps).map { "\($0) @[\($1)]" }
    }
    return (lines.joined(separator: "\n"), time)
  }
}
