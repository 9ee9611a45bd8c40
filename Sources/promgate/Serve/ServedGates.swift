import Evaluator
import Gate
import Logging
import Manifests
import Scrape
import Server
import TimeSeries

/// The analyses that `serve --gate` runs beside answering: one of each canary, from the start on, as `gate`
/// runs them: with webhooks, notifications, state and the command of --on-weight. Their events go to the
/// log, their metrics to /metrics.
struct ServedGates: Sendable {
  private struct Gate: Sendable {
    var rollout: Rollout
    var session: GateSession
  }

  private let gates: [Gate]
  private let engine: QueryEngine
  private let judge: Judge
  private let log: Logger
  let metrics = RolloutMetrics()

  /// Throws when a manifest or a state that was kept cannot be used, or a rollout could never end.
  init(
    _ files: [String], _ effects: EffectArguments, judge: Judge, engine: QueryEngine, _ log: Logger
  ) throws {
    self.engine = engine
    self.judge = judge
    self.log = log
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
      let session = try GateSession(rollout, effects, live: true, state: state, metrics: metrics, log)
      for item in session.notDone { log.info("\(item)", metadata: ["canary": "\(rollout.title)"]) }
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
    var log = log
    log[metadataKey: "canary"] = "\(rollout.title)"
    let evidence = LocalEvidence(engine: engine, countsBasis: judge.needs.contains(.basis), source: source)
    do {
      let clock = try await GateSource.clock(for: rollout, targets, log)
      let end = try await gate.session.run(judge, over: evidence, clock: clock) { [log] record in
        for action in record.result.actions {
          switch action {
          case .event(let event): log.info("\(event.message(in: rollout))")
          case .hookNotRun(let hook):
            log.info("Webhook not run", metadata: ["webhook": "\(rollout.hooks[hook].title)"])
          case .alert, .route, .scaleUp, .scaleToZero, .copySpec: break
          }
        }
      }
      log.info(
        "\(end.explanation(in: rollout))", metadata: ["verdict": "\(end.verdict.rawValue)"])
    } catch is CancellationError {
      log.info("Stopped before the analysis began")
    } catch {
      log.error("\(error)")
    }
    await gate.session.finish()
  }
}
