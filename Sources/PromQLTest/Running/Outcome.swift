/// What came of one evaluation (or of a command that failed) of a script.
public struct Outcome: Sendable {
  /// The line of the file at which the command starts, from 1.
  public var line: Int
  /// The query as written; the command itself for a load.
  public var subject: String
  /// Nil when every run gave what was expected.
  public var failure: Failure?

  public init(line: Int, subject: String, failure: Failure? = nil) {
    self.line = line
    self.subject = subject
    self.failure = failure
  }
}

/// Which run of an evaluation failed, how, and the results side by side.
public struct Failure: Sendable {
  /// How a query was run (promqltest.md §5). Times are milliseconds.
  public enum Run: Sendable, Hashable {
    /// The data could not be loaded.
    case load
    /// As written, at the time of the command.
    case asWritten(at: Int64)
    /// With every selector pinned by `@`, evaluated at another time.
    case pinned(text: String, at: Int64)
    /// As a range around the time of an instant run.
    case asRange(text: String, around: Int64)
    /// A range evaluation.
    case range
    /// Rules were evaluated over the series of a unit test, this long behind its start.
    case rules(at: Int64)
    /// The alerts that fire, this long behind the start of a unit test.
    case alerts(at: Int64)
  }

  /// One series of the comparison.
  public struct Row: Sendable, Hashable {
    public var series: String
    /// Nil when the series must not be there.
    public var expected: String?
    /// Nil when the series is not there.
    public var got: String?
    public var agrees: Bool

    public init(series: String, expected: String?, got: String?, agrees: Bool) {
      self.series = series
      self.expected = expected
      self.got = got
      self.agrees = agrees
    }
  }

  public var run: Run
  /// What is wrong, in one sentence.
  public var problem: String
  /// Empty when there is nothing to compare.
  public var rows: [Row]

  public init(run: Run, problem: String, rows: [Row] = []) {
    self.run = run
    self.problem = problem
    self.rows = rows
  }
}

extension Failure.Run: CustomStringConvertible {
  /// As reports name it.
  public var description: String {
    switch self {
    case .load: "load"
    case .asWritten(let time): "as written, at \(Self.seconds(time))"
    case .pinned(let text, let time): "pinned, at \(Self.seconds(time)): \(text)"
    case .asRange(let text, let time): "as a range around \(Self.seconds(time)): \(text)"
    case .range: "range"
    case .rules(let time): "rules, at \(Self.seconds(time))"
    case .alerts(let time): "alerts, at \(Self.seconds(time))"
    }
  }

  private static func seconds(_ milliseconds: Int64) -> String {
    milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
  }
}

/// The outcomes of one script, in the order of its commands.
public struct ScriptResult: Sendable {
  public var outcomes: [Outcome]

  public init(outcomes: [Outcome]) { self.outcomes = outcomes }

  public var passed: Int { outcomes.count { $0.failure == nil } }
  public var failed: Int { outcomes.count - passed }
}
