import Manifests

/// Runs one analysis to its end: asks for evidence as the analysis wants it, waits between ticks, and
/// tells the router. All effects are handed in; without them it is as pure as the analysis.
public struct GateRun: Sendable {
  public var analysis: Analysis
  public var source: any EvidenceSource
  public var clock: any GateClock
  /// Calls the webhooks that decide; nil: none is called.
  public var hooks: (any HookCaller)?
  /// What becomes of webhooks that are not called.
  public var uncalled: UncalledHooks
  /// Called at each change of the weights, after the tick has been reported. What it throws ends the
  /// run.
  public var onWeight: (@Sendable (Routes, AnalysisState) async throws -> Void)?

  public init(
    _ rollout: Rollout, judge: Judge = .compatible, source: any EvidenceSource,
    clock: any GateClock, hooks: (any HookCaller)? = nil, uncalled: UncalledHooks = .hold,
    onWeight: (@Sendable (Routes, AnalysisState) async throws -> Void)? = nil
  ) {
    analysis = Analysis(rollout, judge: judge)
    self.source = source
    self.clock = clock
    self.hooks = hooks
    self.uncalled = uncalled
    self.onWeight = onWeight
  }

  /// Runs from the clock's now until the rollout ends or the evidence does. Ticks lie on multiples of
  /// the interval after the first; those that come due while one is still running are dropped
  /// (flagger.md §5.1).
  ///
  /// A rollout that never ends runs until the task is cancelled: see `Forecast`.
  /// - Parameter report: gets every tick as it is done.
  public func run(
    from initial: AnalysisState = AnalysisState(),
    report: (TickRecord) async throws -> Void
  ) async throws -> GateEnd {
    let interval = max(1, analysis.rollout.interval.milliseconds)
    let start = clock.now()
    var state = initial
    var number = 0
    while true {
      try Task.checkCancellation()
      let time = clock.now()
      let isNew = number == 0 && !initial.phase.isUnderWay
      let evidence = TickEvidence(time: time, revisionChanged: isNew)
      let decision = try await analysis.decision(
        state, evidence, asking: source, hooks: hooks, uncalled: uncalled)
      let result: TickResult
      switch decision {
      case .settled(let settled): result = settled
      case .outOfEvidence: return .outOfEvidence(lastTime: source.lastTime ?? time)
      case .gateNotAsked(let hook): return .gateNotAsked(hook: hook)
      }
      try await report(
        TickRecord(
          number: number, time: time, before: state, result: result, took: max(0, clock.now() - time)))
      for case .route(let routes) in result.actions { try await onWeight?(routes, result.state) }
      if let end = result.end { return .finished(end) }
      state = result.state
      number += 1
      let due = (clock.now() - start) / interval + 1
      try await clock.sleep(until: start.addingClamped(due, times: interval))
    }
  }
}

extension Phase {
  /// Whether a rollout is on its way.
  fileprivate var isUnderWay: Bool {
    switch self {
    case .waiting, .progressing, .waitingPromotion, .promoting, .finalising: true
    case .new, .initializing, .initialized, .succeeded, .failed, .terminating, .terminated: false
    }
  }
}
