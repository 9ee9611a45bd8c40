extension ExpositionLexer {
  /// A token of OpenMetrics' text (exposition.md §3.1).
  mutating func openMetricsToken(_ text: Span<UInt8>) -> ExpositionToken {
    let byte = text[position]
    switch state {
    case .initial:
      switch byte {
      case UInt8(ascii: "#"): return openMetricsMetadata(text)
      case UInt8(ascii: "{"): return single(.braceOpen, then: .labels)
      default: return identifier(text, colons: true, .metricName, then: .value)
      }
    case .metadataName:
      return byte == UInt8(ascii: "\"")
        ? string(text, .metricName, then: .metadataText)
        : identifier(text, colons: true, .metricName, then: .metadataText)
    case .metadataText: return openMetricsRest(text)
    case .labels:
      return openMetricsLabels(
        text, close: .value, equal: .labelValue, back: .labels, newlines: true)
    case .exemplar:
      return openMetricsLabels(
        text, close: .exemplarValue, equal: .exemplarValue, back: .exemplar, newlines: false)
    case .labelValue:
      return byte == UInt8(ascii: "\"")
        ? string(text, newlines: false, zeros: true, .labelValue, then: .labels) : .invalid
    case .value:
      return byte == UInt8(ascii: "{")
        ? single(.braceOpen, then: .labels) : word(text, .value, then: .timestamp)
    case .exemplarValue:
      return byte == UInt8(ascii: "\"")
        ? string(text, newlines: false, .labelValue, then: .exemplar)
        : word(text, .value, then: .exemplarTimestamp)
    case .timestamp: return openMetricsTimestamp(text)
    case .exemplarTimestamp:
      return byte == UInt8(ascii: "\n")
        ? single(.lineBreak, then: .initial) : word(text, .timestamp, then: .exemplarTimestamp)
    case .comment: return .invalid
    }
  }

  /// `# HELP `, `# TYPE `, `# UNIT ` or `# EOF`; nothing else may follow a `#`.
  private mutating func openMetricsMetadata(_ text: Span<UInt8>) -> ExpositionToken {
    guard word(text, "# "), position < text.count else { return .invalid }
    let token: ExpositionToken
    let matches: Bool
    switch text[position] {
    case UInt8(ascii: "H"): (token, matches) = (.help, word(text, "HELP "))
    case UInt8(ascii: "T"): (token, matches) = (.type, word(text, "TYPE "))
    case UInt8(ascii: "U"): (token, matches) = (.unit, word(text, "UNIT "))
    case UInt8(ascii: "E"): (token, matches) = (.endMark, word(text, "EOF"))
    default: return .invalid
    }
    guard matches else { return .invalid }
    if token == .endMark {
      if position < text.count, text[position] == UInt8(ascii: "\n") { position += 1 }
      return token
    }
    state = .metadataName
    return token
  }

  /// A blank, the text, and the newline.
  private mutating func openMetricsRest(_ text: Span<UInt8>) -> ExpositionToken {
    guard text[position] == UInt8(ascii: " ") else { return .invalid }
    while position < text.count, text[position] != UInt8(ascii: "\n") { position += 1 }
    return position < text.count ? single(.text, then: .initial) : .invalid
  }

  private mutating func openMetricsLabels(
    _ text: Span<UInt8>, close: State, equal: State, back: State, newlines: Bool
  ) -> ExpositionToken {
    switch text[position] {
    case UInt8(ascii: "\""): string(text, newlines: newlines, .quoted, then: back)
    case UInt8(ascii: "}"): single(.braceClose, then: close)
    case UInt8(ascii: "="): single(.equal, then: equal)
    case UInt8(ascii: ","): single(.comma, then: back)
    default: identifier(text, colons: false, .labelName, then: back)
    }
  }

  /// One blank and what follows it up to the next blank or newline.
  private mutating func word(
    _ text: Span<UInt8>, _ token: ExpositionToken, then next: State
  ) -> ExpositionToken {
    guard text[position] == UInt8(ascii: " ") else { return .invalid }
    position += 1
    let start = position
    while position < text.count {
      let byte = text[position]
      if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == 0 { break }
      position += 1
    }
    guard position > start else { return .invalid }
    state = next
    return token
  }

  /// The end of the line, a timestamp, or ` # {`, which begins an exemplar.
  private mutating func openMetricsTimestamp(_ text: Span<UInt8>) -> ExpositionToken {
    if text[position] == UInt8(ascii: "\n") { return single(.lineBreak, then: .initial) }
    let token = word(text, .timestamp, then: .timestamp)
    let isSign =
      token == .timestamp && position == tokenStart + 2
      && text[tokenStart + 1] == UInt8(ascii: "#")
    guard isSign, position < text.count, text[position] == UInt8(ascii: " ") else { return token }
    position += 1
    guard position < text.count, text[position] == UInt8(ascii: "{") else { return .invalid }
    return single(.comment, then: .exemplar)
  }
}
