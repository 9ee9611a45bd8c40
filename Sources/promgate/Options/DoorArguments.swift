import ArgumentParser
import Logging
import Server

/// Who may come in at an endpoint, for every command that opens one.
struct DoorArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Who may come in: TLS, users, tokens, in the form of Prometheus' web configuration file.",
      discussion: "Read again when it changes.", valueName: "file"),
    completion: .file())
  var webConfig: String?

  /// What the file says, asked anew each time. Throws when it cannot be used.
  func access(_ log: Logger) throws(ToolFailure) -> @Sendable () -> ServerAccess {
    guard let webConfig else { return { ServerAccess() } }
    let file = try WebConfigurationFile(webConfig, log)
    return { file.access }
  }

  /// `https` or `http`.
  static func scheme(_ access: ServerAccess) -> String { access.security == nil ? "http" : "https" }
}
