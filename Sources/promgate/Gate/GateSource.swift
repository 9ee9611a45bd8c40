import Evaluator
import Gate
import Logging
import Manifests
import Recording
import Scrape
import Server
import TimeSeries

/// Where a gate's metrics come from, and the time that goes with them.
struct GateSource {
  private enum Origin {
    case live([Target], Store)
    case recording(RecordedSeries, start: Int64)
    case server(RemoteEvidence, start: Int64?)
    case remote(RecordedSeries, start: Int64?)
  }

  private let origin: Origin

  private let log: Logger
  let engine: QueryEngine
  /// Whether the judge wants to know what each answer stands on.
  private let countsBasis: Bool

  init(_ command: GateCommand, _ rollout: Rollout, _ log: Logger) throws {
    self.log = log
    engine = command.evaluation.engine
    countsBasis = command.judging.chosen.needs.contains(.basis)
    if let path = command.data {
      let series = try command.recordings.open(path)
      guard let range = series.facts.timeRange else {
        throw ToolFailure("\(path): the recording holds no samples")
      }
      origin = .recording(series, start: command.start ?? range.lowerBound)
    } else if let remote = try command.recordings.source(nil) {
      origin = .remote(remote, start: command.start)
    } else if let server = command.prometheus {
      origin = try Self.server(server, command, rollout)
    } else {
      origin = .live(try command.scraping.targets, Store())
    }
  }

  /// Whether the metrics are those of now.
  var isLive: Bool {
    switch origin {
    case .live, .server(_, nil), .remote(_, nil): true
    case .recording, .server(_, _?), .remote(_, _?): false
    }
  }

  /// The series that queries from outside are answered from; a server's are its own.
  var series: any SeriesSource {
    switch origin {
    case .live(_, let store): store.snapshot()
    case .recording(let series, _), .remote(let series, _): series
    case .server: Store().snapshot()
    }
  }

  /// Runs the body with what its run asks and with the clock of these metrics; targets are scraped until
  /// the body ends.
  func run(
    _ rollout: Rollout,
    _ body: (_ evidence: any EvidenceSource, _ clock: any GateClock) async throws -> GateEnd
  ) async throws -> GateEnd {
    let past = { (start: Int64?) -> any GateClock in
      if let start { SimulatedClock(start) } else { SourceClock(source: .wall) }
    }
    switch origin {
    case .recording(let series, let start):
      let last = series.facts.timeRange?.upperBound
      let evidence = LocalEvidence(engine: engine, lastTime: last, countsBasis: countsBasis) { series }
      return try await body(evidence, SimulatedClock(start))
    case .server(let evidence, let start): return try await body(evidence, past(start))
    case .remote(let series, let start):
      return try await body(LocalEvidence(engine: engine, countsBasis: countsBasis) { series }, past(start))
    case .live(let targets, let store):
      let pause = LogPause()
      let loop = ScrapeLoop(
        targets, fetcher: HTTPClient(), into: store,
        events: { [log] in $0.log(to: log) },
        refused: { [log] target, error in
          guard let heldBack = pause.heldBack(target.url) else { return }
          log.refused(error, of: target, heldBack: heldBack)
        })
      let scraping = Task { await loop.run() }
      defer { scraping.cancel() }
      let evidence = LocalEvidence(engine: engine, countsBasis: countsBasis) { store.snapshot() }
      return try await body(evidence, try await Self.clock(for: rollout, targets, log))
    }
  }

  /// The wall clock, once the first check of the rollout will find two scrapes of each target: the third
  /// tick is the first to measure, and a rate needs two.
  static func clock(for rollout: Rollout, _ targets: [Target], _ log: Logger) async throws -> any GateClock {
    let clock = SourceClock(source: .wall)
    let interval = targets.map(\.intervalMilliseconds).max() ?? 0
    let wait = 2 * (interval - rollout.interval.milliseconds)
    if wait > 0 {
      log.info(
        "The analysis begins later, so that its first check finds two scrapes of each target",
        metadata: ["canary": "\(rollout.title)", "seconds": "\(wait / 1000)"])
      try await clock.sleep(until: clock.now() + wait)
    }
    return clock
  }

  // MARK: Origins

  private static func server(
    _ text: String, _ command: GateCommand, _ rollout: Rollout
  ) throws(ToolFailure) -> Origin {
    let arguments = command.recordings.server
    var headers = arguments.header.map { MetricsServer.Header(name: $0.name, value: $0.value) }
    let access = try arguments.access()
    if let value = access.authorization.headerValue {
      headers.append(MetricsServer.Header(name: "Authorization", value: value))
    }
    let server: RemoteEvidence.Server
    if text == "canary" {
      try checkServers(of: rollout, headers)
      server = .ofEachCheck
    } else {
      do {
        server = .one(try PrometheusAddress(text), headers: headers)
      } catch {
        throw ToolFailure("--prometheus: \(error)")
      }
    }
    let start = command.start
    let client = HTTPClient()
    let evidence = RemoteEvidence(
      server, sendsTime: start != nil, countsRequests: command.judging.chosen.needs.contains(.basis),
      now: TimeSource.wall.now
    ) { query in
      var request = HTTPRequest(
        .get, query.url, headers: query.headers.map { HTTPRequest.Header($0.name, $0.value) })
      request.timeoutMilliseconds = HTTPQuery.timeout
      request.usesEnvironmentProxy = true
      request.access.certificateFile = access.certificateFile
      request.access.verifiesCertificates = access.verifiesCertificates && !query.skipsTLSVerification
      let response = try await client.fetch(request)
      return HTTPAnswer(status: response.status, reason: response.reason, body: response.body)
    }
    return .server(evidence, start: start)
  }

  /// The addresses that the manifests name have to be usable, and their secrets are in the cluster.
  private static func checkServers(
    of rollout: Rollout, _ headers: [MetricsServer.Header]
  ) throws(ToolFailure) {
    if !headers.isEmpty { throw ToolFailure("--header wants one server: --prometheus URL") }
    for check in rollout.checks where check.sentQuery != nil {
      if let secret = check.server.secret {
        throw ToolFailure(
          "metric \(check.metric) needs the secret \(secret), which only the cluster has; "
            + "use --prometheus URL --header 'Authorization: …'")
      }
      do {
        _ = try PrometheusAddress(check.server.address)
      } catch {
        throw ToolFailure("metric \(check.metric): \(error)")
      }
    }
  }
}

/// The scrape loop's clock as the gate sees it.
struct SourceClock: GateClock {
  var source: TimeSource

  func now() -> Int64 { source.now() }
  func sleep(until time: Int64) async throws { try await source.sleep(time) }
}
