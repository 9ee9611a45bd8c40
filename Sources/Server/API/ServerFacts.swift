/// What the server says about itself (http-api.md §12).
public struct ServerFacts: Sendable {
  /// When it started, milliseconds since the epoch.
  public var started: Int64
  /// `6h`; empty where nothing is dropped.
  public var retention: String
  /// In the form of Prometheus' configuration, YAML.
  public var configuration: String
  /// The flags of the command line, with their values.
  public var flags: [String: String]

  public init(
    started: Int64 = 0, retention: String = "", configuration: String = "", flags: [String: String] = [:]
  ) {
    self.started = started
    self.retention = retention
    self.configuration = configuration
    self.flags = flags
  }
}
