import TimeSeries

/// Numbers and durations. Deliberately loose, as in Prometheus: the parser checks the value
/// (promql-syntax.md §1.4).
extension Lexer {
  mutating func numberOrDuration() throws(LexicalError) -> Token {
    leaveDuration()
    if scanNumber() { return emit(.number) }
    if scanDuration() { return emit(.duration) }
    throw failure("bad number or duration syntax: \(GoQuote.quoted(text[start..<position]))")
  }

  /// `[.][d][d._eE]*` with what may not follow each other. False leaves the position where Prometheus
  /// leaves it, for the error's text and for the attempt at a duration.
  private mutating func scanNumber() -> Bool {
    let first = position
    var isHexadecimal = false
    if accept("0"), accept("xX") {
      _ = accept("_")
      isHexadecimal = true
    }
    let isDigit = isHexadecimal ? Self.isHexadecimalDigit : Self.isDigit
    _ = accept(".")
    if let byte = peek, isDigit(byte) { position += 1 }
    guard scanMantissa(isHexadecimal, isDigit), position > first else { return false }
    return peek.map { !Self.isWordByte($0) } ?? true
  }

  private mutating func scanMantissa(_ isHexadecimal: Bool, _ isDigit: (UInt8) -> Bool) -> Bool {
    var sawPoint = false
    var sawExponent = false
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "."):
        position += 1
        if sawPoint || accept("_.") || isHexadecimal { return false }
        sawPoint = true
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        position += 1
        if sawExponent { return false }
        sawExponent = true
        _ = accept("+-")
        if accept("._eE") || peek == nil { return false }
      case UInt8(ascii: "_"):
        position += 1
        if accept("._eE") || peek == nil { return false }
      case _ where isDigit(byte): acceptRun(isDigit)
      default: return true
      }
    }
    return true
  }

  /// Units that Prometheus does not know are caught when the duration is read.
  private mutating func scanDuration() -> Bool {
    guard accept("smhdwy") else { return false }
    _ = accept("s")
    while accept("0123456789") {
      acceptRun(Self.isDigit)
      guard accept("smhdw") else { return false }
      _ = accept("s")
    }
    guard let byte = peek, Self.isWordByte(byte) else { return true }
    position += 1
    return false
  }

  private static func isHexadecimalDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"))
  }
}
