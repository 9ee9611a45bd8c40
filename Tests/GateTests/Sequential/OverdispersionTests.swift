import Foundation
import Gate
import Testing

@Suite struct OverdispersionTests {
  private func counts(_ errors: Double, _ requests: Double) -> RequestCounts {
    RequestCounts(errors: errors, requests: requests)
  }

  @Test func `φ is the quotient of the squares and the variances`() throws {
    var split = Overdispersion()
    #expect(split.value == nil)
    split.add(counts(8, 100), counts(2, 100))
    // (8 − 5)² / (10·¼)
    #expect(split.value == 3.6)
    split.add(counts(1, 100), counts(3, 300))
    // (1 − 1)² / (4·3/16) more
    #expect(try #require(split.value) == 9 / 3.25)
    let before = split
    split.add(counts(.nan, 100), counts(1, 100))
    split.add(counts(5, 1), counts(1, 100))
    split.add(counts(0, 0), counts(1, 100))
    #expect(split == before)
  }

  @Test func `a burst longer than a tick shows over blocks`() throws {
    var (short, long) = (Overdispersion(), Overdispersion())
    for tick in 0..<1600 {
      // Errors move to a half for 16 ticks at a time, or for one.
      let (inner, outer) = (tick % 2 == 0, tick / 16 % 2 == 0)
      short.add(counts(inner ? 6 : 4, 100), counts(inner ? 4 : 6, 100))
      long.add(counts(outer ? 6 : 4, 100), counts(outer ? 4 : 6, 100))
    }
    #expect(try #require(short.value) == 0.4)
    #expect(try #require(long.value) == 6.4)
    #expect(try JSONDecoder().decode(Overdispersion.self, from: JSONEncoder().encode(long)) == long)
  }

  @Test func `nine splits of ten are not wider, and it is at least 1`() {
    let table: [(splits: [Double], phi: Double?)] = [
      ([], nil), ([.nan], nil), ([0.3], 1), ([4], 4), ((1...10).map(Double.init), 9),
      ((1...100).map(Double.init).reversed(), 90),
      ([1, 2, .infinity], 2), ((1...11).map(Double.init), 10),
    ]
    for row in table { #expect(Overdispersion.calibrated(row.splits) == row.phi, "\(row)") }
  }

  @Test func `simulated bursts are measured as wide as they are`() throws {
    for phi in [1, 5.0] {
      var traffic = SimulatedTraffic()
      traffic.overdispersion = phi
      let measured = try #require(SequentialFigures.calibrated(traffic, splits: 30, ticks: 100, seed: 2))
      #expect(measured > phi * 0.95 && measured < phi * 1.6, "\(phi): \(measured)")
    }
  }
}
