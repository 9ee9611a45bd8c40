import TimeSeries

/// Quoted strings (promql-syntax.md §1.5).
extension Lexer {
  /// The string that starts at the position.
  mutating func string() throws(LexicalError) -> Token {
    let quote = nextCharacter()
    return quote == "`" ? try rawString() : try quotedString(quote)
  }

  private mutating func rawString() throws(LexicalError) -> Token {
    while true {
      switch nextCharacter() {
      case nil: throw failure("unterminated raw string")
      case "\u{FFFD}": throw failure("invalid UTF-8 rune")
      case "`": return emit(.string)
      default: continue
      }
    }
  }

  private mutating func quotedString(_ quote: Unicode.Scalar?) throws(LexicalError) -> Token {
    while true {
      switch nextCharacter() {
      case nil, "\n": throw failure("unterminated quoted string")
      case "\u{FFFD}": throw failure("invalid UTF-8 rune")
      case "\\": try escape(quote)
      case quote: return emit(.string)
      default: continue
      }
    }
  }

  private mutating func escape(_ quote: Unicode.Scalar?) throws(LexicalError) {
    guard let character = nextCharacter() else { throw failure("escape sequence not terminated") }
    switch character {
    case "a", "b", "f", "n", "r", "t", "v", "\\", quote: return
    case "0"..."7":
      position -= 1
      try code(digits: 3, base: 8, largest: 255)
    case "x": try code(digits: 2, base: 16, largest: 255)
    case "u": try code(digits: 4, base: 16, largest: 0x10FFFF)
    case "U": try code(digits: 8, base: 16, largest: 0x10FFFF)
    default: throw failure("unknown escape sequence \(GoQuote.codePoint(character))")
    }
  }

  private mutating func code(digits: Int, base: UInt32, largest: UInt32) throws(LexicalError) {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let character = nextCharacter() else { throw failure("escape sequence not terminated") }
      guard let digit = StringLiteral.digit(character), digit < base else {
        throw failure("illegal character \(GoQuote.codePoint(character)) in escape sequence")
      }
      value = value &* base &+ digit
    }
    if value > largest || (0xD800..<0xE000).contains(value) {
      throw failure("escape sequence is an invalid Unicode code point")
    }
  }
}

/// What a quoted string stands for.
enum StringLiteral {
  /// The bytes of a string that the lexer has accepted, quotes included. `\xHH` and `\ooo` are
  /// single bytes, so the result need not be UTF-8.
  static func value(_ source: ArraySlice<UInt8>) -> [UInt8] {
    guard let quote = source.first, source.count >= 2 else { return [] }
    let body = source.dropFirst().dropLast()
    guard quote != UInt8(ascii: "`"), body.contains(UInt8(ascii: "\\")) else { return Array(body) }
    var result: [UInt8] = []
    result.reserveCapacity(body.count)
    var rest = body
    while let byte = rest.popFirst() {
      if byte != UInt8(ascii: "\\") { result.append(byte) } else { escape(&rest, &result) }
    }
    return result
  }

  private static func escape(_ rest: inout ArraySlice<UInt8>, _ result: inout [UInt8]) {
    guard let kind = rest.popFirst() else { return }
    switch kind {
    case UInt8(ascii: "a"): result.append(0x07)
    case UInt8(ascii: "b"): result.append(0x08)
    case UInt8(ascii: "f"): result.append(0x0C)
    case UInt8(ascii: "n"): result.append(0x0A)
    case UInt8(ascii: "r"): result.append(0x0D)
    case UInt8(ascii: "t"): result.append(0x09)
    case UInt8(ascii: "v"): result.append(0x0B)
    case UInt8(ascii: "x"): result.append(UInt8(truncatingIfNeeded: number(&rest, digits: 2, base: 16)))
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      let value = number(&rest, digits: kind == UInt8(ascii: "u") ? 4 : 8, base: 16)
      result.append(contentsOf: String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      let first = UInt32(kind - UInt8(ascii: "0")) &* 64
      result.append(UInt8(truncatingIfNeeded: first &+ number(&rest, digits: 2, base: 8)))
    default: result.append(kind)
    }
  }

  private static func number(_ rest: inout ArraySlice<UInt8>, digits: Int, base: UInt32) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let byte = rest.popFirst() else { return value }
      value = value &* base &+ (digit(Unicode.Scalar(byte)) ?? 0)
    }
    return value
  }

  /// The value of a hexadecimal digit.
  static func digit(_ character: Unicode.Scalar) -> UInt32? {
    switch character {
    case "0"..."9": character.value - 0x30
    case "a"..."f": character.value - 0x61 + 10
    case "A"..."F": character.value - 0x41 + 10
    default: nil
    }
  }
}
