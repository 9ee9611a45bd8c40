/// A PromQL query that another resource than Flagger's holds: linted, and otherwise left alone.
public struct ForeignQuery: Sendable, Hashable {
  /// What holds it.
  public enum Holder: Sendable, Hashable {
    /// A rule of a rule file or of a PrometheusRule, with the name of its group.
    case alertingRule(group: String)
    case recordingRule(group: String)
    /// A metric of an Argo Rollouts AnalysisTemplate, with the template's name.
    case analysisMetric(template: String)
  }

  public var holder: Holder
  /// Of the alert, the recorded metric, or the analysis' metric.
  public var name: String
  /// The query as written; an analysis' arguments stand for their values.
  public var query: QueryText
  public var source: ManifestSource
}
