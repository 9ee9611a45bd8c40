import Manifests

/// One tick on its way. Methods throw the question that has no answer yet.
struct TickRun {
  let rollout: Rollout
  let judge: Judge
  let evidence: TickEvidence
  var state: AnalysisState
  var end: RolloutEnd?
  private var actions: [TickAction] = []
  private var checks: [TickResult.CheckedMetric] = []
  private var notEvaluated: [Int] = []

  init(rollout: Rollout, judge: Judge, evidence: TickEvidence, state: AnalysisState) {
    self.rollout = rollout
    self.judge = judge
    self.evidence = evidence
    self.state = state
    if let routes = evidence.routes { self.state.routes = routes }
  }

  var result: TickResult {
    TickResult(state: state, actions: actions, checks: checks, notEvaluated: notEvaluated, end: end)
  }

  /// The order of flagger.md §5.2.
  mutating func run() throws(Question) {
    if rollout.isSuspended { return record(.suspended) }
    switch state.phase {
    case .new, .initializing: return initialize()
    case .terminating, .terminated: return
    case .initialized, .succeeded, .failed: guard evidence.revisionChanged else { return }
    case .waiting, .progressing, .waitingPromotion, .promoting, .finalising: break
    }
    if !rollout.skipsAnalysis {
      guard try primaryIsReady() else { return }
    }
    let routes = readRoutes()
    switch state.phase {
    case .progressing, .waitingPromotion:
      if evidence.revisionChanged { return restart() }
      guard try canaryIsReady() else { return }
      if rollout.skipsAnalysis { return try promoteUnseen() }
      if try rollsBackByHook() { return }
      try analyse(routes)
    case .promoting, .finalising:
      guard try canaryIsReady() else { return }
      if rollout.skipsAnalysis { return try promoteUnseen() }
      if state.phase == .promoting { shiftToPrimary(from: routes) } else { try finish() }
    case .new, .initializing, .initialized, .waiting, .succeeded, .failed, .terminating, .terminated:
      try begin()
    }
  }

  private mutating func initialize() {
    enter(.initialized)
    record(.initialized)
    alert(.initialized)
  }

  private mutating func primaryIsReady() throws(Question) -> Bool {
    switch evidence.primary {
    case .ready: return true
    case .notReady(let problem): record(.primaryNotReady(problem))
    case .failed(let problem):
      if state.phase == .promoting || state.phase == .finalising {
        try failPromotion(problem)
      } else {
        record(.primaryNotReady(problem))
        try rollBack(.notReady(problem))
      }
    }
    return false
  }

  private mutating func canaryIsReady() throws(Question) -> Bool {
    switch evidence.canary {
    case .ready: return true
    case .notReady(let problem): record(.canaryNotReady(problem))
    case .failed(let problem):
      record(.canaryNotReady(problem))
      try rollBack(.notReady(problem))
    }
    return false
  }

  /// A new rollout, or one that waits for approval. The tick ends either way.
  private mutating func begin() throws(Question) {
    guard try passes(.confirmRollout, phase: state.phase) else { return }
    record(.newRevision)
    alert(.progressing)
    append(.scaleUp)
    resetStatus(.progressing)
    state.since = evidence.time
  }

  private mutating func restart() {
    record(.revisionRestarted)
    route(.allToPrimary)
    resetStatus(.progressing)
    state.since = evidence.time
  }

  /// Steps 14 to 16: enough failures, else pre-rollout hooks or the checks, then the strategy.
  private mutating func analyse(_ routes: Routes) throws(Question) {
    if state.failedChecks >= rollout.failedChecksLimit {
      return try rollBack(
        .failedChecks(count: state.failedChecks, unmeasured: state.unmeasuredChecks))
    }
    switch try effect(on: routes) {
    case .goesOn: break
    case .waits: return
    case .fails:
      state.failedChecks += 1
      return
    }
    for adjustment in rollout.adjustments { record(.adjusted(adjustment)) }
    try advance(routes)
  }

  /// While the canary has no traffic only the pre-rollout hooks are asked: no metric is evaluated.
  private mutating func effect(on routes: Routes) throws(Question) -> TickEffect {
    let isMirroring = rollout.isMirrored && routes.isMirrored
    guard routes.canary == 0, state.iterations == 0, !isMirroring else { return try effectOfChecks() }
    record(.analysisStarted)
    return try passes(.preRollout, phase: .progressing) ? .goesOn : .fails
  }

  /// The rollout hooks, then every check in order; the first failure ends it.
  private mutating func effectOfChecks() throws(Question) -> TickEffect {
    guard try passes(.rollout, phase: .progressing) else {
      notEvaluated = Array(rollout.checks.indices)
      return .fails
    }
    for index in rollout.checks.indices {
      let (checked, effect) = try check(index)
      checks.append(checked)
      switch effect {
      case .goesOn:
        if !checked.outcome.isPassed { record(.passedOver(index, checked.outcome)) }
        continue
      case .waits: record(.waited(index, checked.outcome))
      case .fails:
        record(.halted(index, checked.outcome))
        if !checked.outcome.isMeasured { state.unmeasuredChecks += 1 }
      }
      notEvaluated = Array(rollout.checks.indices[(index + 1)...])
      return effect
    }
    return .goesOn
  }

  private func check(_ index: Int) throws(Question) -> (TickResult.CheckedMetric, TickEffect) {
    let check = rollout.checks[index]
    // Nobody needs to be asked when there is no query.
    if case .unavailable(let error) = check.query {
      let judgement = judge.judgement(
        of: check, on: CheckEvidence(.success(InstantAnswer())), TickTimes(evidence.time))
      return (TickResult.CheckedMetric(index: index, outcome: .error(error)), judgement.effect)
    }
    guard let found = evidence.checks[index] else { throw .check(index) }
    let judgement = judge.judgement(
      of: check, on: found, TickTimes(evidence.time, canarySince: state.since))
    return (
      TickResult.CheckedMetric(index: index, outcome: judgement.outcome, evidence: found), judgement.effect
    )
  }

  // MARK: Status, router and record

  /// A router that moves no traffic answers from the status (flagger.md §7.3).
  private func readRoutes() -> Routes {
    if rollout.router.routesTraffic { return state.routes }
    return state.iterations > 0 ? .allToCanary : .allToPrimary
  }

  /// Tells the router; what it cannot mirror reads back unmirrored.
  mutating func route(_ routes: Routes) {
    guard rollout.router.routesTraffic else { return }
    var held = routes
    held.isMirrored = routes.isMirrored && rollout.mirrorHolds
    guard held != state.routes else { return }
    state.routes = held
    append(.route(held))
  }

  /// Writes the phase; most phases also clear the counters (flagger.md §5.9, §5.11).
  mutating func enter(_ phase: Phase) {
    state.phase = phase
    if !phase.keepsCounters {
      state.canaryWeight = 0
      state.iterations = phase == .waitingPromotion ? rollout.iterations - 1 : 0
    }
  }

  mutating func resetStatus(_ phase: Phase) {
    state.phase = phase
    state.failedChecks = 0
    state.unmeasuredChecks = 0
    state.canaryWeight = 0
    state.iterations = 0
  }

  mutating func record(_ event: AnalysisEvent) { append(.event(event)) }
  mutating func alert(_ alert: AnalysisAlert) { append(.alert(alert)) }
  mutating func append(_ action: TickAction) { actions.append(action) }
}
