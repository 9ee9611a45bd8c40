import ArgumentParser
import Gate
import Recording
import TimeSeries

/// `promgate replay`: what an analysis would have decided.
struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Shows what a canary's analysis would have decided over recorded metrics.",
    discussion: """
      Steps through the analysis tick by tick: the weight, each check with its value, bound and margin, \
      what it stands on, and how it ends. Without a time it starts at each rollout that the recording \
      shows (pods of a new revision appear), or at its first sample where it shows none.

      EXAMPLES
        promgate replay -f manifests/ --data prometheus-data/
        promgate replay -f manifests/ --data metrics.om \\
          --start 2026-07-01T10:00:00Z --sweep
        promgate replay -f manifests/ --remote-read http://prometheus:9090 \\
          --from 2026-07-01T00:00:00Z --to 2026-07-02T00:00:00Z --every 5m
        promgate replay -f manifests/ --data metrics.om \\
          --format html --output replay.html

      WEBHOOKS are not called. Those on which the promotion hangs (confirm-rollout, \
      confirm-traffic-increase, confirm-promotion; without metrics every test) end the replay undecided, \
      unless --webhooks skip takes them as passed; others hold nothing up. Pods count as ready.

      Exit status: 0 promoted (every time), 1 rolled back (at least once), 2 could not do it, 3 undecided.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, junit, markdown, html
  }

  @OptionGroup(title: "Canary")
  var canary: RolloutArguments

  @Option(help: ArgumentHelp("The recording to replay.", valueName: "path"), completion: .file())
  var data: String?

  @Option(
    help: ArgumentHelp(
      "When the analysis begins: Unix seconds or RFC 3339 (default: at each rollout in it).",
      valueName: "time"),
    transform: ArgumentText.time)
  var start: Int64?

  @Option(
    help: ArgumentHelp(
      "Replays from every start time on from here; by default, the first sample.", valueName: "time"),
    transform: ArgumentText.time)
  var from: Int64?

  @Option(
    help: ArgumentHelp("The last start time; by default, the last sample.", valueName: "time"),
    transform: ArgumentText.time)
  var to: Int64?

  @Option(
    help: ArgumentHelp(
      "Time between two start times; by default, the analysis' interval.", valueName: "duration"),
    transform: ArgumentText.duration)
  var every: Int64?

  @Flag(
    help: "Shows how sure the verdict is: other phases, bounds, windows, thresholds, a pod less, and chance.")
  var sweep = false

  @OptionGroup(title: "Judging")
  var judging: JudgeArguments

  @Option(
    help: ArgumentHelp(
      "skip: webhooks that confirm count as passed (default: a replay ends there, undecided).",
      valueName: "skip"))
  var webhooks: EffectArguments.Webhooks?

  @Option(help: "How to write the report: text, json, junit, markdown or html.")
  var format = Format.text

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("A file for the report, instead of standard output.", valueName: "path"),
    completion: .file())
  var output: String?

  @Flag(help: "Shows Flagger's event texts at each tick (text).")
  var events = false

  @OptionGroup(title: "Evaluation")
  var evaluation: EvaluationArguments

  @OptionGroup(title: "Recordings")
  var recordings: DataArguments

  func validate() throws {
    if data == nil, recordings.remoteRead == nil {
      throw ValidationError("say what to replay: --data PATH or --remote-read URL")
    }
    if start != nil, from != nil || to != nil || every != nil {
      throw ValidationError("--start is one time; --from, --to and --every are many: give one or the others")
    }
    if let from, let to, to < from { throw ValidationError("--to lies before --from") }
    if webhooks == .call { throw ValidationError("a replay calls no webhooks: --webhooks skip, or nothing") }
  }

  func run() async throws {
    let found = try canary.read()
    guard let source = try recordings.source(data) else { throw ToolFailure("nothing to replay") }
    let starts = try ReplayStarts(self, found.rollout, source)
    var player = ReplayPlayer(
      rollout: found.rollout, judge: judging.chosen, source: source, engine: evaluation.engine,
      lastTime: starts.lastTime, uncalled: EffectArguments.Webhooks.uncalled(webhooks))
    player.drawsCurves = format == .html
    let runs = await player.runs(starts.list)
    var report = ReplayReport(
      found.rollout, judge: judging.chosen, uncalled: player.uncalled, runs: runs)
    if sweep { report.sweep = player.sweep(report.telling, found) }
    try write(report)
    if report.verdict.exitCode != 0 { throw ExitCode(report.verdict.exitCode) }
  }

  private func write(_ report: ReplayReport) throws(ToolFailure) {
    let terminal = Terminal.standardOutput
    let text =
      switch format {
      case .text:
        ReplayText(
          report, usesColor: output == nil && terminal.usesColor, width: min(120, terminal.columns),
          showsEvents: events
        ).text
      case .json: ReplayJSON(report).text
      case .junit: ReplayJUnit.render(report)
      case .markdown: ReplayMarkdown(report).text
      case .html: ReplayHTML(report).text
      }
    guard let output else { return try Output.write(text.utf8) }
    try Output.write(text.utf8, toFile: output)
    Output.note("\(report.verdict.rawValue): the report is in \(output)")
  }
}
