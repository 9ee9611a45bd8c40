public import Evaluator
import PromQL
public import Rules
import TimeSeries

/// Runs promtool's unit tests (config.md §11): the rules are evaluated over the series step by step,
/// alerts are looked at on the way, expressions at the end.
///
/// Pure but for `guarding`.
public struct UnitTestRunner: Sendable {
  private let guarding: @Sendable (Cancellation) -> Void
  private let selects: @Sendable (String) -> Bool

  /// The most evaluations of the rules in one test.
  static let maximumSteps = 1_000_000

  /// - Parameter guarding: is handed a flag before each query; who has a clock raises it when the
  ///   query takes too long.
  /// - Parameter selects: whether a test of this name is run; tests without a name have an empty one.
  public init(
    guarding: @escaping @Sendable (Cancellation) -> Void = { _ in },
    selects: @escaping @Sendable (String) -> Bool = { _ in true }
  ) {
    self.guarding = guarding
    self.selects = selects
  }

  /// Runs all tests of a file; each starts with an empty store.
  ///
  /// - Parameter groups: the groups of all rule files, in the files' order.
  public func run(_ file: UnitTestFile, groups: [RuleGroup]) -> [Outcome] {
    let rank = { (group: RuleGroup) in
      file.groupOrder.firstIndex { $0.utf8.elementsEqual(group.name.utf8) } ?? 0
    }
    // A stable order: equal ranks keep the files' order.
    let ordered = groups.enumerated()
      .sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
    return file.tests.filter { selects($0.name) }.flatMap { run($0, of: file, groups: ordered) }
  }

  private func run(_ test: UnitTest, of file: UnitTestFile, groups: [RuleGroup]) -> [Outcome] {
    var options = ScriptRunner.options
    options.defaultSubqueryStep = file.evaluationInterval
    let query = RuleQuery(engine: QueryEngine(options: options, features: .all), guarding: guarding)
    var run = UnitTestRun(test, file: file, groups: groups, query: query)
    run.evaluateRules()
    if !run.hasFailedRules { run.checkExpressions() }
    return run.outcomes
  }
}

/// One test while it runs.
struct UnitTestRun {
  private let test: UnitTest
  private let step: Int64
  private let isFuzzy: Bool
  private let query: RuleQuery
  private let store = Store()
  private var groups: [GroupEvaluation]
  private var loaded: [Int]
  /// Alert tests that have not been looked at, the next one last.
  private var pendingAlerts: [UnitTest.AlertTest]
  private(set) var outcomes: [Outcome] = []
  /// A rule failed: as in promtool, nothing after it is looked at.
  private(set) var hasFailedRules = false

  init(_ test: UnitTest, file: UnitTestFile, groups: [RuleGroup], query: RuleQuery) {
    self.test = test
    self.query = query
    step = file.evaluationInterval
    isFuzzy = file.isFuzzy
    let external = ExternalFacts(labels: test.externalLabels, url: test.externalURL)
    self.groups = groups.map { GroupEvaluation($0, query: query, external: external) }
    loaded = test.series.map { _ in 0 }
    pendingAlerts = test.alerts.enumerated()
      .sorted { ($0.element.time, $0.offset) > ($1.element.time, $1.offset) }.map(\.element)
  }

  mutating func evaluateRules() {
    let last = (test.alerts.map(\.time) + test.expressions.map(\.time)).max() ?? 0
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

  /// Appends the samples up to a time: what comes later than the last evaluation is never seen, as in
  /// promtool.
  private mutating func load(through time: Int64) {
    for (index, series) in test.series.enumerated() {
      let labels = series.labels
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
      let found = firing.firstIndex { $0.labels == alert.labels && $0.annotations == alert.annotations }
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
        failure = SampleComparison(isFuzzy: isFuzzy).mismatch(expected.samples, samples).map {
          Failure(run: .asWritten(at: expected.time), problem: $0.problem, rows: $0.rows)
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
}
