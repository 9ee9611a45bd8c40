import TimeSeries

/// Lines for a terminal: wrapped, indented, perhaps coloured.
package struct TextLayout: Sendable {
  package var usesColor: Bool
  /// Columns.
  package var width: Int

  package init(usesColor: Bool, width: Int) {
    self.usesColor = usesColor
    self.width = width
  }

  package enum Color: String {
    case green = "32"
    case red = "31"
    case yellow = "33"
    case faint = "2"
    case bold = "1"
  }

  /// The text in a color, if there are colors.
  package func painted(_ text: String, _ color: Color) -> String {
    usesColor ? "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// Breaks a text at blanks, or where a word is wider than a line; control characters become `�`.
  package func wrapped(_ text: String, indent: Int, hanging: Int? = nil) -> [String] {
    var lines: [String] = []
    var line = ""
    var column = 0
    for word in Self.printable(text).split(separator: " ", omittingEmptySubsequences: true) {
      let room = width - (lines.isEmpty ? indent : hanging ?? indent)
      var rest = Array(word)[...]
      if column > 0, column + 1 + rest.count <= room {
        line += " " + String(rest)
        column += 1 + rest.count
        continue
      }
      if column > 0 {
        lines.append(line)
        line = ""
      }
      let wide = max(20, width - (hanging ?? indent))
      while rest.count > wide {
        lines.append(String(rest.prefix(wide)))
        rest = rest.dropFirst(wide)
      }
      line = String(rest)
      column = rest.count
    }
    if column > 0 || lines.isEmpty { lines.append(line) }
    return lines.enumerated().map { number, line in
      String(repeating: " ", count: number == 0 ? indent : hanging ?? indent) + line
    }
  }

  /// A text that cannot move the cursor: input may hold anything.
  package static func printable(_ text: String) -> String {
    let shown = VisibleText.lines(text, limit: limit)
    guard shown.utf8.contains(where: { $0 == 0x0A || $0 == 0x09 }) else { return shown }
    return String(String.UnicodeScalarView(shown.unicodeScalars.map { $0 == "\n" || $0 == "\t" ? " " : $0 }))
  }

  /// The most characters of one text.
  private static let limit = 1 << 14

  /// Blanks behind the text, up to a number of characters.
  package static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
