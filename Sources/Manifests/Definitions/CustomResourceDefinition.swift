/// The CustomResourceDefinition of a kind (apiextensions.k8s.io/v1), made from the schema that lint has:
/// structural OpenAPI v3 with Flagger's names, columns and CEL rule.
///
/// A cluster that has it takes, refuses and prunes what it does with Flagger's own.
public struct CustomResourceDefinition: Sendable, Hashable {
  public var kind: ManifestKind

  public init(_ kind: ManifestKind) { self.kind = kind }

  /// One document of YAML, without a mark before or behind it.
  public var yaml: String { value.yaml }

  /// One JSON object, indented.
  public var json: String { value.json }

  /// A List of several definitions, as `kubectl apply` takes it: one JSON object, indented.
  public static func json(_ definitions: [CustomResourceDefinition]) -> String {
    DefinitionValue.mapping([
      ("apiVersion", .text("v1")), ("kind", .text("List")), ("items", .list(definitions.map(\.value))),
    ]).json
  }

  private var value: DefinitionValue {
    let parts = ManifestKind.apiVersion.split(separator: "/").map(String.init)
    let (group, version) = (parts[0], parts[parts.count - 1])
    return .mapping([
      ("apiVersion", .text("apiextensions.k8s.io/v1")),
      ("kind", .text("CustomResourceDefinition")),
      ("metadata", .mapping([("name", .text("\(kind.plural).\(group)"))])),
      (
        "spec",
        .mapping([
          ("group", .text(group)),
          ("scope", .text("Namespaced")),
          (
            "names",
            .mapping([
              ("kind", .text(kind.rawValue)), ("listKind", .text("\(kind.rawValue)List")),
              ("plural", .text(kind.plural)), ("singular", .text(kind.rawValue.lowercased())),
              ("categories", .list([.text("all")])),
            ])
          ),
          ("versions", .list([served(as: version)])),
        ])
      ),
    ])
  }

  private func served(as version: String) -> DefinitionValue {
    .mapping([
      ("name", .text(version)), ("served", .boolean(true)), ("storage", .boolean(true)),
      ("subresources", .mapping([("status", .mapping([]))])),
      ("additionalPrinterColumns", .list(kind.columns.map(\.value))),
      ("schema", .mapping([("openAPIV3Schema", document)])),
    ])
  }

  /// The cluster describes `metadata` itself, and forbids to say more of it than that it is there; nor is
  /// anything required at the root.
  private var document: DefinitionValue {
    let properties = kind.schema.fields.map { field in
      let isOwn = field.key != "metadata"
      return (field.key, (isOwn ? field.type : .anything).openAPI(isOwn ? field.summary : nil))
    }
    return .mapping([
      ("description", .text("\(kind.rawValue) of Flagger.")), ("type", .text("object")),
      ("properties", .mapping(properties)),
    ])
  }
}

/// A column that `kubectl get` shows.
struct PrinterColumn {
  var name: String
  var type = "string"
  var path: String
  /// Shown by `-o wide` only.
  var isWide = false

  fileprivate var value: DefinitionValue {
    .mapping(
      [("name", .text(name)), ("type", .text(type)), ("jsonPath", .text(path))]
        + (isWide ? [("priority", .number(1))] : []))
  }
}

extension ManifestKind {
  /// What a kind is called, in small letters: `canary`, `canaries`, `canaries.flagger.app`.
  package var names: [String] {
    let group = ManifestKind.apiVersion.prefix { $0 != "/" }
    return [rawValue.lowercased(), plural, "\(plural).\(group)"]
  }

  /// As in a URL: `canaries`.
  var plural: String {
    switch self {
    case .canary: "canaries"
    case .metricTemplate: "metrictemplates"
    case .alertProvider: "alertproviders"
    }
  }

  var columns: [PrinterColumn] {
    switch self {
    case .canary:
      [
        PrinterColumn(name: "Status", path: ".status.phase"),
        PrinterColumn(name: "Weight", path: ".status.canaryWeight"),
        PrinterColumn(name: "Suspended", type: "boolean", path: ".spec.suspend", isWide: true),
        PrinterColumn(name: "FailedChecks", path: ".status.failedChecks", isWide: true),
        PrinterColumn(name: "Interval", path: ".spec.analysis.interval", isWide: true),
        PrinterColumn(name: "Mirror", type: "boolean", path: ".spec.analysis.mirror", isWide: true),
        PrinterColumn(name: "StepWeight", path: ".spec.analysis.stepWeight", isWide: true),
        PrinterColumn(name: "StepWeights", path: ".spec.analysis.stepWeights", isWide: true),
        PrinterColumn(name: "MaxWeight", path: ".spec.analysis.maxWeight", isWide: true),
        PrinterColumn(name: "LastTransitionTime", path: ".status.lastTransitionTime"),
      ]
    case .metricTemplate: [PrinterColumn(name: "Provider", path: ".spec.provider.type")]
    case .alertProvider: [PrinterColumn(name: "Type", path: ".spec.type")]
    }
  }
}
