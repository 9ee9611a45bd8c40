public import Logging
import Synchronization

/// Counts who was turned away and why, and logs it: for each reason a line in ten seconds at most, with how
/// many went without one. Called from any thread.
public final class Refusals: Sendable {
  private let counts = Mutex<[Refusal: Int]>([:])
  private let pause = LogPause()
  private let log: Logger

  /// - Parameter log: where refusals are logged as warnings; nowhere by default.
  public init(log: Logger = Logger(label: "promgate.server") { _ in SwiftLogNoOpLogHandler() }) {
    self.log = log
  }

  /// Counts one. `address` and `detail` are for the log.
  func add(_ reason: Refusal, from address: String? = nil, _ detail: String? = nil) {
    counts.withLock { $0[reason, default: 0] += 1 }
    guard let heldBack = pause.heldBack(reason.rawValue) else { return }
    var fields: Logger.Metadata = ["reason": "\(reason.rawValue)"]
    if let address { fields["remote_addr"] = "\(address)" }
    if let detail { fields["err"] = "\(detail)" }
    if heldBack > 0 { fields["not_logged"] = "\(heldBack)" }
    log.warning("Refused", metadata: fields)
  }

  /// How often somebody was turned away for a reason.
  public func count(of reason: Refusal) -> Int { counts.withLock { $0[reason] ?? 0 } }

  /// All reasons, those that never came too.
  var family: OwnMetric {
    let counts = counts.withLock { $0 }
    return OwnMetric(
      "promgate_refusals", .counter,
      help: "Who was turned away or made to wait, by reason (docs/security.md).",
      samples: Refusal.allCases.map { reason in
        OwnMetric.Sample(labels: [("reason", reason.rawValue)], Double(counts[reason] ?? 0))
      })
  }
}
