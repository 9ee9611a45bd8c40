/// A PromQL query that another resource than Flagger's holds: linted, and otherwise left alone.
public struct ForeignQuery: Sendable, Hashable {
  /// What holds it.
  public enum Holder: Sendable, Hashable {
    /// A metric of an Argo Rollouts AnalysisTemplate, with the template's name.
    case analysisMetric(template: String)
  }

  public var holder: Holder
  /// Of the analysis' metric.
  public var name: String
  /// The query as written; an analysis' arguments stand for their values.
  public var query: QueryText
  public var source: ManifestSource
}
