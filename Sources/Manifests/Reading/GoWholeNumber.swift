/// A whole number with Go's prefixes, without underscores: `12`, `-0x1F`, `0o17`, `017`, `0b101`.
struct GoWholeNumber {
  /// Rounded when it does not fit.
  var value: Double
  /// Nil above what 64 signed bits hold.
  var exactly: Int64?

  /// Nil for what has no whole number's form, or needs more than 64 bits.
  init?(_ text: [UInt8]) {
    var rest = text[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    var radix: UInt64 = 10
    if rest.first == UInt8(ascii: "0"), rest.count > 1 {
      rest.removeFirst()
      let prefixes: [UInt8: UInt64] = [
        UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2,
      ]
      // Without a letter it is octal, and `0.5` is no whole number.
      let prefix = rest.first.flatMap { prefixes[$0 | 0x20] }
      if prefix != nil { rest.removeFirst() }
      radix = prefix ?? 8
    }
    guard !rest.isEmpty else { return nil }
    var magnitude: UInt64 = 0
    for byte in rest {
      guard let digit = Self.digit(byte), digit < radix else { return nil }
      let (product, tooLarge) = magnitude.multipliedReportingOverflow(by: radix)
      let (sum, stillTooLarge) = product.addingReportingOverflow(digit)
      // Beyond 64 bits it is no whole number any more, and perhaps a float.
      guard !tooLarge, !stillTooLarge else { return nil }
      magnitude = sum
    }
    if isNegative {
      guard magnitude <= 1 << 63 else { return nil }
      exactly = magnitude == 1 << 63 ? .min : -Int64(magnitude)
      value = -Double(magnitude)
    } else {
      exactly = Int64(exactly: magnitude)
      value = Double(magnitude)
    }
  }

  private static func digit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }
}
