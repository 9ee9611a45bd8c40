import Foundation
import Gate
import Testing

/// What the test says of the ratio, and of how much is still to be seen.
@Suite struct RatioIntervalTests {
  private func counts(_ canaryErrors: Double, _ canary: Double, _ primaryErrors: Double, _ primary: Double)
    -> TickCounts
  {
    TickCounts(
      canary: RequestCounts(errors: canaryErrors, requests: canary),
      primary: RequestCounts(errors: primaryErrors, requests: primary))
  }

  @Test func `the interval's ends agree with the decisions`() throws {
    var random = SystemRandomNumberGenerator()
    var decided = 0
    for _ in 0..<60 {
      var test = SequentialTest(strands: [Strand("errors")])
      let ratio = exp(Double.random(in: -2...2, using: &random))
      for _ in 0..<4 {
        let errors = Double.random(in: 2...40, using: &random).rounded()
        test.add([counts((errors * ratio).rounded(), 1000, errors, 1000)])
        let interval = try #require(test.interval(strand: 0))
        #expect(
          (interval.lower >= 1.25 * (1 - 1e-9)) == (test.logWorse >= -log(0.01)),
          "\(interval) \(test.logWorse)")
        #expect(
          (interval.upper <= 2 * (1 + 1e-9)) == (test.logNotWorse >= -log(0.05)),
          "\(interval) \(test.logNotWorse)")
        #expect(interval.lower <= interval.estimate && interval.estimate <= interval.upper, "\(interval)")
        decided += test.decision == .undecided ? 0 : 1
      }
    }
    #expect(decided > 20)
  }

  @Test func `the estimate is the quotient of the rates, and the interval closes in on it`() throws {
    for ratio in [0.5, 1, 3, 8] {
      var widths: [Double] = []
      for requests in [1e3, 1e4, 1e6] {
        var test = SequentialTest(strands: [Strand("errors")])
        // Weights move; rates do not.
        for share in [0.05, 0.2, 0.5] {
          let (canary, primary) = (requests * share, requests * (1 - share))
          test.add([counts(canary * 0.02 * ratio, canary, primary * 0.02, primary)])
        }
        let interval = try #require(test.interval(strand: 0))
        #expect(abs(interval.estimate / ratio - 1) < 0.002, "\(ratio) \(interval)")
        #expect(interval.lower < ratio && ratio < interval.upper, "\(ratio) \(interval)")
        widths.append(log(interval.upper) - log(max(interval.lower, 1e-3)))
      }
      #expect(widths[0] > widths[1] && widths[1] > widths[2] && widths[2] < 0.25, "\(ratio) \(widths)")
    }
  }

  @Test func `without errors on a side the ratio has one end`() throws {
    var test = SequentialTest(strands: [Strand("errors")])
    #expect(test.interval(strand: 0) == nil)
    test.add([counts(0, 1000, 0, 1000)])
    #expect(test.interval(strand: 0) == nil)
    test.add([counts(0, 1000, 9, 1000)])
    let low = try #require(test.interval(strand: 0))
    #expect(low.lower == 0 && low.estimate == 0 && low.upper < 2)
    var other = SequentialTest(strands: [Strand("errors")])
    other.add([counts(30, 1000, 0, 1000)])
    let high = try #require(other.interval(strand: 0))
    #expect(high.upper == .infinity && high.estimate == .infinity && high.lower > 1.25)
    var limit = SequentialTest(strands: [Strand("errors", standard: .limit(0.01))])
    limit.add([counts(5, 100, 0, 0)])
    #expect(limit.interval(strand: 0) == nil)
  }

  @Test func `the ticks that it says are needed are needed`() throws {
    // Rates without noise: what is expected happens.
    for (ratio, worse) in [(3.0, true), (2, true), (1, false), (0.5, false)] {
      var test = SequentialTest(strands: [Strand("errors")])
      let tick = counts(2 * ratio, 1000, 2, 1000)
      test.add([tick])
      let needed = try #require(worse ? test.remainingUntilWorse : test.remainingUntilNotWorse)
      #expect(needed.ticks > 0 && abs(needed.requests - needed.ticks * 2000) < 1e-6)
      #expect((worse ? test.remainingUntilNotWorse : test.remainingUntilWorse) == nil)
      var more = 0.0
      while test.decision == .undecided && more < 1000 {
        test.add([tick])
        more += 1
      }
      #expect(test.decision == (worse ? .worse : .notWorse))
      #expect(abs(more - needed.ticks.rounded(.up)) <= 1, "ratio \(ratio): said \(needed), were \(more)")
      #expect((worse ? test.remainingUntilWorse : test.remainingUntilNotWorse)?.ticks == 0)
    }
  }

  @Test func `nothing is promised where nothing grows`() {
    var test = SequentialTest(strands: [Strand("errors")])
    #expect(test.remainingUntilWorse == nil && test.remainingUntilNotWorse == nil)
    test.add([counts(0, 1000, 0, 1000)])
    #expect(test.remainingUntilWorse == nil && test.remainingUntilNotWorse == nil)
    test.add([counts(3, 1000, 2, 1000)])
    test.add([counts(3, 1000, 0, 0)])
    #expect(SequentialTest(strands: []).remainingUntilWorse == nil)
  }
}
