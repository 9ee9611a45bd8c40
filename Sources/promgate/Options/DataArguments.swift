import ArgumentParser
import Recording

/// How a recording is read, for every command that takes `--data`.
struct DataArguments: ParsableArguments {
  /// What `--nan` says.
  enum NaNMeaning: String, ExpressibleByArgument, CaseIterable {
    case keep, stale

    var meaning: RecordingOptions.NaNMeaning {
      switch self {
      case .keep: .keep
      case .stale: .stale
      }
    }
  }

  @Option(
    help: ArgumentHelp(
      "What a NaN in a dump stands for: a sample (keep) or the end of a series (stale).",
      discussion: "promtool tsdb dump-openmetrics writes stale markers as NaN."))
  var nan = NaNMeaning.keep

  @Option(
    help: ArgumentHelp("The most memory that a recording may take.", valueName: "size"),
    transform: ArgumentText.size)
  var dataMemory = RecordingLimits().memory

  @Option(
    help: ArgumentHelp("The most text that is read, decompressed.", valueName: "size"),
    transform: ArgumentText.size)
  var dataSize = RecordingLimits().text

  /// Opens a recording and notes what its readers should know; a failure is an error of the tool.
  func open(_ path: String) throws -> RecordedSeries {
    let options = RecordingOptions(
      nan: nan.meaning, limits: RecordingLimits(memory: dataMemory, text: dataSize))
    do {
      let recording = try RecordedSeries.open(path: path, options: options)
      for warning in recording.facts.warnings { Output.note("warning: \(path): \(warning)") }
      return recording
    } catch {
      throw ToolFailure("\(error)")
    }
  }
}
