import ArgumentParser
import Evaluator
import Logging
import Recording
import Scrape
import Server
import TimeSeries

/// `promgate serve`: scrapes, stores, answers the Prometheus HTTP API.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Scrapes targets and answers the Prometheus HTTP API.",
    discussion: """
      Listens on loopback unless told otherwise. With --data alone it answers from the recording; with \
      --scrape too, the recording is loaded in front of what is scraped.

      EXAMPLES
        promgate serve --scrape http://127.0.0.1:9100
        promgate serve --scrape http://127.0.0.1:8080,job=podinfo \\
          --interval 5s --listen 127.0.0.1:9091
        promgate serve --data metrics.om
        promgate serve --receive --recording metrics.rec
        promgate serve --data metrics.rec --follow
        promgate serve --scrape http://127.0.0.1:9797/metrics --gate manifests/
        promgate serve --scrape http://127.0.0.1:9797/metrics --rules 'rules/*.yml'

      Ends at SIGINT or SIGTERM with status 0; status 2 when it cannot start, or when --recording could not
      be written whole.
      """)

  @OptionGroup(title: "Scraping")
  var scraping: ScrapeArguments

  @Option(
    help: ArgumentHelp("A recording to answer from.", valueName: "path"), completion: .file())
  var data: String?

  @Option(
    help: ArgumentHelp(
      "A recording of promgate's: what it holds is served, what is scraped or pushed is appended before it "
        + "is "
        + "acknowledged, and so is there after a restart or a crash.",
      valueName: "file"),
    completion: .file())
  var recording: String?

  @Flag(help: "Goes on reading --data, a recording of promgate's, while it grows.")
  var follow = false

  @Flag(help: "Takes what others push by remote write (1.0 and 2.0) at /api/v1/write.")
  var receive = false

  @Option(
    help: ArgumentHelp(
      "Where to listen: host:port, [IPv6]:port, or :port for every interface.",
      default: .text("127.0.0.1:9090"), valueName: "address"),
    transform: ArgumentText.listenAddress)
  var listen = ListenAddress(host: "127.0.0.1", port: 9090)

  @Option(
    help: ArgumentHelp(
      "How long scraped samples are kept.", default: .duration(6 * 3_600_000), valueName: "duration"),
    transform: ArgumentText.duration)
  var retention: Int64 = 6 * 3_600_000

  @Option(
    help: ArgumentHelp(
      "The most series that are kept, up to 4,000,000.", default: .count(StoreLimits().maximumSeries),
      valueName: "count"),
    transform: ArgumentText.count)
  var maxSeries = StoreLimits().maximumSeries

  @Option(
    help: ArgumentHelp(
      "The most samples that are kept.", default: .count(StoreLimits().maximumSamples), valueName: "count"),
    transform: ArgumentText.count)
  var maxStoredSamples = StoreLimits().maximumSamples

  @Option(
    help: ArgumentHelp(
      "Manifests whose canaries are analysed from the start on; their metrics (Flagger's, and more) are on "
        + "/metrics. May be repeated.",
      valueName: "path"),
    completion: .file())
  var gate: [String] = []

  @Option(
    help: ArgumentHelp(
      "Rules in Prometheus' form, evaluated from the start on: a file, or a pattern with * and ?. May be "
        + "repeated.",
      valueName: "path"),
    completion: .file())
  var rules: [String] = []

  @Option(
    help: ArgumentHelp(
      "How often groups without an interval are evaluated.", default: .duration(15_000), valueName: "duration"
    ),
    transform: ArgumentText.duration)
  var evaluationInterval: Int64 = 15_000

  @OptionGroup(title: "Judging")
  var judging: JudgeArguments

  @OptionGroup(title: "Webhooks, notifications and state of --gate")
  var effects: EffectArguments

  @OptionGroup(title: "Security")
  var door: DoorArguments

  @OptionGroup(title: "Logging")
  var logging: LogArguments

  @OptionGroup(title: "Answering")
  var answering: AnswerArguments

  @OptionGroup(title: "Evaluation")
  var evaluation: EvaluationArguments

  @OptionGroup(title: "Recordings")
  var recordings: DataArguments

  func validate() throws {
    guard
      !scraping.scrape.isEmpty || receive || data != nil || recordings.remoteRead != nil || recording != nil
    else {
      throw ValidationError(
        "nothing to serve: give --scrape URL, --receive, --recording FILE, --data PATH or --remote-read URL")
    }
    if recording != nil, data != nil || recordings.remoteRead != nil {
      throw ValidationError("--recording excludes --data and --remote-read: it is both read and written")
    }
    if follow {
      guard data != nil, scraping.scrape.isEmpty, !receive else {
        throw ValidationError("--follow goes with --data PATH, without --scrape and --receive")
      }
    }
    if !scraping.scrape.isEmpty || receive, recordings.remoteRead != nil {
      throw ValidationError(
        "\(receive ? "--receive" : "--scrape") and --remote-read exclude each other: give one of them")
    }
    if !rules.isEmpty, scraping.scrape.isEmpty, !receive {
      throw ValidationError(
        "--rules are evaluated over what is scraped or pushed: give --scrape URL or --receive")
    }
    if !gate.isEmpty, scraping.scrape.isEmpty, !receive {
      throw ValidationError("--gate judges what is scraped or pushed: give --scrape URL or --receive")
    }
    if gate.isEmpty, let option = effects.given {
      throw ValidationError("\(option) is for the canaries of --gate: give --gate PATH")
    }
  }

  func run() async throws {
    let stop = StopSignal()
    let log = logging.logger
    Descriptors.raise()
    let access = try door.access(log)
    log.info("Starting promgate", metadata: ["version": "\(BuildInformation().version)"])
    let targets = try scraping.targets
    var loaded = follow ? nil : try recordings.source(data)
    let store = Store(
      limits: StoreLimits(
        maximumSeries: maxSeries, maximumSamples: maxStoredSamples, retention: retention))
    let answersFromStore = !targets.isEmpty || receive || recording != nil || follow
    let journal = try recording.map { try ServedRecording($0, into: store, retention: retention, log) }
    let followed = follow ? try FollowedRecording(data ?? "", into: store, log) : nil
    let writer =
      receive
      ? RemoteWrite(
        into: store, now: TimeSource.wall.now, memory: answering.limits.decodedBodies,
        confirm: { try journal?.commit() }) : nil
    let loadedFamilies = loaded?.facts.families ?? []
    // What is in the store is not needed a second time.
    if answersFromStore, let recording = loaded.take() { try store.load(recording) }
    let source = loaded
    let engine = evaluation.engine
    let options = answering.options(engine)
    RE2.maximumHeld = max(32 << 20, engine.memory.all / 2)
    let metrics = ServerMetrics(refusals: Refusals(log: log))
    let gates = try ServedGates(gate, effects, judge: judging.chosen, engine: engine, log)
    metrics.add(gates.metrics.families)
    let scraper = Scraping(targets, into: store, metrics: metrics, log) { journal?.commitOrWarn() }
    let ruleLoop = try RuleFiles(rules).manager(
      engine: engine, interval: evaluationInterval, into: store
    ) { journal?.commitOrWarn() }
    let surroundings = Surroundings(
      targets: { scraper.statuses },
      recorded: {
        loadedFamilies + (journal?.families ?? []) + (followed?.families ?? [])
          + (writer?.families ?? [])
      }, rules: ruleLoop, facts: facts(targets, engine))
    let series: @Sendable () -> any SeriesSource = {
      if let source { source } else { store.snapshot() }
    }
    let api = PrometheusAPI(
      options: options, now: TimeSource.wall.now, metrics: metrics, surroundings: surroundings,
      writer: writer, source: series)
    let server = try await start(api, access, metrics.refusals, log)
    log.info(
      "Listening", metadata: ["address": "\(DoorArguments.scheme(access()))://\(server.address)"])
    await stop.wait(grace: Self.grace) {
      async let judged: Void = gates.run(over: series, targets)
      async let kept: Void? = journal?.run {
        scraper.statuses.flatMap(\.families) + (writer?.families ?? [])
      }
      async let grown: Void? = followed?.run()
      async let ruled: Void? = ruleLoop?.run()
      await scraper.run()
      _ = await (judged, kept, grown, ruled)
    } ending: {
      log.info("Stopping")
      api.readiness = .stopping
      await server.stop(grace: Self.grace)
    }
    try journal?.finish()
    log.info("Stopped")
  }

  /// How long a scrape that is being read, or an answer that is being sent, may put off the end.
  private static let grace = Duration.seconds(3)

  private func facts(_ targets: [Target], _ engine: QueryEngine) -> ServerFacts {
    ServerFacts(
      started: TimeSource.wall.now(), retention: DurationText.text(milliseconds: retention),
      configuration: ServedConfiguration(targets, scraping, rules, evaluationInterval).yaml,
      flags: [
        "web.listen-address": "\(listen)",
        "storage.tsdb.retention.time": DurationText.text(milliseconds: retention),
        "query.timeout": DurationText.text(milliseconds: answering.queryTimeout),
        "query.max-concurrency": "\(answering.queryConcurrency)",
        "query.max-samples": "\(engine.options.maximumSamples)",
        "query.max-memory": "\(engine.memory.each)",
        "query.max-memory-total": "\(engine.memory.all)",
        "query.lookback-delta": DurationText.text(milliseconds: evaluation.options.lookback),
        "web.enable-remote-write-receiver": "\(receive)",
      ])
  }

  private func start(
    _ api: PrometheusAPI, _ access: @escaping @Sendable () -> ServerAccess, _ refusals: Refusals,
    _ log: Logger
  ) async throws -> HTTPServer {
    var limits = answering.limits
    let most = Descriptors.connections
    if limits.connections > most {
      log.warning(
        "--max-connections is more than the descriptors allow (ulimit -n)",
        metadata: ["asked": "\(limits.connections)", "taken": "\(most)"])
      limits.connections = most
    }
    do {
      return try await HTTPServer.start(
        at: listen, limits: limits, access: access, refusals: refusals, handler: api.respond(to:))
    } catch {
      throw ToolFailure("\(error) (--listen chooses another address)")
    }
  }
}
