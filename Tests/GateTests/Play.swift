import Gate
import Manifests

/// Plays a rollout tick by tick without clock or metrics: one check, which fails where the script
/// says so, and hooks that answer as the script says.
struct Play {
  var rollout: Rollout
  /// Ticks at which the value breaks its bound.
  var failures: Set<Int> = []
  var answers: (_ tick: Int, _ hook: Hook) -> HookAnswer = { _, _ in .passed }
  /// Changes what a tick knows.
  var surroundings: (_ tick: Int, _ evidence: inout TickEvidence) -> Void = { _, _ in }

  struct Tick {
    var result: TickResult
    /// How many queries were asked.
    var queries: Int
    /// `name phase` of each hook that was called, in order.
    var calls: [String]
    var rollout: Rollout

    /// `90/10 Progressing 1`: routes, phase, queries.
    var line: String {
      let routes = result.state.routes
      return "\(routes.primary)/\(routes.canary)\(routes.isMirrored ? "m" : "") "
        + "\(result.state.phase.rawValue) \(queries)"
    }

    var events: [String] {
      result.actions.compactMap { if case .event(let event) = $0 { event.message(in: rollout) } else { nil } }
    }

    var alerts: [String] {
      result.actions.compactMap { if case .alert(let alert) = $0 { alert.message(in: rollout) } else { nil } }
    }
  }

  /// Until the rollout ends, at most so many ticks.
  func ticks(_ limit: Int, from initial: AnalysisState = AnalysisState()) -> [Tick] {
    let analysis = Analysis(rollout)
    var state = initial
    var ticks: [Tick] = []
    for number in 0..<limit {
      var evidence = TickEvidence(time: Int64(number) * 10_000, revisionChanged: number == 0)
      surroundings(number, &evidence)
      var queries = 0
      var calls: [String] = []
      asking: while true {
        switch analysis.step(state, evidence) {
        case .settled(let result):
          ticks.append(Tick(result: result, queries: queries, calls: calls, rollout: rollout))
          state = result.state
          if result.end != nil { return ticks }
          break asking
        case .asks(.check(let index)):
          queries += 1
          let value = failures.contains(number) ? 200.0 : 100.0
          evidence.checks[index] = CheckEvidence(
            .success(InstantAnswer(series: [AnsweredSeries(content: .value(value))])))
        case .asks(.hook(let index, let phase)):
          let hook = rollout.hooks[index]
          calls.append("\(hook.name) \(phase.rawValue)")
          evidence.hooks[index] = answers(number, hook)
        }
      }
    }
    return ticks
  }
}

extension Rollout {
  /// `podinfo.default` with one check that passes at 100 and fails at 200.
  static func podinfo(
    _ steps: WeightSteps, on provider: MeshProvider = .istio, threshold: Int = 10,
    hooks: [CanaryWebhook.Kind] = []
  ) -> Rollout {
    var rollout = Rollout(name: "podinfo", steps: steps)
    rollout.router = provider.facts
    rollout.providerName = provider.rawValue
    rollout.failedChecksLimit = threshold
    rollout.interval = .seconds(10)
    rollout.checks = [
      Check(metric: "load", kind: .inline, query: .text("load"), bounds: .range(min: nil, max: 100))
    ]
    rollout.hooks = hooks.map { Hook(name: "h-\($0.rawValue)", kind: $0) }
    return rollout
  }

  static func podinfo(
    _ advance: Advance, on provider: MeshProvider = .istio, threshold: Int = 10,
    hooks: [CanaryWebhook.Kind] = []
  ) -> Rollout {
    var rollout = podinfo(
      WeightSteps(limit: 100), on: provider, threshold: threshold, hooks: hooks)
    rollout.advance = advance
    return rollout
  }
}

/// Progressive steps in one word.
func steps(_ step: Int, to limit: Int = 100) -> WeightSteps {
  WeightSteps(stepWeight: step, limit: limit)
}

func steps(_ weights: [Int], step: Int = 0) -> WeightSteps {
  WeightSteps(stepWeight: step, stepWeights: weights, limit: min(100, weights.last ?? 100))
}
