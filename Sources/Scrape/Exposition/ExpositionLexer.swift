/// The tokens of both text formats; the raw value is what error texts call them.
enum ExpositionToken: String, Sendable {
  case invalid = "INVALID"
  case end = "EOF"
  case lineBreak = "LINEBREAK"
  case blanks = "WHITESPACE"
  case help = "HELP"
  case type = "TYPE"
  case unit = "UNIT"
  case endMark = "EOFWORD"
  case text = "TEXT"
  case comment = "COMMENT"
  case metricName = "MNAME"
  case quoted = "QSTRING"
  case braceOpen = "BOPEN"
  case braceClose = "BCLOSE"
  case labelName = "LNAME"
  case labelValue = "LVALUE"
  case comma = "COMMA"
  case equal = "EQUAL"
  case timestamp = "TIMESTAMP"
  case value = "VALUE"
}

/// Cuts an exposition into tokens.
///
/// What a byte means depends on what came before it, so the lexer has states, as the reference has
/// (exposition.md §2.1, §3.1). It looks at one byte at a time and never back, and holds no text: a
/// window on the bytes is handed to each call. On an invalid token `position` is the offending byte.
struct ExpositionLexer: Sendable {
  enum State: Sendable {
    case initial, comment, metadataName, metadataText, labels, labelValue, value, timestamp
    case exemplar, exemplarValue, exemplarTimestamp
  }

  let format: ExpositionFormat
  var state = State.initial
  /// The next byte to look at.
  var position = 0
  /// Where the latest token starts.
  var tokenStart = 0

  init(format: ExpositionFormat) { self.format = format }

  /// The next token that is not blank.
  mutating func next(_ text: Span<UInt8>) -> ExpositionToken {
    while true {
      let token = any(text)
      if token != .blanks { return token }
    }
  }

  private mutating func any(_ text: Span<UInt8>) -> ExpositionToken {
    // At the end the token before stays what errors show, as in the reference.
    guard position < text.count else { return .end }
    tokenStart = position
    return switch format {
    case .text: textToken(text)
    case .openMetrics: openMetricsToken(text)
    }
  }

  // MARK: Pieces that both formats share

  /// One byte that is a token by itself.
  mutating func single(_ token: ExpositionToken, then next: State) -> ExpositionToken {
    position += 1
    state = next
    return token
  }

  /// `[a-zA-Z_][a-zA-Z0-9_]*`, with `:` allowed for metric names.
  mutating func identifier(
    _ text: Span<UInt8>, colons: Bool, _ token: ExpositionToken, then next: State
  ) -> ExpositionToken {
    let first = text[position]
    guard first.isNameByte(colons: colons), !first.isDigit else { return .invalid }
    while position < text.count, text[position].isNameByte(colons: colons) { position += 1 }
    state = next
    return token
  }

  /// A string in quotes, in which a backslash takes the next byte with it, save a newline.
  mutating func string(
    _ text: Span<UInt8>, newlines: Bool = true, zeros: Bool = false, _ token: ExpositionToken,
    then next: State
  ) -> ExpositionToken {
    position += 1
    var escaped = false
    while position < text.count {
      let byte = text[position]
      if byte == 0 {
        guard zeros else { return .invalid }
      } else if escaped {
        if byte == UInt8(ascii: "\n") { return .invalid }
        escaped = false
      } else if byte == UInt8(ascii: "\"") {
        position += 1
        state = next
        return token
      } else if byte == UInt8(ascii: "\\") {
        escaped = true
      } else if byte == UInt8(ascii: "\n"), !newlines {
        return .invalid
      }
      position += 1
    }
    return .invalid
  }

  /// Compares the following bytes with a word; `position` stops at the first that differs.
  mutating func word(_ text: Span<UInt8>, _ word: StaticString) -> Bool {
    for i in 0..<word.utf8CodeUnitCount {
      let expected = unsafe word.utf8Start[i]
      guard position < text.count, text[position] == expected else { return false }
      position += 1
    }
    return true
  }
}

extension UInt8 {
  var isDigit: Bool { self &- 48 < 10 }
  var isBlank: Bool { self == 0x20 || self == 0x09 }

  func isNameByte(colons: Bool) -> Bool {
    (self | 0x20) &- 97 < 26 || isDigit || self == UInt8(ascii: "_")
      || (colons && self == UInt8(ascii: ":"))
  }
}
