/// A function of another language than PromQL: what it is made from and what it makes of labels is known, its
/// values are not. Only `MetricsLowering` makes one, for those who look at a plan without evaluating it.
public struct ForeignPlan: Sendable {
  /// What a function makes of the series that it is given.
  public enum Effect: Sendable, Hashable {
    /// Of each series one, or none, with its labels.
    case unchanged
    /// Of each series one, without its name.
    case series
    /// Of each series one, or none, with other labels.
    case relabelled
    /// Of each group by all labels but these one.
    case dropping([String])
    /// Of each group of the aggregation one.
    case grouped
    /// One, without labels.
    case single
    /// Any number.
    case several
  }

  /// What a function is given.
  public enum Input: Sendable {
    case vector(VectorPlan)
    case windows(WindowsPlan)
    case scalar(ScalarPlan)
  }

  public var name: String
  public var effect: Effect
  /// Of an aggregation.
  public var grouping: AggregationPlan.Grouping?
  public var inputs: [Input]

  public init(
    _ name: String, _ effect: Effect, grouping: AggregationPlan.Grouping? = nil, _ inputs: [Input]
  ) {
    self.name = name
    self.effect = effect
    self.grouping = grouping
    self.inputs = inputs
  }
}
