import Glibc

/// What a strand knows of the ratio of error rates, canary to primary.
package struct RatioInterval: Sendable, Hashable {
  /// Any ratio up to this is excluded: the chance that the true one is ever below it is at most α. 0 where
  /// nothing is excluded; the farthest that is looked at is 30·r0.
  package var lower: Double
  /// Any ratio from this on is excluded, with β in α's place. Infinite where nothing is excluded.
  package var upper: Double
  /// The likeliest ratio; 0 without errors of the canary, infinite without errors of the primary.
  package var estimate: Double
}

extension SequentialTest {
  /// The ratios that the test would not reject now, were each of them r0 (from below, at α) or r1 (from
  /// above, at β): a confidence sequence, so it may be looked at after each tick. Its ends are alternatives
  /// of the mixtures, 5.5 % apart, rounded outwards; `lower` is at least r0 exactly where the strand alone
  /// is worse now, `upper` at most r1 exactly where it is not worse. Each strand by itself: over m strands
  /// the chance that any interval fails is up to m times as large.
  ///
  /// Nil before the first error, and for a strand against a limit. Costs a thousand exponentials.
  package func interval(strand: Int) -> RatioInterval? {
    guard case .primary = strands[strand].standard else { return nil }
    let memory = evidence[strand]
    guard memory.canary.errors + memory.primary.errors > 0 else { return nil }
    let likelihood = RatioLikelihood(memory, settings)
    let rejected = likelihood.points.indices.partitionPoint {
      likelihood.logEvidence(against: $0, direction: 1) >= settings.worseThreshold
    }
    let kept = likelihood.points.indices.partitionPoint {
      likelihood.logEvidence(against: $0, direction: -1) < settings.notWorseThreshold
    }
    return RatioInterval(
      lower: rejected > 0 ? exp(likelihood.points[rejected - 1].x) : 0,
      upper: kept < likelihood.points.count ? exp(likelihood.points[kept].x) : .infinity,
      estimate: likelihood.estimate)
  }
}

/// The log-likelihood of the ratio, as a function of its logarithm: concave, known at the alternatives of
/// both mixtures.
struct RatioLikelihood {
  private(set) var points: [(x: Double, value: Double)] = []
  private let canaryErrors: Double
  private let primaryErrors: Double
  private let divisor: Double

  init(_ memory: StrandEvidence, _ settings: SequentialSettings) {
    canaryErrors = memory.canary.errors
    primaryErrors = memory.primary.errors
    divisor = settings.overdispersion
    let (r0, r1) = (log(settings.tolerance), log(settings.regression))
    for k in 0..<LogRatios.count {
      points.append((r0 + Double(k) * LogRatios.step, memory.worse[k]))
      // r1 itself may be r0.
      if k > 0 || r1 > r0 {
        points.append((r1 - Double(k) * LogRatios.step, memory.notWorse[k] + memory.bridge))
      }
    }
    points.sort { $0.x < $1.x }
  }

  /// A lower bound, exact at the points: a chord between them; outside the steepest slope that there can be.
  func value(at x: Double) -> Double {
    let next = points.indices.partitionPoint { points[$0].x < x }
    if next == 0 { return points[0].value - canaryErrors * (points[0].x - x) }
    let before = points[next - 1]
    if next == points.count { return before.value - primaryErrors * (x - before.x) }
    let after = points[next]
    let width = after.x - before.x
    if width <= 0 { return after.value }
    return before.value + (after.value - before.value) * (x - before.x) / width
  }

  /// log e of the mixture that starts from a point, upwards (1: against it, something larger) or downwards
  /// (-1). Concavity makes it fall, or rise, from point to point.
  func logEvidence(against index: Int, direction: Double) -> Double {
    let null = points[index]
    let sums = (0..<LogRatios.count).map { k in
      k == 0 ? 0 : value(at: null.x + direction * Double(k) * LogRatios.step) - null.value
    }
    return LogRatios.logMean(sums, divisor: divisor)
  }

  /// The top of a parabola through the highest point and its neighbours.
  var estimate: Double {
    if canaryErrors == 0 { return 0 }
    if primaryErrors == 0 { return .infinity }
    guard let top = points.indices.max(by: { points[$0].value < points[$1].value }) else { return 1 }
    guard top > 0, top + 1 < points.count else { return exp(points[top].x) }
    let (left, middle, right) = (points[top - 1], points[top], points[top + 1])
    let (a, b) = (middle.x - left.x, middle.x - right.x)
    let (c, d) = (middle.value - right.value, middle.value - left.value)
    let bend = a * c - b * d
    guard bend != 0 else { return exp(middle.x) }
    let x = middle.x - 0.5 * (a * a * c - b * b * d) / bend
    return exp(min(max(x, left.x), right.x))
  }
}

extension Range<Int> {
  /// The first place where a condition that holds up to some place and not behind it does not hold.
  func partitionPoint(_ holds: (Int) -> Bool) -> Int {
    var (low, high) = (lowerBound, upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if holds(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
