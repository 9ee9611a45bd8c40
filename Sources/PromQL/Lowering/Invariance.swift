/// Which parts of an expression have one value for all steps (promql-evaluation.md §4).
enum Invariance {
  /// One flag a node. Linear.
  static func nodes(of expression: Expression) -> [Bool] {
    var flags = [Bool](repeating: false, count: expression.nodes.count)
    for (index, node) in expression.nodes.enumerated() {
      switch node.form {
      case .number, .string: flags[index] = true
      case .selector(let selector): flags[index] = selector.time.at != nil
      case .matrix(let selector, _): flags[index] = flags[selector.index]
      case .subquery(let subquery): flags[index] = subquery.time.at != nil
      // The parameter is not looked at.
      case .aggregation(let aggregation): flags[index] = flags[aggregation.vector.index]
      case .binary(let binary): flags[index] = flags[binary.lhs.index] && flags[binary.rhs.index]
      case .parenthesis(let inner), .unary(_, let inner): flags[index] = flags[inner.index]
      case .call(let call):
        let arguments = call.arguments.allSatisfy { flags[$0.index] }
        flags[index] = arguments && (call.function.facts.isPinnable || isPinnedTimestamp(call, expression))
      }
    }
    return flags
  }

  /// `timestamp(selector @ T)` is the time of that sample.
  private static func isPinnedTimestamp(_ call: Expression.Call, _ expression: Expression) -> Bool {
    guard call.function.facts.family == .timestamp, let argument = call.arguments.first else { return false }
    if case .selector = expression[expression.unwrapped(argument)].form { return true }
    return false
  }
}
