/// The symbols of the grammar. Tokens that every rule treats alike share a terminal.
enum Symbol: UInt8, CaseIterable, Sendable {
  /// What follows the end of the input, and every lexical error.
  case end
  /// The pseudo-token of error recovery.
  case error
  /// Stands before the first token.
  case startOfInput
  /// Stands before the first token of a text that is one selector and nothing else.
  case startOfSelector
  case assign, colon, comma
  /// A number or duration.
  case number
  case endOfInput, identifier, leftBrace, leftBracket, leftParenthesis, metricIdentifier
  case rightBrace, rightBracket, rightParenthesis, string
  /// `+ -`
  case sign
  /// `* / %`
  case multiplicative
  /// `== < <= > >= </ >/`
  case comparison
  case notEqual
  /// `=~ !~`
  case patternMatch
  /// `and unless`
  case and
  case or, power, at, atan2, aggregator, bool, by, without
  /// `on ignoring`
  case matching
  /// `group_left group_right`
  case group
  case fill, fillLeft, fillRight, offset
  /// `anchored smoothed`
  case edges
  /// `start end`
  case bound
  /// `step range`
  case span
  /// `max_of min_of`
  case extremum

  // Nonterminals.
  case accept, query, expression
  case aggregateOperator, aggregateModifier, arguments, argumentList
  case boolModifier, matchingModifier, groupModifier, binaryModifier, fillValue
  case optionalLabels, labels, labelList, label, labelWord
  case selector, metricWord, braces, matcherList, matcher, matchOperator, matcherString
  case numberLiteral, positiveDuration, offsetDuration, duration

  static let terminalCount = Int(Symbol.accept.rawValue)
  static let count = Symbol.allCases.count

  var isTerminal: Bool { rawValue < Symbol.accept.rawValue }

  /// How many of Prometheus' tokens a terminal stands for: its parser generator makes the most
  /// frequent reduction of a state the default one.
  var weight: Int {
    switch self {
    case .number, .sign, .patternMatch, .and, .matching, .group, .edges, .bound, .span, .extremum: 2
    case .multiplicative: 3
    case .comparison: 7
    case .aggregator: AggregationOperator.allCases.count
    case .end, .error, .startOfInput, .startOfSelector, .assign, .colon, .comma, .endOfInput,
      .identifier, .leftBrace, .leftBracket, .leftParenthesis, .metricIdentifier, .rightBrace, .rightBracket,
      .rightParenthesis, .string, .notEqual, .or, .power, .at, .atan2, .bool, .by, .without, .fill,
      .fillLeft, .fillRight, .offset:
      1
    case .accept, .query, .expression, .aggregateOperator, .aggregateModifier, .arguments,
      .argumentList, .boolModifier, .matchingModifier, .groupModifier, .binaryModifier, .fillValue,
      .optionalLabels, .labels, .labelList, .label, .labelWord, .selector, .metricWord, .braces,
      .matcherList, .matcher, .matchOperator, .matcherString, .numberLiteral, .positiveDuration,
      .offsetDuration, .duration:
      0
    }
  }

  /// How tightly a terminal binds, and to which side (promql-syntax.md §2.2); nil when the grammar
  /// needs no such rule for it.
  var precedence: Precedence? { Self.precedences[self] }

  private static let precedences: [Symbol: Precedence] = [
    .or: Precedence(.or),
    .and: Precedence(.and),
    .comparison: Precedence(.equal),
    .notEqual: Precedence(.notEqual),
    .sign: Precedence(.add),
    .multiplicative: Precedence(.multiply),
    .atan2: Precedence(.atan2),
    .power: Precedence(.power),
    .offset: Precedence(level: 8, associativity: .left),
    .leftBracket: Precedence(level: 9, associativity: .right),
  ]
}

/// A level of binding, loosest first.
struct Precedence: Sendable {
  var level: Int
  var associativity: BinaryOperator.Associativity

  init(level: Int, associativity: BinaryOperator.Associativity) {
    self.level = level
    self.associativity = associativity
  }

  init(_ operation: BinaryOperator) {
    self.init(level: operation.facts.precedence, associativity: operation.facts.associativity)
  }
}

extension TokenKind {
  /// The terminal that stands for the token; comments have none.
  var symbol: Symbol? {
    switch self {
    case .endOfInput: .endOfInput
    case .comment: nil
    case .comma: .comma
    case .colon: .colon
    case .leftParenthesis: .leftParenthesis
    case .rightParenthesis: .rightParenthesis
    case .leftBrace: .leftBrace
    case .rightBrace: .rightBrace
    case .leftBracket: .leftBracket
    case .rightBracket: .rightBracket
    case .assign: .assign
    case .matches, .matchesNot: .patternMatch
    case .at: .at
    case .binary(let operation): operation.symbol
    case .aggregator: .aggregator
    case .keyword(let keyword): keyword.symbol
    case .preprocessor(let word): word.symbol
    case .identifier: .identifier
    case .metricIdentifier: .metricIdentifier
    case .string: .string
    case .number, .duration: .number
    }
  }
}

extension BinaryOperator {
  fileprivate var symbol: Symbol {
    switch self {
    case .add, .subtract: .sign
    case .multiply, .divide, .modulo: .multiplicative
    case .power: .power
    case .atan2: .atan2
    case .notEqual: .notEqual
    case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .trimUpper, .trimLower: .comparison
    case .and, .unless: .and
    case .or: .or
    }
  }
}

extension Keyword {
  fileprivate var symbol: Symbol {
    switch self {
    case .bool: .bool
    case .by: .by
    case .without: .without
    case .on, .ignoring: .matching
    case .offset: .offset
    case .anchored, .smoothed: .edges
    case .fill: .fill
    case .fillLeft: .fillLeft
    case .fillRight: .fillRight
    case .groupLeft, .groupRight: .group
    }
  }
}

extension Preprocessor {
  fileprivate var symbol: Symbol {
    switch self {
    case .start, .end: .bound
    case .step, .range: .span
    case .maxOf, .minOf: .extremum
    }
  }
}
