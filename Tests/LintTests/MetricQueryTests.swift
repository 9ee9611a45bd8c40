import Gate
import Lint
import Manifests
import Testing

/// Lint looks at the queries that the gate sends, with the bounds that the gate holds them to.
@Suite struct MetricQueryTests {
  /// What a metric may have, in all combinations.
  private static let shapes: [(name: String, keys: [String], bound: String)] = {
    let names = ["request-success-rate", "request-duration", "own"]
    let keys = [#"query: sum(rate(a_total{app="{{ target }}"}[{{ interval }}]))"#, "templateRef: {name: t}"]
    let bounds = ["thresholdRange: {min: 1, max: 9}", "thresholdRange: {max: 9}", "threshold: 7", ""]
    return names.flatMap { name in
      (0..<4).flatMap { bits in
        bounds.map { (name, keys.indices.filter { bits >> $0 & 1 == 1 }.map { keys[$0] }, $0) }
      }
    }
  }()

  @Test(arguments: shapes.indices) func `both derive the same`(index: Int) throws {
    let shape = Self.shapes[index]
    let lines = (["name: \(shape.name)", shape.bound] + shape.keys).filter { !$0.isEmpty }
    let reading = ManifestReading(
      reading: """
        apiVersion: flagger.app/v1beta1
        kind: Canary
        metadata: {name: podinfo, namespace: test}
        spec:
          provider: nginx
          targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
          ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: podinfo}
          service: {port: 80}
          analysis:
            interval: 1m
            threshold: 5
            stepWeight: 10
            maxWeight: 50
            metrics:
            - \(lines.joined(separator: "\n      "))
        ---
        apiVersion: flagger.app/v1beta1
        kind: MetricTemplate
        metadata: {name: t, namespace: test}
        spec:
          provider: {type: prometheus, address: "http://prometheus:9090"}
          query: sum(rate(b_total{app="{{ target }}"}[1m]))
        """)
    let canary = try #require(reading.set.canaries.first)
    let rollout = Rollout(canary, in: reading.set)
    let sent = rollout.checks.compactMap { check -> String? in
      check.sentQuery.map { "\($0) \(Self.text(check.bounds.limits(of: check.kind)))" }
    }
    let looked = Linter().queries(reading).filter { $0.site.metric != nil }.map { query in
      let limits = query.site.limits
      // A metric without bounds has a threshold of 0, of which there is nothing to look at.
      let bounds: (min: Double?, max: Double?) =
        if let limits { (limits.min?.value, limits.max?.value) } else {
          query.site.use == .builtIn && shape.name == "request-success-rate" ? (0, nil) : (nil, 0)
        }
      return "\(query.text.sent) \(Self.text(bounds))"
    }
    #expect(looked.sorted() == sent.sorted())
    #expect(sent.count == shape.keys.count + (shape.name == "own" ? 0 : 1))
  }

  private static func text(_ limits: (min: Double?, max: Double?)) -> String {
    "\(limits.min.map { "\($0)" } ?? "-")…\(limits.max.map { "\($0)" } ?? "-")"
  }
}
