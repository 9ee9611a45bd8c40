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

  /// A fault on purpose: tests prove with it that they would notice.
  package var mutation: Mutation?
  /// A kind of annotation that is left out. Only tests set one.
  package var mutedAnnotation: AnnotationCode?

  /// Subqueries of more steps than this are evaluated so many at a time. Only tests set it.
  package var subqueryStretch: Int?

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

/// Faults that an engine might have. Only tests set one (`EvaluationOptions.mutation`).
package enum Mutation: Sendable, Hashable, CaseIterable {
  /// A range selector's window includes its left edge.
  case windowEdge
  /// Counters that fall are not corrected.
  case counterReset
  /// Stale markers are read as values.
  case staleMarker
  /// `min` and `max` keep a NaN that came first.
  case nan
  /// The last step is left out.
  case lastStep
  /// `on` forgets its last label.
  case onLabels
  /// A sum leaves out histograms of another schema.
  case histogramSchema
}
