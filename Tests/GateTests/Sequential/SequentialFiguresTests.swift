import Foundation
import Gate
import Testing

/// Simulated rollouts through the real test. Seeds are fixed; bounds are four standard deviations of so many
/// rollouts around figures that two other programs agree on.
@Suite struct SequentialFiguresTests {
  private let rollouts = 250

  private func simulate(
    tolerance: Double = 1, phi: Double = 1, alpha: Double = 0.01, rollouts: Int? = nil,
    leavesPodsOut: Bool = true,
    withThreshold: Bool = false, _ change: (inout SimulatedTraffic) -> Void
  ) throws -> SimulatedRollouts {
    var traffic = SimulatedTraffic()
    change(&traffic)
    let settings = try SequentialSettings(alpha: alpha, tolerance: tolerance, overdispersion: phi)
    return SimulatedRollouts(
      traffic, settings, numbers: 0..<(rollouts ?? self.rollouts), seed: 11, leavesPodsOut: leavesPodsOut,
      withThreshold: withThreshold)
  }

  /// Whether a count of so many is what a share explains.
  private func fits(_ count: Int, _ share: ClosedRange<Double>, of all: Int) -> Bool {
    func deviation(_ share: Double) -> Double { 4 * (share * (1 - share) * Double(all)).squareRoot() + 2 }
    let (low, high) = (share.lowerBound * Double(all), share.upperBound * Double(all))
    return Double(count) >= low - deviation(share.lowerBound)
      && Double(count) <= high + deviation(share.upperBound)
  }

  @Test func `the specification's figures come out`() throws {
    let table:
      [(
        words: String, tolerance: Double, phi: Double, worse: ClosedRange<Double>,
        notWorse: ClosedRange<Double>,
        tick: ClosedRange<Int>, change: @Sendable (inout SimulatedTraffic) -> Void
      )] = [
        ("same", 1, 1, 0...0.002, 0.999...1, 5...5, { _ in }),
        ("same", 1.25, 1, 0...0.001, 1...1, 5...5, { _ in }),
        ("same, 10/s", 1, 1, 0.001...0.003, 0.43...0.445, 10...13, { $0.requestsPerSecond = 10 }),
        ("×2", 1, 1, 0.989...0.99, 0.006...0.012, 5...5, { $0.ratio = 2 }),
        ("×2", 1.25, 1, 0.986...0.988, 0.009...0.012, 8...10, { $0.ratio = 2 }),
        ("×4", 1, 1, 1...1, 0...0.001, 2...2, { $0.ratio = 4 }),
        ("×4, 10/s", 1, 1, 0.999...1, 0...0, 6...7, { ($0.ratio, $0.requestsPerSecond) = (4, 10) }),
        ("0.05 %, ×10", 1, 1, 1...1, 0...0, 3...3, { ($0.primaryRate, $0.ratio) = (0.0005, 10) }),
        ("outage", 1, 1, 0...0.002, 0.99...1, 2...2, { $0.outage = 2...6 }),
        ("bursts, φ taken as 1", 1, 1, 0.15...0.22, 0.78...0.85, 2...4, { $0.overdispersion = 5 }),
        ("bursts", 1, 5, 0.005...0.007, 0.73...0.75, 9...12, { $0.overdispersion = 5 }),
      ]
    for row in table {
      let sums = try simulate(tolerance: row.tolerance, phi: row.phi, row.change)
      let (worse, notWorse) = (sums.worse.reduce(0, +), sums.notWorse.reduce(0, +))
      #expect(fits(worse, row.worse, of: rollouts), "\(row.words), r0 \(row.tolerance): \(worse) worse")
      #expect(
        fits(notWorse, row.notWorse, of: rollouts), "\(row.words), r0 \(row.tolerance): \(notWorse) not worse"
      )
      let tick = SimulatedRollouts.median(worse > notWorse ? sums.worse : sums.notWorse)
      #expect(
        tick.map { row.tick.contains($0) } == true, "\(row.words), r0 \(row.tolerance): tick \(tick as Any)")
      #expect(sums.count == rollouts)
    }
  }

  @Test func `much traffic decides soon`() throws {
    let sums = try simulate(tolerance: 1.25, rollouts: 60) { ($0.ratio, $0.requestsPerSecond) = (1.2, 1000) }
    #expect(sums.worse.reduce(0, +) <= 1 && SimulatedRollouts.median(sums.notWorse) == 2)
  }

  @Test func `slower requests are found where a percentile is blind`() throws {
    let table: [(requests: Double, factor: Double, tail: Double, tick: ClosedRange<Int>?)] = [
      (100, 1, 0, nil), (100, 1.3, 0, 1...1), (100, 1, 0.005, 2...3), (10, 1, 0, nil), (10, 1.3, 0, 3...4),
      (10, 1, 0.005, 8...10),
    ]
    for row in table {
      var latency = SimulatedTraffic.Latency()
      (latency.factor, latency.tail) = (row.factor, row.tail)
      let sums = try simulate(rollouts: 40, withThreshold: true) {
        ($0.latency, $0.requestsPerSecond) = (latency, row.requests)
      }
      let worse = sums.worse.reduce(0, +)
      #expect(row.tick == nil ? worse <= 1 : worse >= 38, "\(row): \(worse)")
      if let ticks = row.tick {
        #expect(
          SimulatedRollouts.median(sums.worse).map { ticks.contains($0) } == true, "\(row): \(sums.worse)")
      }
      if row.requests == 100 { #expect(sums.threshold.rolledBack.reduce(0, +) <= 1, "\(row)") }
    }
  }

  @Test func `a fixed threshold does what is said of it`() throws {
    let blind = try simulate(withThreshold: true) { ($0.primaryRate, $0.ratio) = (0.0005, 10) }
    func all(_ ticks: [Int]) -> Int { ticks.reduce(0, +) }
    #expect(all(blind.threshold.promoted) == rollouts && all(blind.halting.promoted) == rollouts)
    #expect(SimulatedRollouts.median(blind.threshold.promoted) == 10)
    let outage = try simulate(withThreshold: true) { $0.outage = 2...6 }
    #expect(
      all(outage.threshold.rolledBack) >= rollouts - 2 && all(outage.halting.rolledBack) >= rollouts - 4)
    let twice = try simulate(withThreshold: true) { $0.ratio = 2 }
    #expect(fits(twice.threshold.rolledBack.reduce(0, +), 0.87...0.91, of: rollouts))
    let four = try simulate(withThreshold: true) { $0.ratio = 4 }
    #expect(
      four.threshold.rolledBack.reduce(0, +) == rollouts
        && SimulatedRollouts.median(four.threshold.rolledBack) == 5)
  }

  /// With α = 0.1 a broken promise would show.
  @Test(arguments: [1, 1.25, 2.0])
  func `false alarms keep the promise at the very edge`(ratio: Double) throws {
    for rate in [0.001, 0.02, 0.3] {
      let sums = try simulate(tolerance: ratio, alpha: 0.1, rollouts: 150) {
        ($0.primaryRate, $0.ratio, $0.requestsPerSecond) = (rate, ratio, 10)
      }
      let worse = sums.worse.reduce(0, +)
      #expect(fits(worse, 0...0.1, of: 150), "r = r0 = \(ratio), rate \(rate): \(worse)")
    }
  }

  @Test func `one bad node among ten condemns nothing, and three pods are enough to find a fault`() throws {
    let held = try simulate(tolerance: 1.25, rollouts: 100) { ($0.pods, $0.badPod) = (10, 20) }
    #expect(held.worse.reduce(0, +) <= 1)
    let pooled = try simulate(tolerance: 1.25, rollouts: 100, leavesPodsOut: false) {
      ($0.pods, $0.badPod) = (10, 20)
    }
    #expect(pooled.worse.reduce(0, +) >= 95)
    for pods in [1, 2, 3, 10] {
      let fault = try simulate(tolerance: 1.25, rollouts: 60) { ($0.pods, $0.ratio) = (pods, 4) }
      #expect(fault.worse.reduce(0, +) >= 58, "\(pods) pods")
      #expect(SimulatedRollouts.median(fault.worse).map { $0 <= 4 } == true, "\(pods) pods")
    }
  }

  @Test func `sums do not depend on how rollouts are divided`() throws {
    let traffic = SimulatedTraffic()
    let whole = SimulatedRollouts(traffic, .standard, numbers: 0..<30, seed: 3)
    let parts = [0..<7, 7..<8, 8..<30].map { SimulatedRollouts(traffic, .standard, numbers: $0, seed: 3) }
    #expect(parts.reduce(SimulatedRollouts(), +) == whole)
    #expect(SimulatedRollouts(traffic, .standard, numbers: 0..<30, seed: 4) != whole)
  }

  @Test func `the tables have a line for each row`() {
    let text = SequentialFigures.markdown { row in
      SimulatedRollouts(row.traffic, row.settings, numbers: 0..<1, seed: 1, leavesPodsOut: row.leavesPodsOut)
    }
    for row in SequentialFigures.rows { #expect(text.contains("| \(row.words) |"), "\(row.words)") }
    #expect(Set(SequentialFigures.rows.map(\.words)).count == SequentialFigures.rows.count)
  }
}
