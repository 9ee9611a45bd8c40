/// One tick of a run: when it was, what it began with, what it did.
public struct TickRecord: Sendable, Hashable {
  /// Counted from 0, the tick that finds the new revision.
  public var number: Int
  /// Milliseconds since the epoch.
  public var time: Int64
  /// Before the tick.
  public var before: AnalysisState
  public var result: TickResult
  /// How long the tick took, milliseconds; 0 in a replay.
  public var took: Int64

  public init(number: Int, time: Int64, before: AnalysisState, result: TickResult, took: Int64 = 0) {
    self.number = number
    self.time = time
    self.before = before
    self.result = result
    self.took = took
  }
}

/// How a run ended.
public enum GateEnd: Sendable, Hashable {
  /// The rollout came to its own end.
  case finished(RolloutEnd)
  /// The recording ends before the rollout does; the last time it knows, in milliseconds.
  case outOfEvidence(lastTime: Int64)
  /// The promotion hangs on `Rollout.hooks[hook]`, which nobody asked: see `UncalledHooks`.
  case gateNotAsked(hook: Int)

  /// The answer to "may this canary go on?".
  public var verdict: Verdict {
    switch self {
    case .finished(.promoted), .finished(.skipped): .promoted
    case .finished(.rolledBack(.failedChecks(let count, let unmeasured))):
      count == unmeasured ? .undecided : .rolledBack
    case .finished(.rolledBack(.hook)), .finished(.rolledBack(.notReady)),
      .finished(.promotionFailed):
      .rolledBack
    case .outOfEvidence, .gateNotAsked: .undecided
    }
  }
}

/// The raw values are stable: they appear in JSON.
public enum Verdict: String, Sendable, Hashable, CaseIterable {
  case promoted
  case rolledBack
  /// Nothing could be measured (every failed check had no value or an error), or a gate was not asked.
  case undecided

  /// The exit code of `promgate gate`.
  public var exitCode: Int32 {
    switch self {
    case .promoted: 0
    case .rolledBack: 1
    case .undecided: 3
    }
  }
}
