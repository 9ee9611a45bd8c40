import PromQL
import TimeSeries

/// A share whose whole is added up from its parts: `ok / (ok + failed)`.
struct ShareOfSum {
  private let part: CountedPart
  private let isBelowGuarded: Bool

  /// Nil where the divisor is no sum, or the numerator is none of what it adds.
  init?(_ lhs: VectorPlan, _ rhs: VectorPlan, _ selections: [Selection]) {
    guard let part = CountedPart(lhs, selections), part.complement == nil, part.factor > 0,
      let terms = Self.terms(rhs, selections), terms.count > 1,
      terms.allSatisfy({ $0.counting == part.counting && $0.factor == 1 && $0.complement == nil }),
      terms.contains(where: { $0.metric == part.metric && Set($0.matchers) == Set(part.matchers) })
    else { return nil }
    self.part = part
    isBelowGuarded = terms.allSatisfy { $0.guardValue ?? 0 == 0 }
  }

  private static func terms(_ plan: VectorPlan, _ selections: [Selection]) -> [CountedPart]? {
    switch plan.form {
    case .arithmetic(.add, let lhs, let rhs, _):
      guard let left = terms(lhs, selections), let right = terms(rhs, selections) else { return nil }
      return left + right
    case .plus(let inner), .pinned(let inner): return terms(inner, selections)
    default: return CountedPart(plan, selections).map { [$0] }
    }
  }

  /// Narrows what is known of the quotient: counters do not fall, so that no part is more than the whole.
  func refine(_ facts: inout VectorFacts) {
    if part.counting.function != nil, part.guardValue ?? 0 == 0, isBelowGuarded {
      facts.values = ValueFacts(0, part.factor, nan: .division)
    }
    guard
      let kind = RequestMeaning.kind(of: part.matchers) ?? part.metric.flatMap(RequestMeaning.kind(ofName:))
    else { return }
    facts.share = RequestShare(
      kind: kind, whole: part.factor, numeratorMayBeMissing: !part.isGuarded && kind == .failed,
      isPartOfWhole: true)
    facts.unit = MetricUnit(.share, scale: 1 / part.factor)
  }
}
