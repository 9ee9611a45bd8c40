// What Flagger makes of what a manifest leaves out or gets wrong (flagger.md §1). All in this file.

extension Canary {
  public var name: String { metadata.name.value }
  public var namespace: String { metadata.effectiveNamespace }

  /// `spec.service.name`, else the target's name: `{{ service }}`, and the name of the apex service.
  public var serviceName: String { Self.nonEmpty(service?.value.name) ?? targetName }

  /// The target's name; the canary workload is the target itself: `{{ target }}`.
  public var targetName: String { targetRef.value.name.value }

  /// `spec.ingressRef.name`, else the target's name: `{{ ingress }}`.
  public var ingressName: String { Self.nonEmpty(ingressRef?.value.name) ?? targetName }

  /// `spec.routeRef.name`, else the target's name: `{{ route }}`.
  public var routeName: String { Self.nonEmpty(routeRef?.value.name) ?? targetName }

  public var apexServiceName: String { serviceName }
  public var primaryServiceName: String { "\(serviceName)-primary" }
  public var canaryServiceName: String { "\(serviceName)-canary" }
  public var primaryTargetName: String { "\(targetName)-primary" }

  /// 600 when absent.
  public var progressDeadline: Int { progressDeadlineSeconds?.value ?? 600 }
  public var skipsAnalysis: Bool { skipAnalysis?.value ?? false }
  public var isSuspended: Bool { suspend?.value ?? false }

  /// Whether the target is a Knative Service, which is no Kubernetes Service.
  public var targetsKnative: Bool {
    targetRef.value.kind.value == .service
      && targetRef.value.apiVersion.value == "serving.knative.dev/v1"
  }

  /// The kind of rollout (flagger.md §1.8). For provider `kubernetes` Flagger drops `match` and
  /// makes it ten iterations when there are none, so it is always blue/green.
  public func strategy(on provider: String) -> RolloutStrategy {
    if provider == MeshProvider.kubernetes.rawValue { return .blueGreen }
    guard analysis.value.effectiveIterations > 0 else { return .canary }
    return analysis.value.match?.value.isEmpty ?? true ? .blueGreen : .abTesting
  }

  private static func nonEmpty(_ text: Located<String>?) -> String? {
    guard let text, !text.value.isEmpty else { return nil }
    return text.value
  }
}

/// How a canary moves on (flagger.md §1.8); the raw values are Flagger's.
public enum RolloutStrategy: String, Sendable, Hashable, CaseIterable {
  case canary
  case blueGreen = "blue-green"
  case abTesting = "ab-testing"
}

extension CanaryAnalysis {
  /// Time between two ticks: a Go duration, at least 10 s; 60 s when absent or unparsable.
  public var tickInterval: GoDuration {
    guard let interval, let parsed = try? GoDuration(parsing: interval.value) else {
      return .seconds(60)
    }
    return max(parsed, .seconds(10))
  }

  /// Failed checks that a rollout may collect before it is rolled back; 1 when absent or not positive.
  public var failedChecksLimit: Int {
    guard let threshold, threshold.value > 0 else { return 1 }
    return threshold.value
  }

  /// 0 when absent.
  public var effectiveIterations: Int { iterations?.value ?? 0 }

  /// `maxWeight`, 100 when absent or not positive. Not what bounds `stepWeights`: see `weightLimit`.
  public var effectiveMaxWeight: Int {
    guard let maxWeight, maxWeight.value > 0 else { return 100 }
    return maxWeight.value
  }

  /// 0 when absent.
  public var effectiveStepWeight: Int { stepWeight?.value ?? 0 }

  /// Empty when absent.
  public var effectiveStepWeights: [Int] { stepWeights?.value.map(\.value) ?? [] }

  /// 0, all at once, when absent.
  public var effectiveStepWeightPromotion: Int { stepWeightPromotion?.value ?? 0 }

  /// The weight at which the canary is promoted (flagger.md §5.5): the last of `stepWeights` but at
  /// most 100, or `effectiveMaxWeight` without `stepWeights`.
  public var weightLimit: Int { effectiveStepWeights.last.map { min(100, $0) } ?? effectiveMaxWeight }

  public var isMirrored: Bool { mirror?.value ?? false }

  /// Percent of the primary's pods that must be available; 100 when absent.
  public var effectivePrimaryReadyThreshold: Int { primaryReadyThreshold?.value ?? 100 }

  /// Percent of the canary's pods that must be available; 100 when absent.
  public var effectiveCanaryReadyThreshold: Int { canaryReadyThreshold?.value ?? 100 }

  public var allMetrics: [Located<CanaryMetric>] { metrics?.value ?? [] }
  public var allWebhooks: [Located<CanaryWebhook>] { webhooks?.value ?? [] }
  public var allAlerts: [Located<CanaryAlert>] { alerts?.value ?? [] }
}

extension CanaryMetric {
  /// `{{ interval }}` for the built-in and the inline query: `1m` when absent or empty.
  public var intervalOrDefault: String {
    guard let interval, !interval.value.isEmpty else { return "1m" }
    return interval.value
  }

  /// `{{ interval }}` for a MetricTemplate: empty when absent (flagger.md §2.4).
  public var intervalAsWritten: String { interval?.value ?? "" }
}

extension CanaryWebhook {
  /// Empty and absent mean `rollout`.
  public var effectiveType: Kind {
    guard let type, type.value != .unset else { return .rollout }
    return type.value
  }

  /// For each attempt; 10 s when absent or shorter than two characters.
  public func attemptTimeout() throws(GoDurationError) -> GoDuration {
    guard let timeout, timeout.value.utf8.count >= 2 else { return .seconds(10) }
    return try GoDuration(parsing: timeout.value)
  }

  public var effectiveRetries: Int { max(0, retries?.value ?? 0) }
  public var mutesAlert: Bool { muteAlert?.value ?? false }
  public var skipsTLSVerification: Bool { disableTLS?.value ?? false }
}

extension SessionAffinity {
  /// Seconds; one day when absent.
  public var effectiveMaxAge: Int { maxAge?.value ?? 86400 }
}

extension AlertProvider {
  public var name: String { metadata.name.value }
  public var namespace: String { metadata.effectiveNamespace }
  public var effectiveChannel: String { channel?.value ?? "general" }
  public var effectiveUsername: String { username?.value ?? "flagger" }
}

extension MetricTemplate {
  public var name: String { metadata.name.value }
  public var namespace: String { metadata.effectiveNamespace }
}
