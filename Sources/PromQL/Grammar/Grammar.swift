/// One rule of the grammar and what its recognition means.
struct Production: Sendable {
  var left: Symbol
  var right: [Symbol]
  var action: SemanticAction
  var precedence: Precedence?

  /// A rule binds as tightly as its last terminal unless it says otherwise.
  init(_ left: Symbol, _ right: [Symbol], _ action: SemanticAction, bindsAs: Symbol? = nil) {
    self.left = left
    self.right = right
    self.action = action
    precedence = bindsAs?.precedence ?? right.last(where: \.isTerminal)?.precedence
  }
}

/// Where a syntax error is met, for its message (promql-syntax.md §5.1).
enum ErrorPlace: Sendable {
  case anywhere, aggregation, groupingStart, groupingLabel, groupingEnd
  case matcherStart, matcherOperator, matcherValue, matcherEnd
  case offset, at, rangeStart, rangeEnd, stepStart, stepEnd

  /// ` in offset, expected number, …`, or nothing.
  var suffix: String {
    let duration = "number, duration, step()"
    return switch self {
    case .anywhere: ""
    case .aggregation: " in aggregation"
    case .groupingStart: " in grouping opts, expected \"(\""
    case .groupingLabel: " in grouping opts, expected label"
    case .groupingEnd: " in grouping opts, expected \",\" or \")\""
    case .matcherStart: " in label matching, expected identifier or \"}\""
    case .matcherOperator: " in label matching, expected label matching operator"
    case .matcherValue: " in label matching, expected string"
    case .matcherEnd: " in label matching, expected \",\" or \"}\""
    case .offset: " in offset, expected \(duration), or range()"
    case .at: " in @, expected timestamp"
    case .rangeStart: " in subquery or range selector, expected \(duration), or range()"
    case .rangeEnd: " in subquery or range, expected \":\" or \"]\""
    case .stepStart: " in subquery selector, expected \(duration), range(), or \"]\""
    case .stepEnd: " in subquery selector, expected \"]\""
    }
  }
}

/// What the parser does when it has recognised a production; `$n` are the values of its symbols.
enum SemanticAction: Sendable {
  /// The value of `$1`, of `$2`, or none.
  case first, second, nothing
  case emptyQuery
  /// A syntax error; the value of `$1` if `keeps`, else none.
  case unexpected(ErrorPlace, keeps: Bool)
  case operand(OperandAction)
  case aggregate(AggregateAction)
  case call(CallAction)
  case operate(OperatorAction)
  case label(LabelAction)
  case select(SelectorAction)
  case modify(ModifierAction)
  case measure(DurationAction)
}

enum OperandAction: Sendable { case parenthesis, unary, number, string }

enum AggregateAction: Sendable { case plain, modifierFirst, modifierLast, broken, grouping }

enum CallAction: Sendable {
  case call, arguments, noArguments, firstArgument, nextArgument, trailingComma
}

enum OperatorAction: Sendable {
  case binary, noBool, bool, matchingLabels, groupSide, fillBoth, fillOne, fillTwo
  case fillValue, fillSignedValue
}

enum LabelAction: Sendable { case none, first, next, word, string }

enum SelectorAction: Sendable {
  case nameAndBraces, name, braces, list, emptyList, firstMatcher, nextMatcher, matcher, nameMatcher, string
}

enum ModifierAction: Sendable {
  case matrix, subquery, subqueryOfDefaultStep, offset, at, atSigned, atBound, edges
}

enum DurationAction: Sendable {
  case literal, positive, offsetSigned, signed, binary, span, signedSpan, extremum, signedExtremum
  case parenthesis, signedParenthesis
}

/// PromQL's grammar with its error productions (promql-syntax.md §2, §5.3). Where two rules can be
/// reduced at once the earlier one wins; where a token can be shifted it is, unless precedences say
/// otherwise.
enum Grammar {
  static let productions =
    queries + expressions + aggregations + calls + matchings + selectors
    + offsetDurations + durations + words

  private static let queries = [
    Production(.accept, [.query, .end], .first),
    Production(.query, [.startOfInput, .endOfInput], .emptyQuery),
    Production(.query, [.startOfInput, .expression], .nothing),
    Production(.query, [.startOfSelector, .selector], .nothing),
    Production(.query, [.query, .endOfInput], .first),
    Production(.query, [.error], .unexpected(.anywhere, keeps: false)),
  ]

  private static let binaryOperators: [Symbol] = [
    .sign, .atan2, .multiplicative, .comparison, .and, .or, .notEqual, .power,
  ]

  private static let expressions =
    binaryOperators.map {
      Production(.expression, [.expression, $0, .binaryModifier, .expression], .operate(.binary))
    } + [
      Production(.expression, [.leftParenthesis, .expression, .rightParenthesis], .operand(.parenthesis)),
      Production(.expression, [.sign, .expression], .operand(.unary), bindsAs: .multiplicative),
      Production(.expression, [.numberLiteral], .first),
      Production(.expression, [.string], .operand(.string)),
      Production(.expression, [.selector], .first),
      Production(.expression, [.expression, .offset, .offsetDuration], .modify(.offset)),
      Production(.expression, [.expression, .offset, .error], .unexpected(.offset, keeps: true)),
      Production(.expression, [.expression, .edges], .modify(.edges)),
      Production(.expression, [.expression, .at, .number], .modify(.at)),
      Production(.expression, [.expression, .at, .sign, .number], .modify(.atSigned)),
      Production(
        .expression, [.expression, .at, .bound, .leftParenthesis, .rightParenthesis], .modify(.atBound)),
      Production(.expression, [.expression, .at, .error], .unexpected(.at, keeps: true)),
      Production(
        .expression, [.expression, .leftBracket, .positiveDuration, .rightBracket], .modify(.matrix)),
      Production(
        .expression,
        [.expression, .leftBracket, .positiveDuration, .colon, .positiveDuration, .rightBracket],
        .modify(.subquery)),
      Production(
        .expression, [.expression, .leftBracket, .positiveDuration, .colon, .rightBracket],
        .modify(.subqueryOfDefaultStep)),
      Production(
        .expression,
        [.expression, .leftBracket, .positiveDuration, .colon, .positiveDuration, .error],
        .unexpected(.stepEnd, keeps: true)),
      Production(
        .expression, [.expression, .leftBracket, .positiveDuration, .colon, .error],
        .unexpected(.stepStart, keeps: true)),
      Production(
        .expression, [.expression, .leftBracket, .positiveDuration, .error],
        .unexpected(.rangeEnd, keeps: true)),
      Production(
        .expression, [.expression, .leftBracket, .error], .unexpected(.rangeStart, keeps: true)),
      Production(.numberLiteral, [.number], .operand(.number)),
    ]

  private static let aggregations = [
    Production(
      .expression, [.aggregateOperator, .aggregateModifier, .arguments], .aggregate(.modifierFirst)),
    Production(
      .expression, [.aggregateOperator, .arguments, .aggregateModifier], .aggregate(.modifierLast)),
    Production(.expression, [.aggregateOperator, .arguments], .aggregate(.plain)),
    Production(.expression, [.aggregateOperator, .error], .aggregate(.broken)),
    Production(.aggregateModifier, [.by, .labels], .aggregate(.grouping)),
    Production(.aggregateModifier, [.without, .labels], .aggregate(.grouping)),
    Production(.aggregateOperator, [.aggregator], .first),
  ]

  private static let calls = [
    Production(.expression, [.identifier, .arguments], .call(.call)),
    Production(.expression, [.bound, .arguments], .call(.call)),
    Production(.expression, [.span, .arguments], .call(.call)),
    Production(.expression, [.extremum, .arguments], .call(.call)),
    Production(.arguments, [.leftParenthesis, .argumentList, .rightParenthesis], .call(.arguments)),
    Production(.arguments, [.leftParenthesis, .rightParenthesis], .call(.noArguments)),
    Production(.argumentList, [.argumentList, .comma, .expression], .call(.nextArgument)),
    Production(.argumentList, [.expression], .call(.firstArgument)),
    Production(.argumentList, [.argumentList, .comma], .call(.trailingComma)),
  ]

  private static let matchings = [
    Production(.boolModifier, [], .operate(.noBool)),
    Production(.boolModifier, [.bool], .operate(.bool)),
    Production(.matchingModifier, [.boolModifier, .matching, .labels], .operate(.matchingLabels)),
    Production(.groupModifier, [.boolModifier], .first),
    Production(.groupModifier, [.matchingModifier], .first),
    Production(.groupModifier, [.matchingModifier, .group, .optionalLabels], .operate(.groupSide)),
    Production(.binaryModifier, [.groupModifier], .first),
    Production(.binaryModifier, [.groupModifier, .fill, .fillValue], .operate(.fillBoth)),
    Production(.binaryModifier, [.groupModifier, .fillLeft, .fillValue], .operate(.fillOne)),
    Production(.binaryModifier, [.groupModifier, .fillRight, .fillValue], .operate(.fillOne)),
    Production(
      .binaryModifier, [.groupModifier, .fillLeft, .fillValue, .fillRight, .fillValue], .operate(.fillTwo)),
    Production(
      .binaryModifier, [.groupModifier, .fillRight, .fillValue, .fillLeft, .fillValue], .operate(.fillTwo)),
    Production(.fillValue, [.leftParenthesis, .numberLiteral, .rightParenthesis], .operate(.fillValue)),
    Production(
      .fillValue, [.leftParenthesis, .sign, .numberLiteral, .rightParenthesis], .operate(.fillSignedValue)),
    Production(.optionalLabels, [], .label(.none)),
    Production(.optionalLabels, [.labels], .first),
    Production(.labels, [.leftParenthesis, .labelList, .rightParenthesis], .second),
    Production(.labels, [.leftParenthesis, .labelList, .comma, .rightParenthesis], .second),
    Production(.labels, [.leftParenthesis, .rightParenthesis], .label(.none)),
    Production(.labels, [.error], .unexpected(.groupingStart, keeps: false)),
    Production(.labelList, [.labelList, .comma, .label], .label(.next)),
    Production(.labelList, [.label], .label(.first)),
    Production(.labelList, [.labelList, .error], .unexpected(.groupingEnd, keeps: true)),
    Production(.label, [.labelWord], .label(.word)),
    Production(.label, [.string], .label(.string)),
    Production(.label, [.error], .unexpected(.groupingLabel, keeps: false)),
  ]

  private static let selectors = [
    Production(.selector, [.metricWord, .braces], .select(.nameAndBraces)),
    Production(.selector, [.metricWord], .select(.name)),
    Production(.selector, [.braces], .select(.braces)),
    Production(.braces, [.leftBrace, .matcherList, .rightBrace], .select(.list)),
    Production(.braces, [.leftBrace, .matcherList, .comma, .rightBrace], .select(.list)),
    Production(.braces, [.leftBrace, .rightBrace], .select(.emptyList)),
    Production(.matcherList, [.matcherList, .comma, .matcher], .select(.nextMatcher)),
    Production(.matcherList, [.matcher], .select(.firstMatcher)),
    Production(.matcherList, [.matcherList, .error], .unexpected(.matcherEnd, keeps: true)),
    Production(.matcher, [.identifier, .matchOperator, .string], .select(.matcher)),
    Production(.matcher, [.matcherString, .matchOperator, .string], .select(.matcher)),
    Production(.matcher, [.matcherString], .select(.nameMatcher)),
    Production(
      .matcher, [.matcherString, .matchOperator, .error], .unexpected(.matcherValue, keeps: false)),
    Production(
      .matcher, [.identifier, .matchOperator, .error], .unexpected(.matcherValue, keeps: false)),
    Production(.matcher, [.identifier, .error], .unexpected(.matcherOperator, keeps: false)),
    Production(.matcher, [.error], .unexpected(.matcherStart, keeps: false)),
    Production(.matcherString, [.string], .select(.string)),
    Production(.matchOperator, [.assign], .first),
    Production(.matchOperator, [.notEqual], .first),
    Production(.matchOperator, [.patternMatch], .first),
  ]

  /// Narrower than durations, so that operators after a literal belong to the expression around;
  /// they come first, so that they win over `durations`.
  private static let offsetDurations = [
    Production(.offsetDuration, [.numberLiteral], .measure(.literal)),
    Production(.offsetDuration, [.sign, .numberLiteral], .measure(.offsetSigned)),
    Production(.offsetDuration, [.span, .leftParenthesis, .rightParenthesis], .measure(.span)),
    Production(
      .offsetDuration, [.sign, .span, .leftParenthesis, .rightParenthesis], .measure(.signedSpan)),
    Production(
      .offsetDuration,
      [.extremum, .leftParenthesis, .duration, .comma, .duration, .rightParenthesis],
      .measure(.extremum)),
    Production(
      .offsetDuration,
      [.sign, .extremum, .leftParenthesis, .duration, .comma, .duration, .rightParenthesis],
      .measure(.signedExtremum)),
    Production(
      .offsetDuration, [.sign, .leftParenthesis, .duration, .rightParenthesis],
      .measure(.signedParenthesis)),
    Production(.offsetDuration, [.duration], .first),
  ]

  private static let durations = [
    Production(.positiveDuration, [.duration], .measure(.positive)),
    Production(.duration, [.numberLiteral], .measure(.literal)),
    Production(.duration, [.sign, .duration], .measure(.signed), bindsAs: .multiplicative),
    Production(.duration, [.duration, .sign, .duration], .measure(.binary)),
    Production(.duration, [.duration, .multiplicative, .duration], .measure(.binary)),
    Production(.duration, [.duration, .power, .duration], .measure(.binary)),
    Production(.duration, [.span, .leftParenthesis, .rightParenthesis], .measure(.span)),
    Production(
      .duration, [.extremum, .leftParenthesis, .duration, .comma, .duration, .rightParenthesis],
      .measure(.extremum)),
    Production(
      .duration, [.leftParenthesis, .duration, .rightParenthesis], .measure(.parenthesis)),
  ]

  private static let metricWords: [Symbol] = [
    .aggregator, .by, .identifier, .metricIdentifier, .and, .or, .offset, .without, .bound, .span,
    .extremum, .edges, .fill, .fillLeft, .fillRight,
  ]

  private static let labelWords: [Symbol] = [
    .aggregator, .bool, .by, .group, .identifier, .matching, .metricIdentifier, .and, .or, .offset,
    .bound, .span, .extremum, .atan2, .edges, .fill, .fillLeft, .fillRight,
  ]

  private static let words =
    metricWords.map { Production(.metricWord, [$0], .first) }
    + labelWords.map { Production(.labelWord, [$0], .first) }
}
