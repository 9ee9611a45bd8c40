public import PromQL

/// `spec.analysis` as written (flagger.md §1.2); `CanaryAnalysis+Defaults` says what Flagger makes of it.
public struct CanaryAnalysis: Sendable, Hashable {
  public var interval: Located<String>?
  public var threshold: Located<Int>?
  public var iterations: Located<Int>?
  public var mirror: Located<Bool>?
  public var mirrorWeight: Located<Int>?
  public var maxWeight: Located<Int>?
  public var stepWeight: Located<Int>?
  public var stepWeights: Located<[Located<Int>]>?
  public var stepWeightPromotion: Located<Int>?
  public var primaryReadyThreshold: Located<Int>?
  public var canaryReadyThreshold: Located<Int>?
  public var match: Located<[Located<HTTPMatch>]>?
  /// Where `match:` is written without a value, which a cluster takes for its absence.
  public var emptyMatch: SourceRange?
  public var alerts: Located<[Located<CanaryAlert>]>?
  public var metrics: Located<[Located<CanaryMetric>]>?
  /// Where `metrics:` is written without a value, which a cluster takes for its absence.
  public var emptyMetrics: SourceRange?
  public var webhooks: Located<[Located<CanaryWebhook>]>?
  public var sessionAffinity: Located<SessionAffinity>?

  /// An analysis that says nothing.
  public init() {}
}

/// One entry of `analysis.metrics`.
public struct CanaryMetric: Sendable, Hashable {
  public var name: Located<String>
  /// The text that replaces `{{ interval }}`; never parsed by Flagger.
  public var interval: Located<String>?
  /// Deprecated; used only without `thresholdRange`, and its direction depends on the kind of metric.
  public var threshold: Located<Double>?
  public var thresholdRange: Located<ThresholdRange>?
  /// Deprecated: a query in the canary itself, asked of the metrics server.
  public var query: ManifestText?
  public var templateRef: Located<NamespacedReference>?
  /// Keys in the order written; nil when the field is absent.
  public var templateVariables: Located<[TemplateVariable]>?

  public init(name: Located<String>) { self.name = name }

  /// The built-in metric that the name stands for, nil for any other name.
  public var builtIn: BuiltInMetric? { BuiltInMetric(rawValue: name.value) }
}

/// One pair of `templateVariables`.
public struct TemplateVariable: Sendable, Hashable {
  public var key: Located<String>
  public var value: Located<String>

  public init(key: Located<String>, value: Located<String>) {
    self.key = key
    self.value = value
  }
}

/// The bounds of a metric, both inclusive; a missing bound accepts everything on its side.
public struct ThresholdRange: Sendable, Hashable {
  public var min: Located<Double>?
  public var max: Located<Double>?

  public init(min: Located<Double>? = nil, max: Located<Double>? = nil) {
    self.min = min
    self.max = max
  }
}

/// One rule of `analysis.match`: which requests go to the canary in an A/B test.
public struct HTTPMatch: Sendable, Hashable {
  /// Header name and condition, in the order written.
  public var headers: [HeaderMatch]
  /// Whether it has conditions on query parameters or on the labels of the calling pods, too.
  public var hasOtherConditions: Bool

  public init(headers: [HeaderMatch] = [], hasOtherConditions: Bool = false) {
    self.headers = headers
    self.hasOtherConditions = hasOtherConditions
  }

  /// Whether it takes every request.
  public var isUnconditional: Bool { headers.isEmpty && !hasOtherConditions }

  public struct HeaderMatch: Sendable, Hashable {
    public var name: Located<String>
    public var condition: Located<StringMatch>

    public init(name: Located<String>, condition: Located<StringMatch>) {
      self.name = name
      self.condition = condition
    }
  }
}

/// How a header is compared.
public enum StringMatch: Sendable, Hashable {
  case exact(String)
  case prefix(String)
  case suffix(String)
  case regex(String)
}

/// `analysis.sessionAffinity`; honoured by Istio and Gateway API only.
public struct SessionAffinity: Sendable, Hashable {
  public var cookieName: Located<String>
  public var primaryCookieName: Located<String>?
  public var maxAge: Located<Int>?

  public init(cookieName: Located<String>) { self.cookieName = cookieName }
}

/// One entry of `analysis.alerts`.
public struct CanaryAlert: Sendable, Hashable {
  public var name: Located<String>
  public var severity: Located<Severity>?
  public var providerRef: Located<NamespacedReference>

  public init(
    name: Located<String>, providerRef: Located<NamespacedReference>,
    severity: Located<Severity>? = nil
  ) {
    self.name = name
    self.providerRef = providerRef
    self.severity = severity
  }

  /// The least severity that an alert passes on; `unset` passes nothing on (flagger.md §6.2).
  public enum Severity: String, Sendable, Hashable, CaseIterable {
    case unset = ""
    case info
    case warn
    case error
  }
}

/// One entry of `analysis.webhooks`.
public struct CanaryWebhook: Sendable, Hashable {
  public var name: Located<String>
  public var url: Located<String>
  public var type: Located<Kind>?
  public var timeout: Located<String>?
  public var retries: Located<Int>?
  /// Keys in the order written; nil when the field is absent.
  public var metadata: Located<[TemplateVariable]>?
  public var muteAlert: Located<Bool>?
  public var disableTLS: Located<Bool>?

  public init(name: Located<String>, url: Located<String>) {
    self.name = name
    self.url = url
  }

  /// When Flagger calls a webhook (flagger.md §5.9).
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Written as an empty type; means `rollout`.
    case unset = ""
    case confirmRollout = "confirm-rollout"
    case preRollout = "pre-rollout"
    case rollout
    case confirmTrafficIncrease = "confirm-traffic-increase"
    case confirmPromotion = "confirm-promotion"
    case postRollout = "post-rollout"
    case event
    case rollback
  }
}
