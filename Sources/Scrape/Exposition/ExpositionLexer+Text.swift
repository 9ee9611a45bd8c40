extension ExpositionLexer {
  /// A token of Prometheus' text format (exposition.md §2.1).
  mutating func textToken(_ text: Span<UInt8>) -> ExpositionToken {
    let byte = text[position]
    if byte.isBlank, state != .metadataText {
      skipBlanks(text)
      return .blanks
    }
    switch state {
    case .initial: return textLineStart(text)
    case .metadataName:
      return byte == UInt8(ascii: "\"")
        ? string(text, .metricName, then: .metadataText)
        : identifier(text, colons: true, .metricName, then: .metadataText)
    case .metadataText: return textRest(text)
    case .labels: return textLabels(text)
    case .labelValue:
      return byte == UInt8(ascii: "\"")
        ? string(text, zeros: true, .labelValue, then: .labels) : .invalid
    case .value: return textValue(text)
    case .timestamp:
      if byte == UInt8(ascii: "\n") { return single(.lineBreak, then: .initial) }
      guard byte.isDigit else { return .invalid }
      while position < text.count, text[position].isDigit { position += 1 }
      return .timestamp
    case .comment, .exemplar, .exemplarValue, .exemplarTimestamp: return .invalid
    }
  }

  private mutating func skipBlanks(_ text: Span<UInt8>) {
    while position < text.count, text[position].isBlank { position += 1 }
  }

  private mutating func textLineStart(_ text: Span<UInt8>) -> ExpositionToken {
    switch text[position] {
    case 0: return .end
    case UInt8(ascii: "\n"): return single(.lineBreak, then: .initial)
    case UInt8(ascii: "{"): return single(.braceOpen, then: .labels)
    case UInt8(ascii: "#"):
      position += 1
      guard position < text.count, text[position].isBlank else { return textComment(text, zeros: false) }
      skipBlanks(text)
      return textMetadata(text)
    default: return identifier(text, colons: true, .metricName, then: .value)
    }
  }

  /// After `#` and blanks: `HELP`, `TYPE`, or a comment.
  private mutating func textMetadata(_ text: Span<UInt8>) -> ExpositionToken {
    guard position < text.count else { return textComment(text, zeros: true) }
    let isHelp = text[position] == UInt8(ascii: "H")
    guard word(text, isHelp ? "HELP" : "TYPE"), position < text.count, text[position].isBlank else {
      return textComment(text, zeros: true)
    }
    skipBlanks(text)
    state = .metadataName
    return isHelp ? .help : .type
  }

  /// To the end of the line. A zero byte ends the input right after `#` or in `#…`.
  private mutating func textComment(_ text: Span<UInt8>, zeros: Bool) -> ExpositionToken {
    var isFirst = true
    while position < text.count, text[position] != UInt8(ascii: "\n") {
      if text[position] == 0, isFirst || !zeros { return .end }
      isFirst = false
      position += 1
    }
    state = .initial
    return position < text.count ? .comment : .end
  }

  /// The rest of a `HELP` or `TYPE` line; nothing but blanks is no text.
  private mutating func textRest(_ text: Span<UInt8>) -> ExpositionToken {
    var isBlank = position < text.count && text[position] != UInt8(ascii: "\n")
    while position < text.count, text[position] != UInt8(ascii: "\n") {
      if !text[position].isBlank { isBlank = false }
      position += 1
    }
    if isBlank { return .blanks }
    state = .initial
    return .text
  }

  private mutating func textLabels(_ text: Span<UInt8>) -> ExpositionToken {
    switch text[position] {
    case UInt8(ascii: "\""): string(text, .quoted, then: .labels)
    case UInt8(ascii: "}"): single(.braceClose, then: .value)
    case UInt8(ascii: "="): single(.equal, then: .labelValue)
    case UInt8(ascii: ","): single(.comma, then: .labels)
    default: identifier(text, colons: false, .labelName, then: .labels)
    }
  }

  private mutating func textValue(_ text: Span<UInt8>) -> ExpositionToken {
    if text[position] == UInt8(ascii: "{") { return single(.braceOpen, then: .labels) }
    let start = position
    while position < text.count {
      let byte = text[position]
      if byte.isBlank || byte == UInt8(ascii: "{") || byte == UInt8(ascii: "\n") || byte == 0 { break }
      position += 1
    }
    guard position > start else { return .invalid }
    state = .timestamp
    return .value
  }
}
