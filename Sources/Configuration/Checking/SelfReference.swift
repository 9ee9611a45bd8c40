package import PromQL
import TimeSeries

/// Finds configurations that lead a server to itself.
package struct SelfReference: Sendable {
  /// Names that the server is reached by on its own machine, with the port: `localhost:9090`.
  private let names: Set<String>

  /// - Parameter port: that the server listens at.
  package init(port: Int) {
    names = Set(["localhost", "127.0.0.1", "[::1]", "0.0.0.0"].map { "\($0):\(port)" })
  }

  /// What to say of a target of a job that is the server itself; nil for another.
  package func finding(on target: DiscoveredTarget, at range: SourceRange?) -> Diagnostic? {
    guard let address = target.all["__address__"], names.contains(address.lowercased()) else { return nil }
    let path = target.all["__metrics_path__"] ?? ""
    if path.hasPrefix("/federate") {
      return Diagnostic(
        code: ConfigurationCode.doubtful, severity: .warning, range: range,
        message: "the job federates from the server itself: every scrape brings its own series once more",
        notes: [Diagnostic.Note("name another server, or leave the target out")])
    }
    return Diagnostic(
      code: ConfigurationCode.doubtful, severity: .info, range: range,
      message: "\(address) is where the server itself listens: the job scrapes its own metrics")
  }

  /// What to say of remotes that are the server itself.
  package func findings(in configuration: PrometheusConfiguration) -> [Diagnostic] {
    var findings: [Diagnostic] = []
    for remote in configuration.remoteWrites.compactMap({ $0 }) {
      guard let url = remote.url, names.contains(url.host.lowercased()) else { continue }
      findings.append(
        Diagnostic(
          code: ConfigurationCode.doubtful, severity: .warning, range: remote.places["url"],
          message: "remote_write sends to the server itself: every sample would come again, for ever"))
    }
    for remote in configuration.remoteReads.compactMap({ $0 }) {
      guard let url = remote.url, names.contains(url.host.lowercased()) else { continue }
      findings.append(
        Diagnostic(
          code: ConfigurationCode.doubtful, severity: .warning, range: remote.places["url"],
          message: "remote_read asks the server itself: every query would ask again"))
    }
    return findings
  }
}
