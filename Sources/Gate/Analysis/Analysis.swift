/// Flagger's analysis as a pure step function: state and evidence to state and events. It has no
/// clock, no network and no files; whoever runs it answers its questions.
///
///     var evidence = TickEvidence(time: now)
///     while case .asks(let question) = analysis.step(state, evidence) {
///       … find out, put the answer into evidence.checks or evidence.hooks
///     }
///
/// A question is asked only when everything before it in the tick's order went well, so nothing is
/// measured that Flagger would not measure.
public struct Analysis: Sendable {
  public let rollout: Rollout
  public let judge: Judge

  public init(_ rollout: Rollout, judge: Judge = .compatible) {
    self.rollout = rollout
    self.judge = judge
  }

  /// Either what has to be known first, or what the tick did.
  public enum Step: Sendable, Hashable {
    case asks(Question)
    case settled(TickResult)
  }

  /// One tick (flagger.md §5.2). The same arguments give the same step. Costs the number of checks
  /// and hooks.
  public func step(_ state: AnalysisState, _ evidence: TickEvidence) -> Step {
    var tick = TickRun(rollout: rollout, judge: judge, evidence: evidence, state: state)
    do {
      try tick.run()
      return .settled(tick.result)
    } catch {
      return .asks(error)
    }
  }
}
