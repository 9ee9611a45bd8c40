import TimeSeries

/// Go's `html`, `js` and `urlquery`.
enum TemplateEscape {
  /// The arguments as one text.
  static func text(_ arguments: [TemplateValue]) -> [UInt8] {
    GoFormat.print(
      arguments.map { value in value.typeName == nil ? .text("<no value>") : value.followed })
  }

  static func html(_ text: [UInt8]) -> [UInt8] {
    text.flatMap { byte -> [UInt8] in
      switch byte {
      case UInt8(ascii: "\""): Array("&#34;".utf8)
      case UInt8(ascii: "'"): Array("&#39;".utf8)
      case UInt8(ascii: "&"): Array("&amp;".utf8)
      case UInt8(ascii: "<"): Array("&lt;".utf8)
      case UInt8(ascii: ">"): Array("&gt;".utf8)
      case 0: Array("\u{FFFD}".utf8)
      default: [byte]
      }
    }
  }

  static func javaScript(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var position = 0
    while position < text.count {
      let byte = text[position]
      var length = 1
      switch byte {
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""):
        result += [UInt8(ascii: "\\"), byte]
      case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "="), 0..<0x20:
        result += Array("\\u00".utf8) + hex(byte)
      case 0x80...:
        let decoded = GoQuote.decode(text, at: position)
        length = decoded.1
        let scalar = decoded.0 ?? "\u{FFFD}"
        if GoQuote.codePoint(scalar).contains("'") {
          result += text[position..<position + length]
        } else {
          let digits = String(scalar.value, radix: 16, uppercase: true)
          result += Array("\\u".utf8) + repeatElement(UInt8(ascii: "0"), count: max(0, 4 - digits.utf8.count))
          result += Array(digits.utf8)
        }
      default: result.append(byte)
      }
      position += length
    }
    return result
  }

  static func query(_ text: [UInt8]) -> [UInt8] {
    text.flatMap { byte -> [UInt8] in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "~"):
        [byte]
      case UInt8(ascii: " "): [UInt8(ascii: "+")]
      default: [UInt8(ascii: "%")] + hex(byte)
      }
    }
  }

  private static func hex(_ byte: UInt8) -> [UInt8] {
    let digits = String(byte, radix: 16, uppercase: true)
    return Array(((byte < 16 ? "0" : "") + digits).utf8)
  }
}
