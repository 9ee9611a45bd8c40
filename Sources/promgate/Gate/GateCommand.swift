import ArgumentParser
import Evaluator
import Gate
import Logging
import Manifests
import Scrape
import Server
import TimeSeries

/// `promgate gate`: runs one canary's analysis to its end.
struct GateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate",
    abstract: "Runs a canary's analysis to its end: may it go on?",
    discussion: """
      Judges as Flagger 1.44 does, over metrics that promgate scrapes itself, over a recording, or \
      over what a Prometheus server answers. A recording is judged as fast as it can be read.

      EXAMPLES
        promgate gate -f canary.yaml -f latency.yaml \\
          --scrape http://127.0.0.1:9797/metrics
        promgate gate -f manifests/ --data metrics.om --format json
        promgate gate -f manifests/ --prometheus http://prometheus:9090 \\
          --on-weight 'kubectl -n test patch … "$PROMGATE_WEIGHT" …'

      WEBHOOKS are called, and the canary's alerts sent, when the metrics are live. Over a recording they \
      are not, and one on which the promotion hangs ends the run undecided. --webhooks skip leaves all out \
      and takes them as passed.

      COMMANDS
        The command of --on-weight runs in a shell at each change of the weights, with \
      PROMGATE_WEIGHT, PROMGATE_PRIMARY_WEIGHT, PROMGATE_MIRRORED (true or false), PROMGATE_PHASE, \
      PROMGATE_CANARY, PROMGATE_NAMESPACE and PROMGATE_TARGET in its environment. Its failure ends \
      the run.

      Exit status: 0 promoted, 1 rolled back, 2 could not do it, 3 undecided (nothing was measured).
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  @OptionGroup(title: "Canary")
  var canary: RolloutArguments

  @OptionGroup(title: "Scraping")
  var scraping: ScrapeArguments

  @Option(help: ArgumentHelp("A recording to judge.", valueName: "path"), completion: .file())
  var data: String?

  @Option(
    help: ArgumentHelp(
      "A Prometheus server to ask, or `canary` for those that the manifests name.", valueName: "url"))
  var prometheus: String?

  @Option(
    help: ArgumentHelp(
      "When the analysis begins, for a recording or a server's past.",
      discussion: "Unix seconds or RFC 3339. By default it is the first sample of the recording.",
      valueName: "time"),
    transform: ArgumentText.time)
  var start: Int64?

  @OptionGroup(title: "Judging")
  var judging: JudgeArguments

  @Option(help: "How to write the report: text, or json (one object a line).")
  var format = Format.text

  @Option(
    help: ArgumentHelp(
      "Answers the Prometheus API and /metrics (Flagger's own, too) here while the analysis runs.",
      valueName: "address"),
    transform: ArgumentText.listenAddress)
  var listen: ListenAddress?

  @OptionGroup(title: "Webhooks, notifications and state")
  var effects: EffectArguments

  @OptionGroup(title: "Logging")
  var logging: LogArguments

  @OptionGroup(title: "Evaluation")
  var evaluation: EvaluationArguments

  @OptionGroup(title: "Recordings")
  var recordings: DataArguments

  /// One source of metrics, and no flag that it has no use for.
  func validate() throws {
    let sources = [
      scraping.scrape.isEmpty ? nil : "--scrape", data.map { _ in "--data" },
      prometheus.map { _ in "--prometheus" }, recordings.remoteRead.map { _ in "--remote-read" },
    ].compactMap { $0 }
    guard sources.count == 1 else {
      throw ValidationError(
        sources.isEmpty
          ? "say where the metrics come from: --scrape URL, --data PATH, --remote-read URL or --prometheus "
            + "URL"
          : "\(sources.joined(separator: " and ")) exclude each other: give one of them")
    }
    if start != nil, !scraping.scrape.isEmpty {
      throw ValidationError("--start is for what is past: use it with --data or --prometheus")
    }
    if !recordings.server.header.isEmpty, prometheus == nil, recordings.remoteRead == nil {
      throw ValidationError("--header wants --prometheus or --remote-read")
    }
  }

  func run() async throws {
    let found = try canary.read(acceptsForeignQueries: prometheus != nil)
    let rollout = found.rollout
    let log = logging.logger
    let source = try GateSource(self, rollout, log)
    let metrics = RolloutMetrics()
    let session = try GateSession(
      rollout, effects, live: source.isLive, state: effects.state.map(StateFile.init(path:)),
      metrics: metrics, log)
    let judge = judging.chosen
    let report = GateOutput(rollout, judge, format)
    try report.start(found.forecast, notDone: session.notDone)
    let endpoint = try await endpoint(source, metrics, log)
    let end = try await StopSignal().cancel {
      try await source.run(rollout) { evidence, clock in
        try await session.run(judge, over: evidence, clock: clock) { try report.tick($0) }
      }
    }
    // The verdict first: receivers may take their time.
    let told = Result { try report.end(end) }
    await session.finish()
    await endpoint?.stop()
    try told.get()
    if end.verdict.exitCode != 0 { throw ExitCode(end.verdict.exitCode) }
  }
}

extension GateCommand {
  /// The endpoint of `--listen`, started; nil without.
  private func endpoint(
    _ source: GateSource, _ metrics: RolloutMetrics, _ log: Logger
  ) async throws -> HTTPServer? {
    guard let listen else { return nil }
    let own = ServerMetrics(refusals: Refusals(log: log))
    own.add(metrics.families)
    var options = PrometheusAPI.Options()
    options.evaluation = evaluation.options
    options.features = evaluation.features
    options.memory = source.engine.memory
    let api = PrometheusAPI(
      options: options, now: TimeSource.wall.now, metrics: own
    ) { source.series }
    do {
      let server = try await HTTPServer.start(
        at: listen, limits: .ofMachine, refusals: own.refusals, handler: api.respond(to:))
      log.info("Listening", metadata: ["address": "http://\(server.address)"])
      return server
    } catch {
      throw ToolFailure("\(error) (--listen chooses another address)")
    }
  }
}

/// Writes the run to standard output as it goes.
struct GateOutput: Sendable {
  private let format: GateCommand.Format
  private let json: JSONReport
  private let text: TextReport

  init(_ rollout: Rollout, _ judge: Judge, _ format: GateCommand.Format) {
    self.format = format
    json = JSONReport(rollout, judge: judge)
    let terminal = Terminal.standardOutput
    text = TextReport(rollout, usesColor: terminal.usesColor, width: min(120, terminal.columns))
  }

  func start(_ forecast: Forecast, notDone: [String]) throws(ToolFailure) {
    try write(text.heading(forecast, notDone: notDone), json.start(forecast, notDone: notDone))
  }
  func tick(_ record: TickRecord) throws(ToolFailure) { try write(text.tick(record), json.tick(record)) }
  func end(_ end: GateEnd) throws(ToolFailure) { try write(text.ending(end), json.end(end)) }

  private func write(
    _ plain: @autoclosure () -> String, _ line: @autoclosure () -> String
  ) throws(ToolFailure) {
    switch format {
    case .text: try Output.write((plain() + "\n").utf8)
    case .json: try Output.write((line() + "\n").utf8)
    }
  }
}
