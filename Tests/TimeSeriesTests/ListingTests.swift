import Testing
import TimeSeries

/// Names, values and counts from the index are what a look at each series finds.
struct ListingTests {
  private struct Numbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  private static func labels(_ random: inout Numbers) -> Labels {
    let pod = Int.random(in: 0..<400, using: &random)
    var pairs = [("__name__", "m\(pod % 7)"), ("pod", "pod-\(pod)"), ("zone", ["a", "b", ""][pod % 3])]
    if pod % 50 == 0 { pairs.append(("rare-\(pod)", "x")) }
    return Labels(pairs)
  }

  /// Series that came by both roads, went, and came again under the numbers of others.
  private static func store(_ random: inout Numbers, steps: Int) throws -> Store {
    let store = Store(limits: StoreLimits(retention: 100_000))
    for step in 0..<steps {
      let time = Int64(step) * 5000
      for target in 0..<3 where Bool.random(using: &random) {
        var seen = Set<Labels>()
        var rows = (0..<Int.random(in: 1...5, using: &random)).map { _ in
          ScrapedSeries(labels: labels(&random), value: Double(step))
        }.filter { seen.insert($0.labels).inserted }
        try store.append(&rows, at: time, to: store.openCohort("t\(target)-\(step / 40)"))
      }
      let pushed = PushedSeries(labels: labels(&random), samples: [StoredSample(timestamp: time, .float(1))])
      _ = store.append([pushed], allOrNone: false)
      // Each look may make an index.
      if Int.random(in: 0..<20, using: &random) == 0 { _ = store.snapshot() }
    }
    return store
  }

  private static func selections(_ random: inout Numbers, end: Int64) throws -> [Selection] {
    let matchers: [[LabelMatcher]] = [
      [], [], [LabelMatcher("zone", equals: "a")], [LabelMatcher("__name__", equals: "m3")],
      [try LabelMatcher("pod", .matches, "pod-.*5")], [LabelMatcher("zone", equals: "")],
      [try LabelMatcher("rare-50", .notEqual, ""), LabelMatcher("__name__", equals: "m1")],
      [LabelMatcher("nothing", equals: "x")],
    ]
    return matchers.map { matchers in
      let after = Int64.random(in: -5000...end, using: &random)
      let through = Int64.random(in: after...end + 5000, using: &random)
      return Bool.random(using: &random)
        ? Selection(matchers: matchers, after: after, through: through)
        : Selection(matchers: matchers, after: .min, through: .max)
    }
  }

  @Test(arguments: 1..<25 as Range<UInt64>)
  func `a store lists what its series have`(_ seed: UInt64) throws {
    var random = Numbers(state: seed)
    let steps = Int.random(in: 1...400, using: &random)
    let snapshot = try Self.store(&random, steps: steps).snapshot()
    for selection in try Self.selections(&random, end: Int64(steps) * 5000) {
      let rows = snapshot.select(selection)
      #expect(snapshot.labelNames(selection) == Listing.labelNames(of: rows), "seed \(seed): \(selection)")
      for name in ["__name__", "pod", "zone", "rare-50", "nothing"] {
        let values = snapshot.labelValues(of: Array(name.utf8), selection)
        #expect(
          values == Listing.labelValues(of: Array(name.utf8), in: rows), "seed \(seed): \(name), \(selection)"
        )
      }
    }
    for limit in [1, 3, 1000] {
      let counts = snapshot.statistics(limit: limit)
      let expected = try Listing.statistics(of: snapshot.select(.everything), limit: limit)
      #expect(counts.series == expected.series && counts.labelPairs == expected.labelPairs)
      #expect(
        counts.seriesOfMetric == expected.seriesOfMetric && counts.seriesOfPair == expected.seriesOfPair)
      #expect(counts.valuesOfName == expected.valuesOfName && counts.bytesOfName == expected.bytesOfName)
      #expect(counts.timeRange == expected.timeRange, "seed \(seed)")
    }
  }

  @Test func `the largest counts come first, alike ones by name`() {
    let series = [("a", "1"), ("a", "2"), ("b", "1"), ("b", "12"), ("c", "é")].map {
      Labels([("__name__", $0), ("v", $1)])
    }
    let store = Store()
    for labels in series { try? store.append(labels, StoredSample(timestamp: 5, .float(1))) }
    let counts = store.snapshot().statistics(limit: 2)
    func text(_ counts: [SeriesStatistics.Count]) -> [String] {
      counts.map { "\(String(decoding: $0.name, as: UTF8.self)) \($0.count)" }
    }
    #expect(counts.series == 5 && counts.labelPairs == 7 && counts.timeRange == 5...5)
    #expect(text(counts.seriesOfMetric) == ["a 2", "b 2"])
    #expect(text(counts.valuesOfName) == ["v 4", "__name__ 3"])
    #expect(text(counts.bytesOfName) == ["v 7", "__name__ 5"])
    #expect(text(counts.seriesOfPair) == ["__name__=a 2", "__name__=b 2"])
  }
}
