import Logging
import Scrape
import Server
import Synchronization
import TimeSeries

/// The scraping of `promgate serve`: the loop, its events in the log, its counts.
struct Scraping: Sendable {
  private let loop: ScrapeLoop

  /// A loop over the targets that writes into the store and is counted in the metrics. `stored` is called
  /// when a scrape has been put in.
  init(
    _ targets: [Target], into store: Store, metrics: ServerMetrics, _ log: Logger,
    stored: @escaping @Sendable () -> Void = {}
  ) {
    let counts = ScrapeCounts()
    let pause = LogPause()
    let loop = ScrapeLoop(
      targets, fetcher: CountingFetcher(HTTPClient(), counts), into: store,
      events: { $0.log(to: log) },
      refused: { target, error in
        counts.refused.add(1, ordering: .relaxed)
        guard let heldBack = pause.heldBack(target.url) else { return }
        log.refused(error, of: target, heldBack: heldBack)
      }, stored: stored)
    self.loop = loop
    metrics.add { Self.families(store.snapshot()) + counts.families + [Self.health(loop.statuses)] }
  }

  /// How each target is doing.
  var statuses: [TargetStatus] { loop.statuses }

  /// Scrapes until the task is cancelled.
  @Sendable
  func run() async { await loop.run() }

  private static func families(_ snapshot: StoreSnapshot) -> [OwnMetric] {
    [
      OwnMetric("promgate_store_series", .gauge, help: "Series kept.", Double(snapshot.seriesCount)),
      OwnMetric("promgate_store_samples", .gauge, help: "Samples kept.", Double(snapshot.sampleCount)),
      OwnMetric(
        "promgate_store_bytes", .gauge, help: "What samples, series and their index take.",
        Double(snapshot.byteCount)),
    ]
  }

  private static func health(_ statuses: [TargetStatus]) -> OwnMetric {
    OwnMetric(
      "promgate_targets", .gauge, help: "Targets by health.",
      samples: [TargetStatus.Health.up, .down, .unknown].map { health in
        let count = statuses.count { $0.health == health }
        return OwnMetric.Sample(labels: [("health", health.rawValue)], Double(count))
      })
  }
}

extension TargetEvent {
  /// Logs what happened to the target.
  func log(to log: Logger) {
    let target: Logger.Metadata.Value = "\(HTTPAddress.redacted(self.target.url))"
    switch kind {
    case .found(let samples):
      log.info("Target is up", metadata: ["target": target, "samples": "\(samples)"])
    case .lost(let failure):
      log.warning("Target is down", metadata: ["target": target, "err": "\(failure)"])
    case .returned(let samples):
      log.info("Target is back", metadata: ["target": target, "samples": "\(samples)"])
    }
  }
}

extension Logger {
  /// Logs that not everything of a scrape was stored.
  func refused(_ error: StoreError, of target: Target, heldBack: Int) {
    var fields: Metadata = ["target": "\(HTTPAddress.redacted(target.url))", "err": "\(error)"]
    if heldBack > 0 { fields["not_logged"] = "\(heldBack)" }
    warning("Scrape not stored", metadata: fields)
  }
}

/// What became of scrapes.
private final class ScrapeCounts: Sendable {
  let sent = Atomic<Int>(0)
  let unanswered = Atomic<Int>(0)
  let refused = Atomic<Int>(0)

  var families: [OwnMetric] {
    [
      OwnMetric(
        "promgate_scrapes", .counter, help: "Scrapes sent to targets.",
        Double(sent.load(ordering: .relaxed))),
      OwnMetric(
        "promgate_scrapes_unanswered", .counter, help: "Scrapes that got no answer.",
        Double(unanswered.load(ordering: .relaxed))),
      OwnMetric(
        "promgate_scrapes_refused", .counter,
        help: "Scrapes of which the store did not take everything.",
        Double(refused.load(ordering: .relaxed))),
    ]
  }
}

/// Counts the requests on their way.
private struct CountingFetcher: Fetcher {
  private let fetcher: any Fetcher
  private let counts: ScrapeCounts

  init(_ fetcher: any Fetcher, _ counts: ScrapeCounts) {
    self.fetcher = fetcher
    self.counts = counts
  }

  func fetch(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    counts.sent.add(1, ordering: .relaxed)
    do {
      return try await fetcher.fetch(request)
    } catch {
      counts.unanswered.add(1, ordering: .relaxed)
      throw error
    }
  }
}
