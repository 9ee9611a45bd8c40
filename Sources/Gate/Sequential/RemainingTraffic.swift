import Glibc

/// About how much more has to be seen before a verdict, if all goes on as it went.
package struct RemainingTraffic: Sendable, Hashable {
  /// Ticks at the last tick's traffic.
  package var ticks: Double
  /// Requests of canary and primary together, in the strand that decides.
  package var requests: Double
}

extension SequentialTest {
  /// What is needed for "worse" at the likeliest ratios and rates so far and the last tick's traffic: ticks
  /// until the expected log-likelihood ratios make e ≥ 1/α. Pods are not left out here. Zero where it is
  /// reached; nil where the evidence does not grow so, or would take more than a million ticks.
  package var remainingUntilWorse: RemainingTraffic? {
    if decision == .worse { return RemainingTraffic(ticks: 0, requests: 0) }
    var (sums, growth): ([Double], [Double]) = ([], [])
    for index in strands.indices {
      sums += evidence[index].worse
      growth += expected(index)?.worse ?? LogRatios.zeros
    }
    guard let leading = leadingStrand else { return nil }
    return remaining(sums, growth, threshold: settings.worseThreshold, strand: leading)
  }

  /// The same for "not worse", of the strand that takes longest.
  package var remainingUntilNotWorse: RemainingTraffic? {
    var longest: RemainingTraffic?
    for index in strands.indices where strands[index].isAwaited {
      guard let growth = expected(index)?.notWorse,
        let needed = remaining(
          evidence[index].notWorse, growth, threshold: settings.notWorseThreshold, strand: index)
      else { return nil }
      if needed.ticks >= longest?.ticks ?? 0 { longest = needed }
    }
    return longest
  }

  /// What a tick like the last one adds on average; nil before the first error, or without traffic.
  private func expected(_ index: Int) -> (worse: [Double], notWorse: [Double])? {
    let memory = evidence[index]
    guard memory.lastCanary > 0 else { return nil }
    var (canaryRate, primaryRate) = (0.0, 0.0)
    switch strands[index].standard {
    case .primary:
      guard memory.lastPrimary > 0, let estimate = interval(strand: index)?.estimate else { return nil }
      let ratio = min(max(estimate, 1 / LogRatios.reach), LogRatios.reach)
      // The rate that explains all errors so far, given the ratio.
      let errors = memory.canary.errors + memory.primary.errors
      primaryRate = errors / (ratio * memory.canary.requests + memory.primary.requests)
      canaryRate = min(1, primaryRate * ratio)
    case .limit: canaryRate = memory.canary.errors / memory.canary.requests
    }
    let canary = RequestCounts(errors: canaryRate * memory.lastCanary, requests: memory.lastCanary)
    let primary = RequestCounts(errors: primaryRate * memory.lastPrimary, requests: memory.lastPrimary)
    let tables = Tables(strands[index].standard, settings)
    var (worse, notWorse) = (LogRatios.zeros, LogRatios.zeros)
    tables.worse(canary, primary, to: &worse)
    tables.notWorse(canary, primary, to: &notWorse)
    return (worse, notWorse)
  }

  /// The log of a mean of exponentials of lines is convex: from below the threshold it crosses once.
  private func remaining(
    _ sums: [Double], _ growth: [Double], threshold: Double, strand: Int
  ) -> RemainingTraffic? {
    func reaches(_ ticks: Double) -> Bool {
      let then = zip(sums, growth).map { $0 + ticks * $1 }
      return LogRatios.logMean(then, divisor: settings.overdispersion) >= threshold
    }
    if reaches(0) { return RemainingTraffic(ticks: 0, requests: 0) }
    guard growth.contains(where: { $0 > 0 }) else { return nil }
    var high = 1.0
    while !reaches(high) {
      high *= 2
      if high > 1e6 { return nil }
    }
    var low = 0.0
    for _ in 0..<30 {
      let middle = (low + high) / 2
      if reaches(middle) { high = middle } else { low = middle }
    }
    return RemainingTraffic(
      ticks: high, requests: high * (evidence[strand].lastCanary + evidence[strand].lastPrimary))
  }
}
