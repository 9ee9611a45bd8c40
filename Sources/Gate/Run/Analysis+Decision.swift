/// What came of a tick whose questions were asked.
enum Decision: Sendable, Hashable {
  case settled(TickResult)
  /// A check wants to know what lies behind the end of the evidence.
  case outOfEvidence
  /// The promotion hangs on `Rollout.hooks[hook]`, and nobody calls it.
  case gateNotAsked(hook: Int)
}

extension Analysis {
  /// One tick, its questions answered: what the rollout does now, and where it stands afterwards.
  ///
  /// Waits for the metrics and the webhooks and for nothing else. Nil when a check wants to know what lies
  /// behind the end of the evidence, or the promotion hangs on a webhook that nobody calls. Throws on
  /// cancellation. Then nothing has changed, and the same tick may be tried again.
  /// - Parameters:
  ///   - initial: the time, whether the revision changed, whether pods are ready.
  ///   - source: answers the queries.
  ///   - hooks: calls the webhooks; nil: none is called.
  ///   - uncalled: what becomes of them then.
  public func decide(
    _ state: AnalysisState, _ initial: TickEvidence, asking source: any EvidenceSource,
    hooks: (any HookCaller)? = nil, uncalled: UncalledHooks = .hold
  ) async throws -> TickResult? {
    switch try await decision(state, initial, asking: source, hooks: hooks, uncalled: uncalled) {
    case .settled(let result): result
    case .outOfEvidence, .gateNotAsked: nil
    }
  }

  /// The same, with the reason where nothing is settled.
  func decision(
    _ state: AnalysisState, _ initial: TickEvidence, asking source: any EvidenceSource,
    hooks: (any HookCaller)?, uncalled: UncalledHooks
  ) async throws -> Decision {
    var evidence = initial
    while true {
      switch step(state, evidence) {
      case .settled(let result): return .settled(result)
      case .asks(.hook(let index, let phase)):
        let hook = rollout.hooks[index]
        let answer =
          if let hooks { try await hooks.call(hook, of: rollout, phase: phase, since: state.since) } else {
            rollout.answer(ofUncalled: index, uncalled)
          }
        guard let answer else { return .gateNotAsked(hook: index) }
        evidence.hooks[index] = answer
      case .asks(.check(let index)):
        if let last = source.lastTime, evidence.time > last { return .outOfEvidence }
        evidence.checks[index] = try await source.evidence(for: rollout.checks[index], at: evidence.time)
      }
    }
  }
}
