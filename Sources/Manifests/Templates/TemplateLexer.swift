import PromQL
import TimeSeries

/// Cuts a template into tokens, on demand, as Go's lexer does: blanks are tokens within actions, trim
/// markers eat the blanks of neighbouring text.
struct TemplateLexer {
  private let text: [UInt8]
  private var position = 0
  private var start = 0
  private var isInsideAction = false
  private var parenthesisDepth = 0
  /// Line of the token that is being read.
  private var line = 1
  private var lineOffset = 0
  private var failure: TemplateToken?

  init(_ text: [UInt8]) { self.text = text }

  /// The next token; after an error, the same error again.
  mutating func next() -> TemplateToken {
    if let failure { return failure }
    let token = isInsideAction ? insideAction() : outsideAction()
    if token.kind == .error { failure = token }
    return token
  }

  // Reading characters.

  private func byte(_ offset: Int) -> UInt8? { offset < text.count ? text[offset] : nil }

  private func hasPrefix(_ prefix: StaticString, at offset: Int) -> Bool {
    let count = prefix.utf8CodeUnitCount
    guard offset >= 0, offset + count <= text.count else { return false }
    return text[offset..<offset + count].elementsEqual(Array("\(prefix)".utf8))
  }

  /// The character at an offset and its length; U+FFFD for a byte that is no UTF-8, nil at the end.
  private func scalar(_ offset: Int) -> (value: Unicode.Scalar, length: Int)? {
    guard offset < text.count else { return nil }
    let (scalar, length) = GoQuote.decode(text, at: offset)
    return (scalar ?? "\u{FFFD}", length)
  }

  private static func isSpace(_ byte: UInt8?) -> Bool {
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): true
    default: false
    }
  }

  private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "_" { return true }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber:
      return true
    default: return false
    }
  }

  // Making tokens.

  private mutating func emit(_ kind: TemplateToken.Kind) -> TemplateToken {
    let token = TemplateToken(
      kind: kind, range: SourceRange(start, position), line: currentLine(),
      text: Array(text[start..<position]))
    start = position
    return token
  }

  private mutating func fail(_ message: String) -> TemplateToken {
    TemplateToken(
      kind: .error, range: SourceRange(start, max(start, position)), line: currentLine(),
      text: Array(message.utf8))
  }

  /// The line of `start`, counted on from the last token's.
  private mutating func currentLine() -> Int {
    while lineOffset < start {
      if text[lineOffset] == UInt8(ascii: "\n") { line += 1 }
      lineOffset += 1
    }
    return line
  }

  // Text.

  private func isLeftTrim(at offset: Int) -> Bool {
    byte(offset) == UInt8(ascii: "-") && Self.isSpace(byte(offset + 1))
  }

  /// Whether an action ends here, and with a trim marker.
  private func rightDelimiter(at offset: Int) -> (isThere: Bool, trims: Bool) {
    if Self.isSpace(byte(offset)), byte(offset + 1) == UInt8(ascii: "-"), hasPrefix("}}", at: offset + 2) {
      return (true, true)
    }
    return (hasPrefix("}}", at: offset), false)
  }

  private mutating func outsideAction() -> TemplateToken {
    while true {
      var delimiter = position
      while delimiter < text.count, !hasPrefix("{{", at: delimiter) { delimiter += 1 }
      if delimiter > position {
        position = delimiter
        if delimiter < text.count, isLeftTrim(at: delimiter + 2) {
          while position > start, Self.isSpace(text[position - 1]) { position -= 1 }
        }
        let token = emit(.text)
        position = delimiter
        start = delimiter
        if !token.text.isEmpty { return token }
        continue
      }
      guard delimiter < text.count else { return emit(.end) }
      let trims = isLeftTrim(at: position + 2)
      guard hasPrefix("/*", at: position + (trims ? 4 : 2)) else { return leftDelimiter(trims: trims) }
      if let failure = skipComment(from: position + (trims ? 4 : 2)) { return failure }
    }
  }

  private mutating func leftDelimiter(trims: Bool) -> TemplateToken {
    position += 2
    let token = emit(.leftDelimiter)
    position += trims ? 2 : 0
    start = position
    isInsideAction = true
    parenthesisDepth = 0
    return token
  }

  private mutating func skipComment(from offset: Int) -> TemplateToken? {
    start = offset
    position = offset + 2
    while position < text.count, !hasPrefix("*/", at: position) { position += 1 }
    guard position < text.count else { return fail("unclosed comment") }
    position += 2
    let end = rightDelimiter(at: position)
    guard end.isThere else { return fail("comment ends before closing delimiter") }
    skipRightDelimiter(trims: end.trims)
    start = position
    return nil
  }

  private mutating func skipRightDelimiter(trims: Bool) {
    position += trims ? 4 : 2
    if trims { while Self.isSpace(byte(position)) { position += 1 } }
  }

  private mutating func closeAction() -> TemplateToken {
    let trims = rightDelimiter(at: position).trims
    if trims { position += 2 }
    start = position
    position += 2
    let token = emit(.rightDelimiter)
    if trims { while Self.isSpace(byte(position)) { position += 1 } }
    start = position
    isInsideAction = false
    return token
  }
}

extension TemplateLexer {
  private mutating func insideAction() -> TemplateToken {
    if rightDelimiter(at: position).isThere {
      return parenthesisDepth == 0 ? closeAction() : fail("unclosed left paren")
    }
    guard let (first, length) = scalar(position) else { return fail("unclosed action") }
    if Self.isSpace(text[position]) { return space() }
    position += length
    switch first {
    case "=": return emit(.assign)
    case ":":
      guard byte(position) == UInt8(ascii: "=") else { return fail("expected :=") }
      position += 1
      return emit(.declare)
    case "|": return emit(.pipe)
    case "\"": return quoted()
    case "`": return rawQuoted()
    case "$": return fieldOrVariable(.variable)
    case "'": return character()
    case "(":
      parenthesisDepth += 1
      return emit(.leftParenthesis)
    case ")":
      parenthesisDepth -= 1
      return parenthesisDepth < 0 ? fail("unexpected right paren") : emit(.rightParenthesis)
    case ".":
      if let next = byte(position), !isDigit(next) { return fieldOrVariable(.field) }
      return number()
    case "+", "-", "0"..."9": return number()
    default:
      if Self.isAlphanumeric(first) { return identifier() }
      if first.isASCII, first.value >= 0x20, first.value < 0x7F { return emit(.other) }
      return fail("unrecognized character in action: \(GoQuote.codePoint(first))")
    }
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

  /// A run of blanks, less the last one when it belongs to a trim marker.
  private mutating func space() -> TemplateToken {
    while Self.isSpace(byte(position)) { position += 1 }
    if rightDelimiter(at: position - 1).trims {
      position -= 1
      if position == start { return closeAction() }
    }
    return emit(.space)
  }

  private func isTerminator(at offset: Int) -> Bool {
    guard let next = byte(offset) else { return true }
    if Self.isSpace(next) { return true }
    switch next {
    case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "|"), UInt8(ascii: ":"),
      UInt8(ascii: ")"), UInt8(ascii: "("):
      return true
    default: return hasPrefix("}}", at: offset)
    }
  }

  private mutating func skipAlphanumeric() {
    while let (next, length) = scalar(position), Self.isAlphanumeric(next) { position += length }
  }

  private func badCharacter() -> String {
    "bad character \(GoQuote.codePoint(scalar(position)?.value ?? "\u{FFFD}"))"
  }

  private mutating func identifier() -> TemplateToken {
    skipAlphanumeric()
    guard isTerminator(at: position) else { return fail(badCharacter()) }
    let word = String(decoding: text[start..<position], as: UTF8.self)
    if let keyword = TemplateKeyword(rawValue: word) { return emit(.keyword(keyword)) }
    return emit(word == "true" || word == "false" ? .boolean : .identifier)
  }

  private mutating func fieldOrVariable(_ kind: TemplateToken.Kind) -> TemplateToken {
    if isTerminator(at: position) { return emit(kind == .variable ? .variable : .dot) }
    skipAlphanumeric()
    guard isTerminator(at: position) else { return fail(badCharacter()) }
    return emit(kind)
  }

  private mutating func quoted() -> TemplateToken {
    skipQuoted(until: UInt8(ascii: "\"")) ? emit(.string) : fail("unterminated quoted string")
  }

  private mutating func character() -> TemplateToken {
    skipQuoted(until: UInt8(ascii: "'")) ? emit(.character) : fail("unterminated character constant")
  }

  private mutating func skipQuoted(until quote: UInt8) -> Bool {
    while let next = byte(position), next != UInt8(ascii: "\n") {
      position += 1
      if next == quote { return true }
      if next == UInt8(ascii: "\\") {
        guard let escaped = byte(position), escaped != UInt8(ascii: "\n") else { return false }
        position += 1
      }
    }
    return false
  }

  private mutating func rawQuoted() -> TemplateToken {
    while let next = byte(position) {
      position += 1
      if next == UInt8(ascii: "`") { return emit(.rawString) }
    }
    return fail("unterminated raw quoted string")
  }

  private mutating func number() -> TemplateToken {
    position = start
    guard scanNumber() else { return fail("bad number syntax: \(GoText.quoted(text[start..<position]))") }
    guard let sign = byte(position), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else {
      return emit(.number)
    }
    guard scanNumber(), text[position - 1] == UInt8(ascii: "i") else {
      return fail("bad number syntax: \(GoText.quoted(text[start..<position]))")
    }
    return emit(.complex)
  }

  private mutating func accept(_ set: String) -> Bool {
    guard let next = byte(position), set.utf8.contains(next) else { return false }
    position += 1
    return true
  }

  private mutating func scanNumber() -> Bool {
    _ = accept("+-")
    var digits = "0123456789_"
    var isDecimal = true
    var isHex = false
    if accept("0") {
      if accept("xX") {
        (digits, isDecimal, isHex) = ("0123456789abcdefABCDEF_", false, true)
      } else if accept("oO") {
        (digits, isDecimal) = ("01234567_", false)
      } else if accept("bB") {
        (digits, isDecimal) = ("01_", false)
      }
    }
    while accept(digits) {}
    if accept(".") { while accept(digits) {} }
    if (isDecimal && accept("eE")) || (isHex && accept("pP")) {
      _ = accept("+-")
      while accept("0123456789_") {}
    }
    _ = accept("i")
    guard let (next, length) = scalar(position), Self.isAlphanumeric(next) else { return true }
    position += length
    return false
  }
}
