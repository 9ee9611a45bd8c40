public import Evaluator
import PromQL
public import Rules
public import TimeSeries

/// Runs promtool's unit tests (config.md §11): the rules are evaluated over the series step by step,
/// alerts are looked at on the way, expressions at the end.
///
/// Pure but for `guarding` and `observing`.
public struct UnitTestRunner: Sendable {
  /// What happens while tests run, for who wants to tell.
  public enum Event: Sendable {
    /// A test of this name begins; one without is called by its number.
    case started(name: String)
    /// All series of a test after its last evaluation, those of rules included, as promtool dumps them.
    case data(String, at: Int64)
    case finished(name: String)
  }

  /// What promtool's flags would switch.
  public let switches: UnitTestSwitches
  private let memory: MemoryBudget
  private let guarding: @Sendable (Cancellation) -> Void
  private let selects: @Sendable (String) -> Bool
  private let observing: (@Sendable (Event) -> Void)?

  /// The most evaluations of the rules in one test.
  static let maximumSteps = 10_000_000

  /// - Parameters:
  ///   - memory: what queries may hold.
  ///   - guarding: is handed a flag before each query; who has a clock raises it when the query takes too
  ///     long.
  ///   - selects: whether a test of this name is run; tests without a name have an empty one.
  ///   - observing: is told what happens.
  public init(
    switches: UnitTestSwitches = UnitTestSwitches(), memory: MemoryBudget = .unlimited,
    guarding: @escaping @Sendable (Cancellation) -> Void = { _ in },
    selects: @escaping @Sendable (String) -> Bool = { _ in true },
    observing: (@Sendable (Event) -> Void)? = nil
  ) {
    self.switches = switches
    self.memory = memory
    self.guarding = guarding
    self.selects = selects
    self.observing = observing
  }

  /// Whether any test of a file is run.
  func selectsAny(of file: UnitTestFile) -> Bool { file.tests.contains { selects($0.name) } }

  /// Runs the tests of a file that are selected; each starts with an empty store.
  ///
  /// - Parameter groups: the groups of all rule files, in the files' order.
  public func run(_ file: UnitTestFile, groups: [RuleGroup]) -> [Outcome] {
    let rank = { (group: RuleGroup) in
      file.groupOrder.firstIndex { $0.utf8.elementsEqual(group.name.utf8) } ?? 0
    }
    // A stable order: equal ranks keep the files' order.
    let ordered = groups.enumerated()
      .sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }.map(\.element)
    var outcomes: [Outcome] = []
    for (index, test) in file.tests.enumerated() where selects(test.name) {
      let name = test.name.isEmpty ? "unnamed#\(index)" : test.name
      observing?(.started(name: name))
      outcomes += run(test, of: file, groups: ordered)
      observing?(.finished(name: name))
    }
    return outcomes
  }

  private func run(_ test: UnitTest, of file: UnitTestFile, groups: [RuleGroup]) -> [Outcome] {
    let options = EvaluationOptions(
      defaultSubqueryStep: file.evaluationInterval, delaysNameRemoval: switches.delaysNameRemoval)
    let engine = QueryEngine(options: options, features: switches.features, memory: memory)
    let query = RuleQuery(engine: engine, guarding: guarding)
    do {
      var run = try UnitTestRun(test, file: file, groups: groups, query: query)
      run.evaluateRules()
      guard !run.hasFailedRules else { return run.outcomes }
      run.checkExpressions()
      if let observing, let (text, time) = run.dump(asking: engine) { observing(.data(text, at: time)) }
      return run.outcomes
    } catch {
      let subject = test.name.isEmpty ? "test" : test.name
      return [
        Outcome(
          line: error.line, subject: subject, failure: Failure(run: .load, problem: error.description))
      ]
    }
  }
}
