import ArgumentParser
import Recording
import Scrape
import Server

/// How a recording is read, and how a remote is asked, for every command that takes `--data`.
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
    help: ArgumentHelp(
      "The most memory that a recording may take (default: 4G, half of the memory where that is less).",
      valueName: "size"),
    transform: ArgumentText.size)
  var dataMemory: Int?

  @Option(
    help: ArgumentHelp(
      "The most text that is read, decompressed.", default: .size(RecordingLimits().text), valueName: "size"),
    transform: ArgumentText.size)
  var dataSize = RecordingLimits().text

  @OptionGroup(title: "Remote read")
  var remote: RemoteArguments

  var remoteRead: String? { remote.remoteRead }
  var server: ServerArguments { remote.server }

  /// The limits on what is read.
  private var limits: RecordingLimits {
    RecordingLimits(
      memory: dataMemory ?? min(RecordingLimits().memory, MachineMemory.limit() / 2), text: dataSize)
  }

  /// The recording or the remote that is asked for; nil for neither. Throws when both are given.
  ///
  /// What its readers should know is noted, unless the caller shows it.
  func source(_ data: String?, notes: Bool = true) throws -> RecordedSeries? {
    switch (data, remoteRead) {
    case (nil, nil): return nil
    case (let path?, nil): return try open(path, notes: notes)
    case (nil, _?): return try remote.source(limits: limits)
    case (_?, _?): throw ToolFailure("--data and --remote-read exclude each other: give one of them")
    }
  }

  /// Opens a recording and notes what its readers should know; a failure is an error of the tool.
  func open(_ path: String, notes: Bool = true) throws -> RecordedSeries {
    let options = RecordingOptions(nan: nan.meaning, limits: limits)
    do {
      let recording = try RecordedSeries.open(path: path, options: options, formats: RecordingFormat.known)
      for warning in recording.facts.warnings where notes { Output.note("warning: \(path): \(warning)") }
      return recording
    } catch {
      throw ToolFailure("\(error)")
    }
  }
}
