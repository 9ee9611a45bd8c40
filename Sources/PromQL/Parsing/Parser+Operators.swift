import TimeSeries

/// Binary operators, their modifiers, and lists of labels.
extension Parser {
  mutating func operate(_ action: OperatorAction, _ values: Values) -> SemanticValue {
    switch action {
    case .binary: return binary(values.node(1), values.token(2), values.modifier(3), values.node(4))
    case .noBool, .bool:
      modifiers.append(BinaryModifier(returnsBool: action == .bool))
      return .modifier(modifiers.count - 1)
    case .matchingLabels:
      let labels = values.labels(3, in: self)
      let isOn = values.token(2).kind == .keyword(.on)
      modifiers[values.modifier(1)].labels = isOn ? .on(labels) : .ignoring(labels)
    case .groupSide:
      let include = values.labels(3, in: self)
      let isLeft = values.token(2).kind == .keyword(.groupLeft)
      modifiers[values.modifier(1)].cardinality =
        isLeft ? .manyToOne(include: include) : .oneToMany(include: include)
    case .fillBoth:
      let value = values.fill(3)
      modifiers[values.modifier(1)].fillLeft = value
      modifiers[values.modifier(1)].fillRight = value
    case .fillOne: fill(values, 2)
    case .fillTwo:
      fill(values, 2)
      fill(values, 4)
    case .fillValue: return .fill(takeNumber().value)
    case .fillSignedValue:
      let value = takeNumber().value
      return .fill(values.token(2).kind == .binary(.subtract) ? -value : value)
    }
    return values[1]
  }

  private mutating func fill(_ values: Values, _ position: Int) {
    let value = values.fill(position + 1)
    if values.token(position).kind == .keyword(.fillLeft) {
      modifiers[values.modifier(1)].fillLeft = value
    } else {
      modifiers[values.modifier(1)].fillRight = value
    }
  }

  /// Takes back the number literal that was just recognised: where it is part of a modifier it is no
  /// node of the expression.
  mutating func takeNumber() -> (value: Double, isDuration: Bool, range: SourceRange) {
    guard let node = expression.nodes.popLast(), case .number(let value, let isDuration) = node.form
    else { return (0, false, SourceRange(0, 0)) }
    return (value, isDuration, node.range)
  }

  private mutating func binary(
    _ lhs: Expression.NodeID, _ token: Token, _ index: Int, _ rhs: Expression.NodeID
  ) -> SemanticValue {
    guard case .binary(let operation) = token.kind else { return .node(lhs) }
    let range = SourceRange(range(lhs).start, range(rhs).end)
    let modifier = modifiers[index]
    let matching = VectorMatching(
      labels: modifier.labels, cardinality: modifier.cardinality, fillLeft: modifier.fillLeft,
      fillRight: modifier.fillRight)
    if modifier.fillLeft != nil || modifier.fillRight != nil, !features.contains(.fillModifiers) {
      report(
        "binop fill modifiers are experimental and not enabled", range, needing: .fillModifiers)
    }
    let binary = Expression.Binary(
      operation: operation, lhs: lhs, rhs: rhs, returnsBool: modifier.returnsBool, matching: matching)
    let isScalar = expression[lhs].type == .scalar && expression[rhs].type == .scalar
    return add(.binary(binary), range, isScalar ? .scalar : .instantVector)
  }

  mutating func label(_ action: LabelAction, _ values: Values) -> SemanticValue {
    switch action {
    case .none: return .labels(nil)
    case .first:
      labelLists.append([values.label(1)])
      return .labels(labelLists.count - 1)
    case .next:
      guard case .labels(let list?) = values[1] else { return values[1] }
      labelLists[list].append(values.label(3))
      return values[1]
    case .word: return .label(spelling(values.token(1)))
    case .string:
      let token = values.token(1)
      let bytes = StringLiteral.value(text[token.range.start..<token.range.end])
      guard !bytes.isEmpty, let name = String(validating: bytes, as: UTF8.self) else {
        report("invalid label name for grouping: \(GoQuote.quoted(bytes))", token.range)
        return .label("")
      }
      return .label(name)
    }
  }
}

extension Values {
  func fill(_ position: Int) -> Double {
    if case .fill(let value) = self[position] { value } else { 0 }
  }

  func label(_ position: Int) -> String {
    if case .label(let name) = self[position] { name } else { "" }
  }
}
