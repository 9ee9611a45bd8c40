/// The weights that a progressive canary takes (flagger.md §5.5).
public struct WeightSteps: Sendable, Hashable {
  public var stepWeight: Int
  public var stepWeights: [Int]
  /// The weight at which the canary is promoted; may be above 100, which is then never reached.
  public var limit: Int

  public init(stepWeight: Int = 0, stepWeights: [Int] = [], limit: Int) {
    self.stepWeight = stepWeight
    self.stepWeights = stepWeights
    self.limit = limit
  }

  /// The weight that all traffic has.
  public static let total = 100

  /// How much is added to a canary's weight; nothing moves when this is not positive. Of equal
  /// entries of `stepWeights` the first one counts, so a repeated weight stops the rollout.
  public func increment(at weight: Int) -> Int {
    if stepWeight > 0 || stepWeights.isEmpty { return stepWeight }
    let remaining = Self.total &- weight
    if remaining == 0 { return 1 }
    if weight == 0 { return min(remaining, stepWeights.first ?? 0) }
    guard let position = stepWeights.dropLast().firstIndex(of: weight) else { return remaining }
    return min(remaining, stepWeights[position + 1] &- weight)
  }
}
