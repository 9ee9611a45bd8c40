import PromQL
import TimeSeries

/// What a quotient of two vectors says when both sides count the same kind of thing.
struct RatioFacts {
  private let numerator: CountedPart?
  private let denominator: CountedPart?
  private let matching: VectorMatching
  /// Buckets of one histogram over its count.
  private let buckets: BucketTerms?
  /// One of several parts over all of them.
  private let sum: ShareOfSum?

  init(_ lhs: VectorPlan, _ rhs: VectorPlan, _ selections: [Selection], _ matching: VectorMatching) {
    numerator = CountedPart(lhs, selections)
    denominator = CountedPart(rhs, selections)
    self.matching = matching
    buckets = BucketTerms(lhs, rhs, selections)
    sum = ShareOfSum(lhs, rhs, selections)
  }

  /// Narrows what is known of the quotient.
  func refine(_ facts: inout VectorFacts) {
    if let buckets {
      buckets.refine(&facts)
      return
    }
    if let sum {
      sum.refine(&facts)
      return
    }
    guard let numerator, let denominator, numerator.counting == denominator.counting else { return }
    let scale = numerator.factor / denominator.factor
    guard scale > 0, scale.isFinite else { return }
    let isPart = numerator.isPart(of: denominator)
    var kind: RequestShare.Kind?
    if isPart {
      kind = numerator.kindOfExtra(beyond: denominator)
    } else if numerator.metric != denominator.metric {
      // Handled calls over started ones: a label says which.
      kind =
        numerator.metric.flatMap { RequestMeaning.kind(ofName: $0) }
        ?? numerator.kindOfExtra(beyond: denominator)
      // Failures over failures say nothing.
      if kind == denominator.metric.flatMap({ RequestMeaning.kind(ofName: $0) }) { kind = nil }
    }
    if isPart, !numerator.isGuarded || numerator.guardValue == 0 {
      facts.values = ValueFacts(0, scale, nan: .division)
    } else if denominator.isPart(of: numerator), denominator.complement == nil, !denominator.isGuarded,
      numerator.counting.function != nil
    {
      // The whole over its part: upside down.
      facts.values = ValueFacts(scale, .infinity, nan: .division)
      facts.values.mayDivideByZero = true
    }
    guard numerator.complement != nil || kind != nil || isPart else { return }
    facts.share = RequestShare(
      kind: numerator.complement ?? kind ?? .other, whole: scale,
      numeratorMayBeMissing: !numerator.isGuarded && (kind == .failed || numerator.complement != nil),
      isPartOfWhole: isPart)
    facts.unit = MetricUnit(.share, scale: 1 / scale)
  }
}

/// A vector that counts something: `sum by (…) (rate(metric{…}[…]))`, times a constant, perhaps with
/// `or vector(0)` behind it.
struct CountedPart {
  /// The function of the window, the aggregation and its labels: what must be alike for a quotient of
  /// two to be a share.
  struct Counting: Hashable {
    var function: WindowFunction?
    var range: Int64?
    var time: TimeReference
    /// Of the sum around it; nil for none.
    var grouping: AggregationPlan.Grouping?
  }

  var counting: Counting
  var metric: String?
  var matchers: [LabelMatcher]
  var site: SourceRange
  /// Of its selector.
  var selectorSite: SourceRange
  var factor = 1.0
  /// Whether `or` stands in for it where it is missing.
  var isGuarded = false
  /// What stands in, when that is a number.
  var guardValue: Double?
  /// What the rest is when failures are taken away from the whole: `total - failed`.
  var complement: RequestShare.Kind?

  init?(_ plan: VectorPlan, _ selections: [Selection]) {
    var wrapping = Wrapping()
    let core = wrapping.unwrap(plan)
    switch core.form {
    case .window(let function, let windows, _):
      guard [.rate, .increase, .irate].contains(function),
        case .select(let selector, let range) = windows.form
      else { return nil }
      self.init(wrapping, function, range, selector, (core.site, windows.site), selections)
    case .select(let selector): self.init(wrapping, nil, nil, selector, (core.site, core.site), selections)
    case .arithmetic(.subtract, let lhs, let rhs, _):
      guard let whole = CountedPart(lhs, selections), let part = CountedPart(rhs, selections),
        whole.counting == part.counting, whole.factor == part.factor
      else { return nil }
      self = whole
      factor *= wrapping.factor
      isGuarded = part.isGuarded
      guardValue = part.guardValue
      switch part.kind(beyond: whole) {
      case .failed: complement = .succeeded
      case .succeeded: complement = .failed
      case .other, nil: return nil
      }
    default: return nil
    }
  }

  /// What stands around the counting itself.
  private struct Wrapping {
    var factor = 1.0
    var isGuarded = false
    var guardValue: Double?
    var grouping: AggregationPlan.Grouping?

    /// Takes off what does not change what is counted.
    mutating func unwrap(_ plan: VectorPlan) -> VectorPlan {
      var plan = plan
      while true {
        switch plan.form {
        case .scalarArithmetic(.multiply, let inner, .number(let number), _):
          factor *= number
          plan = inner
        case .scalarArithmetic(.divide, let inner, .number(let number), .right):
          factor /= number
          plan = inner
        case .set(.or, let inner, let other, _):
          isGuarded = true
          guardValue = other.constant
          plan = inner
        case .plus(let inner), .pinned(let inner), .sort(let inner, _): plan = inner
        case .aggregate(let aggregation):
          guard case .simple(.sum) = aggregation.operation, grouping == nil else { return plan }
          grouping = aggregation.grouping
          plan = aggregation.vector
        default: return plan
        }
      }
    }
  }

  private init(
    _ wrapping: Wrapping, _ function: WindowFunction?, _ range: Int64?, _ selector: SelectorPlan,
    _ sites: (whole: SourceRange, selector: SourceRange), _ selections: [Selection]
  ) {
    counting = Counting(
      function: function, range: range, time: selector.time, grouping: wrapping.grouping)
    metric = selector.metricName
    site = sites.whole
    selectorSite = sites.selector
    matchers = selections.indices.contains(selector.selection) ? selections[selector.selection].matchers : []
    factor = wrapping.factor
    isGuarded = wrapping.isGuarded
    guardValue = wrapping.guardValue
  }

  /// Whether it counts some of what the other one counts: the same metric with the same conditions and
  /// perhaps more.
  func isPart(of whole: CountedPart) -> Bool {
    whole.complement == nil && (hasMetric(of: whole) || isBucket(of: whole))
      && whole.matchers.allSatisfy { matcher in
        matcher.name == LabelFacts.metricName || LabelValues.imply(matchers, matcher) == true
          || (matcher.name == "le" && isWithinBucket(of: whole))
      }
  }

  /// Whether it is a bucket that another one holds: what is faster than 0.1 s is faster than 1 s.
  private func isWithinBucket(of whole: CountedPart) -> Bool {
    guard let bound, let other = whole.bound else { return false }
    return bound <= other
  }

  private func hasMetric(of whole: CountedPart) -> Bool { metric != nil && metric == whole.metric }

  /// Whether it is one bucket of the histogram all of whose observations the whole counts.
  private func isBucket(of whole: CountedPart) -> Bool {
    guard let metric, let count = whole.metric, metric.hasSuffix("_bucket"), count.hasSuffix("_count") else {
      return false
    }
    return metric.dropLast(7) == count.dropLast(6) && bound != nil
  }

  /// The conditions that it has and the whole does not satisfy anyway.
  func extra(beyond whole: CountedPart) -> [LabelMatcher] {
    matchers.filter { $0.name != LabelFacts.metricName && LabelValues.imply(whole.matchers, $0) != true }
  }

  /// What the conditions beyond the whole's say of the requests.
  func kindOfExtra(beyond whole: CountedPart) -> RequestShare.Kind? {
    let extra = extra(beyond: whole)
    if let kind = RequestMeaning.kind(of: extra) { return kind }
    // Those that were fast enough for a bucket.
    return extra.contains { $0.name == "le" } && bound?.isFinite ?? false ? .succeeded : nil
  }

  /// What it counts, by its conditions or by its name.
  func kind(beyond whole: CountedPart) -> RequestShare.Kind? {
    if isPart(of: whole) { return kindOfExtra(beyond: whole) }
    return metric == whole.metric ? nil : metric.flatMap { RequestMeaning.kind(ofName: $0) }
  }
}
