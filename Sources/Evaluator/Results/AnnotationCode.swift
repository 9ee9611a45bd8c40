/// The kinds of annotations (promql.md §5): the table of their levels and texts.
public enum AnnotationCode: String, Sendable, Hashable, CaseIterable {
  case quantileRange, ratioRange, bucketLabel
  case mixedWindow, mixedGroup, mixedBuckets, mixedSchemas
  case notCounter, notGauge
  case bucketLayout, sortInRange, conflictingResets, overlappingStart
  case suspectCounter, suspectCounterType
  case forcedMonotonicity
  case incompatibleTypes, ignoredInAggregation, ignoredInWindow
  case nanQuantile, skewedQuantile, nanFraction
  case reconciledBounds

  /// All that is to be known of a kind.
  public struct Facts: Sendable, Hashable {
    public var level: Annotation.Level
    /// Prometheus' text; each `%` stands for an argument.
    public var text: String
    /// What raises it.
    public var cause: String

    fileprivate init(_ level: Annotation.Level, _ text: String, _ cause: String) {
      self.level = level
      self.text = text
      self.cause = cause
    }
  }

  /// The table of annotations.
  public var facts: Facts {
    switch self {
    case .quantileRange:
      Facts(.warning, "quantile value should be between 0 and 1, got %", "A quantile beyond its range.")
    case .ratioRange:
      Facts(
        .warning, "ratio value should be between -1 and 1, got %, capping to %",
        "`limit_ratio` with a ratio beyond its range.")
    case .bucketLabel:
      Facts(
        .warning, "bucket label \"le\" is missing or has a malformed value of %",
        "A float without a usable `le` among the buckets of a histogram function.")
    case .mixedWindow:
      Facts(
        .warning, "encountered a mix of histograms and floats for metric name %",
        "A window holds both kinds, and the function needs one.")
    case .mixedGroup:
      Facts(
        .warning, "encountered a mix of histograms and floats for aggregation",
        "`sum` or `avg` over a group with both kinds.")
    case .mixedBuckets:
      Facts(
        .warning, "vector contains a mix of classic and native histograms",
        "Classic buckets and a native histogram with the same labels.")
    case .mixedSchemas:
      Facts(
        .warning,
        "vector contains a mix of histograms with exponential and custom buckets schemas for metric name %",
        "Histograms that cannot be added.")
    case .notCounter:
      Facts(
        .warning, "this native histogram metric is not a counter: %",
        "`rate`, `increase` or `irate` of a gauge histogram.")
    case .notGauge:
      Facts(
        .warning, "this native histogram metric is not a gauge: %",
        "`delta` or `idelta` of a counter histogram.")
    case .bucketLayout:
      Facts(
        .warning, "incompatible bucket layout encountered for binary operator %",
        "`+` or `-` between exponential and custom buckets.")
    case .sortInRange:
      Facts(
        .warning, "sort is ineffective for range queries since results are always ordered by labels",
        "A function that sorts, in a range query.")
    case .conflictingResets:
      Facts(
        .warning, "conflicting counter resets during histogram %",
        "One histogram was reset, another one was not.")
    case .overlappingStart:
      Facts(
        .warning, "sample has start time that overlaps with previous sample timestamp for metric %",
        "A start timestamp before the sample that precedes it.")
    case .suspectCounter:
      Facts(
        .info, "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: %",
        "`rate` or `increase` of a series whose name is not that of a counter.")
    case .suspectCounterType:
      Facts(
        .info,
        "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", got %: %",
        "The same where type labels are on.")
    case .forcedMonotonicity:
      Facts(
        .info,
        "input to histogram_quantile needed to be fixed for monotonicity (see "
          + "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)",
        "Classic buckets that decrease.")
    case .incompatibleTypes:
      Facts(
        .info, "incompatible sample types encountered for binary operator %: % % %",
        "An operator between a float and a histogram that knows no answer.")
    case .ignoredInAggregation:
      Facts(
        .info, "ignored histogram in % aggregation", "An aggregation that works on floats met a histogram.")
    case .ignoredInWindow:
      Facts(
        .info, "ignored histograms in a range containing both floats and histograms for metric name %",
        "A function of floats over a window that holds both kinds.")
    case .nanQuantile:
      Facts(
        .info, "input to histogram_quantile has NaN observations, result is NaN",
        "The quantile lies among observations that are NaN.")
    case .skewedQuantile:
      Facts(
        .info, "input to histogram_quantile has NaN observations, result is skewed higher",
        "NaN observations count as the largest.")
    case .nanFraction:
      Facts(
        .info, "input to histogram_fraction has NaN observations, which are excluded from all fractions",
        "NaN observations lie in no interval.")
    case .reconciledBounds:
      Facts(
        .info, "mismatched custom buckets were reconciled during %",
        "Custom buckets with other bounds were brought to the bounds that both have.")
    }
  }

  /// The text with its arguments, which come in the order of its holes, and with its prefix.
  func message(_ arguments: [String]) -> String {
    let prefix = facts.level == .warning ? "PromQL warning: " : "PromQL info: "
    var rest = arguments[...]
    return facts.text.reduce(into: prefix) { text, character in
      if character == "%" { text += rest.popFirst() ?? "" } else { text.append(character) }
    }
  }
}
