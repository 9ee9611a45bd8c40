import PromQL
import TimeSeries

/// Reads test scripts (promqltest.md §1–§4). Linear in the size of the text; no input makes it
/// crash or expand without bound (`SeriesNotation.maximumValues`, `maximumValues`).
public struct ScriptParser {
  /// The most values that all series lines of one script may stand for.
  public static let maximumValues = 10_000_000

  private let lines: [ScriptLine]
  private var index = 0
  private var valuesLeft = ScriptParser.maximumValues
  /// So many values of a line are kept; nil: all.
  private var kept: Int?

  private init(_ bytes: [UInt8]) { lines = ScriptLine.lines(of: bytes) }

  /// Reads a whole script. Throws the first problem, with its place.
  public static func parse(_ bytes: [UInt8]) throws(ScriptError) -> Script {
    if ByteOrderMark.isUTF16(bytes) { throw ScriptError(line: 1, ByteOrderMark.advice) }
    var parser = ScriptParser(ByteOrderMark.stripped(bytes))
    return try parser.script()
  }

  /// Reads one `load` command and nothing behind its block.
  ///
  /// - Parameter count: so many values of a line are kept; nil: all.
  static func load(_ bytes: [UInt8], keeping count: Int?) throws(ScriptError) -> ScriptLoad {
    var parser = ScriptParser(bytes)
    parser.index = 1
    parser.kept = count
    return try parser.load(parser.lines[0])
  }

  private mutating func script() throws(ScriptError) -> Script {
    var commands: [Script.Command] = []
    while index < lines.count {
      let line = lines[index]
      index += 1
      if line.isEmpty { continue }
      commands.append(Script.Command(line: line.number, action: try action(line)))
    }
    return Script(commands: commands)
  }

  private mutating func action(_ line: ScriptLine) throws(ScriptError) -> Script.Action {
    let word = line.text.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    let command = String(decoding: word, as: UTF8.self).lowercased()
    if command == "clear" { return .clear }
    if command.hasPrefix("load") { return .load(try load(line)) }
    if command.hasPrefix("eval") { return .evaluate(try evaluation(line)) }
    let shown = GoText.quoted(line.text.prefix(60))
    throw line.error("invalid command \(shown): expected clear, load STEP, or eval …")
  }

  /// The next line of the current block; nil at its end.
  private mutating func nextBlockLine() -> ScriptLine? {
    guard index < lines.count, !lines[index].isEmpty else { return nil }
    index += 1
    return lines[index - 1]
  }

  // MARK: load

  private mutating func load(_ line: ScriptLine) throws(ScriptError) -> ScriptLoad {
    let words = line.words
    let command = line.string(words[0])
    guard command == "load" || command == "load_with_nhcb", words.count > 1 else {
      throw line.error("invalid load command. (load[_with_nhcb] <step:duration>)")
    }
    let step = try duration(line, words[1].lowerBound..<line.text.endIndex, "step")
    var result = ScriptLoad(
      step: step, convertsClassicHistograms: command == "load_with_nhcb", series: [])
    var positions: [Labels: Int] = [:]
    var starts: (line: ScriptLine, series: StartTimestampLine)?
    while let line = nextBlockLine() {
      if let parsed = try startTimestamps(line) {
        if let starts { throw starts.line.error("@st line has no following sample line") }
        starts = (line, parsed)
        continue
      }
      let series = try seriesLine(line)
      var loaded = ScriptLoad.LoadedSeries(line: line.number, series: series)
      if let pending = starts {
        do { loaded.startOffsets = try pending.series.offsets(for: series) } catch {
          throw pending.line.error(error.message)
        }
        starts = nil
      }
      if let position = positions[series.labels] {
        result.series[position] = loaded
      } else {
        positions[series.labels] = result.series.count
        result.series.append(loaded)
      }
    }
    if let starts { throw starts.line.error("@st line has no following sample line") }
    return result
  }

  private mutating func startTimestamps(
    _ line: ScriptLine
  ) throws(ScriptError) -> StartTimestampLine? {
    do {
      let parsed = try StartTimestampLine.parse(Array(line.text), maximum: limit)
      valuesLeft -= parsed?.offsets.count ?? 0
      return parsed
    } catch { throw error.inScript(line: line.number) }
  }

  private mutating func seriesLine(_ line: ScriptLine) throws(ScriptError) -> SeriesLine {
    do {
      let series = try SeriesNotation.series(
        Array(line.text), maximum: kept == nil ? limit : valuesLeft, keeping: kept ?? .max)
      valuesLeft -= series.values.count
      return series
    } catch { throw error.inScript(line: line.number) }
  }

  private var limit: Int { min(SeriesNotation.maximumValues, valuesLeft) }

  private func duration(
    _ line: ScriptLine, _ range: Range<Int>, _ what: String
  ) throws(ScriptError) -> Int64 {
    do { return try TimeSeries.DurationText.milliseconds(line.text[range]) } catch {
      throw line.error(
        "invalid \(what) definition \(GoText.quoted(line.text[range])): \(error)")
    }
  }

  // MARK: eval

  private mutating func evaluation(_ line: ScriptLine) throws(ScriptError) -> ScriptEvaluation {
    let words = line.words
    let kinds = ["eval", "eval_fail", "eval_warn", "eval_info", "eval_ordered"]
    guard let kind = kinds.firstIndex(of: line.string(words[0])), words.count > 1 else {
      throw Self.invalidEvaluation(line)
    }
    let mode: ScriptEvaluation.Mode
    let query: ArraySlice<UInt8>
    switch line.string(words[1]) {
    case "instant": (mode, query) = try instant(line, words)
    case "range" where line.string(words[0]) != "eval_ordered":
      (mode, query) = try range(line, words)
    default: throw Self.invalidEvaluation(line)
    }
    try checkSyntax(of: query, in: line)
    var block = ExpectationBlock(mode: mode)
    switch kinds[kind] {
    case "eval_fail": block.failsByCommand = true
    case "eval_warn": block.warnings.append(.anything)
    case "eval_info": block.infos.append(.anything)
    case "eval_ordered": block.isOrdered = true
    default: break
    }
    do {
      while !block.isComplete, let next = nextBlockLine() { try add(next, to: &block) }
      return ScriptEvaluation(
        mode: block.effectiveMode, query: Array(query), expectation: try block.expectation(at: line))
    } catch {
      guard error.column == nil else { throw error }
      let text = String(decoding: query, as: UTF8.self)
      throw ScriptError(
        line: error.line, "error in eval \(text) (line \(line.number)): \(error.message)")
    }
  }

  /// A query that does not parse makes the whole script unreadable.
  private func checkSyntax(
    of query: ArraySlice<UInt8>, in line: ScriptLine
  ) throws(ScriptError) {
    do throws(ParseFailure) { _ = try Expression.parse(query) } catch {
      let first = error.diagnostics.first
      let offset = query.startIndex - line.text.startIndex + (first?.range?.start ?? 0)
      throw ScriptError(line: line.number, column: offset + 1, first?.message ?? "\(error)")
    }
  }

  private static func invalidEvaluation(_ line: ScriptLine) -> ScriptError {
    line.error(
      "invalid eval command: expected eval[_fail|_warn|_ordered|_info] instant at TIME QUERY, "
        + "or eval[_fail|_warn|_info] range from TIME to TIME step DURATION QUERY")
  }

  private func instant(
    _ line: ScriptLine, _ words: [Range<Int>]
  ) throws(ScriptError) -> (ScriptEvaluation.Mode, ArraySlice<UInt8>) {
    guard words.count > 4, line.string(words[2]) == "at" else {
      throw Self.invalidEvaluation(line)
    }
    let time = try duration(line, words[3], "timestamp")
    return (.instant(at: time), line.text[words[4].lowerBound...])
  }

  private func range(
    _ line: ScriptLine, _ words: [Range<Int>]
  ) throws(ScriptError) -> (ScriptEvaluation.Mode, ArraySlice<UInt8>) {
    guard words.count > 7, line.string(words[2]) == "from",
      let (grid, next) = try grid(line, words, from: 3, rest: 1)
    else { throw Self.invalidEvaluation(line) }
    return (.range(grid), line.text[words[next].lowerBound...])
  }

  /// `A to B step S`: A and B extend to the last `to` and `step` that leave `rest` words after S
  /// (none: S is the rest of the line). Also where the words go on.
  private func grid(
    _ line: ScriptLine, _ words: [Range<Int>], from first: Int, rest: Int
  ) throws(ScriptError) -> (Grid, next: Int)? {
    func last(_ word: String, after index: Int, leaving count: Int) -> Int? {
      words.indices.last {
        $0 > index && words.count - $0 - 1 >= count && line.text[words[$0]].elementsEqual(word.utf8)
      }
    }
    guard let step = last("step", after: first + 2, leaving: 1 + rest),
      let to = words[..<(step - 1)].indices.last(where: {
        $0 > first && line.text[words[$0]].elementsEqual("to".utf8)
      })
    else { return nil }
    let start = try duration(
      line, words[first].lowerBound..<words[to - 1].upperBound, "start timestamp")
    let end = try duration(
      line, words[to + 1].lowerBound..<words[step - 1].upperBound, "end timestamp")
    let length =
      rest == 0
      ? words[step + 1].lowerBound..<line.text.endIndex : words[step + 1]
    let interval = try duration(line, length, "step")
    guard end >= start else {
      throw line.error(
        "invalid test definition, end timestamp (\(TimeSeries.DurationText.text(milliseconds: end))) "
          + "is before start timestamp (\(TimeSeries.DurationText.text(milliseconds: start)))")
    }
    guard interval > 0 else { throw line.error("invalid test definition, the step must not be 0") }
    let grid = Grid(start: start, end: end, step: interval)
    guard grid.count <= SeriesNotation.maximumValues else {
      throw line.error("more than \(SeriesNotation.maximumValues) steps")
    }
    return (grid, step + 2)
  }

  // MARK: Expectations

  private mutating func add(
    _ line: ScriptLine, to block: inout ExpectationBlock
  ) throws(ScriptError) {
    let words = line.words
    switch line.string(words[0]) {
    case "expect":
      if words.count > 3, line.string(words[1]) == "range", line.string(words[2]) == "vector" {
        guard words.count > 8, line.string(words[3]) == "from",
          let (grid, _) = try grid(line, words, from: 4, rest: 0)
        else {
          throw line.error("invalid expect range vector: expected from TIME to TIME step DURATION")
        }
        try block.expectRangeVector(grid, at: line)
      } else {
        try block.expect(line, words)
      }
    case "expected_fail_message" where block.failsByCommand && words.count > 1:
      let text = line.string(words[1].lowerBound..<line.text.endIndex)
      try block.finish(failure: .exactly(text), at: line)
    case "expected_fail_regexp" where block.failsByCommand && words.count > 1:
      let text = line.string(words[1].lowerBound..<line.text.endIndex)
      try block.finish(failure: ExpectationBlock.pattern(text, at: line), at: line)
    default:
      if let scalar = try? GoNumber.literal(line.text) {
        block.finish(scalar: scalar)
      } else {
        try block.expect(try seriesLine(line), at: line)
      }
    }
  }
}
