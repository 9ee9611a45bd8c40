import Manifests

extension TickRun {
  /// Calls the hooks of a kind in order; the first refusal ends it. A hook that nobody called holds
  /// nothing up and is named.
  mutating func passes(_ kind: CanaryWebhook.Kind, phase: Phase) throws(Question) -> Bool {
    for index in rollout.hooks.indices where rollout.hooks[index].kind == kind {
      switch try answer(of: index, phase: phase) {
      case .notRun: append(.hookNotRun(index))
      case .passed:
        // Rollout hooks pass without a word.
        if kind != .rollout { record(.hookPassed(index)) }
      case .refused(let reason):
        refuse(index, reason)
        return false
      }
    }
    return true
  }

  /// Asks the rollback hooks in order; the first that succeeds rolls back.
  mutating func rollsBackByHook() throws(Question) -> Bool {
    for index in rollout.hooks.indices where rollout.hooks[index].kind == .rollback {
      switch try answer(of: index, phase: state.phase) {
      case .notRun: append(.hookNotRun(index))
      case .refused(let reason): record(.hookRefused(index, reason))
      case .passed:
        record(.hookPassed(index))
        record(.rolledBackByHook)
        alert(.rolledBackByHook)
        try rollBack(.hook(index))
        return true
      }
    }
    return false
  }

  private func answer(of index: Int, phase: Phase) throws(Question) -> HookAnswer {
    guard let answer = evidence.hooks[index] else { throw .hook(index, phase: phase) }
    return answer
  }

  /// What a refusal does beside stopping the tick (flagger.md §5.9).
  private mutating func refuse(_ index: Int, _ reason: String) {
    let hook = rollout.hooks[index]
    let event = AnalysisEvent.hookRefused(index, reason)
    switch hook.kind {
    case .confirmRollout: wait(.waiting, event, alert: .waitingForApproval, for: hook)
    case .confirmPromotion: wait(.waitingPromotion, event, alert: .waitingForPromotion, for: hook)
    case .confirmTrafficIncrease:
      record(event)
      if !hook.mutesAlert { alert(.waitingForTrafficIncrease) }
    case .preRollout, .rollout, .postRollout, .rollback, .event, .unset: record(event)
    }
  }

  /// Says so once; the status is written again at every refusal, which is what makes blue/green and
  /// A/B rollouts repeat their last iteration.
  private mutating func wait(
    _ phase: Phase, _ event: AnalysisEvent, alert: AnalysisAlert, for hook: Hook
  ) {
    if state.phase != phase {
      record(event)
      if !hook.mutesAlert { self.alert(alert) }
    }
    enter(phase)
  }
}
