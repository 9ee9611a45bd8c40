/// What an expression yields (promql.md §2).
public enum ValueType: Sendable, Hashable, CaseIterable {
  case scalar
  case string
  case instantVector
  case rangeVector

  /// The name that users read: `instant vector`.
  public var name: String {
    switch self {
    case .scalar: "scalar"
    case .string: "string"
    case .instantVector: "instant vector"
    case .rangeVector: "range vector"
    }
  }

  /// The name of the HTTP API's result types, which one message uses too: `vector`, `matrix`.
  public var resultName: String {
    switch self {
    case .scalar: "scalar"
    case .string: "string"
    case .instantVector: "vector"
    case .rangeVector: "matrix"
    }
  }
}
