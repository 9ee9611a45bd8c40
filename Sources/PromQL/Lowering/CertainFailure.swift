import TimeSeries

/// What parses and fails whenever it is evaluated, whatever the data; `description` is Prometheus' text
/// (promql.md §6). Prometheus creates such a query: it is an error of execution.
public enum CertainFailure: Error, Sendable, Hashable {
  /// A function that takes no `anchored` or `smoothed` windows.
  case misplacedEdges(SelectorPlan.Extension, Function)
  /// A trim without a histogram.
  case trimOfScalars(TrimOperator)
}

extension CertainFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .misplacedEdges(let edges, let function):
      let allowed = Function.allCases.filter { $0.facts.edges.contains(edges) }.map(\.rawValue).sorted()
      return "\(edges) modifier can only be used with: \(allowed.joined(separator: ", ")) - not with "
        + function.rawValue
    case .trimOfScalars(let operation):
      return "operator \(GoText.quoted(operation.rawValue)) not allowed for Scalar operations"
    }
  }
}

extension CertainFailure {
  /// The failure of a function over windows with these edges; nil when it takes them.
  public init?(_ edges: SelectorPlan.Extension, of function: Function) {
    if edges == .none || function.facts.edges.contains(edges) { return nil }
    self = .misplacedEdges(edges, function)
  }
}

extension Expression {
  /// The first part, from the leaves up, that fails whenever it is evaluated. Linear.
  public var certainFailure: CertainFailure? {
    for node in nodes {
      switch node.form {
      case .call(let call):
        for argument in call.arguments {
          guard case .matrix(let inner, _) = self[unwrapped(argument)].form,
            case .selector(let selector) = self[inner].form
          else { continue }
          if let failure = CertainFailure(selector.edges, of: call.function) { return failure }
        }
      case .binary(let binary):
        if node.type == .scalar, case .trim(let operation) = binary.operation.facts.kind {
          return .trimOfScalars(operation)
        }
      case .number, .string, .selector, .matrix, .subquery, .aggregation, .parenthesis, .unary: break
      }
    }
    return nil
  }
}
