/// A replacement with `$1`, `${name}` and `$$`, taken apart once, as Go's `Expand` reads it.
package struct ReplacementText: Sendable {
  private enum Piece: Sendable {
    case text([UInt8])
    case group(Int)
  }

  private var pieces: [Piece] = []

  /// - Parameter pattern: whose groups the names and numbers mean.
  package init(_ bytes: [UInt8], _ pattern: RE2) {
    var literal: [UInt8] = []
    var position = 0
    while position < bytes.count {
      guard bytes[position] == UInt8(ascii: "$") else {
        literal.append(bytes[position])
        position += 1
        continue
      }
      if position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "$") {
        literal.append(UInt8(ascii: "$"))
        position += 2
        continue
      }
      guard let (name, end) = Self.name(bytes, after: position) else {
        literal.append(UInt8(ascii: "$"))
        position += 1
        continue
      }
      pieces.append(.text(literal))
      literal = []
      if let group = Self.group(name, pattern) { pieces.append(.group(group)) }
      position = end
    }
    pieces.append(.text(literal))
  }

  /// The replacement for a match; `groups` are ranges of `value`.
  package func expand(_ value: [UInt8], _ groups: [Range<Int>?]) -> [UInt8] {
    var result: [UInt8] = []
    for piece in pieces {
      switch piece {
      case .text(let text): result += text
      case .group(let index):
        if index < groups.count, let range = groups[index] { result += value[range] }
      }
    }
    return result
  }

  /// How long the replacement for a match in a value of some length is at most, bytes; `Int.max` beyond
  /// measure.
  package func largestSize(_ count: Int) -> Int {
    var size = 0
    for piece in pieces {
      let more =
        switch piece {
        case .text(let text): text.count
        case .group: count
        }
      let (sum, overflow) = size.addingReportingOverflow(more)
      if overflow { return .max }
      size = sum
    }
    return size
  }

  /// The name after a `$`, braces or not, and where it ends; nil when none follows.
  private static func name(_ bytes: [UInt8], after dollar: Int) -> (name: [UInt8], end: Int)? {
    var start = dollar + 1
    let isBraced = start < bytes.count && bytes[start] == UInt8(ascii: "{")
    if isBraced { start += 1 }
    var end = start
    while end < bytes.count, isWord(bytes, end) {
      end += GoQuote.decode(bytes, at: end).1
    }
    guard end > start else { return nil }
    if isBraced {
      guard end < bytes.count, bytes[end] == UInt8(ascii: "}") else { return nil }
      return (Array(bytes[start..<end]), end + 1)
    }
    return (Array(bytes[start..<end]), end)
  }

  private static func isWord(_ bytes: [UInt8], _ position: Int) -> Bool {
    guard let scalar = GoQuote.decode(bytes, at: position).0 else { return false }
    if scalar == "_" { return true }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber:
      return true
    default: return false
    }
  }

  private static func group(_ name: [UInt8], _ pattern: RE2) -> Int? {
    if name.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) {
      // Go reads a number with a leading zero as a name; no group is called so.
      if name.count > 1, name[0] == UInt8(ascii: "0") { return nil }
      return Int(String(decoding: name, as: UTF8.self))
    }
    return pattern.group(named: name)
  }
}
