public import PromQL
public import TimeSeries

/// Why an evaluation failed. `description` is Prometheus' text (promql.md §6).
public enum EvaluationError: Error, Sendable, Hashable {
  case tooManySamples
  /// The query, or all queries together, would hold too much.
  case tooMuchMemory(MemoryShortage)
  case timedOut(Phase)
  case canceled(Phase)
  case expandingSeries(String)
  case duplicateLabelset
  /// Group, side, and the two series, as label texts.
  case duplicateSeriesInGroup(group: String, side: Side, String, String)
  case manyToOneMatchingMustBeExplicit
  case groupingLabelsMustEnsureUniqueMatches
  case parameterIsNaN
  case parameterUnderflows(Double)
  case parameterOverflows(Double)
  case ratioIsNaN
  /// What fails whatever the data.
  case certain(CertainFailure)
  case invalidLabelName([UInt8])
  case invalidPattern(function: String, [UInt8])
  case invalidDestinationLabel(function: String, [UInt8])
  case invalidSourceLabel(function: String, [UInt8])
  case invalidSmoothingFactor(Double)
  case invalidTrendFactor(Double)
  case extendedSelectorWithHistograms(SelectorPlan.Extension)
  case duplicateInfoSeries(String, Int64, String, Int64)
  case conflictingInfoLabel(String)
  case infoSeriesWithHistogram(String)

  public enum Phase: String, Sendable, Hashable {
    case start = "query execution"
    case evaluation = "expression evaluation"
  }
}

extension EvaluationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tooManySamples:
      "query processing would load too many samples into memory in query execution"
    case .tooMuchMemory(let shortage): shortage.description
    case .timedOut(let phase): "query timed out in \(phase.rawValue)"
    case .canceled(let phase): "query was canceled in \(phase.rawValue)"
    case .expandingSeries(let problem): "expanding series: \(problem)"
    case .duplicateLabelset: "vector cannot contain metrics with the same labelset"
    case .duplicateSeriesInGroup(let group, let side, let first, let second):
      "found duplicate series for the match group \(group) on the \(side) hand-side of the operation: "
        + "[\(first), \(second)];many-to-many matching not allowed: "
        + "matching labels must be unique on one side"
    case .manyToOneMatchingMustBeExplicit:
      "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
    case .groupingLabelsMustEnsureUniqueMatches:
      "multiple matches for labels: grouping labels must ensure unique matches"
    case .parameterIsNaN: "Parameter value is NaN"
    case .parameterUnderflows(let value): "Scalar value \(GoText.general(value)) underflows int64"
    case .parameterOverflows(let value): "Scalar value \(GoText.general(value)) overflows int64"
    case .ratioIsNaN: "Ratio value is NaN"
    case .certain(let failure): failure.description
    case .invalidLabelName(let name): "invalid label name \(GoText.quoted(name))"
    case .invalidPattern(let function, let pattern):
      "invalid regular expression in \(function)(): \(String(decoding: pattern, as: UTF8.self))"
    case .invalidDestinationLabel(let function, let label):
      "invalid destination label name in \(function)(): \(String(decoding: label, as: UTF8.self))"
    case .invalidSourceLabel(let function, let label):
      "invalid source label name in \(function)(): \(String(decoding: label, as: UTF8.self))"
    case .invalidSmoothingFactor(let value):
      "invalid smoothing factor. Expected: 0 < sf < 1, got: \(GoText.fixed(value))"
    case .invalidTrendFactor(let value):
      "invalid trend factor. Expected: 0 < tf < 1, got: \(GoText.fixed(value))"
    case .extendedSelectorWithHistograms(let edges):
      "\(edges) modifier is not supported with histograms"
    case .duplicateInfoSeries(let existing, let existingTime, let new, let newTime):
      "found duplicate series for info metric: existing \(existing) @ \(existingTime), "
        + "new \(new) @ \(newTime)"
    case .conflictingInfoLabel(let label): "conflicting label: \(label)"
    case .infoSeriesWithHistogram(let labels):
      "this should be an info metric, with float samples: \(labels)"
    }
  }
}
