import FoundationEssentials
import Manifests
import PromQL

/// An open text: bytes for us, lines of UTF-16 for the editor.
struct Document {
  var uri: String
  var version: Int?
  private(set) var source: ManifestSource
  /// Offsets of the lines' first bytes.
  private var lineStarts: [Int] = [0]

  init(uri: String, version: Int?, text: String) {
    self.uri = uri
    self.version = version
    source = ManifestSource(name: FileURI.path(uri) ?? uri, bytes: Array(text.utf8))
    for (index, byte) in source.bytes.enumerated() where byte == UInt8(ascii: "\n") {
      lineStarts.append(index + 1)
    }
  }

  /// A text that is not open, for places in it.
  init(_ source: ManifestSource) {
    self.init(
      uri: FileURI.text(source.name), version: nil, text: String(decoding: source.bytes, as: UTF8.self))
  }

  /// The byte offset of a position; one outside the text is at the nearest end.
  func offset(_ position: Position) -> Int {
    guard position.line >= 0 else { return 0 }
    guard position.line < lineStarts.count else { return source.bytes.count }
    let start = lineStarts[position.line]
    let end = position.line + 1 < lineStarts.count ? lineStarts[position.line + 1] - 1 : source.bytes.count
    var units = 0
    var offset = start
    for scalar in String(decoding: source.bytes[start..<end], as: UTF8.self).unicodeScalars {
      guard units < position.character else { break }
      units += scalar.value > 0xFFFF ? 2 : 1
      offset += UTF8.width(scalar)
    }
    return min(offset, end)
  }

  /// The position of a byte offset.
  func position(_ offset: Int) -> Position {
    let offset = max(0, min(offset, source.bytes.count))
    var (low, high) = (0, lineStarts.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle - 1 }
    }
    let line = String(decoding: source.bytes[lineStarts[low]..<offset], as: UTF8.self)
    return Position(line: low, character: line.utf16.count)
  }

  /// The editor's range of bytes; the first line for a text as a whole.
  func range(_ bytes: SourceRange?) -> TextRange {
    guard let bytes else {
      let end = lineStarts.count > 1 ? lineStarts[1] - 1 : source.bytes.count
      return TextRange(start: position(0), end: position(end))
    }
    return TextRange(start: position(bytes.start), end: position(bytes.end))
  }
}

/// Addresses of files as editors write them.
enum FileURI {
  /// The path of a `file:` address; nil for another one.
  static func path(_ uri: String) -> String? {
    guard uri.hasPrefix("file://") else { return nil }
    var bytes: [UInt8] = []
    var rest = Substring(uri.dropFirst(7)).utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"),
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The address of a path; a text without a path keeps its own name.
  static func text(_ path: String) -> String {
    guard path.hasPrefix("/") else { return path }
    let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)
    var text = "file://"
    for byte in path.utf8 {
      if plain.contains(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        text += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return text
  }
}
