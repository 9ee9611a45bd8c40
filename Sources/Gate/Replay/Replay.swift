import Manifests

/// One analysis as it would have gone: every tick and the end.
public struct Replay: Sendable, Hashable {
  /// When it began: the tick that finds the new revision, milliseconds since the epoch.
  public var start: Int64
  public var ticks: [TickRecord]
  public var end: GateEnd

  public init(start: Int64, ticks: [TickRecord], end: GateEnd) {
    self.start = start
    self.ticks = ticks
    self.end = end
  }

  public var verdict: Verdict { end.verdict }

  /// The time of the last tick; the start without one.
  public var endTime: Int64 { ticks.last?.time ?? start }
}

/// Replays one rollout over what was recorded.
public struct ReplayRun: Sendable {
  public var rollout: Rollout
  public var judge: Judge
  /// The last time at which there is anything to know, in milliseconds.
  public var lastTime: Int64

  /// What becomes of the webhooks, none of which is called.
  public var uncalled: UncalledHooks

  public init(
    _ rollout: Rollout, judge: Judge = .compatible, lastTime: Int64, uncalled: UncalledHooks = .hold
  ) {
    self.rollout = rollout
    self.judge = judge
    self.lastTime = lastTime
    self.uncalled = uncalled
  }

  /// The analysis from a start on. Webhooks are not called; pods count as ready.
  ///
  /// The same arguments give the same replay, whatever else runs. Costs the ticks and their questions.
  /// - Parameter evidence: what is known of a check, by its index, at a time.
  public func replay(
    from start: Int64, evidence answer: (_ check: Int, _ time: Int64) -> CheckEvidence
  ) -> Replay {
    let analysis = Analysis(rollout, judge: judge)
    let interval = max(1, rollout.interval.milliseconds)
    var replay = Replay(start: start, ticks: [], end: .outOfEvidence(lastTime: lastTime))
    var state = AnalysisState()
    for number in 0..<Forecast.horizon {
      let time = start.addingClamped(Int64(number), times: interval)
      if time == .max { return replay }
      var evidence = TickEvidence(time: time, revisionChanged: number == 0)
      while true {
        switch analysis.step(state, evidence) {
        case .asks(.hook(let index, _)):
          guard let answer = rollout.answer(ofUncalled: index, uncalled) else {
            replay.end = .gateNotAsked(hook: index)
            return replay
          }
          evidence.hooks[index] = answer
          continue
        case .asks(.check(let index)):
          if time > lastTime { return replay }
          evidence.checks[index] = answer(index, time)
          continue
        case .settled(let result):
          replay.ticks.append(TickRecord(number: number, time: time, before: state, result: result))
          state = result.state
          if let end = result.end {
            replay.end = .finished(end)
            return replay
          }
        }
        break
      }
    }
    return replay
  }
}
