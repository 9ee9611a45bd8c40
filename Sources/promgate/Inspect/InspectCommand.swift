import ArgumentParser
import PromQL
import Recording
import TimeSeries

/// `promgate inspect`: what a recording holds.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows what a recording holds.",
    discussion: """
      Reads the recording once and shows its format, how much there is of it and from when, the metrics \
      with the most series, the labels with the most values, how often was scraped, gaps, and what is \
      known to be lost. With \
      --series it shows samples instead.

      EXAMPLES
        promgate inspect metrics.om.gz
        promgate inspect /var/lib/prometheus/metrics2 --top 20
        promgate inspect metrics.om --series 'up{job="web"}' --limit 20
        promgate inspect metrics.om --format json | jq .metrics

      Exit status: 0 shown, 2 the recording is faulty.
      """)

  /// How it is written.
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Argument(help: "The recording.", completion: .file())
  var path: String?

  @Option(help: ArgumentHelp("Shows the samples of these series.", valueName: "selector"))
  var series: String?

  @Option(
    help: ArgumentHelp(
      "How many samples of each series are shown, the newest.", default: .count(10), valueName: "count"),
    transform: ArgumentText.count)
  var limit = 10

  @Option(
    help: ArgumentHelp(
      "How many metrics, labels and gaps are shown.", default: .count(10), valueName: "count"),
    transform: ArgumentText.count)
  var top = 10

  @Option(help: "How to write it.")
  var format = Format.text

  @OptionGroup(title: "Recordings")
  var recordings: DataArguments

  func run() throws {
    guard let recording = try recordings.source(path, notes: series != nil) else {
      throw ToolFailure("say what to inspect: a path, or a server with --remote-read")
    }
    do {
      if let series {
        let shown = try ShownSeries(of: recording, selector: series, limit: limit)
        return try Output.write(((format == .json ? shown.json : shown.text) + "\n").utf8)
      }
      let page = InspectionPage(
        path: path ?? recordings.remoteRead ?? "", facts: recording.facts,
        summary: try RecordingSummary(of: recording), top: top)
      try Output.write(((format == .json ? page.json : page.text) + "\n").utf8)
    } catch let error as ParseFailure {
      throw ToolFailure("--series: \(error)")
    } catch let error as RecordingError {
      throw ToolFailure("\(error)")
    }
  }
}
