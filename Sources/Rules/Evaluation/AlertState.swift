import Evaluator
import Manifests
public import TimeSeries

/// An alert of one label set.
public struct ActiveAlert: Sendable, Hashable {
  /// Alerts that are over are forgotten.
  public enum State: String, Sendable, Hashable {
    case pending, firing
  }

  /// As of the last evaluation.
  public var state: State
  /// With the alert's name, without the metric's.
  public var labels: Labels
  /// As rendered, by name; those without a text included.
  public var annotations: [String: String]
  /// When the query first yielded it, milliseconds since the epoch.
  public var activeSince: Int64
  /// What the query yielded last; 0 for a histogram.
  public var value = 0.0
  /// When the query stopped yielding an alert that goes on firing.
  public var keptSince: Int64?
}

/// What an alerting rule remembers between evaluations (config.md §9.3).
struct AlertState {
  private(set) var active: [Labels: ActiveAlert] = [:]

  /// Takes in what the query yields now, and returns the rule's series.
  ///
  /// - Parameters:
  ///   - found: the alerts that the query yields; `activeSince` is now.
  ///   - limit: the most alerts; 0 for no limit. Beyond it all are forgotten.
  mutating func update(
    with found: [ActiveAlert], of rule: RuleDefinition, _ alerting: RuleDefinition.Alerting, at time: Int64,
    limit: Int
  ) throws(RuleFailure) -> [VectorSample] {
    var present: Set<Labels> = []
    for alert in found where !present.insert(alert.labels).inserted {
      throw RuleFailure(
        "vector contains metrics with the same labelset after applying alert labels")
    }
    for alert in found {
      if active[alert.labels] != nil {
        active[alert.labels]?.annotations = alert.annotations
        active[alert.labels]?.value = alert.value
      } else {
        active[alert.labels] = alert
      }
    }
    for (labels, alert) in active {
      active[labels] = Self.next(alert, isPresent: present.contains(labels), alerting, at: time)
    }
    if limit > 0, active.count > limit {
      let count = active.count
      active = [:]
      throw RuleFailure("exceeded limit of \(limit) with \(count) alerts")
    }
    return active.sorted { $0.key < $1.key }.flatMap { Self.series(of: $0.value, rule) }
  }

  /// The alert after this evaluation; nil when it is over.
  private static func next(
    _ alert: ActiveAlert, isPresent: Bool, _ alerting: RuleDefinition.Alerting, at time: Int64
  ) -> ActiveAlert? {
    var alert = alert
    if isPresent {
      alert.keptSince = nil
    } else {
      guard alert.state == .firing, alerting.keepFiringFor > 0 else { return nil }
      let since = alert.keptSince ?? time
      alert.keptSince = since
      guard time &- since < alerting.keepFiringFor else { return nil }
    }
    alert.state = time &- alert.activeSince >= alerting.holdDuration ? .firing : .pending
    return alert
  }

  /// `ALERTS` and `ALERTS_FOR_STATE`.
  private static func series(of alert: ActiveAlert, _ rule: RuleDefinition) -> [VectorSample] {
    var state = LabelsBuilder(alert.labels)
    state.set(LabelName.metric, "ALERTS")
    state.set("alertname", rule.name)
    state.set("alertstate", alert.state.rawValue)
    var since = LabelsBuilder(alert.labels)
    since.set(LabelName.metric, "ALERTS_FOR_STATE")
    since.set("alertname", rule.name)
    return [
      VectorSample(labels: state.labels(), value: .float(1)),
      VectorSample(
        labels: since.labels(),
        value: .float((Double(alert.activeSince) / 1000).rounded(.down))),
    ]
  }
}
