/// The fields of a `multipart/form-data` body (RFC 7578, RFC 2046 §5.1); files are left out.
struct MultipartForm: Sendable {
  /// As many parts as Go's library takes.
  private static let mostFields = 1000

  private(set) var fields: [(name: [UInt8], value: [UInt8])] = []

  /// Nil for another type, without a boundary, and for a body that does not end as it should. Linear.
  init?(_ body: [UInt8], contentType: String) {
    let type = HeaderValue(contentType)
    guard type.value == "multipart/form-data", let boundary = type.parameters["boundary"], !boundary.isEmpty
    else { return nil }
    let delimiter = Array("--\(boundary)".utf8)
    var lines = Lines(body)
    var part: Range<Int>?
    while let line = lines.next() {
      guard body[line].starts(with: delimiter) else {
        // The line break before a delimiter belongs to it.
        if let begun = part { part = begun.lowerBound..<line.upperBound }
        continue
      }
      let rest = body[line].dropFirst(delimiter.count)
      let isEnd = rest.starts(with: "--".utf8)
      guard isEnd || rest.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) else {
        if let begun = part { part = begun.lowerBound..<line.upperBound }
        continue
      }
      guard fields.count < Self.mostFields else { return nil }
      if let part { read(body, part) }
      if isEnd { return }
      part = lines.position..<lines.position
    }
    return nil
  }

  /// One part: its header fields, an empty line, its text.
  private mutating func read(_ body: [UInt8], _ part: Range<Int>) {
    var lines = Lines(body, from: part.lowerBound)
    var disposition: HeaderValue?
    while lines.position <= part.upperBound, let line = lines.next() {
      if line.isEmpty { break }
      let field = body[line]
      guard let colon = field.firstIndex(of: UInt8(ascii: ":")) else { continue }
      if String(decoding: field[..<colon], as: UTF8.self).lowercased() == "content-disposition" {
        disposition = HeaderValue(String(decoding: field[(colon + 1)...], as: UTF8.self))
      }
    }
    guard let disposition, disposition.value == "form-data", let name = disposition.parameters["name"],
      disposition.parameters["filename"] == nil
    else { return }
    let value = min(lines.position, part.upperBound)..<part.upperBound
    fields.append((Array(name.utf8), Array(body[value])))
  }
}

/// The lines of a text, their breaks (`\r\n` or `\n`) left out.
private struct Lines {
  private let text: [UInt8]
  /// Where the next line begins.
  private(set) var position: Int

  init(_ text: [UInt8], from position: Int = 0) {
    self.text = text
    self.position = position
  }

  mutating func next() -> Range<Int>? {
    guard position < text.count else { return nil }
    let start = position
    let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
    position = min(end + 1, text.count)
    let hasReturn = end > start && end < text.count && text[end - 1] == UInt8(ascii: "\r")
    return start..<(hasReturn ? end - 1 : end)
  }
}

/// A header field with parameters: `form-data; name="query"`.
private struct HeaderValue {
  /// In small letters.
  var value: String
  /// By their names in small letters.
  var parameters: [String: String] = [:]

  init(_ text: String) {
    var bytes = Array(text.utf8)[...]
    value = Self.trimmed(bytes.prefix { $0 != UInt8(ascii: ";") }).lowercased()
    bytes = bytes.drop { $0 != UInt8(ascii: ";") }.dropFirst()
    while !bytes.isEmpty {
      let name = Self.trimmed(bytes.prefix { $0 != UInt8(ascii: "=") }).lowercased()
      bytes = bytes.drop { $0 != UInt8(ascii: "=") }.dropFirst()
      parameters[name] = Self.takeValue(&bytes)
    }
  }

  /// What follows `name=`, through the semicolon behind it.
  private static func takeValue(_ bytes: inout ArraySlice<UInt8>) -> String {
    bytes = bytes.drop { $0 == UInt8(ascii: " ") }
    guard bytes.first == UInt8(ascii: "\"") else {
      let plain = bytes.prefix { $0 != UInt8(ascii: ";") }
      bytes = bytes.dropFirst(plain.count + 1)
      return trimmed(plain)
    }
    bytes = bytes.dropFirst()
    var quoted: [UInt8] = []
    while let byte = bytes.popFirst(), byte != UInt8(ascii: "\"") {
      quoted.append(byte == UInt8(ascii: "\\") ? bytes.popFirst() ?? byte : byte)
    }
    bytes = bytes.drop { $0 != UInt8(ascii: ";") }.dropFirst()
    return String(decoding: quoted, as: UTF8.self)
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
    var bytes = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    while bytes.last == UInt8(ascii: " ") || bytes.last == UInt8(ascii: "\t") { bytes = bytes.dropLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}
