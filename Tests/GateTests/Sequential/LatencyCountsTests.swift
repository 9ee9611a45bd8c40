import Foundation
import Gate
import Testing

@Suite struct LatencyCountsTests {
  private func classic(_ buckets: [(Double, Double)]) -> [LatencyCounts.ClassicBucket] {
    buckets.map { LatencyCounts.ClassicBucket(bound: $0.0, count: $0.1) }
  }

  @Test func `slower than a classic bucket's bound is counted, not estimated`() throws {
    let buckets = classic([(0.5, 97), (0.1, 60), (.infinity, 100), (0.25, 90)])
    for (bound, slower) in [(0.1, 40.0), (0.25, 10), (0.5, 3)] {
      #expect(try LatencyCounts.slower(than: bound, buckets) == RequestCounts(errors: slower, requests: 100))
    }
    let other = classic([(0.5, 1), (1, 2), (.infinity, 4)])
    let tick = try LatencyCounts.slower(than: 0.5, canary: buckets, primary: other)
    #expect(tick.canary.errors == 3 && tick.primary == RequestCounts(errors: 3, requests: 4))
  }

  @Test func `classic buckets that cannot be compared say why`() {
    let buckets = classic([(0.1, 60), (0.5, 97), (.infinity, 100)])
    let table: [([LatencyCounts.ClassicBucket], Double, LatencyCounts.Fault)] = [
      (buckets, 0.3, .noBucket(bound: 0.3, below: 0.1, above: 0.5)),
      (buckets, 2, .noBucket(bound: 2, below: 0.5, above: nil)),
      (buckets, .infinity, .noBucket(bound: .infinity, below: 0.5, above: nil)),
      (Array(buckets.dropLast()), 0.1, .noInfiniteBucket), ([], 0.1, .noInfiniteBucket),
      (classic([(0.1, 60), (0.5, 59), (.infinity, 100)]), 0.1, .fallingCounts(bound: 0.5)),
      (classic([(0.1, -1), (.infinity, 100)]), 0.1, .impossible),
      (classic([(0.1, .nan), (.infinity, 100)]), 0.1, .impossible),
      (classic([(.nan, 1), (.infinity, 100)]), 0.1, .impossible),
      (classic([(0.1, 1), (0.1, 1), (.infinity, 1)]), 0.1, .impossible),
    ]
    for (buckets, bound, fault) in table {
      #expect(throws: fault) { try LatencyCounts.slower(than: bound, buckets) }
      #expect(!fault.text.isEmpty)
    }
    let other = classic([(0.1, 1), (0.4, 2), (.infinity, 3)])
    #expect(throws: LatencyCounts.Fault.differentBounds(onlyCanary: [0.5], onlyPrimary: [0.4])) {
      try LatencyCounts.slower(than: 0.5, canary: buckets, primary: other)
    }
    #expect(
      LatencyCounts.Fault.differentBounds(onlyCanary: [0.5], onlyPrimary: []).text
        == "the buckets differ: only the canary has 0.5")
  }

  private func native(_ schema: Int, _ values: [Double], threshold: Double = 0) -> LatencyCounts.NativeBuckets
  {
    var counts: [Int: Double] = [:]
    for value in values where value > threshold {
      counts[Int((log2(value) * exp2(Double(schema))).rounded(.up)), default: 0] += 1
    }
    return LatencyCounts.NativeBuckets(
      schema: schema, buckets: counts.map { LatencyCounts.NativeBucket(index: $0.key, count: $0.value) },
      zeroThreshold: threshold,
      zeroCount: Double(values.filter { $0 <= threshold }.count))
  }

  @Test func `native histograms are compared at an edge that both have`() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<40 {
      let values = (0..<200).map { _ in exp(Double.random(in: -5...2, using: &random)) }
      for (ours, theirs) in [(3, 3), (5, 2), (0, 8), (-2, 1)] {
        let bound = exp(Double.random(in: -2...1, using: &random))
        let (counts, edge) = try LatencyCounts.slower(
          than: bound, canary: native(ours, values, threshold: 0.01),
          primary: native(theirs, values, threshold: 0.01))
        // The same values on both sides, at whatever resolution: the same counts, and exact ones.
        #expect(counts.canary == counts.primary && counts.canary.requests == 200)
        #expect(
          counts.canary.errors == Double(values.filter { $0 > edge }.count),
          "edge \(edge), \(ours), \(theirs)")
        let width = exp2(exp2(-Double(min(ours, theirs))))
        #expect(max(edge / bound, bound / edge) <= width.squareRoot() * (1 + 1e-12), "\(bound) \(edge)")
      }
    }
  }

  @Test func `pods and primary are compared at the coarsest schema of all`() throws {
    let values = [0.1, 0.3, 0.6, 1.1, 2.3]
    let (counts, edge) = try LatencyCounts.slower(
      than: 0.5, [native(5, values), native(0, values), native(3, values)])
    #expect(edge == 0.5 && counts == Array(repeating: RequestCounts(errors: 3, requests: 5), count: 3))
    let none: [LatencyCounts.NativeBuckets] = []
    #expect(throws: LatencyCounts.Fault.self) { try LatencyCounts.slower(than: 0.5, none) }
  }

  @Test func `native histograms that cannot be compared say why`() {
    let fine = native(3, [0.1, 0.2, 3])
    func fault(_ bound: Double, _ canary: LatencyCounts.NativeBuckets) -> LatencyCounts.Fault? {
      do {
        _ = try LatencyCounts.slower(than: bound, canary: canary, primary: fine)
        return nil
      } catch { return error }
    }
    #expect(fault(0.5, fine) == nil)
    #expect(fault(0.5, native(9, [1])) == .schema(9))
    #expect(fault(0.5, LatencyCounts.NativeBuckets(schema: -53, buckets: [])) == .schema(-53))
    #expect(
      fault(.nan, fine) != nil && fault(0, fine) != nil && fault(-1, fine) != nil
        && fault(.infinity, fine) != nil)
    #expect(fault(0.5, native(3, [1], threshold: 0.9)) == .belowZeroThreshold(0.9))
    for bucket in [(Int.min, 1.0), (Int.max, 1), (1, .nan), (1, -1), (1, .infinity)] {
      let buckets = [LatencyCounts.NativeBucket(index: bucket.0, count: bucket.1)]
      #expect(
        fault(0.5, LatencyCounts.NativeBuckets(schema: 3, buckets: buckets)) == .impossible, "\(bucket)")
    }
  }
}
