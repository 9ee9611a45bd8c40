import ArgumentParser
import Recording
import Scrape

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
    help: ArgumentHelp("The most memory that a recording may take.", valueName: "size"),
    transform: ArgumentText.size)
  var dataMemory = RecordingLimits().memory

  @Option(
    help: ArgumentHelp("The most text that is read, decompressed.", valueName: "size"),
    transform: ArgumentText.size)
  var dataSize = RecordingLimits().text

  @Option(
    help: ArgumentHelp(
      "Reads from a server instead of --data, by Prometheus' remote read.",
      discussion:
        "Without a path it is /api/v1/read. Only the series and the time that a query needs are read.",
      valueName: "url"))
  var remoteRead: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A label by which the server knows the series that are meant; taken away from them. May be repeated.",
      valueName: "name=value"),
    transform: DataArguments.label)
  var externalLabel: [(name: String, value: String)] = []

  @OptionGroup(title: "Server")
  var server: ServerArguments

  private static func label(_ text: String) throws -> (name: String, value: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw ValidationError("write it as name=value, for example region=eu")
    }
    return (parts[0], parts[1])
  }

  func validate() throws {
    if remoteRead == nil, !externalLabel.isEmpty {
      throw ValidationError("--external-label wants --remote-read")
    }
  }

  /// The limits on what is read.
  private var limits: RecordingLimits { RecordingLimits(memory: dataMemory, text: dataSize) }

  /// The recording or the remote that is asked for; nil for neither. Throws when both are given.
  func source(_ data: String?) throws -> RecordedSeries? {
    switch (data, remoteRead) {
    case (nil, nil): return nil
    case (let path?, nil): return try open(path)
    case (nil, let url?): return try remote(url)
    case (_?, _?): throw ToolFailure("--data and --remote-read exclude each other: give one of them")
    }
  }

  private func remote(_ url: String) throws -> RecordedSeries {
    do {
      let address = try HTTPAddress(url)
      let access = try server.access(userInfo: address.credentials)
      let path = address.path.isEmpty || address.path == "/" ? "/api/v1/read" : address.path
      return try RecordedSeries.remote(
        RemoteOptions(
          url: "\(address.scheme)://\(address.authority)\(path)", access: access,
          externalLabels: externalLabel, timeout: server.serverTimeout, retries: server.serverRetries,
          limits: limits))
    } catch let failure as ToolFailure {
      throw failure
    } catch {
      throw ToolFailure("--remote-read: \(error)")
    }
  }

  /// Opens a recording and notes what its readers should know; a failure is an error of the tool.
  func open(_ path: String) throws -> RecordedSeries {
    let options = RecordingOptions(nan: nan.meaning, limits: limits)
    do {
      let recording = try RecordedSeries.open(path: path, options: options, formats: RecordingFormat.known)
      for warning in recording.facts.warnings { Output.note("warning: \(path): \(warning)") }
      return recording
    } catch {
      throw ToolFailure("\(error)")
    }
  }
}
