extension Expression {
  /// The expression with every selector and every outermost subquery that has no time of its own
  /// pinned to `time` (milliseconds), in canonical form: it answers the same whenever it is asked.
  ///
  /// Nil when a function outside of subqueries looks at the time of the evaluation, so that pinning
  /// would change the answer. `@ start()` and `@ end()` count as no time. Linear; never recurses.
  package func pinned(at time: Int64) -> String? {
    var pinned = self
    var open = [root]
    while let id = open.popLast() {
      switch nodes[id.index].form {
      case .selector(var selector):
        selector.time.pin(to: time)
        pinned.nodes[id.index].form = .selector(selector)
      case .subquery(var subquery):
        // What is inside moves with the subquery, which no longer moves.
        subquery.time.pin(to: time)
        pinned.nodes[id.index].form = .subquery(subquery)
      case .call(let call):
        guard call.function.facts.isPinnable else { return nil }
        open += call.arguments
      case .number, .string, .matrix, .aggregation, .binary, .parenthesis, .unary:
        open += children(of: id)
      }
    }
    return pinned.description
  }
}

extension Expression.TimeModifiers {
  fileprivate mutating func pin(to time: Int64) {
    switch at {
    case .time: break
    case nil, .start, .end: at = .time(time)
    }
  }
}
