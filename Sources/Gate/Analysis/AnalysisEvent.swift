import Manifests

/// What happened, as Flagger records it; `message(in:)` has the words.
public enum AnalysisEvent: Sendable, Hashable {
  case suspended
  case initialized
  case primaryNotReady(String)
  case canaryNotReady(String)
  case newRevision
  case revisionRestarted
  case hookPassed(Int)
  case hookRefused(Int, String)
  case analysisStarted
  /// A check that did not pass; its index.
  case halted(Int, CheckOutcome)
  /// Strict only: a check that was not measured holds the tick up; its index.
  case waited(Int, CheckOutcome)
  /// Strict only: a check that was not measured is passed over; its index.
  case passedOver(Int, CheckOutcome)
  case adjusted(Rollout.Adjustment)
  case canaryWeight(Int)
  case iteration(Int, of: Int)
  case routingToCanary(stopsMirroring: Bool)
  case copyingSpec
  case routingToPrimary
  case primaryWeight(Int)
  case promotionCompleted
  case promotionSkippedAnalysis
  case promotionFailed(String)
  case failedChecksReached(Int)
  case rolledBackByHook
  case canaryFailed
}

/// How grave an event or an alert is. Kubernetes knows `Normal` and `Warning` only; errors are
/// warnings there (flagger.md §5.12).
public enum AnalysisSeverity: String, Sendable, Hashable, CaseIterable {
  case info
  case warning = "warn"
  case error

  /// The type of the Kubernetes event.
  public var eventType: String { self == .info ? "Normal" : "Warning" }
}

/// What is told to people (flagger.md §6.1).
public enum AnalysisAlert: Sendable, Hashable {
  case initialized
  case progressing
  case waitingForApproval
  case waitingForTrafficIncrease
  case waitingForPromotion
  case rolledBackByHook
  case failedChecksReached(Int)
  case promotionFailed(String)
  case promoted
  case skipped

  /// - Parameter rollout: the rollout that it is about.
  public func message(in rollout: Rollout) -> String {
    switch self {
    case .initialized: "New \(rollout.targetKind.rawValue) detected, initialization completed."
    case .progressing: "New revision detected, progressing canary analysis."
    case .waitingForApproval: "Canary is waiting for approval."
    case .waitingForTrafficIncrease: "Canary traffic increase is waiting for approval."
    case .waitingForPromotion: "Canary promotion is waiting for approval."
    case .rolledBackByHook: "Rolling back manual webhook invoked"
    case .failedChecksReached(let count): "Failed checks threshold reached \(count)"
    case .promotionFailed(let problem): "Promotion failed, primary not ready: \(problem)"
    case .promoted: "Canary analysis completed successfully, promotion finished."
    case .skipped: "Canary analysis was skipped, promotion finished."
    }
  }

  public var severity: AnalysisSeverity {
    switch self {
    case .initialized, .progressing, .promoted, .skipped: .info
    case .waitingForApproval, .waitingForTrafficIncrease, .waitingForPromotion, .rolledBackByHook:
      .warning
    case .failedChecksReached, .promotionFailed: .error
    }
  }

  /// Whether target, threshold, deadline and routing go with it.
  public var hasFields: Bool { self == .initialized || self == .progressing }
}
