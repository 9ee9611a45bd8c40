/// Go's quoting of strings and characters (promql.md §4.4).
public enum GoQuote {
  /// `%q` of a string given as bytes: invalid UTF-8 becomes `\xHH`.
  public static func quoted(_ text: some Sequence<UInt8>) -> String {
    var result: [UInt8] = [UInt8(ascii: "\"")]
    let bytes = Array(text)
    var position = 0
    while position < bytes.count {
      let (scalar, length) = decode(bytes, at: position)
      if let scalar {
        append(scalar, quote: "\"", to: &result)
      } else {
        result.append(contentsOf: "\\x".utf8)
        result.append(contentsOf: hex(UInt32(bytes[position]), digits: 2).utf8)
      }
      position += length
    }
    result.append(UInt8(ascii: "\""))
    return String(decoding: result, as: UTF8.self)
  }

  /// `%q` of a character: single quotes; nil (end of input) is `'�'`.
  public static func quoted(_ scalar: Unicode.Scalar?) -> String {
    var result: [UInt8] = [UInt8(ascii: "'")]
    append(scalar ?? "\u{FFFD}", quote: "'", to: &result)
    result.append(UInt8(ascii: "'"))
    return String(decoding: result, as: UTF8.self)
  }

  /// `%#U` of a character: `U+0071 'q'`.
  public static func codePoint(_ scalar: Unicode.Scalar) -> String {
    let code = hex(scalar.value, digits: 4).uppercased()
    return isPrintable(scalar) ? "U+\(code) '\(scalar)'" : "U+\(code)"
  }

  /// The scalar that starts at a position and its length in bytes; nil and 1 where the bytes are
  /// no valid UTF-8.
  public static func decode(_ bytes: [UInt8], at position: Int) -> (Unicode.Scalar?, Int) {
    let lead = bytes[position]
    if lead < 0x80 { return (Unicode.Scalar(lead), 1) }
    let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
    guard lead >= 0xC2, lead <= 0xF4, position + length <= bytes.count else { return (nil, 1) }
    var value = UInt32(lead) & (0x7F >> UInt32(length))
    for i in position + 1..<position + length {
      guard bytes[i] & 0xC0 == 0x80 else { return (nil, 1) }
      value = value << 6 | UInt32(bytes[i] & 0x3F)
    }
    let smallest: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
    guard value >= smallest, let scalar = Unicode.Scalar(value) else { return (nil, 1) }
    return (scalar, length)
  }

  private static func append(_ scalar: Unicode.Scalar, quote: Unicode.Scalar, to text: inout [UInt8]) {
    switch scalar {
    case quote, "\\": text.append(contentsOf: [UInt8(ascii: "\\"), UInt8(scalar.value)])
    case "\u{07}": text.append(contentsOf: "\\a".utf8)
    case "\u{08}": text.append(contentsOf: "\\b".utf8)
    case "\u{0C}": text.append(contentsOf: "\\f".utf8)
    case "\n": text.append(contentsOf: "\\n".utf8)
    case "\r": text.append(contentsOf: "\\r".utf8)
    case "\t": text.append(contentsOf: "\\t".utf8)
    case "\u{0B}": text.append(contentsOf: "\\v".utf8)
    default:
      if isPrintable(scalar) {
        text.append(contentsOf: String(scalar).utf8)
      } else if scalar.value < 0x80 {
        text.append(contentsOf: ("\\x" + hex(scalar.value, digits: 2)).utf8)
      } else if scalar.value <= 0xFFFF {
        text.append(contentsOf: ("\\u" + hex(scalar.value, digits: 4)).utf8)
      } else {
        text.append(contentsOf: ("\\U" + hex(scalar.value, digits: 8)).utf8)
      }
    }
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value >= 0x20 && scalar.value < 0x7F }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber,
      .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol,
      .modifierSymbol, .otherSymbol:
      return true
    case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control, .format, .surrogate,
      .privateUse, .unassigned:
      return false
    @unknown default:
      return false
    }
  }

  private static func hex(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}
