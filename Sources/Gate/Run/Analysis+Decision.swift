extension Analysis {
  /// One tick, its questions answered: what the rollout does now, and where it stands afterwards.
  ///
  /// Waits for the metrics and the webhooks and for nothing else. Nil when a check wants to know what lies
  /// behind the end of the evidence. Throws on cancellation; then nothing has changed, and the same tick
  /// may be tried again.
  /// - Parameters:
  ///   - initial: the time, whether the revision changed, whether pods are ready.
  ///   - source: answers the queries.
  ///   - hooks: calls the webhooks; nil: none is called, and none holds anything up.
  public func decide(
    _ state: AnalysisState, _ initial: TickEvidence, asking source: any EvidenceSource,
    hooks: (any HookCaller)? = nil
  ) async throws -> TickResult? {
    var evidence = initial
    while true {
      switch step(state, evidence) {
      case .settled(let result): return result
      case .asks(.hook(let index, let phase)):
        evidence.hooks[index] =
          try await hooks?.call(rollout.hooks[index], of: rollout, phase: phase, since: state.since)
          ?? .notRun
      case .asks(.check(let index)):
        if let last = source.lastTime, evidence.time > last { return nil }
        evidence.checks[index] = try await source.evidence(for: rollout.checks[index], at: evidence.time)
      }
    }
  }
}
