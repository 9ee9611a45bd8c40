public import PromQL

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
  /// How the result is judged; nil where it is only recorded.
  public var judgement: Judgement?
  public var source: ManifestSource

  /// The conditions of an analysis' metric, in the language of expr: `result[0] >= 0.95`. Its arguments stand
  /// for their values, where the template gives them.
  public struct Judgement: Sendable, Hashable {
    public var success: Located<String>?
    public var failure: Located<String>?
    /// Where the metric's name is written.
    public var name: SourceRange?
  }
}
