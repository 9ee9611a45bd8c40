extension AggregationOperator {
  /// All that is to be known of an aggregation operator (promql-syntax.md §4, promql-evaluation.md §5).
  public struct Facts: Sendable, Hashable {
    /// The type of the parameter in front of the vector; nil when there is none.
    public var parameter: ValueType?
    /// Whether Prometheus keeps it behind a switch.
    public var isExperimental: Bool
    /// What it yields, in half a line.
    public var summary: String

    fileprivate init(_ summary: String, parameter: ValueType? = nil, isExperimental: Bool = false) {
      self.summary = summary
      self.parameter = parameter
      self.isExperimental = isExperimental
    }
  }

  /// The table of aggregation operators.
  public var facts: Facts {
    switch self {
    case .sum: Facts("Sum of the group's values")
    case .avg: Facts("Mean of the group's values")
    case .count: Facts("Number of series in the group")
    case .min: Facts("Smallest value of the group")
    case .max: Facts("Largest value of the group")
    case .group: Facts("1 for every group that has a series")
    case .stddev: Facts("Population standard deviation of the group's values")
    case .stdvar: Facts("Population variance of the group's values")
    case .topk: Facts("The k series of the group with the largest values", parameter: .scalar)
    case .bottomk: Facts("The k series of the group with the smallest values", parameter: .scalar)
    case .quantile: Facts("The φ-quantile of the group's values", parameter: .scalar)
    case .countValues: Facts("Number of series of each value, the value as a label", parameter: .string)
    case .limitk: Facts("The first k series of the group", parameter: .scalar, isExperimental: true)
    case .limitRatio:
      Facts("A share of the group's series, chosen by their labels", parameter: .scalar, isExperimental: true)
    }
  }
}
