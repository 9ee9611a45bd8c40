import PromQL

/// Finds the way from a decoded YAML scalar back to its bytes, by reading both side by side.
struct ScalarMap {
  private let source: ArraySlice<UInt8>
  private let value: [UInt8]
  private let style: YAMLScalarStyle
  private var at: Int
  private var map = PositionMap()

  /// Where each byte of the decoded scalar was written. A scalar whose writing cannot be followed
  /// stands for all its bytes.
  static func map(_ scalar: ManifestNode.Scalar, at range: SourceRange, in bytes: [UInt8]) -> PositionMap {
    let start = max(0, min(range.start, bytes.count))
    let end = max(start, min(range.end, bytes.count))
    var reader = ScalarMap(source: bytes[start..<end], value: scalar.bytes, style: scalar.style)
    if reader.follow(), reader.map.count == scalar.bytes.count { return reader.map }
    var whole = PositionMap()
    whole.append(scalar.bytes.count, standingFor: range)
    return whole
  }

  private init(source: ArraySlice<UInt8>, value: [UInt8], style: YAMLScalarStyle) {
    self.source = source
    self.value = value
    self.style = style
    at = source.startIndex
  }

  private mutating func follow() -> Bool {
    skipProperties()
    switch style {
    case .literal: return followLines()
    case .folded:
      skipLine()
      skipIndentation()
      return followFlow(from: 0)
    case .singleQuoted, .doubleQuoted:
      at += 1
      return followFlow(from: 0)
    case .plain: return followFlow(from: 0)
    }
  }

  private func byte(_ index: Int) -> UInt8? { index < source.endIndex ? source[index] : nil }

  private func isBlank(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  private func isBreak(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

  /// Anchors and tags in front of the scalar.
  private mutating func skipProperties() {
    while let first = byte(at), first == UInt8(ascii: "&") || first == UInt8(ascii: "!") {
      while let next = byte(at), !isBlank(next), !isBreak(next) { at += 1 }
      while isBlank(byte(at)) || isBreak(byte(at)) { at += 1 }
    }
  }

  private mutating func skipLine() {
    while let next = byte(at), next != UInt8(ascii: "\n") { at += 1 }
    at += 1
  }

  private mutating func skipIndentation() {
    while isBlank(byte(at)) || isBreak(byte(at)) { at += 1 }
  }

  /// Literal block scalars: line by line, without the indentation.
  private mutating func followLines() -> Bool {
    skipLine()
    guard let indentation = literalIndentation() else { return false }
    var position = 0
    while position < value.count {
      var skipped = 0
      while skipped < indentation, byte(at) == UInt8(ascii: " ") {
        at += 1
        skipped += 1
      }
      let lineStart = at
      while position < value.count, value[position] != UInt8(ascii: "\n") {
        guard byte(at) == value[position] else { return false }
        at += 1
        position += 1
      }
      map.appendVerbatim(SourceRange(lineStart, at))
      guard position < value.count else { break }
      while byte(at) == UInt8(ascii: " ") { at += 1 }
      guard isBreak(byte(at)) || byte(at) == nil else { return false }
      let breakStart = min(at, source.endIndex)
      if byte(at) == UInt8(ascii: "\r") { at += 1 }
      if byte(at) == UInt8(ascii: "\n") { at += 1 }
      if at == breakStart + 1 {
        map.appendVerbatim(SourceRange(breakStart, at))
      } else {
        map.append(1, standingFor: SourceRange(breakStart, at))
      }
      position += 1
    }
    return true
  }

  /// Blanks in front of the first line that has text, less those that belong to the text.
  private func literalIndentation() -> Int? {
    guard let firstText = value.firstIndex(where: { $0 != UInt8(ascii: "\n") }) else { return 0 }
    var index = at
    var column = 0
    while let next = byte(index) {
      if next == UInt8(ascii: " ") { column += 1 } else if isBreak(next) { column = 0 } else { break }
      index += 1
    }
    let own = value[firstText...].prefix { $0 == UInt8(ascii: " ") }.count
    return column >= own ? column - own : nil
  }

  /// The other styles: line breaks and the blanks around them are folded, quotes have escapes.
  private mutating func followFlow(from start: Int) -> Bool {
    var position = start
    while position < value.count {
      guard let next = byte(at) else { return position == value.count - 1 && closeFolded(&position) }
      if style == .doubleQuoted, next == UInt8(ascii: "\\") {
        guard followEscape(&position) else { return false }
      } else if style == .singleQuoted, next == UInt8(ascii: "'"), value[position] == next {
        map.append(1, standingFor: SourceRange(at, at + 2))
        at += 2
        position += 1
      } else if isBlank(next) || isBreak(next) {
        guard followSpace(&position) else { return false }
      } else {
        guard value[position] == next else { return false }
        map.appendVerbatim(SourceRange(at, at + 1))
        at += 1
        position += 1
      }
    }
    return true
  }

  /// A folded block may end in line feeds that its range leaves out.
  private mutating func closeFolded(_ position: inout Int) -> Bool {
    guard style == .folded, value[position] == UInt8(ascii: "\n") else { return false }
    map.append(1, standingFor: SourceRange(source.endIndex, source.endIndex))
    position += 1
    return true
  }

  /// A run of blanks and line breaks: the same in the value, or folded to fewer bytes.
  private mutating func followSpace(_ position: inout Int) -> Bool {
    let start = at
    var breaks = 0
    while isBlank(byte(at)) || isBreak(byte(at)) {
      if byte(at) == UInt8(ascii: "\n") || (isBreak(byte(at)) && byte(at + 1) != UInt8(ascii: "\n")) {
        breaks += 1
      }
      at += 1
    }
    let length = breaks == 0 ? at - start : foldedLength(breaks, from: position)
    guard position + length <= value.count else { return false }
    if breaks == 0 {
      guard value[position..<position + length].elementsEqual(source[start..<at]) else { return false }
      map.appendVerbatim(SourceRange(start, at))
    } else {
      map.append(length, standingFor: SourceRange(start, at))
    }
    position += length
    return true
  }

  /// How much of the value a run with line breaks became: one break a blank, more breaks one line
  /// feed fewer. In folded blocks it depends on the indentation, so the value tells.
  private func foldedLength(_ breaks: Int, from position: Int) -> Int {
    guard style == .folded else { return breaks == 1 ? 1 : breaks - 1 }
    return value[position...].prefix { isBlank($0) || isBreak($0) }.count
  }

  /// `\n`, `\x41`, `\u263A`, an escaped line break.
  private mutating func followEscape(_ position: inout Int) -> Bool {
    let start = at
    guard let letter = byte(at + 1) else { return false }
    at += 2
    if isBreak(letter) {
      while isBlank(byte(at)) || isBreak(byte(at)) { at += 1 }
      return true
    }
    switch letter {
    case UInt8(ascii: "x"): at += 2
    case UInt8(ascii: "u"): at += 4
    case UInt8(ascii: "U"): at += 8
    default: break
    }
    guard position < value.count else { return false }
    var length = 1
    while position + length < value.count, value[position + length] & 0xC0 == 0x80 { length += 1 }
    map.append(length, standingFor: SourceRange(start, min(at, source.endIndex)))
    position += length
    return true
  }
}
