import PromQL
import TimeSeries

/// The keys of a histogram literal (promqltest.md §2.3), in the order of Prometheus' token numbers.
enum HistogramKey: String, CaseIterable {
  case sum, count, schema, offset
  case negativeOffset = "n_offset"
  case buckets
  case negativeBuckets = "n_buckets"
  case zeroCount = "z_bucket"
  case zeroThreshold = "z_bucket_w"
  case customBounds = "custom_values"
  case hint = "counter_reset_hint"

  /// The number that Prometheus prints for the key's token (§2.5).
  var tokenNumber: Int { 57_370 + (Self.allCases.firstIndex(of: self) ?? 0) }
}

/// The values of `counter_reset_hint`, in the order of Prometheus' token numbers.
enum HistogramHintWord: String, CaseIterable {
  case unknown, reset
  case notReset = "not_reset"
  case gauge

  /// The number that Prometheus prints for the word's token (§2.5).
  var tokenNumber: Int { 57_445 + (Self.allCases.firstIndex(of: self) ?? 0) }

  var hint: NativeHistogram.ResetHint {
    switch self {
    case .unknown: .unknown
    case .reset: .reset
    case .notReset: .notReset
    case .gauge: .gauge
    }
  }
}

/// A token of the values of a series line, with its bytes.
struct SeriesToken {
  enum Kind: Equatable {
    case end
    /// A run of blanks.
    case space
    case number
    /// A word that is no number: `stale`, or something out of place.
    case word
    /// `_`
    case omitted
    /// `x`
    case times
    case plus, minus
    /// `{{` and `}}`
    case openHistogram, closeHistogram
    case colon, leftBracket, rightBracket
    /// A single brace directly after a word.
    case leftBrace
    case key(HistogramKey)
    case hint(HistogramHintWord)
  }

  var kind: Kind
  /// Where the token lies in the line.
  var range: Range<Int>
  var text: ArraySlice<UInt8>

  /// As `unexpected …` messages name it (promqltest.md §2.5).
  var name: String {
    switch kind {
    case .end: "end of input"
    case .space: "\" \""
    case .number: Token(.number, SourceRange(0, text.count)).described(in: Array(text))
    case .word: Token.described(word: text)
    case .plus: "<op:+>"
    case .minus: "<op:->"
    case .omitted, .times, .openHistogram, .closeHistogram, .colon, .leftBracket, .rightBracket,
      .leftBrace:
      GoText.quoted(text)
    case .key(let key): "\"<Item \(key.tokenNumber)>\" \(GoText.quoted(text))"
    case .hint(let word): "\"<Item \(word.tokenNumber)>\" \(GoText.quoted(text))"
    }
  }
}
