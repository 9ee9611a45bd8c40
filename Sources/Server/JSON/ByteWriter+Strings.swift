import TimeSeries

extension ByteWriter {
  /// How `<`, `>`, `&`, U+2028 and U+2029 are written (http-api.md §3).
  enum Escaping {
    /// As they stand: labels of results.
    case plain
    /// As `\u003c` and so on: everything else.
    case html
  }

  /// A JSON string with its quotes. Invalid UTF-8 becomes `\ufffd`, one a byte.
  mutating func append(string: some Collection<UInt8>, _ escaping: Escaping) {
    append(Self.quote)
    let isPlain = string.allSatisfy { $0 < 0x80 && Self.isHarmless($0, escaping) }
    if isPlain {
      append(contentsOf: string)
    } else {
      append(escaped: Array(string), escaping)
    }
    append(Self.quote)
  }

  /// A JSON string with its quotes, escaped as everything outside labels is.
  mutating func append(string: String) { append(string: string.utf8, .html) }

  private static let quote = UInt8(ascii: "\"")

  static func isHarmless(_ byte: UInt8, _ escaping: Escaping) -> Bool {
    switch byte {
    case 0..<0x20, quote, UInt8(ascii: "\\"): false
    case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"): escaping == .plain
    default: true
    }
  }

  private mutating func append(escaped bytes: [UInt8], _ escaping: Escaping) {
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x80 {
        if Self.isHarmless(byte, escaping) { append(byte) } else { append(escapeOf: byte) }
        index += 1
        continue
      }
      let (scalar, length) = GoQuote.decode(bytes, at: index)
      switch scalar {
      case nil: append(#"\ufffd"#)
      case "\u{2028}" where escaping == .html: append(#"\u2028"#)
      case "\u{2029}" where escaping == .html: append(#"\u2029"#)
      default: append(contentsOf: bytes[index..<index + length])
      }
      index += length
    }
  }

  private mutating func append(escapeOf byte: UInt8) {
    switch byte {
    case Self.quote: append(#"\""#)
    case UInt8(ascii: "\\"): append(#"\\"#)
    case UInt8(ascii: "\n"): append(#"\n"#)
    case UInt8(ascii: "\r"): append(#"\r"#)
    case UInt8(ascii: "\t"): append(#"\t"#)
    default:
      append(#"\u00"#)
      append(contentsOf: [byte >> 4, byte & 15].map { ($0 < 10 ? 0x30 : 0x57) + $0 })
    }
  }
}
