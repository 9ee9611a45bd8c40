import TimeSeries

/// Ranges, subqueries, `offset`, `@`, `anchored`, `smoothed`: what follows an expression and changes
/// the node that is already there.
extension Parser {
  mutating func modify(_ action: ModifierAction, _ values: Values) -> SemanticValue {
    let node = values.node(1)
    switch action {
    case .matrix: return matrix(node, values)
    case .subquery, .subqueryOfDefaultStep:
      let step = action == .subquery ? length(values.duration(5)) : nil
      let subquery = Expression.Subquery(expression: node, range: length(values.duration(3)), step: step)
      let range = SourceRange(range(node).start, values.last.range.end)
      return add(.subquery(subquery), range, .rangeVector)
    case .offset: setOffset(of: node, length(values.duration(3)))
    case .at: setTime(of: node, literal(values.token(3)))
    case .atSigned:
      let value = literal(values.token(4))
      setTime(of: node, values.token(3).kind == .binary(.subtract) ? -value : value)
    case .atBound:
      setAt(of: node, values.token(3).kind == .preprocessor(.start) ? .start : .end)
    case .edges:
      setEdges(of: node, values.token(2).kind == .keyword(.anchored) ? .anchored : .smoothed)
    }
    return values[1]
  }

  private mutating func matrix(_ node: Expression.NodeID, _ values: Values) -> SemanticValue {
    let brackets = SourceRange(values.token(2).range.start, values.token(4).range.end)
    if case .selector(let selector) = expression[node].form {
      if selector.time.offset != nil {
        report("no offset modifiers allowed before range", brackets)
      } else if selector.time.at != nil {
        report("no @ modifiers allowed before range", brackets)
      }
    } else {
      report("ranges only allowed for vector selectors", brackets)
    }
    let range = SourceRange(range(node).start, lastClosing)
    return add(.matrix(node, range: length(values.duration(3))), range, .rangeVector)
  }

  /// A duration's meaning for a node: a literal in nanoseconds, anything else as an expression.
  private func length(_ id: DurationID) -> Expression.Duration {
    guard case .number(let seconds, _) = expression[id].form else { return .expression(id) }
    return .literal(GoConversion.nearestInteger(seconds * 1e9))
  }

  // MARK: Which node carries the modifiers

  /// The node whose modifiers `offset` and `@` change: a range vector keeps them in its selector.
  /// Nil, and an error, for nodes that take none.
  private mutating func carrier(of id: Expression.NodeID, _ modifier: String) -> Expression.NodeID? {
    switch expression[id].form {
    case .selector, .subquery: return id
    case .matrix(let inner, _):
      if case .selector = expression[inner].form { return inner }
      report("ranges only allowed for vector selectors", range(id))
      return nil
    case .number, .string, .aggregation, .binary, .call, .parenthesis, .unary:
      report(
        "\(modifier) modifier must be preceded by an instant vector selector or range vector selector "
          + "or a subquery", range(id))
      return nil
    }
  }

  private func time(of id: Expression.NodeID) -> Expression.TimeModifiers {
    switch expression[id].form {
    case .selector(let selector): selector.time
    case .subquery(let subquery): subquery.time
    case .number, .string, .matrix, .aggregation, .binary, .call, .parenthesis, .unary: .init()
    }
  }

  private mutating func setTime(of id: Expression.NodeID, _ time: Expression.TimeModifiers) {
    switch expression[id].form {
    case .selector(var selector):
      selector.time = time
      expression.nodes[id.index].form = .selector(selector)
    case .subquery(var subquery):
      subquery.time = time
      expression.nodes[id.index].form = .subquery(subquery)
    case .number, .string, .matrix, .aggregation, .binary, .call, .parenthesis, .unary: return
    }
  }

  // MARK: The modifiers

  private mutating func setOffset(of id: Expression.NodeID, _ offset: Expression.Duration) {
    guard let carrier = carrier(of: id, "offset") else { return }
    var time = time(of: carrier)
    if time.offset != nil {
      report("offset may not be set multiple times", range(id))
    } else if offset != .literal(0) {
      time.offset = offset
      setTime(of: carrier, time)
    }
    expression.nodes[id.index].range.end = lastClosing
  }

  private mutating func setTime(of id: Expression.NodeID, _ seconds: Double) {
    let limit = 9_223_372_036_854_775_808.0
    if !(seconds > -limit && seconds < limit) {
      report("timestamp out of bounds for @ modifier: \(GoText.fixed(seconds))", range(id))
    }
    setAt(of: id, .time(GoConversion.nearestInteger(seconds * 1000)))
  }

  private mutating func setAt(of id: Expression.NodeID, _ at: Expression.At) {
    guard let carrier = carrier(of: id, "@") else { return }
    var time = time(of: carrier)
    if time.at != nil {
      report("@ <timestamp> may not be set multiple times", range(id))
      return
    }
    time.at = at
    setTime(of: carrier, time)
    expression.nodes[id.index].range.end = lastClosing
  }

  private mutating func setEdges(of id: Expression.NodeID, _ edges: SelectorPlan.Extension) {
    let name = edges == .anchored ? Keyword.anchored.rawValue : Keyword.smoothed.rawValue
    if !features.contains(.extendedRangeSelectors) {
      report(
        "\(name) modifier is experimental and not enabled", range(id), needing: .extendedRangeSelectors)
      return
    }
    switch expression[id].form {
    case .selector: setEdges(ofSelector: id, at: id, edges)
    case .matrix(let inner, _): setEdges(ofSelector: inner, at: id, edges)
    case .subquery: report("\(name) modifier is not supported for subqueries", range(id))
    case .number, .string, .aggregation, .binary, .call, .parenthesis, .unary:
      report("\(name) modifier not implemented", range(id))
    }
  }

  private mutating func setEdges(
    ofSelector id: Expression.NodeID, at place: Expression.NodeID, _ edges: SelectorPlan.Extension
  ) {
    guard case .selector(var selector) = expression[id].form else { return }
    if selector.edges != .none, selector.edges != edges {
      report("anchored and smoothed modifiers cannot be used together", range(place))
    }
    selector.edges = edges
    expression.nodes[id.index].form = .selector(selector)
  }
}
