import TimeSeries

/// What is wrong with one test of a file, so that it cannot be run; the others can.
public struct UnitTestProblem: Error, Sendable, CustomStringConvertible {
  /// In the file, from 1.
  public var line: Int
  public var description: String
}

extension UnitTest {
  /// The series, read as promtool does: as one `load` command with a line for each. So a line feed among the
  /// values ends a line, an empty line ends the input, and of two lines of one series the later one counts.
  ///
  /// - Parameter count: so many values of each series will be looked at; nil: all, up to
  ///   `ScriptParser.maximumValues`. Values beyond cost nothing.
  func load(keeping count: Int? = nil) throws(UnitTestProblem) -> ScriptLoad {
    var text = "load \(DurationText.text(milliseconds: interval))\n"
    // In which line of the command each series begins.
    var starts: [Int] = []
    var line = 2
    for series in input {
      starts.append(line)
      let written = "  \(series.series) \(series.values)\n"
      text += written
      line += written.utf8.count { $0 == UInt8(ascii: "\n") }
    }
    do { return try ScriptParser.load(Array(text.utf8), keeping: count) } catch {
      let index = max(0, (starts.firstIndex { $0 > error.line } ?? starts.count) - 1)
      guard index < input.count else { throw UnitTestProblem(line: self.line, description: "\(error)") }
      let place = error.column.map { "character \($0): " } ?? ""
      throw UnitTestProblem(
        line: input[index].line,
        description: "input_series \(GoText.quoted(input[index].series)): \(place)\(error.message)")
    }
  }
}
