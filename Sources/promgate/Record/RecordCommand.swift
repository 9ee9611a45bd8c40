import ArgumentParser
import Recording
import Scrape
import Server
import TimeSeries

/// `promgate record`: captures metrics into a file.
struct RecordCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Captures metrics into a recording: by scraping, by remote read, or as somebody pushes them.",
    discussion: """
      Appends to FILE, which any other command reads with --data, also while it grows. A recording \
      that is cut or killed anywhere keeps everything before the cut; recording into it again goes on \
      behind it. Runs until SIGINT or SIGTERM, --for, or the end of what was to be read.

      EXAMPLES
        promgate record podinfo.rec --scrape http://127.0.0.1:9797 \\
          --interval 5s --for 30m
        promgate record podinfo.rec -f manifests/ \\
          --remote-read http://prometheus:9090 --last 6h
        promgate record up.rec --match 'up{job="web"}' \\
          --remote-read http://prometheus:9090 \\
          --start 2026-07-01T00:00:00Z --end 2026-07-01T06:00:00Z
        promgate record pushed.rec --receive --listen 127.0.0.1:9091
        promgate replay -f manifests/ --data podinfo.rec

      Exit status: 0 recorded, 2 could not do it.
      """)

  @Argument(help: "The recording.", completion: .file())
  var file: String

  @OptionGroup(title: "Scraping")
  var scraping: ScrapeArguments

  @OptionGroup(title: "Remote read")
  var remote: RemoteArguments

  @Option(
    name: [.customShort("f"), .customLong("file")],
    help: "Manifests whose checks say which series are read: a file, a folder, or -. May be repeated.",
    completion: .file())
  var manifests: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Series to read, beside or instead of -f; may be repeated.", valueName: "selector"))
  var match: [String] = []

  @Option(
    help: ArgumentHelp("The first time to read: Unix seconds or RFC 3339.", valueName: "time"),
    transform: ArgumentText.time)
  var start: Int64?

  @Option(
    help: ArgumentHelp("The last time to read (default: now).", valueName: "time"),
    transform: ArgumentText.time)
  var end: Int64?

  @Option(
    help: ArgumentHelp("How far to read back from --end, instead of --start.", valueName: "duration"),
    transform: ArgumentText.duration)
  var last: Int64?

  @Flag(help: "Takes what others push by remote write (1.0 and 2.0) at /api/v1/write.")
  var receive = false

  @Option(
    help: ArgumentHelp(
      "Where to listen with --receive.", default: .text("127.0.0.1:9090"), valueName: "address"),
    transform: ArgumentText.listenAddress)
  var listen = ListenAddress(host: "127.0.0.1", port: 9090)

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("How long to record; until a signal by default.", valueName: "duration"),
    transform: ArgumentText.duration)
  var duration: Int64?

  @OptionGroup(title: "Security")
  var door: DoorArguments

  @OptionGroup(title: "Evaluation")
  var evaluation: EvaluationArguments

  /// Samples stay in memory for so long: enough to tell what is out of order.
  private static let retention: Int64 = 300_000

  func validate() throws {
    let sources = [!scraping.scrape.isEmpty, remote.remoteRead != nil, receive].count { $0 }
    guard sources == 1 else {
      throw ValidationError("say what to record: one of --scrape URL, --remote-read URL and --receive")
    }
    guard remote.remoteRead != nil else {
      if !manifests.isEmpty || !match.isEmpty || start != nil || end != nil || last != nil {
        throw ValidationError("-f, --match, --start, --end and --last go with --remote-read")
      }
      return
    }
    if manifests.isEmpty, match.isEmpty {
      throw ValidationError("say which series to read: -f MANIFESTS or --match SELECTOR")
    }
    guard (start == nil) != (last == nil) else {
      throw ValidationError("say from when to read: --start TIME or --last DURATION")
    }
    if duration != nil { throw ValidationError("--for goes with --scrape and --receive") }
    if let start, let end, end < start { throw ValidationError("--end lies before --start") }
  }

  func run() async throws {
    let stop = StopSignal()
    let recording = try OpenRecording(file, LogArguments.notes)
    let progress = RecordProgress(recording.writer)
    if let failure = try await failure(stop, recording, progress) { throw failure }
    try recording.finish()
    progress.finish()
  }

  /// Records to the end; what ended it early is told after the progress line is.
  private func failure(
    _ stop: StopSignal, _ recording: OpenRecording, _ progress: RecordProgress
  ) async throws -> ToolFailure? {
    if remote.remoteRead != nil {
      let capture = try RemoteCapture(self, recording, progress)
      do {
        try await stop.cancel { try await capture.run() }
        return nil
      } catch is CancellationError {
        return nil
      } catch {
        try recording.finish()
        progress.finish()
        return ToolFailure("\(error)")
      }
    }
    let store = Store(limits: StoreLimits(retention: Self.retention))
    store.keep(recording.writer.take)
    let duration = duration
    if receive {
      let writer = RemoteWrite(
        into: store, now: TimeSource.wall.now, memory: HTTPLimits.ofMachine.decodedBodies,
        confirm: recording.commit)
      try await serve(writer, store, recording, stop, progress)
      return nil
    }
    let metrics = ServerMetrics()
    let scraper = Scraping(try scraping.targets, into: store, metrics: metrics, LogArguments.notes) {
      recording.commitOrWarn()
    }
    await stop.wait(atMost: duration) {
      await progress.run {
        recording.writer.take(families: scraper.statuses.flatMap(\.families))
      } during: {
        await scraper.run()
      }
    }
    return nil
  }

  private func serve(
    _ writer: RemoteWrite, _ store: Store, _ recording: OpenRecording, _ stop: StopSignal,
    _ progress: RecordProgress
  ) async throws {
    let refusals = Refusals(log: LogArguments.notes)
    let api = PrometheusAPI(
      options: PrometheusAPI.Options(), now: TimeSource.wall.now,
      metrics: ServerMetrics(refusals: refusals),
      surroundings: Surroundings(recorded: { writer.families }), writer: writer
    ) { store.snapshot() }
    let access = try door.access(LogArguments.notes)
    let server: HTTPServer
    do {
      server = try await HTTPServer.start(
        at: listen, limits: .ofMachine, access: access, refusals: refusals, handler: api.respond(to:))
    } catch {
      throw ToolFailure("\(error) (--listen chooses another address)")
    }
    Output.note(
      "listening on \(DoorArguments.scheme(access()))://\(server.address), remote write at /api/v1/write")
    await stop.wait(atMost: duration) {
      await progress.run {
        recording.writer.take(families: writer.families)
      } during: {
        try? await Task.sleep(for: .seconds(1 << 40))
      }
    }
    api.readiness = .stopping
    await server.stop()
  }
}
