import PromQL
import TimeSeries

/// Reads the items of a series line.
///
///     values    = { SPACE [ item ] } ;
///     item      = "_" [ "x" N ] | number [ SIGN NUMBER ] [ "x" N ] | "stale"
///               | histogram [ [ SIGN histogram ] "x" N ] ;
struct SeriesValueParser {
  private var lexer: SeriesLexer
  private var token: SeriesToken
  private let maximum: Int
  private let kept: Int
  private var values: [SequenceValue] = []

  init(_ bytes: [UInt8], from position: Int, maximum: Int, keeping kept: Int = .max) {
    lexer = SeriesLexer(bytes, from: position)
    token = SeriesToken(kind: .end, range: position..<position, text: bytes[position..<position])
    self.maximum = maximum
    self.kept = kept
  }

  /// Reads to the end of the text. After labels the first item needs a blank before it.
  mutating func parse(followsLabels: Bool) throws(SeriesProblem) -> [SequenceValue] {
    try advance()
    if followsLabels {
      guard token.kind == .end || token.kind == .space else { throw unexpected(in: .values) }
    } else {
      if token.kind != .end, token.kind != .space { try item() }
    }
    while token.kind == .space {
      try advance()
      if token.kind == .end { break }
      try item()
    }
    guard token.kind == .end else { throw unexpected(in: nil) }
    return values
  }

  // MARK: Items

  private mutating func item() throws(SeriesProblem) {
    switch token.kind {
    case .omitted:
      try advance()
      let count = try count(extra: 0)
      try append(count) { _ in .omitted }
    case .word:
      guard token.text.elementsEqual("stale".utf8) else {
        throw isPlainIdentifier
          ? unexpected(in: .values, expected: "number or \"stale\"") : unexpected(in: .values)
      }
      try advance()
      try repeated(StaleMarker.value)
    case .number, .plus, .minus: try repeated(try signedNumber())
    case .openHistogram: try histograms()
    case .end, .space, .times, .closeHistogram, .colon, .leftBracket, .rightBracket, .leftBrace, .key,
      .hint:
      throw unexpected(in: nil)
    }
  }

  private var isPlainIdentifier: Bool { Token.kind(ofWord: token.text) == .identifier }

  /// What follows the first value of an item: `x N`, or a step and `x N`, or nothing.
  private mutating func repeated(_ first: Double) throws(SeriesProblem) {
    guard token.kind == .plus || token.kind == .minus else {
      let count = try count(extra: 1)
      return try append(count) { _ in .float(first) }
    }
    let step = try signedNumber()
    guard token.kind == .times else { throw unexpected(in: .values) }
    let count = try count(extra: 1)
    var value = first
    try append(count) { index in
      if index > 0 { value += step }
      return .float(value)
    }
  }

  private mutating func histograms() throws(SeriesProblem) {
    let first = try histogram()
    guard token.kind == .plus || token.kind == .minus else {
      let count = try count(extra: 1)
      let value = SequenceValue.histogram(first.histogram, statesHint: first.statesHint)
      return try append(count) { _ in value }
    }
    let subtracts = token.kind == .minus
    try advance()
    guard token.kind == .openHistogram else { throw unexpected(in: .values) }
    let step = try histogram()
    guard token.kind == .times else { throw unexpected(in: .values) }
    let count = try count(extra: 1)
    var value = first.histogram
    // The first step tells whether the two can be combined, kept or not.
    for index in 0..<max(count.value, min(2, count.written)) {
      if index > 0 {
        do throws(HistogramSeriesProblem) {
          try value.advance(by: step.histogram, subtracting: subtracts)
        } catch { throw SeriesProblem(offset: count.offset, error.message) }
      }
      if index < count.value { values.append(.histogram(value, statesHint: step.statesHint)) }
    }
  }

  private mutating func histogram() throws(SeriesProblem) -> HistogramLiteral {
    var literal = HistogramLiteral()
    try advance()
    if token.kind == .space {
      try advance()
      guard token.kind == .closeHistogram else { throw unexpected(in: .values) }
    }
    var isFirst = true
    while token.kind != .closeHistogram {
      if !isFirst {
        guard token.kind == .space else { throw unexpected(in: .histogram) }
        try advance()
        if token.kind == .closeHistogram { break }
      }
      try description(into: &literal, in: isFirst ? .values : .histogram)
      isFirst = false
    }
    do throws(HistogramSeriesProblem) { try literal.finish() } catch {
      throw SeriesProblem(offset: token.range.lowerBound, error.message)
    }
    try advance()
    return literal
  }

  /// `key:value` in a histogram literal.
  private mutating func description(
    into literal: inout HistogramLiteral, in context: Context
  ) throws(SeriesProblem) {
    guard case .key(let key) = token.kind else { throw unexpected(in: context) }
    let name = String(decoding: token.text, as: UTF8.self).lowercased()
    try advance()
    guard token.kind == .colon else { throw unexpected(in: context) }
    try advance()
    guard literal.given.insert(key).inserted else {
      throw SeriesProblem(offset: 0, "duplicate key \(GoText.quoted(name)) in histogram")
    }
    switch key {
    case .sum: literal.histogram.sum = try possiblyNegative(in: context)
    case .count: literal.histogram.count = try possiblyNegative(in: context)
    case .zeroCount: literal.histogram.zeroCount = try possiblyNegative(in: context)
    case .zeroThreshold: literal.histogram.zeroThreshold = try unsignedNumber(in: context)
    case .schema: literal.histogram.schema = try integer(in: context)
    case .offset: literal.offset = try integer(in: context)
    case .negativeOffset: literal.negativeOffset = try integer(in: context)
    case .buckets: literal.buckets = try list(in: context)
    case .negativeBuckets: literal.negativeBuckets = try list(in: context)
    case .customBounds: literal.histogram.customBounds = try list(in: context)
    case .hint:
      guard case .hint(let word) = token.kind else { throw unexpected(in: context) }
      literal.histogram.hint = word.hint
      try advance()
    }
  }

  /// `[1 2 3]`: at least one number, no blank after the bracket.
  private mutating func list(in context: Context) throws(SeriesProblem) -> [Double] {
    guard token.kind == .leftBracket else { throw unexpected(in: context) }
    try advance()
    var numbers = [try possiblyNegative(in: context)]
    while token.kind == .space {
      try advance()
      if token.kind == .rightBracket { break }
      numbers.append(try possiblyNegative(in: .values))
    }
    guard token.kind == .rightBracket else { throw unexpected(in: .values) }
    try advance()
    return numbers
  }

  // MARK: Numbers

  private mutating func signedNumber() throws(SeriesProblem) -> Double {
    guard token.kind == .plus || token.kind == .minus else { return try unsignedNumber(in: .values) }
    let isNegative = token.kind == .minus
    try advance()
    let value = try unsignedNumber(in: .values)
    return isNegative ? -value : value
  }

  private mutating func possiblyNegative(in context: Context) throws(SeriesProblem) -> Double {
    guard token.kind == .minus else { return try unsignedNumber(in: context) }
    try advance()
    return -(try unsignedNumber(in: context))
  }

  private mutating func unsignedNumber(in context: Context) throws(SeriesProblem) -> Double {
    guard token.kind == .number else { throw unexpected(in: context) }
    do {
      let value = try GoNumber.literal(token.text)
      try advance()
      return value
    } catch let problem as GoNumber.Problem {
      throw SeriesProblem(offset: token.range.lowerBound, "error parsing number: \(problem)")
    } catch let problem as SeriesProblem {
      throw problem
    } catch {
      throw SeriesProblem(offset: token.range.lowerBound, "\(error)")
    }
  }

  private mutating func integer(in context: Context) throws(SeriesProblem) -> Int32 {
    let isNegative = token.kind == .minus
    if isNegative { try advance() }
    let offset = token.range.lowerBound
    let value = Int64(clamping: try unsigned(in: context))
    guard let result = Int32(exactly: isNegative ? -value : value) else {
      throw SeriesProblem(offset: offset, "the number does not fit 32 bits")
    }
    return result
  }

  private mutating func unsigned(in context: Context) throws(SeriesProblem) -> UInt64 {
    guard token.kind == .number else { throw unexpected(in: context) }
    let value: UInt64
    do { value = try GoNumber.unsigned(token.text) } catch {
      throw SeriesProblem(
        offset: token.range.lowerBound, "invalid repetition in series values: \(error)")
    }
    try advance()
    return value
  }

  // MARK: Repetitions

  /// How many values an item stands for, and where the count is written.
  private struct Count {
    /// Those that are kept.
    var value: Int
    /// All.
    var written: Int
    var offset: Int
  }

  /// `x N` stands for N values and `extra` more; an item without it stands for one.
  private mutating func count(extra: Int) throws(SeriesProblem) -> Count {
    var count = Count(value: 1, written: 1, offset: token.range.lowerBound)
    if token.kind == .times {
      try advance()
      count.offset = token.range.lowerBound
      let (total, overflow) = Int(clamping: try unsigned(in: .values))
        .addingReportingOverflow(extra)
      count.written = overflow ? .max : total
    }
    count.value = min(count.written, max(0, kept - values.count))
    guard count.value <= maximum - values.count else {
      throw SeriesProblem(
        offset: count.offset, "too many values: the line stands for more than \(maximum)")
    }
    return count
  }

  private mutating func append(
    _ count: Count, _ value: (Int) -> SequenceValue
  ) throws(SeriesProblem) {
    for index in 0..<count.value { values.append(value(index)) }
  }

  // MARK: Tokens

  private enum Context {
    case values, histogram
  }

  private mutating func advance() throws(SeriesProblem) { token = try lexer.next() }

  private func unexpected(in context: Context?, expected: String? = nil) -> SeriesProblem {
    var message = "unexpected \(token.name)"
    switch context {
    case nil: break
    case .values: message += " in series values"
    case .histogram:
      message += " in histogram description, expected histogram description key, e.g. buckets:[5 10 7]"
    }
    if let expected { message += ", expected \(expected)" }
    return SeriesProblem(offset: token.range.lowerBound, message)
  }
}
