import Manifests

/// What a rollout tells the world as it goes: alerts to their receivers, events to event webhooks. Pure;
/// whoever runs it sends what it hands out.
public struct Announcements: Sendable {
  private let rollout: Rollout
  private let receivers: [NotificationReceiver]
  private let cluster: String?
  private var lastFailure: TickResult.CheckedMetric?

  /// What to send, in order.
  public enum Message: Sendable, Hashable {
    case notification(NotificationRequest)
    /// A webhook of type `event`.
    case event(HookRequest, hook: String)
  }

  /// - Parameter cluster: Flagger's `-cluster-name`; nil for none.
  public init(_ rollout: Rollout, receivers: [NotificationReceiver], cluster: String? = nil) {
    self.rollout = rollout
    self.receivers = receivers
    self.cluster = cluster
  }

  /// What a tick has to tell; ticks come in order.
  public mutating func messages(for record: TickRecord) -> [Message] {
    var messages: [Message] = []
    for action in record.result.actions {
      switch action {
      case .event(let event): messages += events(event, record)
      case .alert(let alert): messages += notifications(alert)
      case .route, .scaleUp, .scaleToZero, .copySpec, .hookNotRun: break
      }
    }
    // The alert comes a tick after the failure that it is about.
    if let failed = record.result.checks.last(where: { !$0.outcome.isPassed }) { lastFailure = failed }
    return messages
  }

  private func notifications(_ alert: AnalysisAlert) -> [Message] {
    let notification = Notification(alert, in: rollout, cluster: cluster, failure: lastFailure)
    return receivers.filter { $0.wants(notification.severity) }.map {
      .notification($0.request(notification))
    }
  }

  private func events(_ event: AnalysisEvent, _ record: TickRecord) -> [Message] {
    rollout.hooks.filter { $0.kind == .event }.compactMap { hook in
      let extra = [
        ("eventMessage", event.message(in: rollout)),
        ("eventType", event.severity(in: rollout).eventType), ("timestamp", "\(record.time)"),
      ].map { (key: $0.0, value: $0.1) }
      let state = record.result.state
      guard
        let request = try? HookRequest(
          hook, of: rollout, phase: state.phase, since: state.since ?? record.before.since, extra: extra)
      else { return nil }
      return .event(request, hook: hook.name)
    }
  }
}
