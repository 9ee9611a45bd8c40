import Gate
import Manifests
import Testing

@Suite struct RolloutTests {
  private func reading(_ analysis: String, provider: String = "nginx") -> ManifestReading {
    ManifestReading(
      reading: """
        apiVersion: flagger.app/v1beta1
        kind: Canary
        metadata: {name: podinfo, namespace: test}
        spec:
          provider: \(provider)
          targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
          ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: podinfo}
          service: {port: 80, targetPort: 9898}
          analysis: \(analysis)
        ---
        apiVersion: flagger.app/v1beta1
        kind: MetricTemplate
        metadata: {name: latency, namespace: test}
        spec:
          provider: {type: prometheus, address: "http://prom:9090"}
          query: |
            histogram_quantile(0.99,
              sum(rate(lat_bucket{ns="{{ namespace }}",pod=~"{{ target }}-.*"}[{{ interval }}])) by (le))
        ---
        apiVersion: flagger.app/v1beta1
        kind: MetricTemplate
        metadata: {name: dog, namespace: test}
        spec:
          provider: {type: datadog, address: "http://dog"}
          query: avg:x
        """)
  }

  private func rollout(_ analysis: String, provider: String = "nginx") throws -> Rollout {
    let found = reading(analysis, provider: provider)
    return Rollout(try found.set.canary(), in: found.set)
  }

  @Test func `checks come in two passes, built-in and inline before templates`() throws {
    let rollout = try rollout(
      """
      {interval: 10s, threshold: 10, maxWeight: 50, stepWeight: 5, metrics: [
          {name: latency, templateRef: {name: latency}, interval: 1m, thresholdRange: {max: 0.5}},
          {name: request-success-rate, templateRef: {name: latency}, query: "vector( 1)", interval: 2m},
          {name: both, query: a, templateRef: {name: latency}, interval: 30s}],
        webhooks: [{name: load, url: "http://l", type: ""},
          {name: gate, url: "http://g", type: confirm-promotion}]}
      """)
    #expect(
      rollout.checks.map(\.metric) == [
        "request-success-rate", "request-success-rate", "both", "latency", "request-success-rate", "both",
      ])
    #expect(
      rollout.checks[3].sentQuery
        == #"histogram_quantile(0.99, sum(rate(lat_bucket{ns="test",pod=~"podinfo-.*"}[1m])) by (le)) "#
    )
    #expect(rollout.checks[1].sentQuery == "vector( 1)")
    #expect(rollout.checks[0].sentQuery?.contains("[2m]") == true)
    #expect(rollout.checks[0].server.address == "http://prometheus:9090")
    #expect(rollout.checks[3].server.address == "http://prom:9090")
    #expect(rollout.checks[3].bounds == .range(min: nil, max: 0.5))
    #expect(rollout.checks[0].bounds == .threshold(0))
    #expect(rollout.hooks.map(\.title) == ["load (rollout)", "gate (confirm-promotion)"])
    #expect(rollout.problems.isEmpty)
    #expect(rollout.failedChecksLimit == 10 && rollout.interval == .seconds(10))
  }

  @Test func `plain Kubernetes is always blue green and says so`() throws {
    let plain = try rollout(
      "{interval: 10s, threshold: 2, stepWeight: 5, metrics: []}", provider: "kubernetes")
    #expect(plain.advance == .blueGreen(iterations: 10))
    let events = Play(rollout: plain).ticks(2)[1].events
    #expect(
      events == [
        "Starting canary analysis for podinfo.test",
        "Progressive traffic is not supported when using the kubernetes provider",
        "Setting canary analysis iterations: 10", "Advance podinfo.test canary iteration 1/10",
      ])
    let matched = try rollout(
      "{interval: 10s, threshold: 2, iterations: 3, match: [{headers: {a: {exact: b}}}]}",
      provider: "kubernetes")
    #expect(matched.advance == .blueGreen(iterations: 3))
    #expect(matched.adjustments == [.matchDropped])
    let tested = try rollout(
      "{interval: 10s, threshold: 2, iterations: 3, match: [{headers: {a: {exact: b}}}]}")
    #expect(tested.advance == .abTesting(iterations: 3))
  }

  @Test func `what can never succeed is known beforehand, with its place`() throws {
    let cases: [(metric: String, words: String, line: Int)] = [
      ("{name: sucess-rate}", "has neither a query nor a templateRef", 9),
      ("{name: m, templateRef: {name: nowhere}}", "MetricTemplate nowhere.test not found", 9),
      ("{name: m, templateRef: {name: dog}}", "provider of type datadog", 24),
      ("{name: m, templateRef: {name: latency}}", "unexpected \"]\"", 18),
      ("{name: m, query: \"sum(a))\"}", "is no PromQL", 9),
      ("{name: m, query: \"{{ variables.a }}\"}", "cannot be rendered: template excution failed", 9),
      ("{name: m, query: \"# comment\\n a\"}", "no expression found", 9),
    ]
    for item in cases {
      let rollout = try rollout("{interval: 10s, threshold: 2, stepWeight: 5, metrics: [\(item.metric)]}")
      let text = rollout.problems.map { $0.finding.rendered() }.joined(separator: "\n")
      #expect(text.contains(item.words), "\(item.metric): \(text)")
      #expect(text.hasPrefix("manifest.yaml:\(item.line):"), "\(item.metric): \(text)")
    }
  }

  @Test func `a template that cannot be used fails its check in the cluster's words`() async throws {
    let cases = [
      (
        "{name: m, templateRef: {name: latency, namespace: other}}",
        "Metric template latency.other error: metrictemplates.flagger.app \"latency\" not found"
      ),
      ("{name: m, templateRef: {name: dog}}", "Metric template dog.test provider datadog error: "),
      ("{name: m}", "Metric query failed for no usable metrics template and query were configured"),
    ]
    for (metric, words) in cases {
      let rollout = try rollout("{interval: 10s, threshold: 2, stepWeight: 5, metrics: [\(metric)]}")
      let events = Play(rollout: rollout).ticks(3)[2].events
      #expect(events.first?.hasPrefix(words) == true, "\(events)")
    }
  }
}
