import Manifests
import TimeSeries

/// Flagger's words (flagger.md §4.6, §5), and promgate's own for what only strict judging knows. All
/// event texts are in this file.
extension AnalysisEvent {
  /// - Parameter rollout: the rollout that it happened in.
  public func message(in rollout: Rollout) -> String {
    let canary = rollout.title
    let target = rollout.targetTitle
    let primary = "\(rollout.targetName)-primary.\(rollout.namespace)"
    return switch self {
    case .suspended: "skipping canary run as object is suspended"
    case .initialized: "Initialization done! \(canary)"
    case .primaryNotReady(let problem): "\(primary) not ready: \(problem)"
    case .canaryNotReady(let problem): Self.canaryNotReady(problem, rollout)
    case .newRevision: "New revision detected! Scaling up \(target)"
    case .revisionRestarted: "New revision detected! Restarting analysis for \(target)"
    case .hookPassed(let index): "\(Self.title(of: rollout.hooks[index])) passed"
    case .hookRefused(let index, let reason): Self.refusal(of: rollout.hooks[index], reason, rollout)
    case .analysisStarted: "Starting canary analysis for \(target)"
    case .halted(let index, let outcome): rollout.checks[index].haltMessage(outcome, in: rollout)
    case .waited(let index, let outcome):
      "Waiting: metric \(rollout.checks[index].metric) was not measured: \(outcome.reasons.first ?? "")"
    case .passedOver(let index, let outcome):
      "Passing over metric \(rollout.checks[index].metric): \(outcome.reasons.first ?? "")"
    case .adjusted(.matchDropped):
      "A/B testing is not supported when using the kubernetes provider"
    case .adjusted(.progressiveUnsupported):
      "Progressive traffic is not supported when using the kubernetes provider"
    case .adjusted(.iterationsForced(let count)): "Setting canary analysis iterations: \(count)"
    case .canaryWeight(let weight): "Advance \(canary) canary weight \(weight)"
    case .iteration(let number, let count): "Advance \(canary) canary iteration \(number)/\(count)"
    case .routingToCanary(stopsMirroring: true):
      "Stop traffic mirroring and route all traffic to canary"
    case .routingToCanary(stopsMirroring: false): "Routing all traffic to canary"
    case .copyingSpec: "Copying \(target) template spec to \(primary)"
    case .routingToPrimary: "Routing all traffic to primary"
    case .primaryWeight(let weight): "Advance \(canary) primary weight \(weight)"
    case .promotionCompleted: "Promotion completed! Scaling down \(target)"
    case .promotionSkippedAnalysis: "Promotion completed! Canary analysis was skipped for \(target)"
    case .promotionFailed(let problem): "Promotion of \(target) failed, primary not ready: \(problem)"
    case .failedChecksReached(let count):
      "Rolling back \(canary) failed checks threshold reached \(count)"
    case .rolledBackByHook: "Rolling back \(canary) manual webhook invoked"
    case .canaryFailed: "Canary failed! Scaling down \(canary)"
    }
  }

  /// - Parameter rollout: the rollout that it happened in.
  public func severity(in rollout: Rollout) -> AnalysisSeverity {
    switch self {
    case .halted(_, .error): .error
    // A rollback hook is alarming when it passes.
    case .hookRefused(let index, _): rollout.hooks[index].kind == .rollback ? .info : .warning
    case .hookPassed(let index): rollout.hooks[index].kind == .rollback ? .warning : .info
    case .suspended, .initialized, .newRevision, .revisionRestarted, .analysisStarted, .canaryWeight,
      .iteration, .routingToCanary, .copyingSpec, .routingToPrimary, .primaryWeight,
      .promotionCompleted, .promotionSkippedAnalysis:
      .info
    case .halted(_, .passed), .halted(_, .failed), .halted(_, .noValue), .primaryNotReady,
      .waited, .passedOver, .canaryNotReady, .adjusted, .promotionFailed, .failedChecksReached,
      .rolledBackByHook,
      .canaryFailed:
      .warning
    }
  }

  private static func canaryNotReady(_ problem: String, _ rollout: Rollout) -> String {
    let kind = rollout.targetKind == .daemonSet ? "damonset" : "deployment"
    return "canary \(kind) \(rollout.targetTitle) not ready: \(problem)"
  }

  private static func title(of hook: Hook) -> String {
    switch hook.kind {
    case .confirmRollout: "Confirm-rollout check \(hook.name)"
    case .preRollout: "Pre-rollout check \(hook.name)"
    case .confirmTrafficIncrease: "Confirm-traffic-increase check \(hook.name)"
    case .confirmPromotion: "Confirm-promotion check \(hook.name)"
    case .postRollout: "Post-rollout check \(hook.name)"
    case .rollback: "Rollback check \(hook.name)"
    case .rollout, .unset: "External check \(hook.name)"
    case .event: "Event hook \(hook.name)"
    }
  }

  private static func refusal(of hook: Hook, _ reason: String, _ rollout: Rollout) -> String {
    let halt = "Halt \(rollout.title) advancement"
    return switch hook.kind {
    case .confirmRollout: "\(halt) waiting for approval \(hook.name)"
    case .confirmTrafficIncrease: "\(halt) waiting for traffic increase approval \(hook.name)"
    case .confirmPromotion: "\(halt) waiting for promotion approval \(hook.name)"
    case .preRollout: "\(halt) pre-rollout check \(hook.name) failed \(reason)"
    case .rollout, .unset: "\(halt) external check \(hook.name) failed \(reason)"
    case .postRollout: "Post-rollout hook \(hook.name) failed \(reason)"
    case .rollback: "Rollback hook \(hook.name) not signaling a rollback"
    case .event: "Event hook \(hook.name) failed \(reason)"
    }
  }
}
