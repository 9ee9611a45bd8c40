private import Glibc
internal import TimeSeries

/// Numbers in raw bytes, correctly rounded (exposition.md §2.2).
enum DecimalText {
  /// 10^0…10^22, which are exact.
  private static let powers: [Double] = {
    var powers = [1.0]
    for _ in 0..<22 { powers.append((powers.last ?? 1) * 10) }
    return powers
  }()

  /// Reads a plain decimal number at a position as far as it goes.
  ///
  /// Nil when there is none, or when its digits and exponent are too many for the exact short way
  /// (Clinger's: an integer below 2^53 times or divided by an exact power of ten rounds once). On
  /// success `position` is behind the number.
  @inline(__always)
  static func scan(_ text: Span<UInt8>, _ position: inout Int) -> Double? {
    var at = position
    let end = text.count
    var isNegative = false
    if at < end, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
      isNegative = text[at] == UInt8(ascii: "-")
      at += 1
    }
    var mantissa: UInt64 = 0
    var exponent = 0
    let start = at
    while at < end, text[at].isDigit {
      mantissa = mantissa &* 10 &+ UInt64(text[at] &- 48)
      at += 1
    }
    var digits = at - start
    if at < end, text[at] == UInt8(ascii: ".") {
      at += 1
      let point = at
      while at < end, text[at].isDigit {
        mantissa = mantissa &* 10 &+ UInt64(text[at] &- 48)
        at += 1
      }
      exponent = point - at
      digits += at - point
    }
    // Nineteen digits cannot overflow; leading zeros count here and go the long way if they are many.
    guard digits > 0, digits <= 19, mantissa <= 1 << 53 else { return nil }
    if at < end, text[at] | 0x20 == UInt8(ascii: "e") {
      guard let shift = scanExponent(text, &at) else { return nil }
      exponent += shift
    }
    guard exponent >= -22, exponent <= 22 else {
      guard mantissa == 0 else { return nil }
      position = at
      return isNegative ? -0.0 : 0
    }
    let magnitude =
      exponent < 0
      ? Double(mantissa) / powers[-exponent] : Double(mantissa) * powers[exponent]
    position = at
    return isNegative ? -magnitude : magnitude
  }

  /// `e`, an optional sign and one to four digits.
  private static func scanExponent(_ text: Span<UInt8>, _ at: inout Int) -> Int? {
    var next = at + 1
    var isNegative = false
    if next < text.count, text[next] == UInt8(ascii: "-") || text[next] == UInt8(ascii: "+") {
      isNegative = text[next] == UInt8(ascii: "-")
      next += 1
    }
    let start = next
    var value = 0
    while next < text.count, text[next].isDigit, next - start < 5 {
      value = value * 10 + Int(text[next] &- 48)
      next += 1
    }
    guard next > start, next - start < 5 else { return nil }
    at = next
    return isNegative ? -value : value
  }

  /// The whole text as a number. Throws Go's words.
  static func double(_ text: Span<UInt8>) throws(NumberProblem) -> Double {
    var position = 0
    if let value = scan(text, &position), position == text.count { return value }
    if isDecimal(text) {
      let value = exact(text)
      if value.isFinite { return value }
    }
    for i in 0..<text.count where [0x70, 0x50, 0x5F].contains(text[i]) {
      throw NumberProblem(reason: "unsupported character in float")
    }
    let bytes = Array(copying: text)
    do {
      return try GoNumber.float(bytes)
    } catch {
      // The text may be no UTF-8.
      let fault = error.isRange ? "value out of range" : "invalid syntax"
      throw NumberProblem(reason: "strconv.\(error.function): parsing \(GoText.quoted(bytes)): \(fault)")
    }
  }

  /// `[+-]? (digits [. digits*] | . digits) ([eE] [+-]? digits)?` and nothing else.
  private static func isDecimal(_ text: Span<UInt8>) -> Bool {
    var at = 0
    func isAt(_ a: UInt8, _ b: UInt8) -> Bool { at < text.count && (text[at] == a || text[at] == b) }
    func skipDigits() -> Int {
      let start = at
      while at < text.count, text[at].isDigit { at += 1 }
      return at - start
    }
    if isAt(UInt8(ascii: "+"), UInt8(ascii: "-")) { at += 1 }
    var digits = skipDigits()
    if isAt(UInt8(ascii: "."), UInt8(ascii: ".")) {
      at += 1
      digits += skipDigits()
    }
    guard digits > 0 else { return false }
    if isAt(UInt8(ascii: "e"), UInt8(ascii: "E")) {
      at += 1
      if isAt(UInt8(ascii: "+"), UInt8(ascii: "-")) { at += 1 }
      guard skipDigits() > 0 else { return false }
    }
    return at == text.count
  }

  /// The C library's conversion of a text whose syntax has been checked.
  private static func exact(_ text: Span<UInt8>) -> Double {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { buffer in
      for i in 0..<text.count { unsafe buffer[i] = CChar(bitPattern: text[i]) }
      unsafe buffer[text.count] = 0
      guard let start = buffer.baseAddress else { return Double.nan }
      return unsafe strtod(start, nil)
    }
  }
}

/// Why a text is no number, in Go's words.
struct NumberProblem: Error {
  var reason: String
}

extension Array where Element == UInt8 {
  /// The bytes of a span.
  init(copying span: Span<UInt8>) {
    self = unsafe span.withUnsafeBufferPointer { unsafe Array($0) }
  }
}
