import Foundation
import Lint
import Manifests
import PromQL
import Testing

/// Manifests with a known verdict.
struct CorpusTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  @Test(arguments: ["templates.yaml", "rules.yaml"])
  func `sound metric templates and rules have no findings`(name: String) {
    let reading = ManifestReading(paths: [Self.folder.appending(path: "Corpus/\(name)").path()])
    #expect(reading.set.templates.count + reading.ruleDocuments.count > 0 && Linter().sites(reading).count > 20)
    let found = Linter().lint(reading).findings
    #expect(found.isEmpty, "\(Linting.summary(found))")
  }

  @Test(arguments: MeshProvider.allCases)
  func `the queries that Flagger brings along have no errors`(provider: MeshProvider) {
    let manifest = Self.canary(
      """
            - name: request-success-rate
              thresholdRange: {min: 99}
              interval: 1m
            - name: request-duration
              thresholdRange: {max: 500}
              interval: 1m

      """, provider: provider.rawValue)
    // A query's fault would not be the canary's; whether the canary fits its provider is another matter.
    let found = Linting.result(manifest).findings.filter { $0.severity == .error && $0.query != nil }
    #expect(found.isEmpty, "\(provider): \(Linting.summary(found))")
  }

  @Test func `the three broken templates are found with evidence`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Examples/broken")
    let reading = ManifestReading(paths: [folder.path])
    #expect(!reading.hasErrors && reading.set.templates.count == 3)
    let found = Linter().lint(reading).findings
    func finding(_ code: String, _ template: String) throws -> Finding {
      try #require(
        found.first { $0.code == code && $0.subject.contains("/\(template),") }, "\(Linting.summary(found))")
    }
    let ratio = try finding("MT007", "error-rate")
    #expect(ratio.evidence == "with 45 bad and 5 good requests a second this yields 0, not 90")
    _ = try finding("MT005", "error-rate")
    let direction = try finding("MT049", "grpc-error-rate")
    #expect(direction.evidence?.contains("all fail         0") == true)
    #expect(direction.related.first?.place.source.name.hasSuffix("canary.yaml") == true)
    let quantile = try finding("MT022", "latency")
    #expect(quantile.message.contains("NaN"))
    #expect([ratio, direction, quantile].allSatisfy { $0.severity == .error })
  }

  @Test func `rules and analysis templates are linted where they stand`() throws {
    let text = """
      groups:
      - name: web
        rules:
        - record: r
          expr: |
            rate(a_ratio{x="1", x="2"}[5m])
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: PrometheusRule
      metadata: {name: p}
      spec:
        groups:
        - name: g
          rules:
          - alert: Broken
            expr: sum(rate(a_total[5m])
      ---
      apiVersion: argoproj.io/v1alpha1
      kind: AnalysisTemplate
      metadata: {name: success}
      spec:
        args:
        - name: service
        - name: window
          value: 5m
        metrics:
        - name: rate
          provider:
            prometheus:
              query: sum(rate(a_total{service="{{args.service}}", service="b"}[{{ args.window }}]))
      """
    let reading = ManifestReading(reading: text, name: "rules.yaml")
    #expect(reading.findings.isEmpty)
    let found = Linter().lint(reading).findings.filter { $0.severity == .error }
    let lines = found.map { SourcePlace(offset: $0.place.range?.start ?? 0, in: $0.place.source.bytes)?.line }
    #expect(found.map(\.code) == ["MT031", "rule", "MT031"], "\(Linting.summary(found))")
    #expect(lines == [6, 16, 30])
    #expect(found.last?.subject == "AnalysisTemplate success, metric rate")
    #expect(found.last?.query?.text == #"sum(rate(a_total{service="service", service="b"}[5m]))"#)
  }

  private static func canary(_ metrics: String, provider: String = "nginx") -> String {
    """
    apiVersion: flagger.app/v1beta1
    kind: Canary
    metadata: {name: podinfo, namespace: test}
    spec:
      provider: \(provider)
      targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
      ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: podinfo}
      service: {port: 9898}
      analysis:
        interval: 1m
        threshold: 5
        maxWeight: 50
        stepWeight: 10
        metrics:

    """ + metrics
  }
}
