import PromQL

/// Queries with what is said about them, drawn as people see it. Blocks are separated by blank
/// lines; a block is a query of one line and the messages under it:
///
///     foo bar
///         ^^^ unexpected identifier "bar"
///
/// `|` marks an empty range, `@4,0` in front of a message gives a range that cannot be drawn.
struct CaretTable {
  struct Case {
    var query: String
    var messages: [String]
  }

  let cases: [Case]

  init(_ text: String) {
    cases = text.split(separator: "\n\n").map { block in
      let lines = block.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      return Case(query: lines[0], messages: lines.dropFirst().map(Self.message))
    }
  }

  /// `4…7 unexpected identifier "bar"`
  private static func message(_ line: String) -> String {
    let blanks = line.utf8.prefix { $0 == UInt8(ascii: " ") }.count
    let rest = line.dropFirst(blanks)
    let marks = rest.prefix { $0 == "^" || $0 == "|" || $0 == "@" }
    let text = rest.dropFirst(marks.count)
    if marks == "@" {
      let parts = text.split(separator: " ", maxSplits: 1)
      return parts[0].replacing(",", with: "…") + " " + parts[1]
    }
    return "\(blanks)…\(blanks + (marks == "|" ? 0 : marks.utf8.count))\(text)"
  }

  /// What parsing says, in the same form.
  static func messages(_ query: String, features: LanguageFeatures = .all) -> [String] {
    do throws(ParseFailure) {
      _ = try Expression.parse(query, features: features)
      return []
    } catch {
      return error.diagnostics.map { diagnostic in
        let range = diagnostic.range.map { "\($0.start)…\($0.end)" } ?? "nowhere"
        return "\(range) \(diagnostic.message)"
      }
    }
  }
}
