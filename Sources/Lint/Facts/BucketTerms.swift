import PromQL
import TimeSeries

/// Several buckets of one histogram, added up with factors, over the count of all its observations: an Apdex,
/// `(b(T) + b(4T)) / 2 / count`, or the share between two bounds, `(b(2) - b(1)) / count`.
///
/// Buckets hold what smaller ones hold too: 0 ≤ b(T) ≤ b(4T) ≤ count. A sum of them is greatest and least
/// where all observations lie right below one of the bounds, so that the buckets from there on are full.
struct BucketTerms {
  /// The least and the greatest that the quotient can be.
  let lower: Double
  let upper: Double
  /// The bounds, ascending.
  let bounds: [Double]
  /// Whether each of them adds: the more are fast, the greater.
  private let isScore: Bool

  /// Nil where it is something else; a single bucket is a part of its whole like any other.
  init?(_ lhs: VectorPlan, _ rhs: VectorPlan, _ selections: [Selection]) {
    guard let whole = CountedPart(rhs, selections), whole.complement == nil, whole.factor > 0,
      let terms = Self.terms(lhs, 1, selections), terms.count > 1
    else { return nil }
    var factors: [Double: Double] = [:]
    for (part, factor) in terms {
      guard part.counting == whole.counting, part.isPart(of: whole), part.guardValue ?? 0 == 0,
        part.complement == nil, let bound = part.bound, part.others == terms[0].part.others
      else { return nil }
      factors[bound, default: 0] += factor
    }
    bounds = factors.keys.sorted()
    guard bounds.count > 1 else { return nil }
    isScore = factors.values.allSatisfy { $0 > 0 }
    var sum = 0.0
    var sums = [0.0]
    for bound in bounds.reversed() {
      sum += factors[bound] ?? 0
      sums.append(sum)
    }
    lower = (sums.min() ?? 0) / whole.factor
    upper = (sums.max() ?? 0) / whole.factor
    guard lower.isFinite, upper.isFinite else { return nil }
  }

  private static func terms(
    _ plan: VectorPlan, _ factor: Double, _ selections: [Selection]
  ) -> [(part: CountedPart, factor: Double)]? {
    switch plan.form {
    case .arithmetic(.add, let lhs, let rhs, _):
      guard let left = terms(lhs, factor, selections), let right = terms(rhs, factor, selections) else {
        return nil
      }
      return left + right
    case .arithmetic(.subtract, let lhs, let rhs, _):
      guard let left = terms(lhs, factor, selections), let right = terms(rhs, -factor, selections) else {
        return nil
      }
      return left + right
    case .scalarArithmetic(.multiply, let inner, .number(let number), _):
      return terms(inner, factor * number, selections)
    case .scalarArithmetic(.divide, let inner, .number(let number), .right):
      return terms(inner, factor / number, selections)
    case .plus(let inner), .pinned(let inner): return terms(inner, factor, selections)
    default: return CountedPart(plan, selections).map { [($0, factor * $0.factor)] }
    }
  }

  /// Narrows what is known of the quotient.
  func refine(_ facts: inout VectorFacts) {
    facts.values = ValueFacts(lower, upper, nan: .division)
    facts.unit = MetricUnit(.share, scale: 1)
    guard lower == 0, upper > 0 else { return }
    facts.share = RequestShare(
      kind: isScore ? .succeeded : .other, whole: upper, numeratorMayBeMissing: false, isPartOfWhole: true)
  }
}

extension CountedPart {
  /// The upper bound of the bucket that it counts; nil when it counts no bucket, or several.
  var bound: Double? {
    guard metric?.hasSuffix("_bucket") ?? false else { return nil }
    return BucketBound.value(matchers)
  }

  /// The conditions besides the metric's name and the bucket.
  fileprivate var others: Set<LabelMatcher> {
    Set(matchers.filter { $0.name != LabelFacts.metricName && $0.name != "le" })
  }
}

/// The bucket that a selector asks for.
enum BucketBound {
  /// The number that every value of `le` is that the matchers let through, in whatever spelling (`1`,
  /// `1.0`); nil when there are several.
  static func value(_ matchers: [LabelMatcher]) -> Double? {
    for matcher in matchers where matcher.name == "le" && matcher.isPositive {
      let texts =
        matcher.operation == .equal ? [matcher.value] : PatternLanguage(matcher.value)?.texts(limit: 8)
      let numbers = Set((texts ?? []).compactMap { Double($0) })
      if let texts, numbers.count == 1, texts.allSatisfy({ Double($0) != nil }) { return numbers.first }
    }
    return nil
  }
}
