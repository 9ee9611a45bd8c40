import PromQL
import TimeSeries

/// Cuts the values of a series line into tokens (promqltest.md §2.2–§2.4).
///
/// What may come next depends on where one is: among values, inside `{{ }}`, or inside `[ ]`.
struct SeriesLexer {
  private enum State { case values, histogram, buckets }

  let bytes: [UInt8]
  private(set) var position: Int
  private var state = State.values
  /// A word was the last token: a brace that touches it is not the start of a histogram.
  private var followsWord = false

  init(_ bytes: [UInt8], from position: Int) {
    self.bytes = bytes
    self.position = position
  }

  mutating func next() throws(SeriesProblem) -> SeriesToken {
    let start = position
    let kind: SeriesToken.Kind
    switch state {
    case .values: kind = try valueToken()
    case .histogram: kind = try histogramToken()
    case .buckets: kind = try bucketToken()
    }
    followsWord = kind == .word
    return SeriesToken(kind: kind, range: start..<position, text: bytes[start..<position])
  }

  private func byte(_ offset: Int = 0) -> UInt8? {
    position + offset < bytes.count ? bytes[position + offset] : nil
  }

  // MARK: Values

  private mutating func valueToken() throws(SeriesProblem) -> SeriesToken.Kind {
    guard let first = byte() else { return .end }
    if first.isSeriesBlank { return takeBlanks() }
    if first == UInt8(ascii: "{"), byte(1) == first || followsWord {
      if followsWord { return take(1, .leftBrace) }
      state = .histogram
      return take(2, .openHistogram)
    }
    switch first {
    case UInt8(ascii: "+"): return take(1, .plus)
    case UInt8(ascii: "-"): return take(1, .minus)
    case UInt8(ascii: "x"): return take(1, .times)
    case UInt8(ascii: "_"): return take(1, .omitted)
    default: break
    }
    if first.isDigit || (first == UInt8(ascii: ".") && byte(1)?.isDigit ?? false) {
      return try number()
    }
    if first.isWordStart {
      let word = takeWord { $0.isWordStart || $0.isDigit || $0 == UInt8(ascii: ":") }
      return Self.isNumber(word) ? .number : .word
    }
    throw problem("unexpected character in series sequence: \(quotedCharacter)")
  }

  // MARK: Histograms

  private mutating func histogramToken() throws(SeriesProblem) -> SeriesToken.Kind {
    guard let first = byte() else { throw incompleteHistogram }
    if first.isSeriesBlank { return takeBlanks() }
    if first.isWordStart { return try descriptor() }
    if first.isDigit { return try number() }
    switch first {
    case UInt8(ascii: ":"): return take(1, .colon)
    case UInt8(ascii: "-"): return take(1, .minus)
    case UInt8(ascii: "["):
      state = .buckets
      return take(1, .leftBracket)
    case UInt8(ascii: "}") where byte(1) == first:
      state = .values
      return take(2, .closeHistogram)
    default: throw incompleteHistogram
    }
  }

  private var incompleteHistogram: SeriesProblem {
    problem("histogram description incomplete unexpected: \(quotedCharacter)")
  }

  private mutating func descriptor() throws(SeriesProblem) -> SeriesToken.Kind {
    let start = position
    let word = takeWord { $0.isWordStart }
    let text = String(decoding: word, as: UTF8.self)
    if let key = HistogramKey(rawValue: text.lowercased()) {
      if byte() == UInt8(ascii: ":") { return .key(key) }
      throw SeriesProblem(offset: start, "missing `:` for histogram descriptor")
    }
    if Self.isNumber(word) { return .number }
    if let hint = HistogramHintWord(rawValue: text.lowercased()) { return .hint(hint) }
    throw SeriesProblem(
      offset: start, "bad histogram descriptor found: \(GoText.quoted(word))")
  }

  private mutating func bucketToken() throws(SeriesProblem) -> SeriesToken.Kind {
    guard let first = byte() else { throw incompleteBuckets }
    if first.isSeriesBlank { return takeBlanks() }
    if first.isDigit { return try number() }
    switch first {
    case UInt8(ascii: "-"): return take(1, .minus)
    case UInt8(ascii: "]"):
      state = .histogram
      return take(1, .rightBracket)
    default: break
    }
    guard first.isWordStart else { throw incompleteBuckets }
    let start = position
    let word = takeWord { $0.isWordStart }
    if Self.isNumber(word) { return .number }
    position = start
    throw incompleteBuckets
  }

  private var incompleteBuckets: SeriesProblem {
    problem("invalid character in buckets description: \(quotedCharacter)")
  }

  // MARK: Pieces

  private mutating func take(_ count: Int, _ kind: SeriesToken.Kind) -> SeriesToken.Kind {
    position += count
    return kind
  }

  private mutating func takeBlanks() -> SeriesToken.Kind {
    while let next = byte(), next.isSeriesBlank { position += 1 }
    return .space
  }

  private mutating func takeWord(_ isPart: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let start = position
    while let next = byte(), isPart(next) { position += 1 }
    return bytes[start..<position]
  }

  private static func isNumber(_ word: ArraySlice<UInt8>) -> Bool {
    guard word.count == 3 else { return false }
    let text = String(decoding: word, as: UTF8.self).lowercased()
    return text == "inf" || text == "nan"
  }

  /// A number: loosely scanned, decimal only; `x` may follow directly.
  private mutating func number() throws(SeriesProblem) -> SeriesToken.Kind {
    let start = position
    let isComplete = scanNumber()
    let next = byte()
    let isFollowedByWord = next.map { $0.isWordStart || $0.isDigit } ?? false
    guard isComplete, !isFollowedByWord || next == UInt8(ascii: "x") else {
      throw SeriesProblem(
        offset: start, "bad number syntax: \(GoText.quoted(bytes[start..<position]))")
    }
    return .number
  }

  /// promql-syntax.md §1.4, steps 2 to 4, without hex digits.
  private mutating func scanNumber() -> Bool {
    let start = position
    if byte() == UInt8(ascii: ".") { position += 1 }
    if byte()?.isDigit ?? false { position += 1 }
    var hasPoint = false
    var hasExponent = false
    while let next = byte() {
      switch next {
      case UInt8(ascii: "."):
        position += 1
        if hasPoint { return false }
        hasPoint = true
        if takeIf("_.") { return false }
      case UInt8(ascii: "e"), UInt8(ascii: "E"):
        position += 1
        if hasExponent { return false }
        hasExponent = true
        if byte() == UInt8(ascii: "+") || byte() == UInt8(ascii: "-") { position += 1 }
        if takeIf("._eE") || byte() == nil { return false }
      case UInt8(ascii: "_"):
        position += 1
        if takeIf("._eE") || byte() == nil { return false }
      default:
        guard next.isDigit else { return position > start }
        position += 1
      }
    }
    return position > start
  }

  private mutating func takeIf(_ set: String) -> Bool {
    guard let next = byte(), set.utf8.contains(next) else { return false }
    position += 1
    return true
  }

  private func problem(_ message: String) -> SeriesProblem {
    SeriesProblem(offset: position, message)
  }

  /// The character at the position as Go quotes it.
  private var quotedCharacter: String {
    guard position < bytes.count else { return GoQuote.quoted(nil as Unicode.Scalar?) }
    return GoQuote.quoted(GoQuote.decode(bytes, at: position).0)
  }
}

extension UInt8 {
  var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

  /// Letters and `_`.
  var isWordStart: Bool {
    self == UInt8(ascii: "_")
      || (self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "z"))
  }

  /// Blanks of a query: space, tab, LF, CR.
  var isSeriesBlank: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
}
