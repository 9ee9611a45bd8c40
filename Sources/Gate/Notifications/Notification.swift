import Manifests
import TimeSeries

/// Something that people are told about a rollout (flagger.md §6).
public struct Notification: Sendable, Hashable {
  /// `podinfo.test`
  public var title: String
  public var message: String
  public var severity: AnalysisSeverity
  /// In the order in which they are shown.
  public var fields: [Field]

  public struct Field: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public init(title: String, message: String, severity: AnalysisSeverity, fields: [Field] = []) {
    self.title = title
    self.message = message
    self.severity = severity
    self.fields = fields
  }

  /// An alert with Flagger's fields, and, where something failed, what Flagger leaves out: which check,
  /// its value, its bound and its query.
  /// - Parameters:
  ///   - cluster: Flagger's `-cluster-name`; nil for none.
  ///   - failure: the check that failed last, where the alert is about failed checks.
  public init(
    _ alert: AnalysisAlert, in rollout: Rollout, cluster: String? = nil,
    failure: TickResult.CheckedMetric? = nil
  ) {
    self.init(title: rollout.title, message: alert.message(in: rollout), severity: alert.severity)
    if let cluster { fields.append(Field("Cluster", cluster)) }
    if alert.hasFields {
      fields.append(Field("Target", "\(rollout.targetKind.rawValue)/\(rollout.targetTitle)"))
      fields.append(Field("Failed checks threshold", "\(rollout.failedChecksLimit)"))
      fields.append(Field("Progress deadline", "\(rollout.progressDeadline)s"))
      if let routing = rollout.routingText { fields.append(Field("Traffic routing", routing)) }
    }
    if case .failedChecksReached = alert, let failure {
      let check = rollout.checks[failure.index]
      fields.append(Field("Metric", check.metric))
      fields.append(Field("Value", failure.outcome.valueText))
      fields.append(Field("Threshold", check.boundsText))
      if let query = check.sentQuery { fields.append(Field("Query", query)) }
    }
  }
}

extension CheckOutcome {
  /// `97.2%`, or why there is no value.
  fileprivate var valueText: String {
    measurement?.compared.text ?? reasons.first ?? name
  }
}

extension Rollout {
  /// Flagger's words for the strategy; nil when no step is configured.
  fileprivate var routingText: String? {
    switch advance {
    case .abTesting: "A/B Testing"
    case .blueGreen: "Blue/Green"
    case .weights(let steps):
      if steps.stepWeight > 0 {
        "Weight step: \(steps.stepWeight) max: \(writtenMaxWeight)"
      } else if !steps.stepWeights.isEmpty {
        "Weight steps: \(steps.stepWeights.map(String.init).joined(separator: ",")) max: \(writtenMaxWeight)"
      } else {
        nil
      }
    }
  }
}
