import Glibc
import TimeSeries

/// Numbers as Prometheus reads them: Go's syntax of integers and floats (promql.md §4.3).
public enum NumberText {
  /// Why a text is no number, in Go's words.
  public enum Problem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The payload is the text, quoted.
    case syntax(String)
    /// The text, quoted, and the infinity that it exceeds.
    case range(String, Double)

    public var description: String {
      switch self {
      case .syntax(let quoted): "strconv.ParseFloat: parsing \(quoted): invalid syntax"
      case .range(let quoted, _): "strconv.ParseFloat: parsing \(quoted): value out of range"
      }
    }

    /// What Go's function returns beside the error.
    public var value: Double {
      switch self {
      case .syntax: 0
      case .range(_, let infinity): infinity
      }
    }
  }

  /// A number literal of a query: an integer with base detection (`0x1F`, `017`, `0b1`, `1_000`) if
  /// it fits 64 bits, else a float.
  public static func literal(_ text: some Collection<UInt8>) throws(Problem) -> Double {
    let bytes = Array(text)
    if let integer = integer(bytes) { return Double(integer) }
    return try float(bytes)
  }

  /// A float: decimal or hexadecimal with exponent, underscores between digits, `inf`, `infinity`
  /// and `nan` in any case. No spaces. Overflow is a problem, underflow is not.
  public static func float(_ text: some Collection<UInt8>) throws(Problem) -> Double {
    let bytes = Array(text)
    if let special = special(bytes) { return special }
    guard let shape = FloatShape(bytes), underscoresAreFine(bytes) else {
      throw .syntax(GoQuote.quoted(bytes))
    }
    guard let value = Double(shape.normalised) else { throw .syntax(GoQuote.quoted(bytes)) }
    if value.isInfinite { throw .range(GoQuote.quoted(bytes), value) }
    return value
  }

  /// Go's conversion of a float to an integer on amd64: truncation, the smallest integer for what
  /// does not fit (promql.md §4.6).
  public static func truncatedToInteger(_ value: Double) -> Int64 {
    Int64(exactly: value.rounded(.towardZero)) ?? .min
  }

  private static func special(_ bytes: [UInt8]) -> Double? {
    guard bytes.count <= 9 else { return nil }
    switch String(decoding: bytes, as: UTF8.self).lowercased() {
    case "inf", "+inf", "infinity", "+infinity": return .infinity
    case "-inf", "-infinity": return -.infinity
    case "nan": return StaleMarker.ordinaryNaN
    default: return nil
    }
  }

  /// Go's `ParseInt(text, 0, 64)`.
  private static func integer(_ bytes: [UInt8]) -> Int64? {
    guard underscoresAreFine(bytes) else { return nil }
    var digits = bytes[...]
    var sign = ""
    if let first = digits.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") {
      sign = first == UInt8(ascii: "-") ? "-" : ""
      digits = digits.dropFirst()
    }
    let radix = radix(of: digits)
    if radix.isLettered { digits = digits.dropFirst(2) }
    // The digits must be bare: what reads them accepts a sign of its own.
    let plain = digits.filter { $0 != UInt8(ascii: "_") }
    guard let first = plain.first, StringLiteral.digit(Unicode.Scalar(first)) != nil else { return nil }
    let significant = plain.drop { $0 == UInt8(ascii: "0") }
    if significant.count > 64 { return nil }
    let text = significant.isEmpty ? "0" : String(decoding: significant, as: UTF8.self)
    return Int64(sign + text, radix: radix.base)
  }

  /// The base that a prefix names, and whether the prefix has a letter.
  private static func radix(of digits: ArraySlice<UInt8>) -> (base: Int, isLettered: Bool) {
    guard digits.count > 1, digits.first == UInt8(ascii: "0") else { return (10, false) }
    switch digits[digits.startIndex + 1] | 0x20 {
    case UInt8(ascii: "x"): return (16, true)
    case UInt8(ascii: "b"): return (2, true)
    case UInt8(ascii: "o"): return (8, true)
    default: return (8, false)
    }
  }

  /// Whether underscores stand only between digits or after a base prefix.
  private static func underscoresAreFine(_ bytes: [UInt8]) -> Bool {
    enum Class { case none, digit, underscore, other }
    guard bytes.contains(UInt8(ascii: "_")) else { return true }
    var rest = bytes[...]
    if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
    var last = Class.none
    var isHexadecimal = false
    if rest.count >= 2, rest.first == UInt8(ascii: "0") {
      let letter = rest[rest.startIndex + 1] | 0x20
      if letter == UInt8(ascii: "b") || letter == UInt8(ascii: "o") || letter == UInt8(ascii: "x") {
        isHexadecimal = letter == UInt8(ascii: "x")
        last = .digit
        rest = rest.dropFirst(2)
      }
    }
    for byte in rest {
      if byte == UInt8(ascii: "_") {
        guard last == .digit else { return false }
        last = .underscore
      } else if Lexer.isDigit(byte) || (isHexadecimal && StringLiteral.digit(Unicode.Scalar(byte)) != nil) {
        last = .digit
      } else {
        if last == .underscore { return false }
        last = .other
      }
    }
    return last != .underscore
  }
}

/// The syntax of a float, checked, and its text as the standard library reads it.
private struct FloatShape {
  var normalised: String

  init?(_ bytes: [UInt8]) {
    var rest = bytes.filter { $0 != UInt8(ascii: "_") }[...]
    var text: [UInt8] = []
    func take(_ condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
      let run = rest.prefix(while: condition)
      rest = rest.dropFirst(run.count)
      return run
    }
    func takeSign() {
      if let first = rest.first, first == UInt8(ascii: "+") || first == UInt8(ascii: "-") {
        text.append(first)
        rest = rest.dropFirst()
      }
    }
    takeSign()
    let isHexadecimal =
      rest.count >= 2 && rest.first == UInt8(ascii: "0")
      && rest[rest.startIndex + 1] | 0x20 == UInt8(ascii: "x")
    if isHexadecimal {
      text += [UInt8(ascii: "0"), UInt8(ascii: "x")]
      rest = rest.dropFirst(2)
    }
    let isDigit: (UInt8) -> Bool = {
      Lexer.isDigit($0) || (isHexadecimal && StringLiteral.digit(Unicode.Scalar($0)) != nil)
    }
    let whole = take(isDigit)
    var fraction: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      fraction = take(isDigit)
    }
    if whole.isEmpty && fraction.isEmpty { return nil }
    text += whole.isEmpty ? [UInt8(ascii: "0")] : Array(whole)
    if !fraction.isEmpty { text += [UInt8(ascii: ".")] + fraction }
    let exponentLetter = isHexadecimal ? UInt8(ascii: "p") : UInt8(ascii: "e")
    if let first = rest.first, first | 0x20 == exponentLetter {
      text.append(exponentLetter)
      rest = rest.dropFirst()
      takeSign()
      let exponent = take(Lexer.isDigit)
      if exponent.isEmpty { return nil }
      // Beyond a hundred thousand every mantissa that fits memory is 0 or infinite anyway.
      text += exponent.count > 9 ? Array("999999999".utf8) : Array(exponent)
    } else if isHexadecimal {
      return nil
    }
    guard rest.isEmpty else { return nil }
    normalised = String(decoding: text, as: UTF8.self)
  }
}
