/// A parsed JSON text: what is needed to read a server's answer and to name what is wrong with it in
/// Go's words, as Flagger's events quote them.
enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  /// As written.
  case number(String)
  case string(String)
  case array([JSONValue])
  /// In order; keys may repeat.
  case object([Member])

  struct Member: Sendable, Hashable {
    var key: String
    var value: JSONValue
  }

  /// Why a text is no JSON; Go's words.
  struct Problem: Error, Sendable, Hashable {
    var message: String
  }

  init(parsing bytes: [UInt8]) throws(Problem) {
    var reader = JSONReader(bytes)
    self = try reader.document()
  }

  /// The last member of this name in any case, as Go's decoder finds it; nil when there is none or it
  /// is null.
  func member(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    let found = members.last { $0.key.lowercased() == name }?.value
    return found == .null ? nil : found
  }

  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// Go's name for the kind of value.
  var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "bool"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}

/// Recursive descent with a limit on depth.
private struct JSONReader {
  private let bytes: [UInt8]
  private var position = 0
  private static let depthLimit = 500

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONValue.Problem) -> JSONValue {
    let result = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw unexpected("after top-level value") }
    return result
  }

  private mutating func value(depth: Int) throws(JSONValue.Problem) -> JSONValue {
    guard depth < Self.depthLimit else { throw JSONValue.Problem(message: "exceeded max depth") }
    skipSpace()
    guard position < bytes.count else { throw Self.endOfInput }
    switch bytes[position] {
    case UInt8(ascii: "{"): return .object(try members(depth: depth))
    case UInt8(ascii: "["): return .array(try elements(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    default: throw unexpected("looking for beginning of value")
    }
  }

  private mutating func members(depth: Int) throws(JSONValue.Problem) -> [JSONValue.Member] {
    position += 1
    var result: [JSONValue.Member] = []
    if try take(UInt8(ascii: "}")) { return result }
    repeat {
      skipSpace()
      guard position < bytes.count else { throw Self.endOfInput }
      guard bytes[position] == UInt8(ascii: "\"") else {
        throw unexpected("looking for beginning of object key string")
      }
      let key = try string()
      guard try take(UInt8(ascii: ":")) else { throw unexpected("after object key") }
      result.append(JSONValue.Member(key: key, value: try value(depth: depth + 1)))
      if try take(UInt8(ascii: "}")) { return result }
    } while try take(UInt8(ascii: ","))
    throw unexpected("after object key:value pair")
  }

  private mutating func elements(depth: Int) throws(JSONValue.Problem) -> [JSONValue] {
    position += 1
    var result: [JSONValue] = []
    if try take(UInt8(ascii: "]")) { return result }
    repeat {
      result.append(try value(depth: depth + 1))
      if try take(UInt8(ascii: "]")) { return result }
    } while try take(UInt8(ascii: ","))
    throw unexpected("after array element")
  }

  /// Passes over white space and the byte, if it is next.
  private mutating func take(_ byte: UInt8) throws(JSONValue.Problem) -> Bool {
    skipSpace()
    guard position < bytes.count else { throw Self.endOfInput }
    guard bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func string() throws(JSONValue.Problem) -> String {
    position += 1
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        position += 1
        try escape(into: &text)
      case 0..<0x20: throw unexpected("in string literal")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw Self.endOfInput
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONValue.Problem) {
    guard position < bytes.count else { throw Self.endOfInput }
    let byte = bytes[position]
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "u"):
      position += 1
      return text.append(contentsOf: try unicode().utf8)
    default: throw unexpected("in string escape code")
    }
    position += 1
  }

  /// Four digits, or a surrogate pair; a lone surrogate becomes U+FFFD.
  private mutating func unicode() throws(JSONValue.Problem) -> String {
    let first = try hexadecimal()
    guard (0xD800..<0xDC00).contains(first), bytes[position...].starts(with: [0x5C, 0x75]) else {
      return Unicode.Scalar(first).map { String(Character($0)) } ?? "\u{FFFD}"
    }
    let rewind = position
    position += 2
    let second = try hexadecimal()
    guard (0xDC00..<0xE000).contains(second) else {
      position = rewind
      return "\u{FFFD}"
    }
    let scalar = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    return Unicode.Scalar(scalar).map { String(Character($0)) } ?? "\u{FFFD}"
  }

  private mutating func hexadecimal() throws(JSONValue.Problem) -> UInt32 {
    var result: UInt32 = 0
    for _ in 0..<4 {
      guard position < bytes.count else { throw Self.endOfInput }
      guard let digit = Character(UnicodeScalar(bytes[position])).hexDigitValue else {
        throw unexpected("in \\u hexadecimal character escape")
      }
      result = result << 4 | UInt32(digit)
      position += 1
    }
    return result
  }

  private mutating func literal(
    _ word: String, _ value: JSONValue
  ) throws(JSONValue.Problem) -> JSONValue {
    for expected in word.utf8 {
      guard position < bytes.count else { throw Self.endOfInput }
      guard bytes[position] == expected else {
        throw unexpected("in literal \(word) (expecting '\(Character(UnicodeScalar(expected)))')")
      }
      position += 1
    }
    return value
  }

  private mutating func number() throws(JSONValue.Problem) -> String {
    let start = position
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
      position += 1
    } else {
      try digits("in numeric literal")
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      try digits("after decimal point in numeric literal")
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < bytes.count,
        bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      try digits("in exponent of numeric literal")
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits(_ place: String) throws(JSONValue.Problem) {
    let start = position
    while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
    if position == start { throw position < bytes.count ? unexpected(place) : Self.endOfInput }
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private static let endOfInput = JSONValue.Problem(message: "unexpected end of JSON input")

  private func unexpected(_ place: String) -> JSONValue.Problem {
    let byte = bytes[position]
    let shown =
      switch byte {
      case UInt8(ascii: "'"): "'\\''"
      case UInt8(ascii: "\""): "'\"'"
      case 0x20..<0x7F: "'\(Character(UnicodeScalar(byte)))'"
      default: "'\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16) + "'"
      }
    return JSONValue.Problem(message: "invalid character \(shown) \(place)")
  }
}
