import Manifests
import PromQL

/// What is found while files are read, before any rule: a code, and its page.
public struct ReadingCode: Sendable {
  /// `manifest-value`
  public let code: String
  /// One sentence.
  public let summary: String
  /// Who refuses it, and what to do; paragraphs of Markdown.
  public let why: String
  /// A file that has it; nil where a text cannot show it.
  public let example: String?

  private init(_ code: String, _ summary: String, _ why: String, _ example: String? = nil) {
    self.code = code
    self.summary = summary
    self.why = why
    self.example = example
  }

  /// The code's page: Markdown. What the example yields is found on the spot.
  public var page: String {
    var text = "# \(code)\n\n\(summary).\n\n\(why)\n"
    guard let example else { return text }
    text += "\n## Found\n\n```yaml\n\(example)```\n"
    let found = Linter().lint(ManifestReading(reading: example)).findings
    for finding in found where finding.code == code {
      text += "\n> \(finding.severity.rawValue): \(finding.message)\n"
      if let help = finding.help { text += "\nhelp: \(help)\n" }
      break
    }
    return text
  }

  /// Nil when there is no such code.
  public static func named(_ text: String) -> ReadingCode? { all.first { $0.code == text.lowercased() } }

  /// All of them, in the order of docs/lint/manifests.md.
  public static let all: [ReadingCode] = [
    ReadingCode(
      ManifestCode.file, "A file or folder cannot be read",
      """
      It does not exist, or may not be opened. What was read beside it is linted, and the exit status is 2: \
      that nothing was found says nothing then.
      """),
    ReadingCode(
      ManifestCode.yaml, "A text is no YAML",
      """
      Nothing behind the fault is read; documents in front of it are. A template of Helm's is rendered \
      first: `helm template . | promgate lint -`.
      """, "apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: podinfo\n"),
    ReadingCode(
      ManifestCode.duplicateKey, "A mapping has a key twice",
      "A cluster keeps the last of the two without a word; Prometheus refuses the file.",
      canary("  skipAnalysis: false\n  skipAnalysis: true\n")),
    ReadingCode(
      ManifestCode.limit, "A text is too large, too deep, or has too many faults",
      "The rest of it is left out. Files of more than a few megabytes are no manifests that people write."),
    ReadingCode(
      ManifestCode.kind, "A document is of a kind or version that Flagger does not have",
      """
      Flagger's kinds are Canary, MetricTemplate and AlertProvider of `flagger.app/v1beta1`. Resources of \
      other groups are passed over.
      """, "apiVersion: flagger.app/v1beta1\nkind: Canry\nmetadata: {name: podinfo}\nspec: {}\n"),
    ReadingCode(
      ManifestCode.type, "A value is of the wrong type",
      "A cluster refuses it, or takes it and Flagger cannot read it.", canary("  skipAnalysis: \"yes\"\n")),
    ReadingCode(
      ManifestCode.value, "A value is of the right type and not allowed",
      "A cluster refuses it: an enumeration, a pattern, a bound, or what names and labels may consist of.",
      canary("  provider: istoi\n")),
    ReadingCode(
      ManifestCode.missingKey, "A key is missing that is needed", "A cluster refuses the resource.",
      "apiVersion: flagger.app/v1beta1\nkind: MetricTemplate\nmetadata: {name: errors}\n"
        + "spec: {provider: {type: prometheus}}\n"),
    ReadingCode(
      ManifestCode.exclusiveKeys, "Keys stand beside each other that exclude each other",
      """
      An analysis goes by `iterations`, by `stepWeight` or by `stepWeights`: a cluster takes exactly one of \
      them.
      """, canary("", analysis: "iterations: 10, stepWeight: 10")),
    ReadingCode(
      ManifestCode.unknownKey, "A key is none of the schema",
      """
      `kubectl apply` refuses it; Helm, Flux and older clients let a cluster drop it without a word. It is \
      an error where the canary does something else without it, and a warning where it has no effect. What \
      the key was meant to be is guessed from the keys around it, from its spelling, and from what it is \
      called elsewhere.
      """, canary("", analysis: "stepWeight: 10, maxWieght: 50")),
    ReadingCode(
      ManifestCode.emptyValue, "A key has no value",
      "A cluster drops it, as if it were not there; a default takes its place where there is one.",
      canary("  progressDeadlineSeconds:\n")),
    ReadingCode(
      ManifestCode.refused, "Flagger refuses what a cluster takes",
      "Its controller checks more than the schema can say, and then leaves the canary alone.",
      canary("  provider: knative\n")),
    ReadingCode(
      ManifestCode.duplicateResource, "A resource, or the target of a canary, is there twice",
      """
      Of two resources with one name and namespace a cluster keeps the one that is applied last; two \
      canaries with one target both move its traffic.
      """,
      "apiVersion: flagger.app/v1beta1\nkind: AlertProvider\nmetadata: {name: slack, namespace: test}\n"
        + "spec: {type: slack, address: https://example.com}\n---\napiVersion: flagger.app/v1beta1\n"
        + "kind: AlertProvider\nmetadata: {name: slack, namespace: test}\n"
        + "spec: {type: slack, address: https://example.org}\n"),
    ReadingCode(
      ManifestCode.rule, "Prometheus refuses to load the rule file",
      """
      The file is read as Prometheus and `promtool check rules` read it, and what they refuse is said in \
      their words: unknown keys, durations, expressions, templates, label names, groups with one name.
      """,
      "groups:\n- name: web\n  rules:\n  - alert: Down\n    expr: up == 0\n    fro: 5m\n"),
  ]

  private static func canary(_ lines: String, analysis: String = "stepWeight: 10, maxWeight: 50") -> String {
    """
    apiVersion: flagger.app/v1beta1
    kind: Canary
    metadata: {name: podinfo, namespace: test}
    spec:
      targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}
      service: {port: 9898}
    \(lines)  analysis: {interval: 1m, threshold: 5, \(analysis), metrics: [\(metric)]}

    """
  }

  private static let metric = "{name: request-success-rate, interval: 1m, thresholdRange: {min: 99}}"
}
