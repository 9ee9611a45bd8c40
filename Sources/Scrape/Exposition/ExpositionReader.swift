private import Glibc
private import TimeSeries

/// Reads an exposition record by record from raw bytes, exactly as Prometheus' parsers do
/// (exposition.md §2, §3).
///
/// The reader holds no text: each call gets a window on the bytes, and all ranges count from the
/// window's start. A byte order mark in front of the first line is passed over, which Prometheus refuses.
/// In the text format the last window must end in a newline that the caller appends.
/// Nothing is allocated for a sample whose series text is handed in as `known`.
package struct ExpositionReader: Sendable {
  /// What a call of `next` found.
  package enum Record: Sendable {
    /// A sample: `series`, `value`, `timestamp`, and `exemplar`.
    case sample
    /// `name` and `text` hold what the line says.
    case help, type, unit
    case comment
    /// The end of the exposition.
    case end
    /// The window ends inside a record; give a longer one that starts at `position`.
    case starved
  }

  /// An exemplar as written; its labels are between the braces.
  package struct ExemplarText: Sendable {
    /// A name and a value in turn.
    package var labels: [Range<Int>] = []
    /// What was observed.
    package var value: Double
    /// Milliseconds since the epoch.
    package var timestamp: Int64?
  }

  /// How the bytes are read.
  package let format: ExpositionFormat
  var lexer: ExpositionLexer
  /// Where the current record starts, blanks included.
  package internal(set) var start = 0
  /// The sample's name and labels as written; what a cache of series is keyed by.
  package internal(set) var series = 0..<0
  /// Whether `series` is the text that was handed in as `known`; then its labels cannot be asked for.
  package internal(set) var isKnown = false
  /// The sample's value; never a stale marker.
  package internal(set) var value = 0.0
  /// Milliseconds since the epoch; nil when the sample has none.
  package internal(set) var timestamp: Int64?
  /// The sample's exemplar; nil when it has none.
  package internal(set) var exemplar: ExemplarText?
  /// The metric that a metadata line is about; its quotes are left out.
  package internal(set) var name = 0..<0
  /// What a metadata line says.
  package internal(set) var text = 0..<0
  /// The type in force: what the last `TYPE` line said.
  package internal(set) var type = MetricType.unknown
  /// The metric name's range, nil until it is found, then each label's name and value in turn.
  var nameRange: Range<Int>?
  var labelRanges: [Range<Int>] = []
  /// Whether the window may be followed by more.
  private var isOpen = false
  /// Lines before the window.
  private var linesBefore = 0
  /// Bytes of the current line, and of everything, before the window.
  private var columnsBefore = 0
  private var bytesBefore = 0

  /// Whether blanks before a name that is not quoted belong to it.
  let namesKeepBlanks: Bool

  /// - Parameter namesKeepBlanks: blanks before a name that is not quoted belong to the name, as they do
  ///   for the reference when it scrapes.
  package init(format: ExpositionFormat, namesKeepBlanks: Bool = false) {
    self.format = format
    self.namesKeepBlanks = namesKeepBlanks
    lexer = ExpositionLexer(format: format)
  }

  /// The next byte to read.
  package var position: Int { lexer.position }

  /// Reads the next record. `known` is the text of the series that probably comes next (empty when
  /// none does); a sample of that series is recognised by one comparison.
  package mutating func next(
    _ window: Span<UInt8>, known: Span<UInt8>, isLast: Bool = true
  ) throws(ExpositionError) -> Record {
    start = lexer.position
    isOpen = !isLast
    if bytesBefore == 0, start == 0, columnsBefore == 0, !skipMark(window) { return .starved }
    do {
      if !known.isEmpty, lexer.state == .initial, try takeKnown(window, known) { return .sample }
      isKnown = false
      let record = try record(window)
      guard record == .end, isStarved(window) else { return record }
    } catch {
      guard isStarved(window) else { throw error }
    }
    lexer.position = start
    lexer.state = .initial
    return .starved
  }

  /// Forgets the bytes before `position`, which the caller takes out of the window.
  package mutating func discard(_ window: Span<UInt8>) {
    let count = lexer.position
    var lines = 0
    var lineStart = -1
    for i in 0..<count where window[i] == UInt8(ascii: "\n") {
      lines += 1
      lineStart = i
    }
    linesBefore += lines
    columnsBefore = lineStart < 0 ? columnsBefore + count : count - lineStart - 1
    bytesBefore += count
    lexer.position = 0
    start = 0
  }

  /// Passes over a byte order mark at the beginning of everything; false when there may be one that the
  /// window does not hold.
  private mutating func skipMark(_ window: Span<UInt8>) -> Bool {
    let mark = ByteOrderMark.utf8
    for (place, byte) in mark.enumerated() {
      guard place < window.count else { return !isOpen || place == 0 }
      guard window[place] == byte else { return true }
    }
    lexer.position = mark.count
    start = mark.count
    // It takes no column.
    columnsBefore = -mark.count
    return true
  }

  // MARK: The short way

  /// Takes a sample whose series text is `known`; false when something else comes.
  private mutating func takeKnown(
    _ window: Span<UInt8>, _ known: Span<UInt8>
  ) throws(ExpositionError) -> Bool {
    let begin = lexer.position
    guard known.count < window.count - begin else { return false }
    let isSame = unsafe window.extracting(begin..<begin + known.count).withUnsafeBytes { here in
      unsafe known.withUnsafeBytes { there in
        guard let here = here.baseAddress, let there = there.baseAddress else { return false }
        return unsafe memcmp(here, there, known.count) == 0
      }
    }
    let end = begin + known.count
    guard isSame, known[known.count - 1] == UInt8(ascii: "}") || nameEnds(window, end) else {
      return false
    }
    isKnown = true
    series = begin..<end
    lexer.position = end
    lexer.state = .value
    exemplar = nil
    try finishSample(window)
    return true
  }

  /// Whether a bare metric name, up to `end`, is the whole text of a series.
  private func nameEnds(_ window: Span<UInt8>, _ end: Int) -> Bool {
    switch format {
    case .openMetrics: return window[end] == UInt8(ascii: " ")
    case .text:
      var at = end
      while at < window.count, window[at].isBlank { at += 1 }
      return at > end && at < window.count && window[at] != UInt8(ascii: "{")
    }
  }

  /// Value, timestamp and end of the line: the usual forms at once, everything else by tokens.
  mutating func finishSample(_ window: Span<UInt8>) throws(ExpositionError) {
    var at = lexer.position
    if skipBlanks(window, &at), let value = DecimalText.scan(window, &at), at < window.count {
      if window[at] == UInt8(ascii: "\n") { return accept(value, nil, at) }
      if skipBlanks(window, &at), let timestamp = shortTimestamp(window, &at), at < window.count,
        window[at] == UInt8(ascii: "\n")
      {
        return accept(value, timestamp, at)
      }
    }
    exemplar = nil
    try finishSample(window, lexer.next(window))
  }

  private mutating func accept(_ value: Double, _ timestamp: Int64?, _ lineEnd: Int) {
    self.value = value
    self.timestamp = timestamp
    exemplar = nil
    lexer.position = lineEnd + 1
    lexer.state = .initial
  }

  /// OpenMetrics wants exactly one blank, the text format any number.
  @inline(__always)
  private func skipBlanks(_ window: Span<UInt8>, _ at: inout Int) -> Bool {
    guard at < window.count, window[at].isBlank else { return format == .text }
    switch format {
    case .openMetrics:
      guard window[at] == UInt8(ascii: " ") else { return false }
      at += 1
    case .text:
      while at < window.count, window[at].isBlank { at += 1 }
    }
    return at < window.count
  }

  private func shortTimestamp(_ window: Span<UInt8>, _ at: inout Int) -> Int64? {
    switch format {
    case .openMetrics: return DecimalText.scan(window, &at).map(Self.milliseconds)
    case .text:
      let begin = at
      var result: Int64 = 0
      while at < window.count, window[at].isDigit, at - begin < 18 {
        result = result * 10 + Int64(window[at] &- 48)
        at += 1
      }
      return at > begin ? result : nil
    }
  }

  /// Seconds as milliseconds, cut toward zero; what is out of range becomes the least number, as on
  /// the reference's machine.
  static func milliseconds(_ seconds: Double) -> Int64 {
    Int64(exactly: (seconds * 1000).rounded(.towardZero)) ?? .min
  }

  // MARK: Errors

  /// Whether a fault means nothing yet, because the window ends where the lexer stands.
  func isStarved(_ window: Span<UInt8>) -> Bool { isOpen && lexer.position >= window.count }

  /// An error at a byte of the window.
  package func error(_ window: Span<UInt8>, at offset: Int, _ reason: String) -> ExpositionError {
    var line = linesBefore + 1
    var column = columnsBefore + 1
    for i in 0..<min(offset, window.count) {
      column += 1
      if window[i] == UInt8(ascii: "\n") {
        line += 1
        column = 1
      }
    }
    return ExpositionError(reason: reason, offset: bytesBefore + offset, line: line, column: column)
  }

  /// The reader's own error. Where the window only ends too early nobody will see it, and finding
  /// the place would cost a walk through the window.
  func fault(_ window: Span<UInt8>, at offset: Int, _ reason: String) -> ExpositionError {
    isStarved(window)
      ? ExpositionError(reason: reason, offset: 0, line: 0, column: 0)
      : error(window, at: offset, reason)
  }

  /// `expected X, got "…" ("TOKEN") while parsing: "…"`.
  func unexpected(
    _ window: Span<UInt8>, _ expectation: String, _ token: ExpositionToken
  ) -> ExpositionError {
    if isStarved(window) { return fault(window, at: 0, expectation) }
    let end = min(lexer.position + 1, window.count)
    let got = Self.quoted(window, min(lexer.tokenStart, end)..<end)
    let line = Self.quoted(window, start..<end)
    return fault(
      window, at: token == .end ? lexer.position : lexer.tokenStart,
      "\(expectation), got \(got) (\"\(token.rawValue)\") while parsing: \(line)")
  }

  /// `REASON while parsing: "…"`.
  func failed(_ window: Span<UInt8>, _ reason: String, at offset: Int) -> ExpositionError {
    let line = Self.quoted(window, start..<min(lexer.position, window.count))
    return fault(window, at: offset, "\(reason) while parsing: \(line)")
  }

  /// Go's quotes; of a long text the beginning.
  static func quoted(_ window: Span<UInt8>, _ range: Range<Int>) -> String {
    let most = 400
    let shown = range.count > most ? range.lowerBound..<range.lowerBound + most : range
    let text = GoText.quoted(Array(copying: window.extracting(shown)))
    return range.count > most ? text + "…" : text
  }
}
