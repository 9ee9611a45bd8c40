import TimeSeries

/// Selectors and their matchers.
extension Parser {
  mutating func select(_ action: SelectorAction, _ values: Values) -> SemanticValue {
    switch action {
    case .nameAndBraces:
      let name = values.token(1)
      let (matchers, braces) = values.braces(2)
      return selector(name, matchers, SourceRange(name.range.start, braces.end))
    case .name: return selector(values.token(1), [], values.token(1).range)
    case .braces:
      let (matchers, range) = values.braces(1)
      return add(.selector(Expression.Selector(matchers: matchers)), range, .instantVector)
    case .list:
      // The list ends at the closing brace, which was read last.
      let range = SourceRange(values.token(1).range.start, values.last.range.end)
      guard case .matchers(let list) = values[2] else { return .braces([], range) }
      let matchers = matcherLists[list]
      matcherLists[list] = []
      return .braces(matchers, range)
    case .emptyList:
      return .braces([], SourceRange(values.token(1).range.start, values.token(2).range.end))
    case .firstMatcher:
      matcherLists.append(values.matcher(1).map { [$0] } ?? [])
      return .matchers(matcherLists.count - 1)
    case .nextMatcher:
      guard case .matchers(let list) = values[1] else { return values[1] }
      if let matcher = values.matcher(3) { matcherLists[list].append(matcher) }
      return values[1]
    case .matcher: return .matcher(matcher(values))
    case .nameMatcher: return .matcher(.init(metricName: values.text(1, in: text).bytes))
    case .string:
      let token = values.token(1)
      return .text(StringLiteral.value(text[token.range.start..<token.range.end]), token.range)
    }
  }

  private mutating func selector(
    _ name: Token, _ matchers: [Expression.Matcher], _ range: SourceRange
  ) -> SemanticValue {
    let spelling = spelling(name)
    let all = matchers + [Expression.Matcher(metricName: Array(spelling.utf8))]
    return add(.selector(Expression.Selector(name: spelling, matchers: all)), range, .instantVector)
  }

  /// The matcher of `$1 $2 $3`; nil, and an error, when its pattern is none.
  private mutating func matcher(_ values: Values) -> Expression.Matcher? {
    let label = values.text(1, in: text)
    let value = values.token(3)
    let range = SourceRange(label.range.start, value.range.end)
    let bytes = StringLiteral.value(text[value.range.start..<value.range.end])
    let operation: LabelMatcher.Operation =
      switch values.token(2).kind {
      case .matches: .matches
      case .matchesNot: .matchesNot
      case .binary(.notEqual): .notEqual
      default: .equal
      }
    if operation == .matches || operation == .matchesNot, let broken = Self.brokenCharacter(bytes) {
      let rest = String(decoding: bytes[broken...], as: UTF8.self)
      report("error parsing regexp: invalid UTF-8: `\(rest)`", range)
      return nil
    }
    do throws(LabelPattern.Problem) {
      return try Expression.Matcher(name: label.bytes, operation: operation, value: bytes)
    } catch {
      report("\(error)", range)
      return nil
    }
  }

  /// Where bytes stop being UTF-8: escapes can write any byte, patterns are made of characters.
  private static func brokenCharacter(_ bytes: [UInt8]) -> Int? {
    var position = 0
    while position < bytes.count {
      let (scalar, length) = GoQuote.decode(bytes, at: position)
      if scalar == nil { return position }
      position += length
    }
    return nil
  }
}

extension Expression.Matcher {
  /// `__name__="name"`
  init(metricName name: [UInt8]) {
    self.init(
      name: Array(LabelName.metric.utf8), value: name,
      compiled: LabelMatcher(LabelName.metric, equals: String(decoding: name, as: UTF8.self)))
  }

  init(
    name: [UInt8], operation: LabelMatcher.Operation, value: [UInt8]
  ) throws(LabelPattern.Problem) {
    let compiled = try LabelMatcher(
      String(decoding: name, as: UTF8.self), operation, String(decoding: value, as: UTF8.self))
    self.init(name: name, value: value, compiled: compiled)
  }

  /// Whether the matcher is about the metric's name.
  var isAboutName: Bool { name.elementsEqual(LabelName.metric.utf8) }
}

extension Values {
  /// The last symbol's token.
  var last: Token { token(count) }

  func matcher(_ position: Int) -> Expression.Matcher? {
    if case .matcher(let matcher) = self[position] { matcher } else { nil }
  }

  func braces(_ position: Int) -> ([Expression.Matcher], SourceRange) {
    guard case .braces(let matchers, let range) = self[position] else { return ([], SourceRange(0, 0)) }
    return (matchers, range)
  }

  /// A label's name: an identifier as it stands, or a string's value.
  func text(_ position: Int, in text: [UInt8]) -> (bytes: [UInt8], range: SourceRange) {
    if case .text(let bytes, let range) = self[position] { return (bytes, range) }
    let range = token(position).range
    return (Array(text[range.start..<range.end]), range)
  }
}
