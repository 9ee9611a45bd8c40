import TimeSeries

/// Words that modify: keywords of the grammar (promql-syntax.md §1.2).
public enum Keyword: String, Sendable, Hashable, CaseIterable {
  case bool, by, without, on, ignoring, offset, anchored, smoothed, fill
  case groupLeft = "group_left"
  case groupRight = "group_right"
  case fillLeft = "fill_left"
  case fillRight = "fill_right"
}

/// Words that stand for something of the query itself, in durations, after `@`, or as functions.
public enum Preprocessor: String, Sendable, Hashable, CaseIterable {
  case start, end, step, range
  case maxOf = "max_of"
  case minOf = "min_of"
}

/// What a token is.
public enum TokenKind: Sendable, Hashable {
  case endOfInput, comment
  case comma, colon, leftParenthesis, rightParenthesis, leftBrace, rightBrace, leftBracket, rightBracket
  /// `=`
  case assign
  /// `=~` and `!~`
  case matches, matchesNot
  /// `@`
  case at
  case binary(BinaryOperator)
  case aggregator(AggregationOperator)
  case keyword(Keyword)
  case preprocessor(Preprocessor)
  case identifier, metricIdentifier, string, number, duration

  /// Every word that is more than a name, in lower case, with its token.
  static let words: [String: TokenKind] = {
    var words: [String: TokenKind] = ["inf": .number, "nan": .number]
    for keyword in Keyword.allCases { words[keyword.rawValue] = .keyword(keyword) }
    for word in Preprocessor.allCases { words[word.rawValue] = .preprocessor(word) }
    for aggregator in AggregationOperator.allCases { words[aggregator.rawValue] = .aggregator(aggregator) }
    for binary in BinaryOperator.allCases where LabelName.isLegacy(binary.rawValue.utf8) {
      words[binary.rawValue] = .binary(binary)
    }
    return words
  }()

  /// Whether Prometheus remembers the token's end as "the last closing" (promql-syntax.md §5.3).
  var closes: Bool {
    switch self {
    case .rightBrace, .rightParenthesis, .rightBracket, .number, .duration: true
    case .endOfInput, .comment, .comma, .colon, .leftParenthesis, .leftBrace, .leftBracket, .assign,
      .matches, .matchesNot, .at, .binary, .aggregator, .keyword, .preprocessor, .identifier,
      .metricIdentifier, .string:
      false
    }
  }
}

/// A piece of the query's text.
public struct Token: Sendable, Hashable {
  public var kind: TokenKind
  public var range: SourceRange

  /// A token and where it stands.
  public init(_ kind: TokenKind, _ range: SourceRange) {
    self.kind = kind
    self.range = range
  }

  /// How a message names the token (promql-syntax.md §5.1): `identifier "foo"`, `<op:+>`, `","`.
  /// `text` is the whole query.
  public func described(in text: [UInt8]) -> String {
    let source = text[range.start..<range.end]
    let spelling = String(decoding: source, as: UTF8.self)
    switch kind {
    case .endOfInput: return "end of input"
    case .identifier: return "identifier \(GoQuote.quoted(source))"
    case .metricIdentifier: return "metric identifier \(GoQuote.quoted(source))"
    case .string: return "string \(Self.shortened(source))"
    case .number: return "number \(Self.shortened(source))"
    case .duration: return "duration \(Self.shortened(source))"
    case .binary, .matches, .matchesNot, .at: return "<op:\(spelling)>"
    case .aggregator: return "<aggr:\(spelling)>"
    case .keyword: return "<\(spelling)>"
    case .comment, .comma, .colon, .leftParenthesis, .rightParenthesis, .leftBrace, .rightBrace,
      .leftBracket, .rightBracket, .assign, .preprocessor:
      return GoQuote.quoted(source)
    }
  }

  /// Go's `%.10q...` for what is longer than ten bytes.
  private static func shortened(_ source: ArraySlice<UInt8>) -> String {
    guard source.count > 10 else { return GoQuote.quoted(source) }
    let head = String(decoding: source, as: UTF8.self).unicodeScalars.prefix(10)
    return GoQuote.quoted(String(String.UnicodeScalarView(head)).utf8) + "..."
  }
}
