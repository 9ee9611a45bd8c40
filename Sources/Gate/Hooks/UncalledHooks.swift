import Manifests

/// What becomes of the webhooks of a run that calls none, as over a recording: nobody can ask whether a
/// release was approved last week. The raw values are the command line's.
public enum UncalledHooks: Sendable, Hashable {
  /// A hook on which the promotion hangs ends the run undecided; the others hold nothing up.
  case hold
  /// None holds anything up: somebody said so.
  case pass
}

extension Rollout {
  /// Whether the promotion hangs on a hook: those that confirm, and where no metric is checked also those
  /// that test.
  /// - Parameter index: in `hooks`.
  public func isGate(_ index: Int) -> Bool {
    switch hooks[index].kind {
    case .confirmRollout, .confirmTrafficIncrease, .confirmPromotion: true
    case .preRollout, .rollout, .unset: checks.isEmpty
    case .postRollout, .rollback, .event: false
    }
  }

  /// The answer of a hook that is not called; nil where the run has to end for want of one.
  func answer(ofUncalled index: Int, _ uncalled: UncalledHooks) -> HookAnswer? {
    switch uncalled {
    case .pass: .notRun
    case .hold: isGate(index) ? nil : .notRun
    }
  }

  /// What a run that calls no webhook leaves out, a phrase each.
  public func notDone(_ uncalled: UncalledHooks) -> [String] {
    hooks.indices.map { index in
      "webhook \(hooks[index].title): "
        + (answer(ofUncalled: index, uncalled) == nil
          ? "nobody asks it, and nothing is promoted without its answer (--webhooks skip takes it as passed)"
          : "not run")
    } + alerts.map { "alert \($0.name): not sent" }
  }

  /// The same of a replay, in at most two sentences.
  func hookNotes(_ uncalled: UncalledHooks) -> [String] {
    func titles(_ isGate: Bool) -> String {
      hooks.indices.filter { (answer(ofUncalled: $0, uncalled) == nil) == isGate }.map { hooks[$0].title }
        .joined(separator: ", ")
    }
    let (open, shut) = (titles(false), titles(true))
    return [
      open.isEmpty ? nil : "webhooks count as passed: \(open)",
      shut.isEmpty
        ? nil : "nobody asks \(shut): nothing is promoted without it (--webhooks skip takes it as passed)",
    ].compactMap { $0 }
  }
}
