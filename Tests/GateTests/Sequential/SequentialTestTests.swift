import Foundation
import Gate
import Testing

/// The sequential test's numbers: known values, and what has to hold for all.
@Suite struct SequentialTestTests {
  private func settings(
    _ tolerance: Double = 1.25, _ regression: Double = 2, phi: Double = 1, alpha: Double = 0.01,
    beta: Double = 0.05
  ) -> SequentialSettings {
    guard
      let made = try? SequentialSettings(
        alpha: alpha, beta: beta, tolerance: tolerance, regression: regression, overdispersion: phi)
    else {
      Issue.record("no settings of \(tolerance), \(regression), \(phi)")
      return .standard
    }
    return made
  }

  private func counts(_ canaryErrors: Double, _ canary: Double, _ primaryErrors: Double, _ primary: Double)
    -> TickCounts
  {
    TickCounts(
      canary: RequestCounts(errors: canaryErrors, requests: canary),
      primary: RequestCounts(errors: primaryErrors, requests: primary))
  }

  private func test(
    _ settings: SequentialSettings, _ ticks: [TickCounts], _ strand: Strand = Strand("errors")
  ) -> SequentialTest {
    var test = SequentialTest(settings, strands: [strand])
    for tick in ticks { test.add([tick]) }
    return test
  }

  // MARK: Known values

  /// Log e-values by the definition, in numbers of 50 digits (mpmath).
  @Test func `log e is the definition's`() {
    let several = [counts(30, 3000, 10, 3000), counts(0, 3000, 0, 3000), counts(4, 50, 1, 5950)]
    let table: [(ticks: [TickCounts], r0: Double, phi: Double, worse: Double, notWorse: Double)] = [
      ([counts(1, 100, 0, 100)], 1, 1, 0.47586844660584535, -0.78201155826902711),
      ([counts(1, 100, 0, 100)], 1.25, 1, 0.40603543410396567, -0.78201155826902711),
      ([counts(1, 100, 0, 100)], 1.25, 5, 0.079282877937756535, -0.1916209043836981),
      ([counts(0, 100, 1, 100)], 1, 1, -0.94010013580302197, 0.73478340889022223),
      ([counts(0, 100, 1, 100)], 1.25, 5, -0.24712409971295572, 0.14032912188675739),
      ([counts(5, 100, 2, 900)], 1, 1, 6.5576817199428294, -2.5078669008611697),
      ([counts(5, 100, 2, 900)], 1.25, 5, 1.0038278709545466, -1.1144605822963958),
      ([counts(5, 100, 2, 900), counts(12, 200, 7, 800)], 1, 1, 13.907378351942421, -3.2767378817555615),
      ([counts(5, 100, 2, 900), counts(12, 200, 7, 800)], 1.25, 1, 11.218023820043964, -3.2767378817555615),
      ([counts(5, 100, 2, 900), counts(12, 200, 7, 800)], 1.25, 5, 2.0098867553560634, -1.9845163814951292),
      (several, 1, 1, 9.4706808179671554, -3.1383438831367965),
      (several, 1.25, 1, 6.6058312515540606, -3.1383438831367965),
      (several, 1.25, 5, 1.1293145134018536, -1.9528247776355902),
      // A side without requests says nothing.
      ([counts(0, 0, 5, 100)], 1, 1, 0, 0),
      ([counts(5, 100, 0, 0)], 1, 1, 0, 0),
      ([counts(2e9, 1e12, 1e9, 1e12)], 1, 1, 169873901.15724783, -4.1588830833596719),
      ([counts(2e9, 1e12, 1e9, 1e12)], 1.25, 5, 15375418.608700588, -4.1588830833596719),
    ]
    for row in table {
      let test = test(settings(row.r0, phi: row.phi), row.ticks)
      let hair = 1e-11 + 1e-12 * abs(row.worse)
      #expect(abs(test.logWorse - row.worse) < hair, "\(row): \(test.logWorse)")
      // Two terms of 10⁹ cancel in the last row.
      #expect(
        abs(test.logNotWorse - row.notWorse) < 1e-11 + (row.worse > 1e6 ? 1e-4 : 0),
        "\(row): \(test.logNotWorse)")
    }
  }

  @Test func `log e against a limit is the definition's`() {
    let table: [(errors: Double, requests: Double, limit: Double, worse: Double)] = [
      (5, 100, 0.01, 2.9914339842750558), (0, 100, 0.01, -1.7234451142563385),
      (60, 100, 0.5, 0.75526341563559026),
      (1, 1, 0.000001, 2.1561027521872971), (0, 0, 0.01, 0),
    ]
    for row in table {
      let test = test(
        settings(), [counts(row.errors, row.requests, 0, 0)], Strand("errors", standard: .limit(row.limit)))
      #expect(abs(test.logWorse - row.worse) < 1e-9, "\(row): \(test.logWorse)")
    }
  }

  // MARK: What has to hold for all

  private func binomial(_ trials: Int, _ rate: Double) -> [Double] {
    var chances = [1.0]
    for _ in 0..<trials {
      var next = Array(repeating: 0.0, count: chances.count + 1)
      for (count, chance) in chances.enumerated() {
        next[count] += chance * (1 - rate)
        next[count + 1] += chance * rate
      }
      chances = next
    }
    return chances
  }

  /// The mean of e over all outcomes of a tick, errors coming in clumps.
  private func mean(
    _ settings: SequentialSettings, canary: (clumps: Int, rate: Double), primary: (clumps: Int, rate: Double),
    clump: Int = 1, notWorse: Bool = false
  ) -> Double {
    var sum = 0.0
    for (a, left) in binomial(canary.clumps, canary.rate).enumerated() {
      for (b, right) in binomial(primary.clumps, primary.rate).enumerated() {
        let tick = counts(
          Double(a * clump), Double(canary.clumps * clump), Double(b * clump), Double(primary.clumps * clump))
        let test = test(settings, [tick])
        sum += left * right * exp(notWorse ? test.logNotWorse : test.logWorse)
      }
    }
    return sum
  }

  @Test(arguments: [1, 1.25, 2.0])
  func `no canary within the tolerance gains from a tick`(tolerance: Double) {
    let settings = settings(tolerance, max(2, tolerance))
    for rate in [0.001, 0.05, 0.3, 0.5] {
      for part in [0, 0.5, 0.9, 1] {
        for (canary, primary) in [(3, 3), (1, 6), (6, 1)] {
          let canaryRate = min(1, rate * tolerance * part)
          let mean = mean(settings, canary: (canary, canaryRate), primary: (primary, rate))
          #expect(
            mean <= 1 + 1e-12, "r0 \(tolerance), rates \(canaryRate), \(rate), requests \(canary), \(primary)"
          )
        }
      }
    }
    // Against a canary that is worse it does gain: the test has teeth.
    #expect(mean(settings, canary: (3, 0.3 * tolerance), primary: (3, 0.05)) > 1.05)
  }

  @Test func `no canary with the regression gains evidence that it is not worse`() {
    for rate in [0.001, 0.05, 0.3] {
      for more in [1, 1.5] {
        let mean = mean(settings(), canary: (4, rate * 2 * more), primary: (3, rate), notWorse: true)
        #expect(mean <= 1 + 1e-12, "rate \(rate), ratio \(2 * more)")
      }
    }
    #expect(mean(settings(), canary: (4, 0.1), primary: (3, 0.3), notWorse: true) > 1.05)
  }

  @Test func `errors in clumps of at most φ gain nothing, and more than that do`() {
    for clump in [1, 2, 5] {
      let mean = mean(settings(1, phi: 5), canary: (3, 0.3), primary: (3, 0.3), clump: clump)
      #expect(mean <= 1 + 1e-12, "clumps of \(clump): \(mean)")
    }
    #expect(mean(settings(1, phi: 1), canary: (3, 0.3), primary: (3, 0.3), clump: 5) > 1.5)
  }

  @Test func `no canary within a limit gains from a tick`() {
    for limit in [0.001, 0.1, 0.5] {
      let chances = binomial(6, limit)
      let mean = chances.enumerated().reduce(0.0) { sum, row in
        let tick = counts(Double(row.offset), 6, 0, 0)
        return sum + row.element
          * exp(test(settings(), [tick], Strand("e", standard: .limit(limit))).logWorse)
      }
      #expect(abs(mean - 1) < 1e-9, "limit \(limit): \(mean)")
    }
  }

  private func randomTicks(_ random: inout SystemRandomNumberGenerator, count: Int = 6) -> [TickCounts] {
    (0..<count).map { _ in
      let (canary, primary) = (
        Double.random(in: 1...500, using: &random).rounded(),
        Double.random(in: 1...5000, using: &random).rounded()
      )
      return counts(
        (canary * .random(in: 0...0.1, using: &random)).rounded(), canary,
        (primary * .random(in: 0...0.1, using: &random)).rounded(), primary)
    }
  }

  @Test func `ticks may come in any order`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<30 {
      let ticks = randomTicks(&random)
      let (left, right) = (test(settings(), ticks), test(settings(), ticks.shuffled(using: &random)))
      #expect(abs(left.logWorse - right.logWorse) < 1e-8, "\(ticks)")
      #expect(abs(left.logNotWorse - right.logNotWorse) < 1e-8, "\(ticks)")
    }
  }

  @Test func `an error more at the canary is more evidence, at the primary less`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<50 {
      let tick = randomTicks(&random, count: 1)[0]
      guard tick.canary.errors < tick.canary.requests, tick.primary.errors < tick.primary.requests else {
        continue
      }
      let base = test(settings(), [tick])
      var more = RequestCounts(errors: tick.canary.errors + 1, requests: tick.canary.requests)
      let worse = test(settings(), [TickCounts(canary: more, primary: tick.primary)])
      #expect(worse.logWorse > base.logWorse && worse.logNotWorse < base.logNotWorse, "\(tick)")
      more = RequestCounts(errors: tick.primary.errors + 1, requests: tick.primary.requests)
      let better = test(settings(), [TickCounts(canary: tick.canary, primary: more)])
      #expect(better.logWorse < base.logWorse && better.logNotWorse > base.logNotWorse, "\(tick)")
    }
  }

  @Test func `what hits both sides is no evidence for worse`() {
    let calm = test(settings(), [counts(5, 1000, 5, 1000)])
    let outage = test(settings(), [counts(5, 1000, 5, 1000), counts(500, 1000, 500, 1000)])
    #expect(outage.logWorse < calm.logWorse && outage.decision != .worse)
  }

  // MARK: Decisions

  @Test func `worse stays, not worse is of now`() {
    var test = SequentialTest(settings(), strands: [Strand("errors")])
    #expect(test.decision == .undecided && test.pValue == 1)
    test.add([counts(40, 1000, 5, 1000)])
    #expect(test.decision == .worse)
    let value = test.pValue
    #expect(value < 0.01 && value == exp(-test.logWorse))
    for _ in 0..<20 { test.add([counts(0, 1000, 50, 1000)]) }
    #expect(test.decision == .worse && test.pValue == value && test.logWorse < 0)

    var good = SequentialTest(settings(), strands: [Strand("errors")])
    good.add([counts(5, 1000, 20, 1000)])
    #expect(good.decision == .notWorse)
    good.add([counts(30, 1000, 10, 1000)])
    #expect(good.decision != .notWorse && good.maximumLogNotWorse >= -log(0.05))
  }

  @Test func `evidence of several strands is a mean, and promotion waits for all`() {
    let strands = [
      Strand("errors"), Strand("latency", bound: 0.5), Strand("latency", bound: 2.5, isAwaited: false),
    ]
    var test = SequentialTest(settings(), strands: strands)
    let (bad, good) = (counts(40, 1000, 5, 1000), counts(5, 1000, 20, 1000))
    test.add([bad, good, counts(0, 1000, 0, 1000)])
    let mean = log((0..<3).map { exp(test.logWorse(strand: $0)) }.reduce(0, +) / 3)
    #expect(abs(test.logWorse - mean) < 1e-9)
    #expect(test.leadingStrand == 0 && test.awaitedStrand == 0)
    #expect(test.logNotWorse == test.logNotWorse(strand: 0) && test.logNotWorse(strand: 1) > -log(0.05))

    var fine = SequentialTest(settings(), strands: strands)
    fine.add([good, good, nil])
    #expect(fine.decision == .notWorse)
    // Without an error nothing is excluded.
    var silent = SequentialTest(settings(), strands: strands)
    silent.add([good, counts(0, 1000, 0, 1000), good])
    #expect(silent.decision == .undecided && silent.awaitedStrand == 1)
    #expect(SequentialTest(settings(), strands: []).decision == .undecided)
  }

  // MARK: Pods

  private func podTick(_ errors: [Double], each: Double = 300, primary: Double = 10) -> TickCounts {
    TickCounts(
      pods: errors.enumerated().map {
        PodCounts(pod: "p\($0.offset)", counts: RequestCounts(errors: $0.element, requests: each))
      },
      primary: RequestCounts(errors: primary, requests: 3000))
  }

  @Test func `one bad pod condemns nothing where three carry requests`() {
    let settings = settings()
    var test = SequentialTest(settings, strands: [Strand("errors")])
    test.add([podTick([60, 1, 1, 1])])
    #expect(test.isPodRuleApplied && test.decision == .undecided)
    #expect(test.logWorse > -log(0.01) && test.logWorseHeld < 0)
    #expect(test.condemnedPod == "p0" && test.leadingPod == "p0")
    // All of them bad: held with any one left out.
    var all = SequentialTest(settings, strands: [Strand("errors")])
    all.add([podTick([20, 20, 20, 20])])
    #expect(all.decision == .worse && all.condemnedPod == nil && all.logWorseHeld < all.logWorse)
    // Two pods: the rule is not applied, and that can be asked.
    var two = SequentialTest(settings, strands: [Strand("errors")])
    two.add([podTick([60, 1])])
    #expect(!two.isPodRuleApplied && two.decision == .worse)
  }

  @Test func `a pod left out is as if it had never been`() {
    var test = SequentialTest(settings(), strands: [Strand("errors")])
    var without = SequentialTest(settings(), strands: [Strand("errors")])
    // p3 comes late, p1 goes; the others change places.
    let ticks: [[(String, Double)]] = [
      [("p0", 3), ("p1", 4)], [("p1", 2), ("p0", 7), ("p2", 1)], [("p2", 5), ("p3", 9), ("p0", 0)],
      [("p0", 1), ("p2", 2), ("p3", 3)],
    ]
    for left in ["p0", "p1", "p2", "p3"] {
      test = SequentialTest(settings(), strands: [Strand("errors")])
      without = test
      for tick in ticks {
        let pods = tick.map { PodCounts(pod: $0.0, counts: RequestCounts(errors: $0.1, requests: 100)) }
        let primary = RequestCounts(errors: 6, requests: 900)
        test.add([TickCounts(pods: pods, primary: primary)])
        without.add([TickCounts(pods: pods.filter { $0.pod != left }, primary: primary)])
      }
      #expect(abs(test.logWorse(without: left) - without.logWorse) < 1e-9, "without \(left)")
    }
    #expect(test.carryingPods == ["p0", "p1", "p2", "p3"])
  }
}
