import ArgumentParser
import Recording
import Scrape

/// A server that is read by remote read, for every command that can.
struct RemoteArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Reads from a server, by Prometheus' remote read.",
      discussion:
        "Without a path it is /api/v1/read. Only the series and the time that a query needs are read.",
      valueName: "url"))
  var remoteRead: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A label by which the server knows the series that are meant; taken away from them. May be repeated.",
      valueName: "name=value"),
    transform: RemoteArguments.label)
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

  /// The server that is to be read. Nothing is asked yet. Throws when there is none.
  func source(limits: RecordingLimits = RecordingLimits()) throws -> RecordedSeries {
    guard let url = remoteRead else { throw ToolFailure("no server is named: --remote-read URL") }
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
}
