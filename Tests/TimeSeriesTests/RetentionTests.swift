import Testing
import TimeSeries

/// What is older than retention goes, wherever it lies, and what holds nothing leaves nothing behind.
struct RetentionTests {
  /// What a store says of itself.
  private struct Size: CustomStringConvertible {
    var series: Int
    var samples: Int
    var bytes: Int
    var places: (series: Int, cohorts: Int)

    init(_ store: Store) {
      let snapshot = store.snapshot()
      series = snapshot.seriesCount
      samples = snapshot.sampleCount
      bytes = snapshot.byteCount
      places = snapshot.places
    }

    var description: String {
      "\(series) series, \(samples) samples, \(bytes) bytes, \(places.series) and \(places.cohorts) places"
    }
  }

  private enum Road: CaseIterable { case scraped, pushed, both }

  private static let minute: Int64 = 60_000

  /// A pod that lives for a while, and what it exports.
  private struct Pod {
    var cohort: CohortReference
    var scraped: [ScrapedSeries]
    var pushed: [PushedSeries]

    init(_ number: Int, _ road: Road, _ store: Store) {
      func labels(_ way: String) -> [Labels] {
        (0..<4).map { Labels([("__name__", "m\($0)"), ("pod", "pod-\(number)"), ("way", way)]) }
      }
      cohort = store.openCohort("http://pod-\(number)/metrics")
      scraped = road == .pushed ? [] : labels("scraped").map { ScrapedSeries(labels: $0, value: 0) }
      pushed = road == .scraped ? [] : labels("pushed").map { PushedSeries(labels: $0, samples: []) }
    }

    mutating func report(_ value: Double, at time: Int64, to store: Store) throws {
      if !scraped.isEmpty {
        for series in scraped.indices { scraped[series].value = value }
        try store.append(&scraped, at: time, to: cohort)
      }
      if !pushed.isEmpty {
        for series in pushed.indices {
          pushed[series].samples = [StoredSample(timestamp: time, .float(value))]
        }
        #expect(store.append(&pushed, allOrNone: true).refusals.isEmpty)
      }
    }
  }

  /// Two hundred pods a day, each for 80 minutes; retention is three hours.
  @Test(arguments: Road.allCases) private func `a week of pods leaves no more than a day of them`(
    _ road: Road
  ) throws {
    let store = Store(limits: StoreLimits(retention: 180 * Self.minute))
    let (podsADay, life, step) = (200, 80, Int64(4))
    var pods: [Int: Pod] = [:]
    var largest: [Size] = []
    var steady = Pod(-1, road, store)
    for day in 0..<7 {
      var peak: Size?
      for minute in stride(from: Int64(day) * 1440, to: Int64(day + 1) * 1440, by: Int64.Stride(step)) {
        let first = max(0, (Int(minute) - life) * podsADay / 1440 + 1)
        let last = Int(minute) * podsADay / 1440
        pods = pods.filter { $0.key >= first }
        for number in first...max(first, last) {
          try pods[number, default: Pod(number, road, store)].report(
            Double(minute), at: minute * Self.minute, to: store)
        }
        try steady.report(1, at: minute * Self.minute + 1, to: store)
        guard minute % 60 == 0 else { continue }
        let size = Size(store)
        if size.samples > peak?.samples ?? 0 { peak = size }
        // Whoever is left has samples that may be asked for.
        let all = store.snapshot().select(Selection(matchers: [], after: .min, through: .max))
        #expect(all.count == size.series)
        let cutoff = (minute - 180 - 180 / 8 - 180 / 64 - 8) * Self.minute
        for row in stride(from: 0, to: all.count, by: 7) {
          let samples = try all.samples(row)
          #expect(samples.count > 0 && samples.timestamp(0) > cutoff)
        }
      }
      largest.append(try #require(peak))
    }
    // The first day fills up; later ones are alike.
    let (second, last) = (largest[1], largest[6])
    #expect(last.series <= second.series && last.samples <= second.samples, "\(largest)")
    #expect(Double(last.bytes) <= 1.05 * Double(second.bytes), "\(largest)")
    #expect(last.places.series <= second.places.series, "\(largest)")
    #expect(last.places.cohorts <= 60, "\(largest)")
    #expect(last.series < 2 * 60 * 4, "\(largest)")
  }

  @Test func `a series that moves from target to target is found, and stays in none that it left`() throws {
    let store = Store(limits: StoreLimits(retention: 60 * Self.minute))
    var rows = [ScrapedSeries(labels: Labels([("__name__", "m")]), value: 0)]
    for hour in 0..<200 as Range<Int64> {
      let cohort = store.openCohort("target \(hour)")
      for minute in 0..<60 as Range<Int64> {
        rows[0].value = Double(minute)
        try store.append(&rows, at: (hour * 60 + minute) * Self.minute, to: cohort)
      }
    }
    let size = Size(store)
    #expect(size.series == 1 && size.places.cohorts <= 4, "\(size)")
    let all = store.snapshot().select(Selection(matchers: [], after: .min, through: .max))
    #expect(try all.samples(0).count == size.samples)
    #expect((60...70).contains(size.samples), "\(size)")
  }

  @Test func `series that come and go within a target leave it`() throws {
    let store = Store(limits: StoreLimits(retention: 600 * Self.minute))
    let cohort = store.openCohort("kube-state-metrics")
    for step in 0..<1000 as Range<Int64> {
      // Half an hour between scrapes: 128 of them are longer than what is kept.
      var rows = (0..<5).map { number in
        ScrapedSeries(
          labels: Labels([("__name__", "kube_pod_info"), ("pod", "\(step / 3)-\(number)")]), value: 1)
      }
      try store.append(&rows, at: step * 30 * Self.minute, to: cohort)
    }
    let size = Size(store)
    #expect(size.series <= 5 * 10 && size.places.series <= 5 * 10 + 300, "\(size)")
    #expect(size.samples <= 5 * 24, "\(size)")
  }

  @Test func `a target that comes back goes on, under a number that another one had meanwhile`() throws {
    let store = Store(limits: StoreLimits(retention: 10 * Self.minute))
    let first = store.openCohort("first")
    var rows = [ScrapedSeries(labels: Labels([("a", "1")]), value: 1)]
    try store.append(&rows, at: 0, to: first)
    var others = [ScrapedSeries(labels: Labels([("a", "2")]), value: 2)]
    try store.append(&others, at: 30 * Self.minute, to: store.openCohort("other"))
    #expect(Size(store).series == 1)
    try store.append(&others, at: 31 * Self.minute, to: store.openCohort("third"))
    rows[0].value = 3
    try store.append(&rows, at: 32 * Self.minute, to: first)
    #expect(throws: StoreError.self) {
      try store.append(&rows, at: 32 * Self.minute, to: store.openCohort("first"))
    }
    let all = store.snapshot().select(Selection(matchers: [], after: .min, through: .max))
    #expect(all.labels == [Labels([("a", "1")]), Labels([("a", "2")])])
    #expect(try (0..<2).map { try all.samples($0).values } == [[3], [2, 2]])
  }

  @Test func `a batch that moves the time on does not lose what comes behind`() throws {
    let store = Store(limits: StoreLimits(retention: 10 * Self.minute))
    let labels = (1...2).map { Labels([("a", "\($0)")]) }
    var batch = labels.map { PushedSeries(labels: $0, samples: [StoredSample(timestamp: 0, .float(1))]) }
    #expect(store.append(&batch, allOrNone: true).floats == 2)
    for series in batch.indices {
      batch[series].samples = [StoredSample(timestamp: 30 * Self.minute, .float(Double(series)))]
    }
    #expect(store.append(&batch, allOrNone: true).floats == 2)
    let all = store.snapshot().select(Selection(matchers: [], after: .min, through: .max))
    #expect(all.labels == labels)
    #expect(try (0..<2).map { try all.samples($0).values.last } == [0, 1])
  }

  @Test func `a scrape that a limit refuses leaves no series`() throws {
    let store = Store(limits: StoreLimits(maximumSeries: 3))
    let cohort = store.openCohort("t")
    var rows = (0..<5).map { ScrapedSeries(labels: Labels([("a", "\($0)")]), value: 1) }
    #expect(throws: StoreError.tooManySeries(limit: 3)) { try store.append(&rows, at: 0, to: cohort) }
    #expect(Size(store).series == 0)
    rows = Array(rows[2...])
    try store.append(&rows, at: 1, to: cohort)
    #expect(Size(store).series == 3)
  }
}
