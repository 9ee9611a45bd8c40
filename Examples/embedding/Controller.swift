import Evaluator
import Gate
import Manifests
import TimeSeries

/// A controller of rollouts that lets promgate decide. It brings the router and the workloads; promgate
/// brings the analysis. Nothing here waits for anything but metrics.
struct Controller {
  private let analysis: Analysis
  private let source: any EvidenceSource
  /// Where the rollout stands: a value. Store it after each tick, hand it in again after a restart.
  private(set) var state: AnalysisState

  /// - Parameters:
  ///   - manifests: the canary and its templates, YAML.
  ///   - store: where the metrics are.
  ///   - state: what an earlier controller left.
  init(manifests: String, store: Store, state: AnalysisState = AnalysisState()) throws {
    let reading = ManifestReading(reading: manifests)
    let canary = try reading.set.canary(named: nil)
    let rollout = Rollout(canary, in: reading.set)
    // What a cluster would find out tick by tick is known before the first one.
    if let problem = rollout.problems.first {
      throw Refused(reason: problem.finding.rendered(usesColor: false))
    }
    if let endless = Forecast(rollout).endless { throw Refused(reason: endless.message(in: rollout)) }
    analysis = Analysis(rollout, judge: .strict(StrictPolicy(onNoValue: .wait, minimumRequests: 10)))
    source = LocalEvidence(countsBasis: true) { store.snapshot() }
    self.state = state
  }

  struct Refused: Error { var reason: String }

  /// One tick: call it at every interval, or whenever there is news. Moves the traffic as the analysis
  /// wants it, and says how the rollout ended once it has.
  mutating func tick(
    at time: Int64, newRevision: Bool, pods: Readiness, moveTraffic: (Routes) async throws -> Void
  ) async throws -> RolloutEnd? {
    let evidence = TickEvidence(time: time, revisionChanged: newRevision, canary: pods)
    guard let result = try await analysis.decide(state, evidence, asking: source) else { return nil }
    for case .route(let routes) in result.actions { try await moveTraffic(routes) }
    // Only now: had moving the traffic failed, the same tick would be tried again.
    state = result.state
    return result.end
  }

  /// Flagger's words for what a tick would do, without doing it.
  func preview(at time: Int64) async throws -> [String] {
    guard let result = try await analysis.decide(state, TickEvidence(time: time), asking: source) else {
      return []
    }
    return result.actions.compactMap { action in
      if case .event(let event) = action { event.message(in: analysis.rollout) } else { nil }
    }
  }
}
