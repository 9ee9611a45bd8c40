import Manifests

/// Promotion and rollback (flagger.md §5.6, §5.8, §5.10).
extension TickRun {
  /// The promoting tick: all traffic at once, or the primary's next step.
  mutating func shiftToPrimary(from routes: Routes) {
    guard rollout.router.routesTraffic else { return enter(.finalising) }
    let step = rollout.stepWeightPromotion
    if step == 0 {
      record(.routingToPrimary)
      route(.allToPrimary)
      return enter(.finalising)
    }
    guard routes.canary > 0 else { return }
    let next = Routes(
      primary: min(WeightSteps.total, routes.primary.addingClamped(step)),
      canary: max(0, routes.canary &- step))
    route(next)
    record(.primaryWeight(next.primary))
    if next.primary == WeightSteps.total {
      enter(.finalising)
    } else {
      state.canaryWeight = next.canary
    }
  }

  mutating func finish() throws(Question) {
    append(.scaleToZero)
    enter(.succeeded)
    end = .promoted
    _ = try passes(.postRollout, phase: .succeeded)
    record(.promotionCompleted)
    alert(.promoted)
  }

  /// Promotion without analysis.
  mutating func promoteUnseen() throws(Question) {
    route(.allToPrimary)
    copySpec()
    append(.scaleToZero)
    enter(.succeeded)
    end = .skipped
    _ = try passes(.postRollout, phase: .succeeded)
    record(.promotionSkippedAnalysis)
    alert(.skipped)
  }

  /// All traffic to the primary, whatever the cause; the threshold is named whenever it is reached.
  mutating func rollBack(_ cause: RolloutEnd.Cause) throws(Question) {
    if state.failedChecks >= rollout.failedChecksLimit {
      record(.failedChecksReached(state.failedChecks))
      alert(.failedChecksReached(state.failedChecks))
    }
    route(.allToPrimary)
    record(.canaryFailed)
    append(.scaleToZero)
    resetStatus(.failed)
    end = .rolledBack(cause)
    _ = try passes(.postRollout, phase: .failed)
  }

  /// The primary missed its deadline while it was being promoted: the canary keeps the traffic.
  mutating func failPromotion(_ problem: String) throws(Question) {
    record(.promotionFailed(problem))
    alert(.promotionFailed(problem))
    route(.allToCanary)
    resetStatus(.failed)
    state.canaryWeight = WeightSteps.total
    end = .promotionFailed(problem)
    _ = try passes(.postRollout, phase: .failed)
  }
}
