/// Everything that one tick may know of the world. Time is data: `Analysis` has no clock.
public struct TickEvidence: Sendable, Hashable {
  /// Milliseconds since the epoch.
  public var time: Int64
  /// Whether the target or its configuration differs from what was last applied and promoted.
  public var revisionChanged: Bool
  public var primary: Readiness
  public var canary: Readiness
  /// What the router says; nil: what it was last told.
  public var routes: Routes?
  /// What was found out about the checks asked so far, by their index in `Rollout.checks`.
  public var checks: [Int: CheckEvidence]
  /// What the webhooks called so far answered, by their index in `Rollout.hooks`.
  public var hooks: [Int: HookAnswer]

  public init(
    time: Int64, revisionChanged: Bool = false, primary: Readiness = .ready,
    canary: Readiness = .ready, routes: Routes? = nil
  ) {
    self.time = time
    self.revisionChanged = revisionChanged
    self.primary = primary
    self.canary = canary
    self.routes = routes
    checks = [:]
    hooks = [:]
  }
}

/// Whether a workload's pods serve (flagger.md §5.7).
public enum Readiness: Sendable, Hashable {
  case ready
  /// Not yet: the tick ends, nothing is counted. The text goes into the event.
  case notReady(String)
  /// Never again, such as an exceeded deadline: the canary is rolled back.
  case failed(String)
}

/// What a webhook answered.
public enum HookAnswer: Sendable, Hashable {
  case passed
  case refused(String)
  /// Nobody called it: it holds nothing up, and the report names it.
  case notRun
}

/// What the analysis has to know before the tick can go on.
public enum Question: Error, Sendable, Hashable {
  /// The answer to the query of `Rollout.checks[index]`.
  case check(Int)
  /// The answer of `Rollout.hooks[index]`, called with this phase in its body.
  case hook(Int, phase: Phase)
}
