import Scrape
import Testing
import TimeSeries

@Suite struct LoopTests {
  /// A loop over targets named by their instance, for a stretch of virtual time.
  private func play(
    _ targets: [Target], seconds: Int64,
    _ respond: @escaping @Sendable (VirtualClock, String) async throws(HTTPFailure) -> HTTPResponse
  ) async -> (results: [(String, ScrapeResult)], events: [TargetEvent]) {
    let clock = VirtualClock(now: 1_000_000_000_000, participants: targets.count + 1)
    let results = Gathered<(String, ScrapeResult)>()
    let events = Gathered<TargetEvent>()
    let fetcher = CannedFetcher { request async throws(HTTPFailure) in
      try await respond(clock, request.url)
    }
    let loop = ScrapeLoop(
      targets, fetcher: fetcher, time: clock.source, events: { events.add($0) },
      sink: { target, result in results.add((target.url, result)) })
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await loop.run() }
      try? await clock.sleep(until: clock.now + seconds * 1000)
      group.cancelAll()
    }
    return (results.all, events.all)
  }

  private func targets(_ names: [String]) -> [Target] {
    names.map { name in
      var target = Target(url: "http://\(name)/metrics", labels: labels(("instance", name)))
      target.intervalMilliseconds = 15_000
      target.timeoutMilliseconds = 10_000
      return target
    }
  }

  private static func page(_ text: String) -> HTTPResponse {
    HTTPResponse(
      status: 200, headers: [HTTPRequest.Header("Content-Type", "text/plain")], body: Array(text.utf8))
  }

  @Test func `an hour of scraping keeps its rhythm`() async {
    let (results, _) = await play(targets(["a", "b", "c"]), seconds: 3600) { _, _ in Self.page("x 1\n") }
    for name in ["a", "b", "c"] {
      let times = results.filter { $0.0.contains("//\(name)/") && $0.1.isUp }.map(\.1.timestamp)
      // 240 scrapes, and the markers of the end at the next moment.
      #expect(times.count == 241)
      #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 15_000 })
    }
    let phases = Set(results.map { $0.1.timestamp % 15_000 })
    #expect(phases.count == 3)
    let ends = results.filter { !$0.1.stale.isEmpty }
    #expect(ends.count == 3)
  }

  @Test func `a target that is slow or fails disturbs no other`() async {
    let (results, events) = await play(targets(["good", "slow", "dead"]), seconds: 600) {
      clock, url async throws(HTTPFailure) in
      if url.contains("slow") {
        do {
          try await clock.sleep(until: clock.now + 10_000)
        } catch {
          throw HTTPFailure(.cancelled, "cancelled")
        }
        throw HTTPFailure(.timedOut, "Get \"\(url)\": context deadline exceeded")
      }
      if url.contains("dead") { throw HTTPFailure(.unreachable, "connection refused") }
      return Self.page("x 1\n")
    }
    func times(_ name: String) -> [Int64] {
      let all = results.filter { $0.0.contains("//\(name)/") }.map(\.1)
      return all.filter { !$0.report.contains { StaleMarker.isStale($0.value) } }.map(\.timestamp)
    }
    for name in ["good", "slow", "dead"] {
      let times = times(name)
      // The slow one may be in the middle of a scrape when the loop ends.
      #expect(times.count == 40 || (name == "slow" && times.count == 39), "\(name)")
      #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 15_000 })
    }
    let slow = results.first { $0.0.contains("slow") }?.1
    #expect(slow?.durationSeconds == 10 && slow?.isUp == false)
    #expect(
      events.map(\.description).sorted() == [
        "target http://dead/metrics is down: connection refused",
        "target http://good/metrics is up, 1 samples",
        "target http://slow/metrics is down: Get \"http://slow/metrics\": context deadline exceeded",
      ])
  }

  @Test func `a target that goes and comes back is told once each way`() async {
    let (results, events) = await play(targets(["a"]), seconds: 300) {
      clock, _ async throws(HTTPFailure) in
      let minute = (clock.now - 1_000_000_000_000) / 60_000
      if minute == 1 { throw HTTPFailure(.unreachable, "connection refused") }
      return Self.page("x 1\ny 2\n")
    }
    #expect(
      events.map(\.description) == [
        "target http://a/metrics is up, 2 samples",
        "target http://a/metrics is down: connection refused",
        "target http://a/metrics is back, 2 samples",
      ])
    let stale = results.filter { !$0.1.stale.isEmpty }.map(\.1.stale.count)
    #expect(stale == [2, 2])
  }

  @Test func `a scrape that takes longer than the interval skips moments`() async {
    let (results, _) = await play(targets(["a"]), seconds: 300) { clock, _ async throws(HTTPFailure) in
      do {
        try await clock.sleep(until: clock.now + 20_000)
      } catch {
        throw HTTPFailure(.cancelled, "cancelled")
      }
      return Self.page("x 1\n")
    }
    let times = results.filter { !$0.1.rows.isEmpty }.map(\.1.timestamp)
    #expect(times.count >= 9)
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 30_000 })
  }

  @Test func `identical targets are scraped once, and their health is known`() async {
    let loop = ScrapeLoop(
      targets(["a", "b", "a"]), fetcher: CannedFetcher { _ in Self.page("x 1\n") }, sink: { _, _ in })
    #expect(loop.targets.map(\.url) == ["http://a/metrics", "http://b/metrics"])
    #expect(loop.statuses.map(\.health) == [.unknown, .unknown])
  }

  @Test func `a loop fills a store`() async throws {
    let store = Store()
    let clock = VirtualClock(now: 0, participants: 2)
    let fetcher = CannedFetcher { _ in Self.page("# HELP x it\nx 1\n") }
    let loop = ScrapeLoop(targets(["a"]), fetcher: fetcher, time: clock.source, into: store)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await loop.run() }
      try? await clock.sleep(until: 150_000)
      group.cancelAll()
    }
    let all = store.snapshot().select(
      Selection(matchers: [LabelMatcher("instance", equals: "a")], after: .min, through: .max))
    #expect(
      all.labels.map(\.metricName) == [
        "scrape_duration_seconds", "scrape_samples_post_metric_relabeling", "scrape_samples_scraped",
        "scrape_series_added", "up", "x",
      ])
    for row in all.labels.indices {
      let samples = try all.samples(row)
      #expect(samples.count == 11 && samples.staleMarkers == [10])
    }
    #expect(loop.statuses.first?.health == .up)
    #expect(loop.statuses.first?.families == [MetricFamily(name: "x", help: "it")])
  }

  @Test func `a faster wall clock runs faster`() async throws {
    let source = TimeSource.wall(speed: 100)
    let start = source.now()
    try await source.sleep(start + 5000)
    #expect(source.now() - start >= 5000)
  }
}
