import TimeSeries

/// What each production means.
extension Parser {
  /// The value of a production's left side, from the values `$1…` of its right side.
  mutating func perform(_ action: SemanticAction, _ values: ArraySlice<SemanticValue>) -> SemanticValue {
    let values = Values(values)
    switch action {
    case .first: return values[1]
    case .second: return values[2]
    case .nothing: return .none
    case .emptyQuery:
      report("no expression found in input", SourceRange(0, 0))
      return .none
    case .unexpected(let place, let keeps):
      reportUnexpected(place)
      return keeps ? values[1] : .none
    case .operand(let action): return operand(action, values)
    case .aggregate(let action): return aggregate(action, values)
    case .call(let action): return callee(action, values)
    case .operate(let action): return operate(action, values)
    case .label(let action): return label(action, values)
    case .select(let action): return select(action, values)
    case .modify(let action): return modify(action, values)
    case .measure(let action): return measure(action, values)
    }
  }

  /// `unexpected TOKEN…`, about the token read last, unless that is a lexical error.
  mutating func reportUnexpected(_ place: ErrorPlace) {
    if sawLexicalError { return }
    report("unexpected \(lastToken.described(in: text))\(place.suffix)", lastToken.range)
  }

  mutating func add(_ form: Expression.Form, _ range: SourceRange, _ type: ValueType) -> SemanticValue {
    expression.nodes.append(Expression.Node(form: form, range: range, type: type))
    return .node(expression.root)
  }

  func range(_ id: Expression.NodeID) -> SourceRange { expression.nodes[id.index].range }

  func spelling(_ token: Token) -> String {
    String(decoding: text[token.range.start..<token.range.end], as: UTF8.self)
  }

  // MARK: Operands

  private mutating func operand(_ action: OperandAction, _ values: Values) -> SemanticValue {
    switch action {
    case .parenthesis:
      let (open, inner, close) = (values.token(1), values.node(2), values.token(3))
      let range = SourceRange(open.range.start, close.range.end)
      return add(.parenthesis(inner), range, expression[inner].type)
    case .unary: return unary(values.token(1), values.node(2))
    case .number:
      let token = values.token(1)
      return add(.number(literal(token), isDuration: token.kind == .duration), token.range, .scalar)
    case .string:
      let token = values.token(1)
      let bytes = StringLiteral.value(text[token.range.start..<token.range.end])
      return add(.string(bytes), token.range, .string)
    }
  }

  /// A sign directly before a number literal becomes part of it.
  private mutating func unary(_ sign: Token, _ operand: Expression.NodeID) -> SemanticValue {
    let isMinus = sign.kind == .binary(.subtract)
    let node = expression[operand]
    if case .number(let value, let isDuration) = node.form {
      expression.nodes[operand.index].form = .number(isMinus ? -value : value, isDuration: isDuration)
      expression.nodes[operand.index].range.start = sign.range.start
      return .node(operand)
    }
    let range = SourceRange(sign.range.start, node.range.end)
    return add(.unary(isMinus ? .minus : .plus, operand), range, node.type)
  }

  /// The value of a NUMBER or DURATION token, in seconds for the latter. Problems are reported; the
  /// value is then the one with which Prometheus goes on.
  mutating func literal(_ token: Token) -> Double {
    let source = text[token.range.start..<token.range.end]
    guard token.kind == .duration else {
      do throws(GoNumber.Problem) { return try GoNumber.literal(source) } catch {
        report("error parsing number: \(error)", lastToken.range)
        return error.isRange ? .infinity : 0
      }
    }
    do throws(DurationText.Problem) {
      // Whole seconds and the fraction apart, as Go does it.
      let (seconds, rest) = try DurationText.milliseconds(source).quotientAndRemainder(dividingBy: 1000)
      return Double(seconds) + Double(rest * 1_000_000) / 1e9
    } catch {
      report("\(error)", token.range)
      return 0
    }
  }

  // MARK: Aggregations

  private mutating func aggregate(_ action: AggregateAction, _ values: Values) -> SemanticValue {
    switch action {
    case .grouping:
      let labels = values.labels(2, in: self)
      return .grouping(values.token(1).kind == .keyword(.by) ? .by(labels) : .without(labels))
    case .modifierFirst:
      return aggregation(values.token(1), values.grouping(2), values.arguments(3), end: values.end(3))
    case .modifierLast:
      return aggregation(values.token(1), values.grouping(3), values.arguments(2), end: lastClosing)
    case .plain:
      return aggregation(values.token(1), .by([]), values.arguments(2), end: values.end(2))
    case .broken:
      reportUnexpected(.aggregation)
      return aggregation(values.token(1), .by([]), nil, end: lastClosing)
    }
  }

  private mutating func aggregation(
    _ token: Token, _ grouping: AggregationPlan.Grouping, _ list: Int?, end: Int
  ) -> SemanticValue {
    let range = SourceRange(token.range.start, end)
    let arguments = list.map { argumentLists[$0] } ?? []
    guard case .aggregator(let operation) = token.kind, let last = arguments.last else {
      report("no arguments for aggregate expression provided", range)
      return add(.string([]), range, .instantVector)
    }
    let facts = operation.facts
    let expected = facts.parameter == nil ? 1 : 2
    if facts.isExperimental, !features.contains(.experimentalFunctions) {
      let flag = LanguageFeature.experimentalFunctions.rawValue
      report(
        "\(operation.rawValue)() is experimental and must be enabled with --enable-feature=\(flag)", range)
    } else if arguments.count != expected {
      report(
        "wrong number of arguments for aggregate expression provided, expected \(expected), "
          + "got \(arguments.count)", range)
    }
    let aggregation = Expression.Aggregation(
      operation: operation, vector: last, parameter: expected == 2 ? arguments.first : nil,
      grouping: grouping)
    return add(.aggregation(aggregation), range, .instantVector)
  }

  // MARK: Calls

  private mutating func callee(_ action: CallAction, _ values: Values) -> SemanticValue {
    switch action {
    case .arguments: return .arguments(values.arguments(2), end: values.token(3).range.end)
    case .noArguments:
      argumentLists.append([])
      return .arguments(argumentLists.count - 1, end: values.token(2).range.end)
    case .firstArgument:
      argumentLists.append([values.node(1)])
      return .arguments(argumentLists.count - 1, end: 0)
    case .nextArgument:
      argumentLists[values.arguments(1)].append(values.node(3))
      return values[1]
    case .trailingComma:
      report("trailing commas not allowed in function call args", values.token(2).range)
      return values[1]
    case .call: return call(values.token(1), values.arguments(2), end: values.end(2))
    }
  }

  private mutating func call(_ name: Token, _ list: Int, end: Int) -> SemanticValue {
    let range = SourceRange(name.range.start, end)
    let spelling = spelling(name)
    guard let function = Function(rawValue: spelling) else {
      report("unknown function with name \(GoQuote.quoted(spelling.utf8))", name.range)
      return add(.string([]), range, .instantVector)
    }
    let facts = function.facts
    if facts.isExperimental, !features.contains(.experimentalFunctions) {
      report(
        "function \(GoQuote.quoted(spelling.utf8)) is not enabled", name.range,
        needing: .experimentalFunctions)
    }
    let call = Expression.Call(function: function, arguments: argumentLists[list])
    argumentLists[list] = []
    return add(.call(call), range, facts.result)
  }
}

/// The values `$1, $2, …` of a production's symbols. A value of another kind than the grammar
/// promises appears only after a syntax error, when the result is thrown away: it reads as empty.
struct Values {
  private let values: ArraySlice<SemanticValue>

  init(_ values: ArraySlice<SemanticValue>) { self.values = values }

  var count: Int { values.count }

  subscript(_ position: Int) -> SemanticValue { values[values.startIndex + position - 1] }

  func token(_ position: Int) -> Token {
    if case .token(let token) = self[position] { token } else { Token(.endOfInput, SourceRange(0, 0)) }
  }

  func node(_ position: Int) -> Expression.NodeID {
    if case .node(let id) = self[position] { id } else { Expression.NodeID(0) }
  }

  func arguments(_ position: Int) -> Int {
    if case .arguments(let list, _) = self[position] { list } else { 0 }
  }

  func end(_ position: Int) -> Int {
    if case .arguments(_, let end) = self[position] { end } else { 0 }
  }

  func labels(_ position: Int, in parser: Parser) -> [String] {
    if case .labels(let list?) = self[position] { parser.labelLists[list] } else { [] }
  }

  func grouping(_ position: Int) -> AggregationPlan.Grouping {
    if case .grouping(let grouping) = self[position] { grouping } else { .by([]) }
  }

  func modifier(_ position: Int) -> Int {
    if case .modifier(let index) = self[position] { index } else { 0 }
  }

  func duration(_ position: Int) -> DurationID {
    if case .duration(let id) = self[position] { id } else { DurationID(0) }
  }
}
