/// Limits and switches of an evaluation. The defaults are Prometheus'.
public struct EvaluationOptions: Sendable, Hashable {
  /// How far back an instant selector looks, milliseconds.
  public var lookback: Int64
  /// The most samples that a query may hold in memory (promql-evaluation.md §9).
  public var maximumSamples: Int
  /// The step of a subquery that names none, milliseconds.
  public var defaultSubqueryStep: Int64
  /// Names go at the very end instead of at each function (Prometheus' flag
  /// `promql-delayed-name-removal`).
  public var delaysNameRemoval: Bool
  /// Start timestamps count as resets (flag `use-start-timestamps`).
  public var usesStartTimestamps: Bool
  /// `__type__` decides what is a counter (flag `type-and-unit-labels`).
  public var usesTypeAndUnitLabels: Bool

  public init(
    lookback: Int64 = 300_000, maximumSamples: Int = 50_000_000,
    defaultSubqueryStep: Int64 = 60_000, delaysNameRemoval: Bool = false,
    usesStartTimestamps: Bool = false, usesTypeAndUnitLabels: Bool = false
  ) {
    self.lookback = lookback
    self.maximumSamples = maximumSamples
    self.defaultSubqueryStep = defaultSubqueryStep
    self.delaysNameRemoval = delaysNameRemoval
    self.usesStartTimestamps = usesStartTimestamps
    self.usesTypeAndUnitLabels = usesTypeAndUnitLabels
  }
}
