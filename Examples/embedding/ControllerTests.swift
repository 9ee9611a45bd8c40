import Foundation
import Gate
import Testing
import TimeSeries

/// The example does what docs/embedding.md says.
@Suite struct ControllerTests {
  private let manifests = """
    apiVersion: flagger.app/v1beta1
    kind: Canary
    metadata: {name: checkout, namespace: shop}
    spec:
      targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
      service: {port: 80}
      analysis:
        interval: 30s
        threshold: 2
        maxWeight: 50
        stepWeight: 25
        metrics:
        - name: errors
          query: sum(rate(requests{code="500"}[1m])) / sum(rate(requests[1m]))
          thresholdRange: {max: 0.01}
          interval: 1m
    """

  private func store(errorsPerSecond: Double) throws -> Store {
    let store = Store()
    for (code, pace) in [("200", 10.0), ("500", errorsPerSecond)] {
      let labels = Labels([(name: "__name__", value: "requests"), (name: "code", value: code)])
      for second in stride(from: Int64(0), through: 900, by: 10) {
        try store.append(labels, StoredSample(timestamp: second * 1000, .float(pace * Double(second))))
      }
    }
    return store
  }

  @Test(arguments: [(0.0, "promoted"), (5.0, "rolled back")])
  func `a controller promotes or rolls back`(errors: Double, end: String) async throws {
    var controller = try Controller(manifests: manifests, store: store(errorsPerSecond: errors))
    var weights: [Int] = []
    for tick in 0..<20 {
      // Killed and restarted at every tick: the state goes through its stored form.
      let stored = try JSONEncoder().encode(controller.state)
      controller = try Controller(
        manifests: manifests, store: store(errorsPerSecond: errors),
        state: JSONDecoder().decode(AnalysisState.self, from: stored))
      let time = 120_000 + Int64(tick) * 30_000
      let ended = try await controller.tick(at: time, newRevision: tick == 0, pods: .ready) {
        weights.append($0.canary)
      }
      guard let ended else { continue }
      switch ended {
      case .promoted:
        #expect(end == "promoted" && weights == [25, 50, 0])
      case .rolledBack(.failedChecks(count: 2, unmeasured: 0)):
        #expect(end == "rolled back" && weights == [25, 0])
      default: Issue.record("\(ended)")
      }
      return
    }
    Issue.record("no end: \(weights)")
  }

  @Test func `pods that are not ready hold it up`() async throws {
    var controller = try Controller(manifests: manifests, store: store(errorsPerSecond: 0))
    _ = try await controller.tick(at: 0, newRevision: true, pods: .ready) { _ in }
    let before = controller.state
    _ = try await controller.tick(at: 30_000, newRevision: false, pods: .notReady("0 of 1")) { _ in }
    #expect(controller.state == before)
    #expect(try await controller.preview(at: 60_000).last == "Advance checkout.shop canary weight 25")
  }

  @Test func `a cancelled tick changes nothing`() async throws {
    let controller = try Controller(
      manifests: manifests, store: store(errorsPerSecond: 0),
      state: AnalysisState(phase: .progressing, canaryWeight: 25, routes: Routes(primary: 75, canary: 25)))
    let task = Task {
      var controller = controller
      while !Task.isCancelled { await Task.yield() }
      do {
        _ = try await controller.tick(at: 120_000, newRevision: false, pods: .ready) { _ in }
        return false
      } catch is CancellationError {
        return controller.state.routes.canary == 25
      }
    }
    task.cancel()
    #expect(try await task.value)
  }

  @Test func `a canary that could never end is refused`() throws {
    #expect(throws: Controller.Refused.self) {
      _ = try Controller(
        manifests: manifests.replacing("stepWeight: 25", with: "stepWeight: 0"), store: Store())
    }
  }
}
