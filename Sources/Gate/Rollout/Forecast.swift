import Manifests

/// What becomes of a rollout on which every check passes and every gate is open: how long it takes at
/// the least, or why it never ends. Found by stepping the analysis itself, so it cannot disagree with it.
public struct Forecast: Sendable, Hashable {
  /// Ticks until the rollout is over, the first one included; nil when it never is.
  public var ticks: Int?
  /// How often the checks are made until then.
  public var checkRounds: Int
  /// The weights that the canary takes, in order.
  public var weights: [Int]
  /// Why it never ends.
  public var endless: Endlessness?

  /// Where a rollout stands still.
  public enum Endlessness: Sendable, Hashable {
    case suspended
    /// No step at all.
    case noStep
    /// The entry of `stepWeights` after this weight is not larger.
    case stepNotLarger(weight: Int)
    /// The canary cannot get more traffic than there is, and `maxWeight` wants more.
    case limitAboveTotal(Int)
    /// The router cannot mirror, so the canary never gets its first traffic.
    case mirrorNotHeld
    /// `stepWeightPromotion` leads away from the primary.
    case negativePromotionStep(Int)
    /// Something else; the phase and the weight in which it stands.
    case standstill(Phase, weight: Int)
  }

  /// After so many ticks a rollout that still moves counts as one that ends.
  public static let horizon = 20_000

  public init(_ rollout: Rollout) {
    var open = rollout
    open.checks = []
    open.hooks = []
    let analysis = Analysis(open)
    var state = AnalysisState()
    var seen: Set<AnalysisState> = []
    checkRounds = 0
    weights = []
    for tick in 0..<Self.horizon {
      guard
        case .settled(let result) = analysis.step(
          state, TickEvidence(time: 0, revisionChanged: tick == 0))
      else { return }
      let routed = result.actions.compactMap { action -> Int? in
        if case .route(let routes) = action { routes.canary } else { nil }
      }
      if state.phase == .progressing || state.phase == .waitingPromotion {
        weights += routed
        let starts = result.actions.contains(.event(.analysisStarted))
        checkRounds += starts ? 0 : 1
      }
      if result.end != nil {
        ticks = tick + 1
        return
      }
      state = result.state
      if !seen.insert(state).inserted {
        endless = Self.reason(rollout, state)
        return
      }
    }
    if state.phase == .promoting {
      endless = Self.reason(rollout, state)
    } else {
      ticks = Self.horizon
    }
  }

  private static func reason(_ rollout: Rollout, _ state: AnalysisState) -> Endlessness {
    if rollout.isSuspended { return .suspended }
    if state.phase == .promoting, rollout.stepWeightPromotion < 0 {
      return .negativePromotionStep(rollout.stepWeightPromotion)
    }
    guard case .weights(let steps) = rollout.advance else {
      return .standstill(state.phase, weight: state.routes.canary)
    }
    if rollout.isMirrored, !rollout.mirrorHolds, steps.increment(at: 0) > 0 { return .mirrorNotHeld }
    if steps.stepWeights.isEmpty, steps.stepWeight <= 0 { return .noStep }
    if steps.increment(at: state.routes.canary) <= 0 {
      return .stepNotLarger(weight: state.routes.canary)
    }
    if steps.limit > WeightSteps.total { return .limitAboveTotal(steps.limit) }
    return .standstill(state.phase, weight: state.routes.canary)
  }
}

extension Forecast.Endlessness {
  /// One sentence, and what to do. `rollout` is the one that the forecast is about.
  public func message(in rollout: Rollout) -> String {
    switch self {
    case .suspended: "the canary is suspended: remove suspend: true"
    case .noStep:
      "the analysis never moves: it has neither stepWeight, nor stepWeights, nor iterations"
    case .stepNotLarger(let weight):
      "the analysis never moves on from weight \(weight): the next of stepWeights is not larger; "
        + "make them ascend, each different"
    case .limitAboveTotal(let limit):
      "the analysis never ends: a canary's weight cannot reach maxWeight \(limit); make it at most 100"
    case .mirrorNotHeld:
      "the analysis never ends: \(rollout.router.title) cannot mirror traffic by weights, so the canary "
        + "stays at weight 0; remove mirror: true"
    case .negativePromotionStep(let step):
      "the promotion never ends: stepWeightPromotion is \(step); make it positive, or leave it out"
    case .standstill(let phase, let weight):
      "the rollout never ends: it stands still in phase \(phase.rawValue) at weight \(weight)"
    }
  }
}
