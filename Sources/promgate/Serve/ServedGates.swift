import Evaluator
import Gate
import Manifests
import Scrape
import Server
import TimeSeries

/// The analyses that `serve --gate` runs beside answering: one of each canary, from the start on, as `gate`
/// runs them: with webhooks, notifications, state and the command of --on-weight. Their events go to
/// standard error, their metrics to /metrics.
struct ServedGates: Sendable {
  private struct Gate: Sendable {
    var rollout: Rollout
    var session: GateSession
  }

  private let gates: [Gate]
  private let engine: QueryEngine
  private let judge: Judge
  let metrics = RolloutMetrics()

  /// Throws when a manifest or a state that was kept cannot be used, or a rollout could never end.
  init(
    _ files: [String], _ effects: EffectArguments, judge: Judge, engine: QueryEngine
  ) throws {
    self.engine = engine
    self.judge = judge
    guard !files.isEmpty else {
      gates = []
      return
    }
    let manifests = try RolloutArguments.manifests(files)
    let rollouts = manifests.canaries.map { Rollout($0, in: manifests) }
    if rollouts.isEmpty { throw ToolFailure("--gate: there is no canary in the manifests") }
    for rollout in rollouts {
      do throws(ToolFailure) {
        try RolloutArguments.refuseBroken(rollout)
        _ = try RolloutArguments.forecast(of: rollout)
        RolloutArguments.warn(rollout)
      } catch {
        throw ToolFailure("\(rollout.title): \(error)")
      }
    }
    let metrics = metrics
    gates = try rollouts.map { rollout in
      let state = try effects.state.map { try StateFile(in: $0, for: rollout) }
      let session = try GateSession(rollout, effects, live: true, state: state, metrics: metrics)
      for item in session.notDone { Output.note("\(rollout.title): \(item)") }
      return Gate(rollout: rollout, session: session)
    }
  }

  /// Runs all analyses to their ends; cancelling ends them.
  /// - Parameter targets: what is scraped into the source.
  func run(over source: @escaping @Sendable () -> any SeriesSource, _ targets: [Target]) async {
    await withTaskGroup(of: Void.self) { group in
      for gate in gates { group.addTask { await run(gate, over: source, targets) } }
    }
  }

  private func run(
    _ gate: Gate, over source: @escaping @Sendable () -> any SeriesSource, _ targets: [Target]
  ) async {
    let rollout = gate.rollout
    let evidence = LocalEvidence(engine: engine, countsBasis: judge.needs.contains(.basis), source: source)
    do {
      let clock = try await GateSource.clock(for: rollout, targets)
      let end = try await gate.session.run(judge, over: evidence, clock: clock) { record in
        for action in record.result.actions {
          switch action {
          case .event(let event): Output.note("\(rollout.title): \(event.message(in: rollout))")
          case .hookNotRun(let hook):
            Output.note("\(rollout.title): webhook \(rollout.hooks[hook].title): not run")
          case .alert, .route, .scaleUp, .scaleToZero, .copySpec: break
          }
        }
      }
      Output.note("\(rollout.title): \(end.verdict.rawValue): \(end.explanation(in: rollout))")
    } catch is CancellationError {
      Output.note("\(rollout.title): interrupted before its analysis began")
    } catch {
      Output.note("\(rollout.title): \(error)")
    }
    await gate.session.finish()
  }
}
