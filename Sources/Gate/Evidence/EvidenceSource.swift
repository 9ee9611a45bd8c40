/// Where the answers to a rollout's queries come from: metrics that promgate holds itself, or a
/// Prometheus server.
public protocol EvidenceSource: Sendable {
  /// Answers the query of a check at a time (milliseconds since the epoch). What goes wrong is part
  /// of the evidence; throws only when the run itself has to end (cancellation).
  func evidence(for check: Check, at time: Int64) async throws -> CheckEvidence

  /// The last time at which there is anything to know, in milliseconds; nil when there is no end.
  var lastTime: Int64? { get }
}
