import Manifests

/// What moves a rollout on after a tick without failure (flagger.md §5.5).
extension TickRun {
  mutating func advance(_ routes: Routes) throws(Question) {
    switch rollout.advance {
    case .weights(let steps): try advanceWeights(steps, from: routes)
    case .blueGreen(let iterations): try advanceBlueGreen(iterations, from: routes)
    case .abTesting(let iterations): try advanceABTesting(iterations)
    }
  }

  private mutating func advanceWeights(
    _ steps: WeightSteps, from routes: Routes
  ) throws(Question) {
    let increment = steps.increment(at: routes.canary)
    guard increment > 0 else { return }
    if !routes.isMirrored, state.phase != .waitingPromotion {
      guard try passes(.confirmTrafficIncrease, phase: .progressing) else { return }
    }
    guard routes.canary < steps.limit else {
      if try passes(.confirmPromotion, phase: .progressing) { promote() }
      return
    }
    let next = nextRoutes(after: routes, increment: increment)
    route(next)
    state.canaryWeight = next.canary
    record(.canaryWeight(next.canary))
  }

  /// Mirroring comes first, as one step at weight 0.
  private func nextRoutes(after routes: Routes, increment: Int) -> Routes {
    let total = WeightSteps.total
    guard rollout.isMirrored, routes.canary == 0 else {
      return Routes(
        primary: max(0, routes.primary.addingClamped(-increment)),
        canary: min(total, routes.canary.addingClamped(increment)), isMirrored: routes.isMirrored)
    }
    return routes.isMirrored
      ? Routes(primary: total.addingClamped(-increment), canary: increment)
      : Routes(primary: total, canary: 0, isMirrored: true)
  }

  private mutating func advanceBlueGreen(
    _ iterations: Int, from routes: Routes
  ) throws(Question) {
    if iterations > state.iterations {
      if rollout.isMirrored, !routes.isMirrored {
        route(Routes(primary: WeightSteps.total, canary: 0, isMirrored: true))
      }
      return countIteration(of: iterations)
    }
    guard try passes(.confirmPromotion, phase: .progressing) else { return }
    guard iterations == state.iterations else { return promote() }
    if rollout.router.routesTraffic {
      record(.routingToCanary(stopsMirroring: rollout.isMirrored))
      route(.allToCanary)
    }
    state.iterations += 1
  }

  private mutating func advanceABTesting(_ iterations: Int) throws(Question) {
    if iterations > state.iterations {
      route(.allToCanary)
      return countIteration(of: iterations)
    }
    guard try passes(.confirmPromotion, phase: .progressing) else { return }
    if iterations == state.iterations { promote() }
  }

  private mutating func countIteration(of iterations: Int) {
    state.iterations += 1
    record(.iteration(state.iterations, of: iterations))
  }

  private mutating func promote() {
    copySpec()
    enter(.promoting)
  }

  mutating func copySpec() {
    record(.copyingSpec)
    append(.copySpec)
  }
}

extension Int {
  /// The sum, at the ends of the type where it does not fit.
  func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }
}
