import Testing
import TimeSeries

/// What one target's scrapes bring, as snapshots show it while rows come, are sealed, and go.
struct CohortTests {
  private struct Sample: Equatable {
    var time: Int64
    var value: Double
  }

  private func samples(_ snapshot: StoreSnapshot, after: Int64 = .min, through: Int64 = .max) throws
    -> [Sample]
  {
    let rows = snapshot.select(Selection(matchers: [], after: after, through: through))
    guard !rows.labels.isEmpty else { return [] }
    let samples = try rows.samples(0)
    return (0..<samples.count).map { Sample(time: samples.timestamp($0), value: samples.values[$0]) }
  }

  @Test func `a snapshot stays as it was while rows come and go`() throws {
    var limits = StoreLimits()
    limits.retention = 300_000
    let store = Store(limits: limits)
    let cohort = store.openCohort()
    var rows = [ScrapedSeries(labels: Labels([("__name__", "m")]), value: 0)]
    var written: [Sample] = []
    var kept: [(snapshot: StoreSnapshot, samples: [Sample])] = []
    var time: Int64 = 0
    for count in 0..<3000 {
      time += Int64.random(in: 500...1500)
      rows[0].value = Double(count)
      try store.append(&rows, at: time, to: cohort)
      written.append(Sample(time: time, value: Double(count)))
      guard count % 53 == 0 else { continue }
      let snapshot = store.snapshot()
      let all = try samples(snapshot)
      #expect(all == Array(written.suffix(all.count)))
      #expect(written.dropLast(all.count).allSatisfy { $0.time < time - limits.retention! })
      for _ in 0..<5 {
        let after = Int64.random(in: time - 400_000...time)
        let through = Int64.random(in: after...time + 1000)
        let some = try samples(snapshot, after: after, through: through)
        let wanted = all.filter { $0.time > after && $0.time <= through }
        // Whole blocks come along.
        let start = wanted.first.flatMap { some.firstIndex(of: $0) } ?? 0
        #expect(Array(some.dropFirst(start).prefix(wanted.count)) == wanted)
      }
      kept.append((snapshot, all))
    }
    for (snapshot, all) in kept { #expect(try samples(snapshot) == all) }
  }

  @Test func `sealed scrapes are those that were appended, and others follow`() throws {
    let store = Store()
    let cohort = store.openCohort()
    var rows = ["1", "2"].map { ScrapedSeries(labels: Labels([(name: "a", value: $0)]), value: nil) }
    var written: [Sample] = []
    for count in 0..<300 {
      rows[0].value = Double(count) / 8
      rows[1].value = count % 3 == 0 ? nil : 1
      try store.append(&rows, at: Int64(count) * 1000, to: cohort)
      written.append(Sample(time: Int64(count) * 1000, value: Double(count) / 8))
      if count % 70 == 69 {
        let before = try samples(store.snapshot())
        store.seal(cohort)
        store.seal(cohort)
        #expect(try samples(store.snapshot()) == before)
      }
    }
    #expect(try samples(store.snapshot()) == written)
    let latest = try samples(store.snapshot(), after: 290_000, through: 295_000)
    #expect(latest.filter { $0.time > 290_000 && $0.time <= 295_000 } == Array(written[291...295]))
    #expect(store.snapshot().sampleCount == 300 + 200)
  }
}
