/// Draws a report as text: each failure with its place and both results, then the summary.
public struct TestText: Sendable {
  /// Adds a line for each file.
  public var listsFiles: Bool
  /// How what was expected and what came stand to each other.
  public var differences: Differences

  public enum Differences: Sendable, Hashable {
    /// Side by side.
    case table
    /// Below each other, `-` in front of what was expected and `+` in front of what came.
    case lines(colored: Bool)
  }

  public init(listsFiles: Bool = false, differences: Differences = .table) {
    self.listsFiles = listsFiles
    self.differences = differences
  }

  /// The most series of one failure that are shown.
  private static let maximumRows = 20
  /// Results stand side by side while a row fits this width, else below each other.
  private static let width = 120

  /// The whole report, with a newline at its end.
  public func render(_ report: TestReport) -> String {
    var lines: [String] = []
    for file in report.files { lines += failures(of: file) }
    if listsFiles { lines += fileLines(report) }
    lines.append(report.summary)
    return lines.joined(separator: "\n") + "\n"
  }

  private func failures(of file: FileReport) -> [String] {
    switch file.content {
    case .unreadable(let reason): return ["\(file.path):\(reason)", ""]
    case .outcomes(let outcomes):
      return outcomes.flatMap { outcome in
        outcome.failure.map { render($0, of: outcome, in: file.path) + [""] } ?? []
      }
    }
  }

  private func render(_ failure: Failure, of outcome: Outcome, in path: String) -> [String] {
    var lines = [
      "\(path):\(outcome.line): \(outcome.subject)",
      "  run:     \(failure.run)",
      "  problem: \(failure.problem)",
    ]
    lines += table(failure.rows)
    return lines
  }

  private func table(_ rows: [Failure.Row]) -> [String] {
    guard !rows.isEmpty else { return [] }
    // What differs comes first: it must not be cut off by what agrees.
    let sorted = rows.filter { !$0.agrees } + rows.filter(\.agrees)
    let shown = sorted.prefix(Self.maximumRows)
    if case .lines(let colored) = differences { return self.lines(shown, of: rows.count, colored: colored) }
    let cells = shown.map { [$0.series, $0.expected ?? "(none)", $0.got ?? "(none)"] }
    let widths = (0..<2).map { column in
      max(cells.map { $0[column].unicodeScalars.count }.max() ?? 0, column == 1 ? 8 : 6)
    }
    let last = cells.map { $0[2].unicodeScalars.count }.max() ?? 0
    var lines: [String]
    if widths[0] + widths[1] + last + 12 <= Self.width {
      lines = ["      " + padded(["series", "expected", "got"], widths)]
      for (row, cells) in zip(shown, cells) {
        lines.append("    \(row.agrees ? " " : "≠") " + padded(cells, widths))
      }
    } else {
      lines = zip(shown, cells).flatMap { row, cells in
        [
          "    \(row.agrees ? " " : "≠") \(cells[0])", "        expected \(cells[1])",
          "        got      \(cells[2])",
        ]
      }
    }
    if rows.count > shown.count { lines.append("      … and \(rows.count - shown.count) more") }
    return lines
  }

  private func lines(_ rows: ArraySlice<Failure.Row>, of count: Int, colored: Bool) -> [String] {
    func line(_ sign: String, _ color: Int, _ text: String) -> String {
      colored ? "    \u{1B}[\(color)m\(sign) \(text)\u{1B}[0m" : "    \(sign) \(text)"
    }
    var lines: [String] = []
    for row in rows {
      if row.agrees {
        lines.append("      \(row.series) \(row.expected ?? "")")
        continue
      }
      if let expected = row.expected { lines.append(line("-", 31, "\(row.series) \(expected)")) }
      if let got = row.got { lines.append(line("+", 32, "\(row.series) \(got)")) }
    }
    if count > rows.count { lines.append("      … and \(count - rows.count) more") }
    return lines
  }

  private func padded(_ cells: [String], _ widths: [Int]) -> String {
    var text = ""
    for (cell, width) in zip(cells, widths) {
      text += cell + String(repeating: " ", count: max(0, width - cell.unicodeScalars.count) + 2)
    }
    return text + (cells.last ?? "")
  }

  private func fileLines(_ report: TestReport) -> [String] {
    let width = report.files.map { $0.path.unicodeScalars.count }.max() ?? 0
    return report.files.map { file in
      let path =
        file.path
        + String(repeating: " ", count: width - file.path.unicodeScalars.count)
      switch file.content {
      case .unreadable: return "\(path)  unreadable"
      case .outcomes: return "\(path)  \(file.passed) passed, \(file.failed) failed"
      }
    } + [""]
  }
}
