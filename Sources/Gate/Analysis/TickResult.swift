/// What one tick did.
public struct TickResult: Sendable, Hashable {
  /// Where the rollout stands afterwards.
  public var state: AnalysisState
  /// In the order in which Flagger does them.
  public var actions: [TickAction]
  /// The checks that were made, in order; only the last one can be other than passed.
  public var checks: [CheckedMetric]
  /// Checks of this tick's analysis that an earlier failure kept from being made.
  public var notEvaluated: [Int]
  /// How the rollout ended; nil while it goes on.
  public var end: RolloutEnd?

  /// A check's index in `Rollout.checks` and its outcome.
  public struct CheckedMetric: Sendable, Hashable {
    public var index: Int
    public var outcome: CheckOutcome
    /// What the outcome was judged on; nil when the check was never asked.
    public var evidence: CheckEvidence?

    public init(index: Int, outcome: CheckOutcome, evidence: CheckEvidence? = nil) {
      self.index = index
      self.outcome = outcome
      self.evidence = evidence
    }
  }
}

/// Something that a tick wants done or known.
public enum TickAction: Sendable, Hashable {
  case event(AnalysisEvent)
  case alert(AnalysisAlert)
  /// The router is told; only where it differs from what it had.
  case route(Routes)
  case scaleUp
  case scaleToZero
  /// The canary's pod template becomes the primary's.
  case copySpec
  /// A webhook that would have been called; its index in `Rollout.hooks`.
  case hookNotRun(Int)
}

/// How a rollout ended.
public enum RolloutEnd: Sendable, Hashable {
  case promoted
  /// Promoted without having looked at anything.
  case skipped
  case rolledBack(Cause)
  /// The primary did not become ready; all traffic stays with the canary (flagger.md §5.6).
  case promotionFailed(String)

  public enum Cause: Sendable, Hashable {
    /// `unmeasured` of the `count` failed checks had no value or an error.
    case failedChecks(count: Int, unmeasured: Int)
    /// A rollback webhook said so; its index.
    case hook(Int)
    /// Pods will not become ready.
    case notReady(String)
  }
}
