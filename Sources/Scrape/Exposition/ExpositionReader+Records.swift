extension ExpositionReader {
  /// One record, token by token.
  mutating func record(_ window: Span<UInt8>) throws(ExpositionError) -> Record {
    while true {
      start = lexer.position
      let token = lexer.next(window)
      switch token {
      case .end:
        guard format == .text else {
          throw fault(window, at: lexer.position, "data does not end with # EOF")
        }
        return .end
      case .endMark:
        guard lexer.next(window) == .end else {
          throw fault(window, at: lexer.tokenStart, "unexpected data after # EOF")
        }
        return .end
      case .lineBreak where format == .text:
        continue
      case .help, .type, .unit:
        return try metadata(window, token)
      case .comment:
        let end = lexer.next(window)
        guard end == .lineBreak else {
          throw unexpected(window, "linebreak expected after comment", end)
        }
        return .comment
      case .braceOpen, .metricName:
        try sample(window, token)
        return .sample
      case .invalid, .lineBreak, .blanks, .text, .quoted, .braceClose, .labelName, .labelValue,
        .comma, .equal, .timestamp, .value:
        throw unexpected(window, "expected a valid start token", token)
      }
    }
  }

  // MARK: Metadata

  private mutating func metadata(
    _ window: Span<UInt8>, _ kind: ExpositionToken
  ) throws(ExpositionError) -> Record {
    let nameToken = lexer.next(window)
    guard nameToken == .metricName else {
      throw unexpected(window, "expected metric name after \(kind.rawValue)", nameToken)
    }
    name = unquoted(window, lexer.tokenStart..<lexer.position)
    let textToken = lexer.next(window)
    guard textToken == .text else {
      let expectation = "expected text in \(kind.rawValue)"
      throw format == .openMetrics
        ? fault(window, at: textToken == .end ? lexer.position : lexer.tokenStart, expectation)
        : unexpected(window, expectation, textToken)
    }
    // The one byte after the name belongs to no one; OpenMetrics' token ends in the newline.
    let first = min(lexer.tokenStart + 1, lexer.position)
    let last = format == .openMetrics ? lexer.position - 1 : lexer.position
    text = first..<max(first, last)
    let record = try checkMetadata(window, kind)
    if format == .text {
      let end = lexer.next(window)
      guard end == .lineBreak else {
        throw unexpected(window, "linebreak expected after metadata", end)
      }
    }
    return record
  }

  private mutating func checkMetadata(
    _ window: Span<UInt8>, _ kind: ExpositionToken
  ) throws(ExpositionError) -> Record {
    switch kind {
    case .type:
      let bytes = text.count <= 32 ? Array(copying: window.extracting(text)) : []
      guard let named = MetricType(bytes, in: format) else {
        throw fault(window, at: text.lowerBound, "invalid metric type \(Self.quoted(window, text))")
      }
      type = named
      return .type
    case .unit:
      guard isUnitSuffix(window) else {
        let shown = Self.quoted(window, text)
        let metric = Self.quoted(window, name)
        throw fault(
          window, at: text.lowerBound, "unit \(shown) not a suffix of metric \(metric)")
      }
      return .unit
    default:
      guard isUTF8(window.extracting(text)) else {
        let shown = Self.quoted(window, text)
        throw fault(window, at: text.lowerBound, "help text \(shown) is not a valid utf8 string")
      }
      return .help
    }
  }

  /// A unit ends the name, behind an underscore.
  private func isUnitSuffix(_ window: Span<UInt8>) -> Bool {
    if text.isEmpty { return true }
    guard name.count > text.count else { return false }
    let begin = name.upperBound - text.count
    guard window[begin - 1] == UInt8(ascii: "_") else { return false }
    return text.indices.allSatisfy { window[$0] == window[begin + $0 - text.lowerBound] }
  }

  // MARK: Samples

  private mutating func sample(
    _ window: Span<UInt8>, _ first: ExpositionToken
  ) throws(ExpositionError) {
    nameRange = nil
    labelRanges.removeAll(keepingCapacity: true)
    exemplar = nil
    let begin = namesKeepBlanks && first == .metricName ? start : lexer.tokenStart
    if first == .braceOpen {
      try labels(window, inExemplar: false)
    } else {
      nameRange = begin..<lexer.position
      let end = lexer.position
      if takeBrace(window) {
        try labels(window, inExemplar: false)
      } else {
        series = begin..<end
        return try finishSample(window)
      }
    }
    series = begin..<lexer.position
    guard nameRange != nil else {
      _ = lexer.next(window)
      throw failed(window, "metric name not set", at: begin)
    }
    try finishSample(window)
  }

  /// Takes the brace behind a metric name; the text format allows blanks before it.
  private mutating func takeBrace(_ window: Span<UInt8>) -> Bool {
    var at = lexer.position
    if format == .text { while at < window.count, window[at].isBlank { at += 1 } }
    guard at < window.count, window[at] == UInt8(ascii: "{") else { return false }
    lexer.position = at + 1
    lexer.state = .labels
    return true
  }

  /// What follows the opening brace, through the closing one.
  private mutating func labels(
    _ window: Span<UInt8>, inExemplar: Bool
  ) throws(ExpositionError) {
    var token = lexer.next(window)
    while true {
      let isQuoted = token == .quoted
      var label = lexer.tokenStart..<lexer.position
      if token == .braceClose { return }
      guard token == .labelName || isQuoted else {
        throw unexpected(window, "expected label name", token)
      }
      token = lexer.next(window)
      if isQuoted { label = unquoted(window, label) }
      if isQuoted || inExemplar || nameRange != nil, token == .comma || token == .braceClose {
        // A string by itself is the metric's name, and a bare word a second one; an exemplar has none.
        if inExemplar { throw unexpected(window, "expected label name", token) }
        if nameRange != nil {
          throw failed(window, "metric name already set", at: label.lowerBound - (isQuoted ? 1 : 0))
        }
        nameRange = label
        if token == .braceClose { return }
        token = lexer.next(window)
        continue
      }
      guard token == .equal else { throw unexpected(window, "expected equal", token) }
      try labelValue(window, of: label, inExemplar: inExemplar)
      token = lexer.next(window)
      if token == .comma {
        token = lexer.next(window)
      } else if token != .braceClose, format == .openMetrics {
        throw unexpected(window, "expected comma or brace close", token)
      }
    }
  }

  private mutating func labelValue(
    _ window: Span<UInt8>, of label: Range<Int>, inExemplar: Bool
  ) throws(ExpositionError) {
    let token = lexer.next(window)
    guard token == .labelValue else { throw unexpected(window, "expected label value", token) }
    let range = lexer.tokenStart..<lexer.position
    guard isUTF8(window.extracting(range)) else {
      throw fault(
        window, at: range.lowerBound,
        "invalid UTF-8 label value: \(Self.quoted(window, range))")
    }
    let value = range.lowerBound + 1..<range.upperBound - 1
    if inExemplar {
      exemplar?.labels += [label, value]
    } else {
      labelRanges.append(label)
      labelRanges.append(value)
    }
  }

  /// Value, timestamp, exemplar and end of the line, beginning with a token that was read.
  mutating func finishSample(
    _ window: Span<UInt8>, _ first: ExpositionToken
  ) throws(ExpositionError) {
    value = try number(window, first, "metric")
    timestamp = nil
    var token = lexer.next(window)
    if token == .timestamp {
      timestamp = try readTimestamp(window, exemplar: false)
      token = lexer.next(window)
    }
    switch token {
    case .lineBreak: return
    case .comment where format == .openMetrics: try readExemplar(window)
    case .end where format == .openMetrics && timestamp == nil:
      throw fault(window, at: lexer.position, "data does not end with # EOF")
    case _ where timestamp != nil: throw unexpected(window, "expected next entry after timestamp", token)
    case _ where format == .text: throw unexpected(window, "expected timestamp or new record", token)
    // As in the reference, the sample counts: what follows is no start of another.
    default: if isStarved(window) { throw fault(window, at: lexer.position, "") }
    }
  }

  private mutating func readExemplar(_ window: Span<UInt8>) throws(ExpositionError) {
    exemplar = ExemplarText(value: 0)
    try labels(window, inExemplar: true)
    var token = lexer.next(window)
    let read = try number(window, token, "exemplar labels")
    exemplar?.value = read
    token = lexer.next(window)
    if token == .timestamp {
      let time = try readTimestamp(window, exemplar: true)
      exemplar?.timestamp = time
      token = lexer.next(window)
      guard token == .lineBreak else {
        throw unexpected(window, "expected next entry after exemplar timestamp", token)
      }
      return
    }
    if token == .end { throw fault(window, at: lexer.position, "data does not end with # EOF") }
    guard token == .lineBreak else {
      throw unexpected(window, "expected timestamp or comment", token)
    }
  }

  /// The current token as a number.
  private func number(
    _ window: Span<UInt8>, _ token: ExpositionToken, _ before: String
  ) throws(ExpositionError) -> Double {
    guard token == .value else { throw unexpected(window, "expected value after \(before)", token) }
    return try double(window)
  }

  /// The current token's number; in OpenMetrics the token begins with a blank.
  private func double(_ window: Span<UInt8>) throws(ExpositionError) -> Double {
    let begin = format == .openMetrics ? lexer.tokenStart + 1 : lexer.tokenStart
    do {
      return try DecimalText.double(window.extracting(begin..<lexer.position))
    } catch {
      throw failed(window, error.reason, at: begin)
    }
  }

  private func readTimestamp(
    _ window: Span<UInt8>, exemplar: Bool
  ) throws(ExpositionError) -> Int64 {
    switch format {
    case .text:
      let digits = Array(copying: window.extracting(lexer.tokenStart..<lexer.position))
      if let time = Int64(String(decoding: digits, as: UTF8.self)) { return time }
      let shown = Self.quoted(window, lexer.tokenStart..<lexer.position)
      throw failed(
        window, "strconv.ParseInt: parsing \(shown): value out of range", at: lexer.tokenStart)
    case .openMetrics:
      let seconds = try double(window)
      guard seconds.isFinite else {
        let shown = seconds.isNaN ? "NaN" : seconds < 0 ? "-Inf" : "+Inf"
        throw fault(
          window, at: lexer.tokenStart + 1,
          "invalid \(exemplar ? "exemplar " : "")timestamp \(shown)")
      }
      return Self.milliseconds(seconds)
    }
  }

  // MARK: Texts

  /// The range inside quotes, where there are any.
  private func unquoted(_ window: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
    window[range.lowerBound] == UInt8(ascii: "\"")
      ? range.lowerBound + 1..<range.upperBound - 1 : range
  }

  private func isUTF8(_ bytes: Span<UInt8>) -> Bool {
    for i in 0..<bytes.count where bytes[i] >= 0x80 {
      return (try? UTF8Span(validating: bytes)) != nil
    }
    return true
  }
}
