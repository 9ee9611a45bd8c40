import TimeSeries

/// A metric name and a label set at the start of a text: `name{label="value"}`, `{"name", a="b"}`
/// (promqltest.md §2.1). The notation of test scripts and of promtool's unit tests.
package struct LabelSetNotation: Sendable {
  /// One label; any bytes.
  package struct Label: Sendable, Hashable {
    package var name: [UInt8]
    package var value: [UInt8]
  }

  /// Sorted by name, without empty values, duplicates kept. A name outside the braces wins over
  /// `__name__` inside.
  package private(set) var labels: [Label] = []
  /// Whether Prometheus' own label set, which is built otherwise without a name in front, keeps a label
  /// without a value: it is then equal to no series' labels.
  package private(set) var keepsEmptyValue = false
  /// The offset behind the name and the braces.
  package private(set) var end = 0

  private let text: [UInt8]
  private var lexer: Lexer
  private var token = Token(.endOfInput, SourceRange(0, 0))

  /// Reads what stands at the start of a text; the rest is left alone. Throws one diagnostic.
  ///
  /// - Parameter allowsBlanks: whether the braces may stand apart from the name: series lines have values
  ///   there.
  package init(_ text: [UInt8], allowsBlanks: Bool = false) throws(ParseFailure) {
    self.text = text
    lexer = Lexer(text)
    try advance()
    var name: [UInt8]?
    if token.kind.isMetricWord {
      name = Array(text[token.range.start..<token.range.end])
      end = token.range.end
      let next = allowsBlanks ? text[end...].first { !Self.isBlank($0) } : end < text.count ? text[end] : nil
      if next == UInt8(ascii: "{") { try advance() }
    }
    switch token.kind {
    case .leftBrace: try braces()
    case .endOfInput: end = token.range.end
    case _ where name != nil: break
    default: throw unexpected("series values")
    }
    let metric = Array(LabelName.metric.utf8)
    if let name {
      labels.removeAll { $0.name == metric }
      labels.append(Label(name: metric, value: name))
    }
    keepsEmptyValue = name == nil && labels.contains { $0.value.isEmpty }
    labels.removeAll { $0.value.isEmpty }
    let order = labels.enumerated().sorted { left, right in
      left.element.name == right.element.name
        ? left.offset < right.offset
        : left.element.name.lexicographicallyPrecedes(right.element.name)
    }
    labels = order.map(\.element)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || (byte >= 0x09 && byte <= 0x0D)
  }

  /// `"{" [ item { "," item } [ "," ] ] "}"`, the brace being the current token.
  private mutating func braces() throws(ParseFailure) {
    try advance()
    while token.kind != .rightBrace {
      try item()
      if token.kind == .comma {
        try advance()
      } else if token.kind != .rightBrace {
        throw unexpected("label set", expected: "\",\" or \"}\"")
      }
    }
    end = token.range.end
  }

  /// `name = "value"`, `"name" = "value"`, or `"metric name"`.
  private mutating func item() throws(ParseFailure) {
    let name = token
    guard name.kind == .identifier || name.kind == .string else {
      throw unexpected("label set", expected: "identifier or \"}\"")
    }
    try advance()
    guard token.kind == .assign else {
      guard name.kind == .string else { throw unexpected("label set", expected: "\"=\"") }
      labels.append(Label(name: Array(LabelName.metric.utf8), value: value(of: name)))
      return
    }
    try advance()
    guard token.kind == .string else { throw unexpected("label set", expected: "string") }
    let bytes =
      name.kind == .string
      ? value(of: name) : Array(text[name.range.start..<name.range.end])
    labels.append(Label(name: bytes, value: value(of: token)))
    try advance()
  }

  private func value(of token: Token) -> [UInt8] {
    StringLiteral.value(text[token.range.start..<token.range.end])
  }

  private mutating func advance() throws(ParseFailure) {
    do throws(LexicalError) {
      repeat { token = try lexer.next() } while token.kind == .comment
    } catch {
      throw ParseFailure(diagnostics: [Diagnostic(parse: error.message, error.range)], text: text)
    }
  }

  private func unexpected(_ context: String, expected: String? = nil) -> ParseFailure {
    var message = "unexpected \(token.described(in: text)) in \(context)"
    if let expected { message += ", expected \(expected)" }
    return ParseFailure(diagnostics: [Diagnostic(parse: message, token.range)], text: text)
  }
}

extension TokenKind {
  /// Whether the grammar takes the token for a metric's name.
  fileprivate var isMetricWord: Bool {
    guard let symbol else { return false }
    return Grammar.productions.contains { $0.left == .metricWord && $0.right == [symbol] }
  }
}

extension Token {
  /// How messages name a word or number that stands alone (promql-syntax.md §5.1).
  package static func described(word: some Collection<UInt8>) -> String {
    let text = Array(word)
    return Token(kind(ofWord: text), SourceRange(0, text.count)).described(in: text)
  }

  /// What a word is outside of braces and brackets: a keyword, a number, or a name.
  package static func kind(ofWord word: some Collection<UInt8>) -> TokenKind {
    if let kind = TokenKind.words[String(decoding: word, as: UTF8.self).lowercased()] { return kind }
    return word.contains(UInt8(ascii: ":")) ? .metricIdentifier : .identifier
  }
}
