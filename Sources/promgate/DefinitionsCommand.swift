import ArgumentParser
import Manifests

/// `promgate crds`: Flagger's CustomResourceDefinitions, from the schema that lint checks.
struct DefinitionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crds",
    abstract: "Prints the CustomResourceDefinitions of Canary, MetricTemplate and AlertProvider.",
    discussion: """
      They are Flagger's of flagger.app/v1beta1, made from the schema that `promgate lint` checks: a cluster \
      takes, refuses and prunes with them what it does with Flagger's own. Their descriptions are promgate's.

      EXAMPLES
        promgate crds | kubectl apply -f -
        promgate crds Canary
        promgate crds --format json > crds.json

      Exit status: 0 printed, 2 there is no such kind.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case yaml, json }

  @Argument(
    help: "Which of them: Canary, MetricTemplate, AlertProvider; all when none is named.",
    transform: Self.kind)
  var kinds: [ManifestKind] = []

  @Option(help: "How to write them: yaml (a document each), or json (an object, or a List of them).")
  var format = Format.yaml

  func run() throws {
    let definitions = (kinds.isEmpty ? ManifestKind.allCases : kinds).map(CustomResourceDefinition.init)
    switch format {
    case .yaml: try Output.write(definitions.map(\.yaml).joined(separator: "---\n").utf8)
    case .json:
      try Output.write(
        (definitions.count == 1 ? definitions[0].json : CustomResourceDefinition.json(definitions)).utf8)
    }
  }

  /// A kind by its name, in any case, or by its plural.
  private static func kind(_ text: String) throws -> ManifestKind {
    let word = text.lowercased()
    guard let kind = ManifestKind.allCases.first(where: { $0.names.contains(word) }) else {
      let known = ManifestKind.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("there is no kind \(text): there are \(known)")
    }
    return kind
  }
}
