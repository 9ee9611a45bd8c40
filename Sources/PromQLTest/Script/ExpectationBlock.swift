import PromQL
import TimeSeries

/// The expectations of one eval block while its lines are read (promqltest.md §4.1).
struct ExpectationBlock {
  let mode: ScriptEvaluation.Mode
  /// The command was `eval_fail`: the legacy lines that name the text are allowed.
  var failsByCommand = false
  var isOrdered = false
  var warnings: [TextExpectation] = []
  var infos: [TextExpectation] = []
  /// A line ended the block before an empty line did.
  private(set) var isComplete = false
  private var failure: TextExpectation?
  private var expectsNoWarnings = false
  private var expectsNoInfos = false
  private var rangeVector: Grid?
  private var string: String?
  private var scalar: Double?
  private var series: [ExpectedSeries] = []
  private var indexes: [Labels: Int] = [:]
  private var lineCount = 0

  init(mode: ScriptEvaluation.Mode) { self.mode = mode }

  /// The mode that is evaluated: a range vector is asked for at the end of its grid.
  var effectiveMode: ScriptEvaluation.Mode { rangeVector.map { .instant(at: $0.end) } ?? mode }

  // MARK: Lines

  /// A line that starts with `expect`, range vectors excepted.
  mutating func expect(_ line: ScriptLine, _ words: [Range<Int>]) throws(ScriptError) {
    guard words.count > 1 else { throw Self.invalidExpect(line) }
    let kind = line.string(words[1])
    if kind == "string" { return try expectString(line, words) }
    let text = try textExpectation(line, words)
    switch (kind, text) {
    case ("ordered", nil):
      if case .range = mode {
        throw line.error("expect ordered is no use for a range query: its result is sorted by labels")
      }
      isOrdered = true
    case ("fail", _):
      if failure != nil { throw line.error("expect fail may stand only once in a block") }
      failure = text ?? .anything
    case ("warn", _): warnings.append(text ?? .anything)
    case ("info", _): infos.append(text ?? .anything)
    case ("no_warn", nil): expectsNoWarnings = true
    case ("no_info", nil): expectsNoInfos = true
    default: throw Self.invalidExpect(line)
    }
  }

  /// `msg: TEXT` or `regex: RE` after the kind; nil when nothing follows.
  private func textExpectation(
    _ line: ScriptLine, _ words: [Range<Int>]
  ) throws(ScriptError) -> TextExpectation? {
    guard words.count > 2 else { return nil }
    let rest = line.text[words[2].lowerBound...]
    if let text = rest.dropping(prefix: "msg:")?.trimmed, !text.isEmpty {
      return .exactly(String(decoding: text, as: UTF8.self))
    }
    if let text = rest.dropping(prefix: "regex:")?.trimmed, !text.isEmpty {
      return try Self.pattern(String(decoding: text, as: UTF8.self), at: line)
    }
    throw Self.invalidExpect(line)
  }

  static func pattern(_ source: String, at line: ScriptLine) throws(ScriptError) -> TextExpectation {
    do { return .matching(try RE2(source), source: source) } catch {
      throw line.error("invalid regex \(GoText.quoted(source)): \(error)")
    }
  }

  private static func invalidExpect(_ line: ScriptLine) -> ScriptError {
    line.error(
      "invalid expect statement: expected ordered, fail, warn, info, no_warn, no_info (fail, warn and "
        + "info with \"msg: TEXT\" or \"regex: RE\"), string \"TEXT\", or range vector from TIME to "
        + "TIME step DURATION")
  }

  private mutating func expectString(
    _ line: ScriptLine, _ words: [Range<Int>]
  ) throws(ScriptError) {
    guard words.count > 2, case .instant = mode else { throw Self.invalidExpect(line) }
    guard string == nil else { throw line.error("expect string may stand only once in a block") }
    string = try Self.string(line.text[words[2].lowerBound...], at: line)
    lineCount += 1
  }

  /// The value of a string literal: a query that is nothing else.
  private static func string(
    _ literal: ArraySlice<UInt8>, at line: ScriptLine
  ) throws(ScriptError) -> String {
    guard let expression = try? Expression.parse(literal),
      case .string(let bytes) = expression[expression.root].form
    else { throw line.error("invalid expect string: \(GoText.quoted(literal)) is no string literal") }
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func expectRangeVector(_ grid: Grid, at line: ScriptLine) throws(ScriptError) {
    guard case .instant = mode else {
      throw line.error("expect range vector is for instant queries")
    }
    guard rangeVector == nil else {
      throw line.error("expect range vector may stand only once in a block")
    }
    rangeVector = grid
    lineCount += 1
  }

  mutating func expect(_ line: SeriesLine, at place: ScriptLine) throws(ScriptError) {
    lineCount += 1
    let expected = ExpectedSeries(labels: line.labels, values: line.values, position: lineCount)
    if case .instant = mode, rangeVector == nil {
      guard line.values.count == 1 else {
        throw place.error(
          "expecting multiple values in instant evaluation not allowed: \(line.values.count) values, "
            + "expected exactly 1 (expect range vector must come before the series lines)")
      }
      if case .omitted = line.values[0] {
        throw place.error("an instant evaluation needs a value, not _")
      }
    }
    if let index = indexes[line.labels] {
      series[index] = expected
    } else {
      indexes[line.labels] = series.count
      series.append(expected)
    }
  }

  /// A scalar line ends the block.
  mutating func finish(scalar: Double) {
    self.scalar = scalar
    isComplete = true
  }

  /// A legacy line that names the failure ends the block.
  mutating func finish(failure: TextExpectation, at line: ScriptLine) throws(ScriptError) {
    if self.failure != nil { throw line.error("the failure's text is given twice") }
    self.failure = failure
    isComplete = true
  }

  // MARK: Result

  /// What the lines amount to. Throws when they contradict each other.
  func expectation(at line: ScriptLine) throws(ScriptError) -> Expectation {
    if expectsNoWarnings, !warnings.isEmpty {
      throw line.error("expect warn and expect no_warn exclude each other")
    }
    if expectsNoInfos, !infos.isEmpty {
      throw line.error("expect info and expect no_info exclude each other")
    }
    return Expectation(
      answer: try answer(at: line), isOrdered: isOrdered,
      failure: failure ?? (failsByCommand ? .anything : nil),
      warnings: expectsNoWarnings ? .none : warnings.isEmpty ? .unchecked : .some(warnings),
      infos: expectsNoInfos ? .none : infos.isEmpty ? .unchecked : .some(infos))
  }

  private func answer(at line: ScriptLine) throws(ScriptError) -> Expectation.Answer {
    if let string {
      guard series.isEmpty, scalar == nil, rangeVector == nil else {
        throw line.error("expect string excludes series, scalars and range vectors")
      }
      return .string(string)
    }
    if let scalar {
      guard series.isEmpty, rangeVector == nil else {
        throw line.error("a scalar excludes series and range vectors")
      }
      return .scalar(scalar)
    }
    if let rangeVector { return .rangeVector(rangeVector, series) }
    return .series(series)
  }
}
