import Lint
import Manifests
import Testing

/// What the documented pattern of pods catches, by the length of the workload's name (names are cut to 63 characters).
@Suite struct ProbeTests {
  private static let pattern = #"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"#

  private func said(kind: String, length: Int) -> String? {
    let name = String(repeating: "a", count: length)
    let text = """
      apiVersion: flagger.app/v1beta1
      kind: Canary
      metadata: {name: web, namespace: test}
      spec:
        targetRef: {apiVersion: apps/v1, kind: \(kind), name: \(name)}
        service: {port: 80}
        analysis:
          interval: 1m
          threshold: 5
          maxWeight: 50
          stepWeight: 10
          metrics:
          - name: rate
            thresholdRange: {min: 1}
            interval: 1m
            query: |
              sum(rate(hits_total{namespace="{{ namespace }}", pod=~"\(Self.pattern)"}[{{ interval }}]))
      """
    return Linter().lint(ManifestReading(reading: text)).findings.first { $0.code == "MT008" }?.message
  }

  @Test func `a Deployment's name decides whose pods are taken`() {
    for length in [1, 7, 38] { #expect(said(kind: "Deployment", length: length) == nil, "\(length)") }
    for length in 39...46 {
      #expect(said(kind: "Deployment", length: length) == "the selector takes the primary too", "\(length)")
    }
    for length in 47...49 {
      #expect(
        said(kind: "Deployment", length: length) == "the selector takes the primary, not the canary",
        "\(length)")
    }
    for length in [50, 55] {
      #expect(
        said(kind: "Deployment", length: length)?.hasPrefix("the selector takes neither") == true, "\(length)"
      )
    }
  }

  @Test func `of a DaemonSet it takes the primary's pods`() {
    #expect(said(kind: "DaemonSet", length: 7) == "the selector takes the primary, not the canary")
  }
}
