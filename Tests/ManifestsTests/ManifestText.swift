import Manifests
import PromQL

/// A Canary around some lines of its spec, each with its own indentation of two blanks.
func canaryText(
  name: String = "podinfo", provider: String? = "nginx", spec: String = "",
  analysis: String = "    interval: 1m\n    threshold: 5\n    stepWeight: 10\n"
) -> String {
  """
  apiVersion: flagger.app/v1beta1
  kind: Canary
  metadata:
    name: \(name)
    namespace: test
  spec:
  \(provider.map { "  provider: \($0)\n" } ?? "")\(spec)  targetRef:
      apiVersion: apps/v1
      kind: Deployment
      name: podinfo
    analysis:
  \(analysis)
  """
}

/// Findings as `line:column code message`.
func findings(_ text: String) -> [String] {
  described(ManifestReading(reading: text).findings)
}

func described(_ findings: [ManifestFinding]) -> [String] {
  findings.map { finding in
    let lines = finding.rendered().split(separator: "\n")
    let head = lines.first.map(String.init) ?? ""
    let place = head.split(separator: ":").dropFirst().prefix(2).joined(separator: ":")
    let diagnostic = finding.diagnostic
    return "\(diagnostic.range == nil ? "-" : place) \(diagnostic.code) \(diagnostic.message)"
  }
}
