/// Duration expressions (promql-syntax.md §2.3).
extension Parser {
  mutating func measure(_ action: DurationAction, _ values: Values) -> SemanticValue {
    switch action {
    case .literal:
      let number = takeNumber()
      if isOutOfRange(number.value) { return outOfRange(number.range) }
      return add(.number(number.value, isDuration: number.isDuration), number.range)
    case .offsetSigned:
      let number = takeNumber()
      let literal = add(.number(number.value, isDuration: number.isDuration), number.range)
      return signed(values.token(1), literal)
    case .signed: return signed(values.token(1), values[2])
    case .positive: return positive(values.duration(1))
    case .binary: return binary(values.duration(1), values.token(2), values.duration(3))
    case .span: return span(values.token(1), values.token(3))
    case .signedSpan: return signed(values.token(1), span(values.token(2), values.token(4)))
    case .extremum: return extremum(values.token(1), values.duration(3), values.duration(5))
    case .signedExtremum:
      return signed(
        values.token(1), extremum(values.token(2), values.duration(4), values.duration(6)))
    case .parenthesis: return wrap(values.token(1), values.duration(2))
    case .signedParenthesis: return signed(values.token(1), wrap(values.token(2), values.duration(3)))
    }
  }

  private mutating func add(_ form: DurationNode.Form, _ range: SourceRange) -> SemanticValue {
    expression.durations.append(DurationNode(form: form, range: range))
    return .duration(DurationID(expression.durations.count - 1))
  }

  /// The literal 0 that stands for what was reported.
  private mutating func zero() -> SemanticValue {
    add(.number(0, isDuration: false), SourceRange(0, 0))
  }

  private func isOutOfRange(_ seconds: Double) -> Bool {
    seconds.magnitude > 9_223_372_036_854_775_808.0 / 1e9
  }

  private mutating func outOfRange(_ range: SourceRange) -> SemanticValue {
    report("duration out of range", range)
    return zero()
  }

  private mutating func requireFeature(_ range: SourceRange) {
    if !features.contains(.durationExpressions) {
      report("experimental duration expression is not enabled", range, needing: .durationExpressions)
    }
  }

  private mutating func positive(_ id: DurationID) -> SemanticValue {
    let node = expression[id]
    guard case .number(let seconds, _) = node.form, seconds <= 0 else { return .duration(id) }
    report("duration must be greater than 0", node.range)
    return zero()
  }

  /// A sign becomes part of a literal; `+` before anything else vanishes.
  private mutating func signed(_ sign: Token, _ operand: SemanticValue) -> SemanticValue {
    guard case .duration(let id) = operand else { return operand }
    let isMinus = sign.kind == .binary(.subtract)
    let node = expression[id]
    if case .number(let seconds, let isDuration) = node.form {
      if isOutOfRange(seconds) { return outOfRange(sign.range) }
      expression.durations[id.index].form = .number(isMinus ? -seconds : seconds, isDuration: isDuration)
      expression.durations[id.index].range.start = sign.range.start
      return operand
    }
    if !isMinus { return operand }
    return add(.unary(.minus, id), SourceRange(sign.range.start, node.range.end))
  }

  private mutating func binary(_ lhs: DurationID, _ token: Token, _ rhs: DurationID) -> SemanticValue {
    let (left, right) = (expression[lhs], expression[rhs])
    requireFeature(left.range)
    guard case .binary(let operation) = token.kind, case .arithmetic(let kind) = operation.facts.kind
    else { return .duration(lhs) }
    if case .number(0, _) = right.form, kind == .divide || kind == .modulo {
      report(kind == .divide ? "division by zero" : "modulo by zero", token.range)
      return zero()
    }
    return add(.binary(kind, lhs, rhs), SourceRange(left.range.start, right.range.end))
  }

  private mutating func span(_ word: Token, _ close: Token) -> SemanticValue {
    let range = SourceRange(word.range.start, close.range.end)
    requireFeature(range)
    return add(word.kind == .preprocessor(.step) ? .step : .range, range)
  }

  private mutating func extremum(_ word: Token, _ lhs: DurationID, _ rhs: DurationID) -> SemanticValue {
    let range = SourceRange(expression[lhs].range.start, expression[rhs].range.end)
    requireFeature(range)
    return add(
      word.kind == .preprocessor(.maxOf) ? .larger(lhs, rhs) : .smaller(lhs, rhs), range)
  }

  /// Parentheses make an expression of a literal.
  private mutating func wrap(_ open: Token, _ id: DurationID) -> SemanticValue {
    let node = expression[id]
    requireFeature(node.range)
    var wrapped = id
    if case .number = node.form {
      let range = SourceRange(open.range.start, node.range.end)
      guard case .duration(let plus) = add(.unary(.plus, id), range) else { return .duration(id) }
      wrapped = plus
    }
    expression.durations[wrapped.index].isWrapped = true
    return .duration(wrapped)
  }
}
