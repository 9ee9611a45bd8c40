import Manifests
import PromQL
import Testing

/// What a cluster takes as names, namespaces, labels and annotations.
struct MetadataTests {
  /// Lines of `metadata` behind its name, and what is said of them; nil for nothing.
  private static let cases: [(metadata: String, says: String?)] = [
    ("namespace: prod-1", nil), ("namespace: Prod", "metadata.namespace must be lower-case letters"),
    ("namespace: prod.eu", "metadata.namespace must be lower-case letters"),
    ("namespace: -prod", "metadata.namespace must be"), ("namespace: \"\"", nil),
    ("namespace: \(String(repeating: "a", count: 63))", nil),
    ("namespace: \(String(repeating: "a", count: 64))", "metadata.namespace must be"),
    ("namespace: ${NAMESPACE}", nil), ("generateName: podinfo-", nil),
    ("generateName: podinfo_", "metadata.generateName must be the beginning of a name"),
    ("generateName: '-'", "metadata.generateName must be"),
    ("generateName: podinfo.", "metadata.generateName"),
    ("labels: {app: podinfo, app.kubernetes.io/name: a_b.c-D, empty: \"\"}", nil),
    ("labels: {app: pod info}", "metadata.labels.app must be letters, digits"),
    ("labels: {app: podinfo-}", "metadata.labels.app must be"),
    ("labels: {app: \(String(repeating: "a", count: 64))}", "metadata.labels.app must be"),
    ("labels: {app: 1/2}", "metadata.labels.app must be"), ("labels: {app: \"{{ x }}\"}", nil),
    ("labels: {a/b/c: d}", "a key of metadata.labels must be a name such as"),
    ("labels: {/name: d}", "a key of metadata.labels must be"),
    ("labels: {Example.com/name: d}", "a key of metadata.labels must be"),
    ("labels: {example.com/: d}", "a key of metadata.labels must be"),
    ("labels: {my app: d}", "a key of metadata.labels must be"),
    ("annotations: {example.com/note: \"any text: it is not looked at\"}", nil),
    ("annotations: {Example.com/note: a}", nil),
    ("annotations: {a b: c}", "a key of metadata.annotations must be"),
    ("annotations: {a: \(String(repeating: "x", count: 262_143))}", nil),
    (
      "annotations: {a: \(String(repeating: "x", count: 262_144))}",
      "at most 262144 bytes together, not 262145"
    ),
  ]

  @Test func `what a cluster refuses in metadata is an error`() {
    for (metadata, says) in Self.cases {
      let text = """
        apiVersion: flagger.app/v1beta1
        kind: AlertProvider
        metadata:
          name: slack
          \(metadata)
        spec: {type: slack, address: https://example.com}
        """
      let found = ManifestReading(reading: text).findings.map(\.diagnostic)
      let shown = "\(metadata.prefix(80)): \(found.map(\.message))"
      if let says {
        #expect(
          found.count == 1 && found[0].severity == .error && found[0].code == ManifestCode.value, "\(shown)")
        #expect(found.first?.message.contains(says) ?? false, "\(shown)")
      } else {
        #expect(found.isEmpty, "\(shown)")
      }
    }
  }

  @Test func `names that Flagger makes are names that a cluster takes`() {
    for (name, service, isRefused) in [
      ("podinfo", nil, false), (String(repeating: "a", count: 55), nil, false),
      (String(repeating: "a", count: 56), nil, true), ("web.v2", nil, true), ("web.v2", "web", false),
      ("2048", nil, true), ("2048", "game", false), (String(repeating: "a", count: 56), "web", true),
      ("${APP}", nil, false),
    ] as [(String, String?, Bool)] {
      let text = """
        apiVersion: flagger.app/v1beta1
        kind: Canary
        metadata: {name: podinfo}
        spec:
          targetRef: {apiVersion: apps/v1, kind: Deployment, name: "\(name)"}
          service: {port: 80\(service.map { ", name: \($0)" } ?? "")}
          analysis: {interval: 1m, threshold: 5, stepWeight: 10, maxWeight: 50}
        """
      let reading = ManifestReading(reading: text)
      #expect(reading.findings.isEmpty && reading.set.canaries.count == 1)
      let found = reading.set.validated().map(\.diagnostic)
      #expect(found.contains { $0.code == ManifestCode.refused } == isRefused, "\(name) \(service ?? "")")
    }
  }

  /// Where a key stands, what is written, what it is taken for, and whether it changes something.
  private static let aliases: [(place: String, line: String, meant: String, isError: Bool)] = [
    ("service", "retry: {attempts: 3}", "retries", true), ("service", "ports: 9898", "port", true),
    ("service", "cors: {}", "corsPolicy", true), ("service", "policy: {}", "trafficPolicy", true),
    ("analysis", "failureThreshold: 3", "threshold", true),
    ("analysis", "failureLimit: 5", "threshold", false),
    ("analysis", "frequency: 30s", "interval", true), ("analysis", "weights: [1, 2]", "stepWeights", true),
    ("analysis", "hooks: []", "webhooks", true), ("metric", "range: {min: 9}", "thresholdRange", true),
    ("metric", "templateName: x", "templateRef", true),
    ("metric", "metric_template: {name: x}", "templateRef", true),
    ("metric", "range: 5", "thresholdRange", true), ("spec", "hpa: {}", "autoscalerRef", true),
    ("spec", "progressDeadline: 60", "progressDeadlineSeconds", true),
    ("spec", "paused: true", "suspend", true),
    ("spec", "paused: false", "suspend", false),
  ]

  @Test func `keys that are called otherwise elsewhere are known`() throws {
    for (place, line, meant, isError) in Self.aliases {
      func at(_ name: String, _ indent: Int) -> String {
        place == name ? String(repeating: " ", count: indent) + line + "\n" : ""
      }
      let text = """
        apiVersion: flagger.app/v1beta1
        kind: Canary
        metadata: {name: podinfo, namespace: test}
        spec:
          provider: istio
        \(at("spec", 2))  targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
          service:
            port: 80
        \(at("service", 4))  analysis:
            interval: 1m
            threshold: 5
            stepWeight: 10
        \(at("analysis", 4))    metrics:
            - name: request-success-rate
              interval: 1m
        \(at("metric", 6))

        """
      let found = ManifestReading(reading: text).findings.map(\.diagnostic).filter {
        $0.code == ManifestCode.unknownKey
      }
      let diagnostic = try #require(found.first, "\(line)")
      let hints = diagnostic.notes.map(\.message) + diagnostic.fixes.map(\.message)
      #expect(hints.contains { $0.contains(meant) }, "\(line): \(hints)")
      #expect(diagnostic.severity == (isError ? .error : .warning), "\(line): \(diagnostic.message)")
    }
  }
}
