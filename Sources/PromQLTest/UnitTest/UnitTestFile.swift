public import TimeSeries

/// promtool's file of unit tests for rules (config.md §11). Times are milliseconds.
public struct UnitTestFile: Sendable {
  /// Paths of rule files with `*`, `?` and `[…]`, relative to the file itself.
  public var ruleFiles: [String] = []
  /// How often the rules are evaluated.
  public var evaluationInterval: Int64
  /// Names of groups in the order in which they are evaluated; others count as the first.
  public var groupOrder: [String] = []
  /// Whether values may differ in their last bit.
  public var isFuzzy = false
  /// In the order written.
  public var tests: [UnitTest] = []

  /// Whether anything is looked at: a file without would pass whatever the rules are.
  public var hasTests: Bool { tests.contains { !$0.expressions.isEmpty || !$0.alerts.isEmpty } }

  /// A file without tests.
  public init(evaluationInterval: Int64) { self.evaluationInterval = evaluationInterval }

  /// Whether a text is such a file rather than a script or a file of rules: a line that begins with
  /// `tests:`. Broken files are recognised too.
  public static func isUnitTest(_ bytes: [UInt8]) -> Bool {
    let key = Array("tests:".utf8)
    // Enough to say of a text in UTF-16 that it is one and cannot be read.
    let bytes =
      ByteOrderMark.isUTF16(bytes) ? bytes.dropFirst(2).filter { $0 != 0 } : ByteOrderMark.stripped(bytes)
    return bytes.split(separator: UInt8(ascii: "\n")).contains { $0.starts(with: key) }
  }
}

/// One test of a file: series, and what is expected of the rules and of expressions.
public struct UnitTest: Sendable {
  /// In the file, from 1.
  public var line: Int
  /// Empty when it has none.
  public var name: String
  /// The time of the first value of each series.
  public var start: Int64
  /// Between the values of a series.
  public var interval: Int64
  /// The input, one value an interval.
  public var input: [InputSeries]
  /// Looked at after the last evaluation.
  public var expressions: [ExpressionTest]
  /// Looked at on the way.
  public var alerts: [AlertTest]
  /// What templates see as `$externalLabels`.
  public var externalLabels: [String: String]
  /// What templates see as `$externalURL`.
  public var externalURL: String

  /// An item of `input_series`, as written.
  public struct InputSeries: Sendable {
    /// Line in the file.
    public var line: Int
    /// `name{label="value"}`
    public var series: String
    /// `0+1x10 _ stale`
    public var values: String
  }

  /// `promql_expr_test`
  public struct ExpressionTest: Sendable {
    /// Line in the file.
    public var line: Int
    /// The query as written.
    public var expression: [UInt8]
    /// Behind the test's start.
    public var time: Int64
    /// All that the query must yield, in any order.
    public var samples: [Sample]
    /// What is wrong with one of these; the test fails then.
    public var problem: String?
  }

  /// A float or a histogram that is expected.
  public struct Sample: Sendable {
    /// With the name when the result has one.
    public var labels: Labels
    /// False for labels that no series can have: `{a=""}`, `{a="1",a="1"}`.
    public var canMatch = true
    /// Meaningless beside a histogram.
    public var value: Double
    /// Nil when a float is expected.
    public var histogram: NativeHistogram?
  }

  /// `alert_rule_test`: all alerts of a name that fire at a time.
  public struct AlertTest: Sendable {
    /// Line in the file.
    public var line: Int
    /// Of the alerts that are looked at; empty when it was forgotten.
    public var name: String
    /// Behind the test's start.
    public var time: Int64
    /// All that must fire, in any order.
    public var alerts: [Alert]
  }

  /// An alert that is expected.
  public struct Alert: Sendable {
    /// With the alert's name.
    public var labels: Labels
    /// False when a label without a value is expected, which no alert has.
    public var canMatch = true
    /// Rendered.
    public var annotations: [String: String]
  }
}
