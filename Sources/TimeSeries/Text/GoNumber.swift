/// Numbers as Go's strconv reads them (promql.md §4.3). Errors carry Go's words.
public enum GoNumber {
  /// Why a text is no number; `description` is strconv's message.
  public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    /// The function that Go would name: `ParseFloat`, `ParseUint`.
    public var function: String
    /// The text as given.
    public var text: String
    /// The number has a valid form but no place in the type.
    public var isRange: Bool

    public var description: String {
      "strconv.\(function): parsing \(GoText.quoted(text)): "
        + (isRange ? "value out of range" : "invalid syntax")
    }
  }

  /// A float: decimal or hex with exponent, optional sign, underscores between digits, `inf`,
  /// `infinity` and (unsigned) `nan` in any case. Overflow is an error, underflow is zero.
  public static func float(_ text: some Collection<UInt8>) throws(Problem) -> Double {
    let bytes = Array(text)
    if let special = special(bytes) { return special }
    guard isFloat(bytes) else { throw problem("ParseFloat", bytes) }
    let digits = bytes.filter { $0 != UInt8(ascii: "_") }
    guard let value = Double(String(decoding: digits, as: UTF8.self)) else {
      throw problem("ParseFloat", bytes)
    }
    guard value.isFinite else { throw problem("ParseFloat", bytes, isRange: true) }
    return value
  }

  /// A number of a query or of a test's scalar line: an int64 with its base told by a prefix
  /// (`0x`, `0b`, `0o`, a leading `0`), else a float.
  public static func literal(_ text: some Collection<UInt8>) throws(Problem) -> Double {
    let bytes = Array(text)
    if let integer = integer(bytes) { return Double(integer) }
    return try float(bytes)
  }

  /// An unsigned decimal integer of 64 bits: digits only.
  public static func unsigned(_ text: some Collection<UInt8>) throws(Problem) -> UInt64 {
    let bytes = Array(text)
    guard !bytes.isEmpty, bytes.allSatisfy(isDigit) else { throw problem("ParseUint", bytes) }
    guard let value = UInt64(String(decoding: bytes, as: UTF8.self)) else {
      throw problem("ParseUint", bytes, isRange: true)
    }
    return value
  }

  private static func problem(_ function: String, _ text: [UInt8], isRange: Bool = false) -> Problem {
    Problem(function: function, text: String(decoding: text, as: UTF8.self), isRange: isRange)
  }

  private static func special(_ bytes: [UInt8]) -> Double? {
    var word = bytes[...]
    var negative = false
    if let sign = word.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
      negative = sign == UInt8(ascii: "-")
      word = word.dropFirst()
    }
    guard word.count <= 8 else { return nil }
    switch String(decoding: word, as: UTF8.self).lowercased() {
    case "inf", "infinity": return negative ? -Double.infinity : Double.infinity
    case "nan" where word.count == bytes.count: return StaleMarker.ordinaryNaN
    default: return nil
    }
  }

  /// Go's float syntax with underscores.
  private static func isFloat(_ bytes: [UInt8]) -> Bool {
    var position = 0
    func at(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }
    if at(0) == UInt8(ascii: "+") || at(0) == UInt8(ascii: "-") { position = 1 }
    let start = position
    let isHex = at(position) == UInt8(ascii: "0") && at(position + 1) | 0x20 == UInt8(ascii: "x")
    if isHex { position += 2 }
    var digits = 0
    var points = 0
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: ".") {
        points += 1
      } else if isDigit(byte) || (isHex && isHexLetter(byte)) {
        digits += 1
      } else if byte != UInt8(ascii: "_") {
        break
      }
      position += 1
    }
    guard digits > 0, points <= 1 else { return false }
    var hasExponent = false
    if at(position) | 0x20 == UInt8(ascii: isHex ? "p" : "e") {
      hasExponent = true
      position += 1
      if at(position) == UInt8(ascii: "+") || at(position) == UInt8(ascii: "-") { position += 1 }
      guard isDigit(at(position)) else { return false }
      while isDigit(at(position)) || at(position) == UInt8(ascii: "_") { position += 1 }
    }
    return position == bytes.count && (!isHex || hasExponent) && underscoresSeparate(bytes[start...])
  }

  /// Underscores stand between digits, or between a base's prefix and a digit.
  private static func underscoresSeparate(_ text: ArraySlice<UInt8>) -> Bool {
    let bytes = Array(text)
    guard bytes.contains(UInt8(ascii: "_")) else { return true }
    let prefixes = "box".utf8.contains(bytes.count > 1 ? bytes[1] | 0x20 : 0)
    let hasPrefix = bytes.first == UInt8(ascii: "0") && prefixes
    for (i, byte) in bytes.enumerated() where byte == UInt8(ascii: "_") {
      guard i > 0, i + 1 < bytes.count else { return false }
      let before = bytes[i - 1]
      let isAfterPrefix = hasPrefix && i == 2
      guard isAfterPrefix || isDigit(before) || (hasPrefix && isHexLetter(before)),
        isDigit(bytes[i + 1]) || (hasPrefix && isHexLetter(bytes[i + 1]))
      else { return false }
    }
    return true
  }

  /// Go's `ParseInt(text, 0, 64)`.
  private static func integer(_ bytes: [UInt8]) -> Int64? {
    var rest = bytes[...]
    var sign = ""
    if let first = rest.first, first == UInt8(ascii: "+") || first == UInt8(ascii: "-") {
      sign = first == UInt8(ascii: "-") ? "-" : ""
      rest = rest.dropFirst()
    }
    guard underscoresSeparate(rest) else { return nil }
    var radix = 10
    if rest.count > 1, rest.first == UInt8(ascii: "0") {
      let letter = rest[rest.startIndex + 1] | 0x20
      switch letter {
      case UInt8(ascii: "x"): radix = 16
      case UInt8(ascii: "b"): radix = 2
      case UInt8(ascii: "o"): radix = 8
      default: radix = 8
      }
      rest = "xbo".utf8.contains(letter) ? rest.dropFirst(2) : rest.dropFirst()
    }
    let digits = rest.filter { $0 != UInt8(ascii: "_") }
    guard let first = digits.first, isDigit(first) || isHexLetter(first) else { return nil }
    return Int64(sign + String(decoding: digits, as: UTF8.self), radix: radix)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private static func isHexLetter(_ byte: UInt8) -> Bool {
    byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f")
  }
}
