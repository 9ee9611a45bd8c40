private import Synchronization
public import TimeSeries

/// Scrapes targets at their intervals until its task is cancelled.
///
/// Every target has a task, a phase and a state of its own: one that is slow or fails disturbs no
/// other, and a scrape never overlaps with the target's previous one. What a scrape brought goes to
/// the sink, changes of health go to `events`.
public final class ScrapeLoop: Sendable {
  /// The targets, identical ones only once.
  public let targets: [Target]
  private let fetcher: any Fetcher
  private let time: TimeSource
  private let sink: ScrapeSink
  private let events: @Sendable (TargetEvent) -> Void
  private let states: Mutex<[TargetStatus]>

  public init(
    _ targets: [Target], fetcher: any Fetcher, time: TimeSource = .wall,
    events: @escaping @Sendable (TargetEvent) -> Void = { _ in }, sink: @escaping ScrapeSink
  ) {
    var seen = Set<Identity>()
    self.targets = targets.filter { seen.insert(Identity(url: $0.url, labels: $0.labels)).inserted }
    self.fetcher = fetcher
    self.time = time
    self.events = events
    self.sink = sink
    states = Mutex(self.targets.map { TargetStatus(target: $0) })
  }

  /// Two targets with equal labels and address are one (exposition.md §12).
  private struct Identity: Hashable {
    var url: String
    var labels: Labels
  }

  /// How the targets are doing, in their order.
  public var statuses: [TargetStatus] { states.withLock { $0 } }

  /// Runs until the task is cancelled, then marks all series as ended, at the time of each target's
  /// next scrape that will not be.
  @concurrent
  public func run() async {
    await withTaskGroup(of: Void.self) { group in
      for index in targets.indices {
        group.addTask { await self.run(target: index) }
      }
    }
  }

  @concurrent
  private func run(target index: Int) async {
    let target = targets[index]
    let schedule = Schedule(target)
    var scraper = Scraper(target: target)
    var due = schedule.moment(notBefore: time.now())
    do {
      while true {
        try await time.sleep(due)
        let started = time.now()
        let timestamp = schedule.timestamp(due: due, started: started)
        guard let result = await scrape(&scraper, at: timestamp) else { break }
        note(result, scraper.families, index)
        await sink(target, result)
        // Moments that passed meanwhile are skipped.
        due = schedule.moment(notBefore: max(due &+ 1, time.now()))
      }
    } catch {
      // Only cancellation ends a sleep early.
    }
    await sink(target, scraper.end(at: due))
  }

  /// One scrape; nil when it was cancelled on the way.
  private func scrape(_ scraper: inout Scraper, at timestamp: Int64) async -> ScrapeResult? {
    let began = time.seconds()
    let answer: Result<HTTPResponse, HTTPFailure>
    do {
      answer = .success(try await fetcher.fetch(scraper.target.request(speed: time.speed)))
    } catch {
      if error.kind == .cancelled { return nil }
      answer = .failure(error)
    }
    return scraper.scrape(answer, at: timestamp) { time.seconds() - began }
  }

  private func note(_ result: ScrapeResult, _ families: [MetricFamily], _ index: Int) {
    let before = states.withLock { states in
      let before = states[index].health
      states[index].health = result.isUp ? .up : .down
      states[index].lastScrape = result.timestamp
      states[index].lastDurationSeconds = result.durationSeconds
      states[index].lastFailure = result.failure
      states[index].families = families
      return before
    }
    let kind: TargetEvent.Kind
    switch (before, result.failure) {
    case (.unknown, nil): kind = .found(samples: result.samplesScraped)
    case (.down, nil): kind = .returned(samples: result.samplesScraped)
    case (.unknown, .some(let failure)), (.up, .some(let failure)): kind = .lost(failure)
    case (.up, nil), (.down, .some): return
    }
    events(TargetEvent(target: targets[index], time: result.timestamp, kind: kind))
  }
}

extension ScrapeLoop {
  /// A loop that writes into a store, each target as a cohort of its own. `refused` hears what the
  /// store did not take, `stored` that a target's scrape has been put in.
  public convenience init(
    _ targets: [Target], fetcher: any Fetcher, time: TimeSource = .wall, into store: Store,
    events: @escaping @Sendable (TargetEvent) -> Void = { _ in },
    refused: @escaping @Sendable (Target, StoreError) -> Void = { _, _ in },
    stored: @escaping @Sendable () -> Void = {}
  ) {
    let writers = StoreWriters(store)
    self.init(targets, fetcher: fetcher, time: time, events: events) { target, result in
      if let error = writers.write(target, result) { refused(target, error) }
      stored()
    }
  }
}

/// One writer for each target that has not ended.
private final class StoreWriters: Sendable {
  private let store: Store
  private let writers = Mutex<[Target: StoreWriter]>([:])

  init(_ store: Store) { self.store = store }

  func write(_ target: Target, _ result: ScrapeResult) -> StoreError? {
    writers.withLock { writers in
      defer { if result.isLast { writers[target] = nil } }
      return writers[target, default: StoreWriter(store, target: target)].write(result)
    }
  }
}
