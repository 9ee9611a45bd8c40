import TimeSeries

/// A message of Go's number parsing.
struct TemplateNumberProblem: Error {
  var message: String
}

extension TemplateNumber {
  /// Reads a character, number or complex token as Go's parser does. `value` is nil for a whole
  /// number above what an int holds: an error only where it is used.
  init(parsing token: TemplateToken) throws(TemplateNumberProblem) {
    text = String(decoding: token.text, as: UTF8.self)
    switch token.kind {
    case .character: value = try Self.character(token.text, text)
    case .complex: value = try Self.complex(token.text, text)
    default: value = try Self.real(token.text, text)
    }
  }

  private static func character(
    _ bytes: [UInt8], _ text: String
  ) throws(TemplateNumberProblem) -> TemplateValue {
    var rest = bytes.dropFirst()
    guard let scalar = GoUnquote.character(&rest, quote: UInt8(ascii: "'")) else {
      throw TemplateNumberProblem(message: "invalid syntax")
    }
    guard rest.elementsEqual("'".utf8) else {
      throw TemplateNumberProblem(message: "malformed character constant: \(text)")
    }
    return .integer(Int64(scalar))
  }

  /// `1+2i`
  private static func complex(
    _ bytes: [UInt8], _ text: String
  ) throws(TemplateNumberProblem) -> TemplateValue {
    let body = bytes.dropLast()
    let isExponent = { (index: Int) in bytes[index - 1] | 0x20 == UInt8(ascii: "e") }
    let split = body.indices.dropFirst().last { index in
      (body[index] == UInt8(ascii: "+") || body[index] == UInt8(ascii: "-")) && !isExponent(index)
    }
    guard let split, let real = try? GoNumber.float(body[..<split]),
      let imaginary = try? GoNumber.float(body[split...])
    else { throw TemplateNumberProblem(message: "expected complex; got \(GoText.quoted(text))") }
    return .complex(real, imaginary)
  }

  private static func real(
    _ bytes: [UInt8], _ text: String
  ) throws(TemplateNumberProblem) -> TemplateValue? {
    if bytes.last == UInt8(ascii: "i"), let imaginary = try? GoNumber.float(bytes.dropLast()) {
      return .complex(0, imaginary)
    }
    if bytes.contains(UInt8(ascii: "_")), (try? GoNumber.literal(bytes)) == nil {
      throw TemplateNumberProblem(message: "illegal number syntax: \(GoText.quoted(text))")
    }
    let isFloat = bytes.contains { ".eEpP".utf8.contains($0) }
    let isHex = bytes.count > 2 && bytes[1] | 0x20 == UInt8(ascii: "x")
    let isHexFloat = isHex && bytes.contains { $0 | 0x20 == UInt8(ascii: "p") }
    if !bytes.contains(UInt8(ascii: ".")), !isHexFloat,
      let whole = GoWholeNumber(bytes.filter { $0 != UInt8(ascii: "_") })
    {
      return whole.exactly.map { .integer($0) }
    }
    guard let value = try? GoNumber.float(bytes) else {
      throw TemplateNumberProblem(message: "illegal number syntax: \(GoText.quoted(text))")
    }
    guard isFloat else {
      throw TemplateNumberProblem(message: "integer overflow: \(GoText.quoted(text))")
    }
    return .float(value)
  }
}

/// Go's string and character literals, unquoted.
enum GoUnquote {
  /// The bytes of `"…"` or `` `…` ``; nil for what Go's `strconv.Unquote` refuses.
  static func string(_ literal: [UInt8]) -> [UInt8]? {
    guard literal.count >= 2, let quote = literal.first, literal.last == quote else { return nil }
    var rest = literal.dropFirst().dropLast()
    if quote == UInt8(ascii: "`") { return rest.filter { $0 != UInt8(ascii: "\r") } }
    var result: [UInt8] = []
    while let next = rest.first {
      if next == UInt8(ascii: "\\"), let byte = byteEscape(&rest) {
        result.append(byte)
      } else if next != UInt8(ascii: "\\"), next >= 0x80 || next != quote {
        result.append(next)
        rest.removeFirst()
      } else if let scalar = character(&rest, quote: quote), let value = Unicode.Scalar(scalar) {
        result.append(contentsOf: String(value).utf8)
      } else {
        return nil
      }
    }
    return result
  }

  /// `\x41` and `\101` are bytes, not characters.
  private static func byteEscape(_ text: inout ArraySlice<UInt8>) -> UInt8? {
    guard let kind = text.dropFirst().first else { return nil }
    if kind == UInt8(ascii: "x") {
      guard let value = number(text.dropFirst(2).prefix(2), count: 2, radix: 16) else { return nil }
      text = text.dropFirst(4)
      return UInt8(truncatingIfNeeded: value)
    }
    guard kind >= UInt8(ascii: "0"), kind <= UInt8(ascii: "7") else { return nil }
    guard let value = number(text.dropFirst().prefix(3), count: 3, radix: 8), value < 256 else {
      return nil
    }
    text = text.dropFirst(4)
    return UInt8(value)
  }

  private static func number(_ digits: ArraySlice<UInt8>, count: Int, radix: Int) -> UInt32? {
    guard digits.count == count, digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") })
    else { return nil }
    return UInt32(String(decoding: digits, as: UTF8.self), radix: radix)
  }

  /// One character or escape from the front, as Go's `strconv.UnquoteChar`; nil when it is wrong.
  static func character(_ text: inout ArraySlice<UInt8>, quote: UInt8) -> UInt32? {
    guard let first = text.first, first != quote else { return nil }
    guard first == UInt8(ascii: "\\") else {
      let (scalar, length) = GoQuote.decode(Array(text.prefix(4)), at: 0)
      text = text.dropFirst(length)
      return (scalar ?? "\u{FFFD}").value
    }
    if let byte = byteEscape(&text) { return UInt32(byte) }
    guard let kind = text.dropFirst().first else { return nil }
    text = text.dropFirst(2)
    switch kind {
    case UInt8(ascii: "a"): return 7
    case UInt8(ascii: "b"): return 8
    case UInt8(ascii: "f"): return 12
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "v"): return 11
    case UInt8(ascii: "\\"): return 92
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return kind == quote ? UInt32(kind) : nil
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      let count = kind == UInt8(ascii: "u") ? 4 : 8
      guard let value = number(text.prefix(count), count: count, radix: 16),
        Unicode.Scalar(value) != nil
      else { return nil }
      text = text.dropFirst(count)
      return value
    default: return nil
    }
  }
}
