/// Rollouts of one kind of traffic, judged by the sequential test itself and by a fixed threshold. Their sums
/// over ranges of numbers add up to the same, however the numbers are divided among threads.
package struct SimulatedRollouts: Sendable, Hashable {
  /// Rollouts by the tick of their decision, from 1; the place 0 stays empty.
  package private(set) var worse = Self.noTicks
  package private(set) var notWorse = Self.noTicks
  package private(set) var undecided = 0
  /// The canary's failed requests in rollouts that were called worse.
  package private(set) var failedUntilWorse = 0.0
  /// A fixed threshold, on the same weights.
  package private(set) var threshold = Threshold()
  /// A fixed threshold where, as with Flagger, a failed check keeps the weight.
  package private(set) var halting = Threshold()

  /// What a fixed threshold made of the rollouts.
  package struct Threshold: Sendable, Hashable {
    package fileprivate(set) var rolledBack = SimulatedRollouts.noTicks
    package fileprivate(set) var promoted = SimulatedRollouts.noTicks
    /// The canary's failed requests in rollouts that were rolled back.
    package fileprivate(set) var failed = 0.0
  }

  fileprivate static var noTicks: [Int] { Array(repeating: 0, count: SimulatedTraffic.ticks + 1) }

  package init() {}

  /// Simulates the rollouts of these numbers; a rollout depends on its number and the seed alone.
  /// - Parameter leavesPodsOut: false shows what one bad pod does to a test that does not ask for pods.
  package init(
    _ traffic: SimulatedTraffic, _ settings: SequentialSettings, numbers: Range<Int>, seed: UInt64,
    leavesPodsOut: Bool = true, withThreshold: Bool = true
  ) {
    for number in numbers {
      var random = SeededNumbers(seed: seed &+ UInt64(number) &* 0xD1B5_4A32_D192_ED03)
      judge(traffic, settings, leavesPodsOut, &random)
      guard withThreshold else { continue }
      threshold.judge(traffic, halts: false, &random)
      halting.judge(traffic, halts: true, &random)
    }
  }

  package static func + (left: Self, right: Self) -> Self {
    var both = left
    both.worse = sum(left.worse, right.worse)
    both.notWorse = sum(left.notWorse, right.notWorse)
    both.undecided += right.undecided
    both.failedUntilWorse += right.failedUntilWorse
    both.threshold.add(right.threshold)
    both.halting.add(right.halting)
    return both
  }

  fileprivate static func sum(_ left: [Int], _ right: [Int]) -> [Int] { zip(left, right).map { $0 + $1 } }

  package var count: Int { worse.reduce(0, +) + notWorse.reduce(0, +) + undecided }

  private mutating func judge(
    _ traffic: SimulatedTraffic, _ settings: SequentialSettings, _ leavesPodsOut: Bool,
    _ random: inout SeededNumbers
  ) {
    var test = SequentialTest(settings, strands: traffic.strands)
    var failed = 0.0
    for tick in 1...SimulatedTraffic.ticks {
      var counts = traffic.counts(at: tick, weight: SimulatedTraffic.weight(at: tick), &random)
      if !leavesPodsOut { counts = counts.map { TickCounts(canary: $0.canary, primary: $0.primary) } }
      failed += counts[0].canary.errors
      test.add(counts)
      switch test.decision {
      case .worse:
        worse[tick] += 1
        failedUntilWorse += failed
        return
      case .notWorse:
        notWorse[tick] += 1
        return
      case .undecided: continue
      }
    }
    undecided += 1
  }

  /// The tick by which half of the rollouts had come to this end; nil where none had.
  package static func median(_ ticks: [Int]) -> Int? {
    let all = ticks.reduce(0, +)
    var seen = 0
    for (tick, count) in ticks.enumerated() {
      seen += count
      if all > 0, 2 * seen >= all { return tick }
    }
    return nil
  }
}

extension SimulatedRollouts.Threshold {
  fileprivate mutating func add(_ other: Self) {
    rolledBack = SimulatedRollouts.sum(rolledBack, other.rolledBack)
    promoted = SimulatedRollouts.sum(promoted, other.promoted)
    failed += other.failed
  }

  /// `interval: 1m`, `threshold: 5`, steps of 5 to 50: a success rate of at least 99 %, or a 99th percentile
  /// of at most 0.5 s (a bucket's bound: at most a hundredth of the requests is slower). The fifth failed
  /// check rolls back, the tenth passed one promotes.
  fileprivate mutating func judge(
    _ traffic: SimulatedTraffic, halts: Bool, _ random: inout SeededNumbers
  ) {
    var (passes, failures, until) = (0, 0, 0.0)
    let checked = traffic.strands.firstIndex { $0.bound == nil || $0.bound == 0.5 } ?? 0
    for tick in 1...SimulatedTraffic.ticks {
      let weight = SimulatedTraffic.weight(at: halts ? passes + 1 : tick)
      let canary = traffic.counts(at: tick, weight: weight, &random)[checked].canary
      until += canary.errors
      if canary.errors > 0.01 * canary.requests { failures += 1 } else { passes += 1 }
      if failures == 5 {
        rolledBack[tick] += 1
        failed += until
        return
      }
      if passes == 10 {
        promoted[tick] += 1
        return
      }
    }
  }
}
