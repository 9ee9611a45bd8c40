import Evaluator
import Gate
import Manifests
import TimeSeries

/// Series for a test, filled as `value at second t`, and a store with them.
struct Measured {
  private let store = Store()

  /// One sample every `every` seconds from `from` to `to`, both included.
  @discardableResult
  func add(
    _ name: String, _ labels: [String: String] = [:], from: Int64 = 0, to: Int64 = 600,
    every: Int64 = 5, _ value: (Double) -> Double
  ) throws -> Measured {
    let all = Labels(labels.map { (name: $0.key, value: $0.value) } + [(name: "__name__", value: name)])
    for second in stride(from: from, through: to, by: Int(every)) {
      try store.append(all, StoredSample(timestamp: second * 1000, .float(value(Double(second)))))
    }
    return self
  }

  /// Requests that the built-in queries for ingress-nginx look at.
  @discardableResult
  func requests(
    _ status: String, from: Int64 = 0, to: Int64 = 600, every: Int64 = 5, canary: Bool = true,
    _ value: (Double) -> Double
  ) throws -> Measured {
    var labels = ["namespace": "default", "ingress": "podinfo", "status": status]
    if canary { labels["canary"] = "default-podinfo-canary-80" }
    return try add(
      "nginx_ingress_controller_requests", labels, from: from, to: to, every: every, value)
  }

  var source: any SeriesSource { store.snapshot() }

  var evidence: LocalEvidence {
    let snapshot = store.snapshot()
    return LocalEvidence { snapshot }
  }

  /// The outcome of the only check of a metric at second 600, and what Flagger says unless it passed.
  func judge(
    _ metric: String, provider: String = "nginx", kind: String = "Deployment"
  ) async throws -> (outcome: CheckOutcome, text: String) {
    let reading = ManifestReading(
      reading: """
        apiVersion: flagger.app/v1beta1
        kind: Canary
        metadata: {name: podinfo, namespace: default}
        spec:
          provider: \(provider)
          targetRef: {apiVersion: apps/v1, kind: \(kind), name: podinfo}
          ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: podinfo}
          service: {port: 80}
          analysis:
            interval: 10s
            threshold: 5
            stepWeight: 10
            metrics:
            - \(metric)
        """)
    let rollout = Rollout(try reading.set.canary(), in: reading.set)
    let check = rollout.checks[0]
    let outcome = check.outcome(of: try await evidence.evidence(for: check, at: 600_000))
    return (
      outcome, outcome.isPassed ? "" : AnalysisEvent.halted(0, outcome).message(in: rollout)
    )
  }
}
