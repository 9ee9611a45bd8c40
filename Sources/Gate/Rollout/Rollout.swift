public import Manifests

/// What a canary's analysis has to know, settled: every default filled in, every query rendered, the
/// checks in the order in which Flagger evaluates them. Pure data; `Analysis` steps over it.
public struct Rollout: Sendable, Hashable {
  /// `metadata.name` and the effective namespace: what event texts call the canary.
  public var name: String
  public var namespace: String
  public var targetName: String
  /// `Deployment`, `DaemonSet` or `Service`.
  public var targetKind: TargetKind
  /// What event texts call the metrics provider: `nginx`, `istio:service`.
  public var providerName: String
  /// What the router can do; decides which rollouts can move at all.
  public var router: MeshProviderFacts
  /// Time between two ticks.
  public var interval: GoDuration
  /// Failed checks at which the canary is rolled back; at least 1.
  public var failedChecksLimit: Int
  public var advance: Advance
  /// `analysis.mirror`, whether or not the router honours it.
  public var isMirrored: Bool
  /// How far the primary's weight moves in each step of the promotion; 0: all at once.
  public var stepWeightPromotion: Int
  public var skipsAnalysis: Bool
  public var isSuspended: Bool
  /// Seconds that pods may take to become ready.
  public var progressDeadline: Int
  /// What the provider changes about the analysis as written, in the order of its warnings.
  public var adjustments: [Adjustment]
  /// In order of evaluation: pass 1 (built-in, inline), then pass 2 (templates) (flagger.md §5.3).
  public var checks: [Check]
  /// In the order written.
  public var hooks: [Hook]
  /// `maxWeight` as written, 0 where it is not; alerts show it.
  public var writtenMaxWeight: Int
  /// Where the canary's own alerts go.
  public var alerts: [AlertRoute]
  /// What keeps checks from ever succeeding, with its place in the manifests. A cluster would find out
  /// tick by tick.
  public var problems: [RolloutProblem]

  /// The kind of progress, with its numbers (flagger.md §5.5).
  public enum Advance: Sendable, Hashable {
    case weights(WeightSteps)
    case blueGreen(iterations: Int)
    case abTesting(iterations: Int)
  }

  /// Provider `kubernetes` is always blue/green (flagger.md §1.8).
  public enum Adjustment: Sendable, Hashable {
    case matchDropped
    case progressiveUnsupported
    case iterationsForced(Int)
  }

  /// A rollout made by code: a progressive canary without checks or hooks, to be changed as wanted.
  public init(name: String, namespace: String = "default", steps: WeightSteps) {
    self.name = name
    self.namespace = namespace
    targetName = name
    targetKind = .deployment
    providerName = MeshProvider.istio.rawValue
    router = MeshProvider.istio.facts
    interval = .seconds(60)
    failedChecksLimit = 1
    advance = .weights(steps)
    isMirrored = false
    stepWeightPromotion = 0
    skipsAnalysis = false
    isSuspended = false
    progressDeadline = 600
    adjustments = []
    checks = []
    hooks = []
    writtenMaxWeight = 0
    alerts = []
    problems = []
  }

  /// `podinfo.test`, as event texts write it.
  public var title: String { "\(name).\(namespace)" }

  /// `target.namespace`.
  public var targetTitle: String { "\(targetName).\(namespace)" }

  /// Iterations of the strategies that count them; 0 for weights.
  public var iterations: Int {
    switch advance {
    case .weights: 0
    case .blueGreen(let iterations), .abTesting(let iterations): iterations
    }
  }

  /// Whether a mirrored route, once set, reads back as mirrored (flagger.md §5.5).
  public var mirrorHolds: Bool {
    switch (router.mirroring, advance) {
    case (.everywhere, _), (.blueGreenOnly, .blueGreen): true
    case (.none, _), (.blueGreenOnly, .weights), (.blueGreenOnly, .abTesting): false
    }
  }
}

/// A webhook of the analysis, as far as the state machine needs it (flagger.md §5.9).
public struct Hook: Sendable, Hashable {
  public var name: String
  /// Never `.unset`.
  public var kind: CanaryWebhook.Kind
  public var mutesAlert: Bool
  public var url: String
  /// As written: a Go duration, read at each call as Flagger does; nil for the default of 10 s.
  public var timeout: String?
  /// Attempts after the first.
  public var retries: Int
  /// What goes into the body, in the order written.
  public var metadata: [Metadata]
  public var skipsTLSVerification: Bool

  public struct Metadata: Sendable, Hashable {
    public var key: String
    public var value: String

    public init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }

  public init(name: String, kind: CanaryWebhook.Kind, mutesAlert: Bool = false, url: String = "") {
    self.name = name
    self.kind = kind == .unset ? .rollout : kind
    self.mutesAlert = mutesAlert
    self.url = url
    retries = 0
    metadata = []
    skipsTLSVerification = false
  }
}

/// Something in the manifests that makes a check fail at every tick.
public struct RolloutProblem: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    /// A reference, a template or a provider.
    case manifest
    /// The query is no PromQL that promgate knows; another server may think otherwise.
    case query
  }

  public var kind: Kind
  public var finding: ManifestFinding

  public init(kind: Kind, finding: ManifestFinding) {
    self.kind = kind
    self.finding = finding
  }
}
