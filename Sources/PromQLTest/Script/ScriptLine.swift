/// One line of a script without the blanks around it.
struct ScriptLine {
  /// From 1.
  var number: Int
  /// Empty for comments and blank lines.
  var text: ArraySlice<UInt8>

  var isEmpty: Bool { text.isEmpty }

  /// The lines of a script. Comments count as empty lines.
  static func lines(of bytes: [UInt8]) -> [ScriptLine] {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.enumerated().map { index, line in
      let trimmed = line.trimmed
      let isComment = trimmed.first == UInt8(ascii: "#")
      return ScriptLine(number: index + 1, text: isComment ? trimmed.prefix(0) : trimmed)
    }
  }

  /// The words, separated by blanks, as ranges of `text`'s indexes.
  var words: [Range<Int>] {
    var words: [Range<Int>] = []
    var start: Int?
    for index in text.indices {
      if text[index].isBlank {
        if let begun = start { words.append(begun..<index) }
        start = nil
      } else if start == nil {
        start = index
      }
    }
    if let start { words.append(start..<text.endIndex) }
    return words
  }

  /// The text of a range of `text`'s indexes.
  func string(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }

  func error(_ message: String) -> ScriptError { ScriptError(line: number, message) }
}

extension UInt8 {
  /// Whether the byte separates words: blank, tab, CR, VT or FF.
  var isBlank: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) }
}

extension ArraySlice<UInt8> {
  /// Without the blanks at both ends.
  var trimmed: ArraySlice<UInt8> {
    let start = firstIndex { !$0.isBlank } ?? endIndex
    let end = lastIndex { !$0.isBlank }.map { $0 + 1 } ?? start
    return self[start..<end]
  }

  /// What follows a prefix; nil when the text does not start with it.
  func dropping(prefix: String) -> ArraySlice<UInt8>? {
    starts(with: prefix.utf8) ? dropFirst(prefix.utf8.count) : nil
  }
}
