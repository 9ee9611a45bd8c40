import Evaluator
import Gate
import Manifests
import Scrape
import Server
import TimeSeries

/// The analyses that `serve --gate` runs beside answering: one of each canary, from the start on, their
/// events on standard error and their metrics on /metrics.
struct ServedGates: Sendable {
  private let rollouts: [Rollout]
  private let engine: QueryEngine
  private let policy: JudgingPolicy
  let metrics = RolloutMetrics()

  /// Throws when a manifest cannot be used, or a rollout could never end.
  init(
    _ files: [String], policy: JudgingPolicy, engine: QueryEngine
  ) throws(ToolFailure) {
    self.engine = engine
    self.policy = policy
    guard !files.isEmpty else {
      rollouts = []
      return
    }
    let manifests = try RolloutArguments.manifests(files)
    rollouts = manifests.canaries.map { Rollout($0, in: manifests) }
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
  }

  /// Runs all analyses to their ends; cancelling ends them.
  func run(over source: @escaping @Sendable () -> any SeriesSource) async {
    await withTaskGroup(of: Void.self) { group in
      for rollout in rollouts { group.addTask { await run(rollout, over: source) } }
    }
  }

  private func run(_ rollout: Rollout, over source: @escaping @Sendable () -> any SeriesSource) async {
    let evidence = LocalEvidence(engine: engine, countsBasis: policy != .compatible, source: source)
    let run = GateRun(rollout, policy: policy, source: evidence, clock: SourceClock(source: .wall))
    let end = try? await run.run { record in
      metrics.count(record, of: rollout)
      for case .event(let event) in record.result.actions {
        Output.note("\(rollout.title): \(event.message(in: rollout))")
      }
    }
    if let end { Output.note("\(rollout.title): \(end.verdict.rawValue): \(end.explanation(in: rollout))") }
  }
}
