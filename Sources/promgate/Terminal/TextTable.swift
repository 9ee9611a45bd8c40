import TimeSeries

/// Rows of cells in aligned columns, two blanks apart.
struct TextTable {
  /// How a column's cells stand.
  enum Alignment { case left, right }

  private let header: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// A column for each header cell.
  init(_ columns: [(title: String, alignment: Alignment)]) {
    header = columns.map(\.title)
    alignments = columns.map(\.alignment)
  }

  /// Adds a row with a cell for each column.
  mutating func add(_ cells: [String]) { rows.append(cells.map(Self.printable)) }

  /// The width of the widest line.
  var width: Int { widths.reduce(0, +) + 2 * max(0, header.count - 1) }

  /// The lines, header first, without trailing blanks.
  var lines: [String] {
    let widths = widths
    return ([header] + rows).map { cells in
      var line = ""
      for (column, cell) in cells.enumerated() {
        let padding = String(repeating: " ", count: max(0, widths[column] - Self.columns(of: cell)))
        line += column == 0 ? "" : "  "
        line += alignments[column] == .right ? padding + cell : cell + padding
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  private var widths: [Int] {
    header.indices.map { column in
      ([header] + rows).map { Self.columns(of: $0[column]) }.max() ?? 0
    }
  }

  /// How many columns a text takes; wide characters are counted as one.
  static func columns(of text: String) -> Int { text.count }

  /// The text without characters that would move the cursor or change colours.
  static func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: VisibleText.isHidden) else { return text }
    return String(
      String.UnicodeScalarView(text.unicodeScalars.map { VisibleText.isHidden($0) ? "\u{FFFD}" : $0 }))
  }
}
