extension Canary {
  /// `spec` of a Canary (flagger.md §1.1).
  enum Fields {
    static let provider = Field<MeshProvider>(
      "provider", "What moves the traffic; Flagger's -mesh-provider when absent.")
    static let metricsServer = Field<String>(
      "metricsServer", "Who answers built-in and inline queries; Flagger's -metrics-server when absent.")
    static let targetRef = Field<ObjectReference<TargetKind>>(
      "targetRef", isRequired: true, "The workload that is rolled out.")
    static let autoscalerRef = Field<ObjectReference<AutoscalerKind>>(
      "autoscalerRef", type: ReferenceFields<AutoscalerKind>.autoscaler, "Who scales the target.")
    static let ingressRef = Field<ObjectReference<IngressKind>>(
      "ingressRef", "The Ingress that is split; needed by nginx and skipper.")
    static let routeRef = Field<ObjectReference<RouteKind>>(
      "routeRef", "The APISIX route that is split.")
    static let upstreamRef = Field<ObjectReference<UpstreamKind>>(
      "upstreamRef", "The Gloo upstream that is copied.")
    static let service = Field<CanaryService>("service", "The services that Flagger makes.")
    static let analysis = Field<CanaryAnalysis>(
      "analysis", isRequired: true, "How the canary is judged and moved on.")
    static let progressDeadlineSeconds = Field<Int>(
      "progressDeadlineSeconds", type: .number(NumberRule(.readAsWhole32)), absence: .number(600),
      "Seconds within which pods must become ready; 600 when absent.")
    static let skipAnalysis = Field<Bool>("skipAnalysis", "Promote without judging.")
    static let revertOnDeletion = Field<Bool>(
      "revertOnDeletion", "Give the target its traffic back when the Canary is deleted.")
    static let suspend = Field<Bool>("suspend", "Leave the canary alone.")

    static let schema = ObjectSchema([
      provider.row, metricsServer.row, targetRef.row, autoscalerRef.row, ingressRef.row, routeRef.row,
      upstreamRef.row, service.row, analysis.row, progressDeadlineSeconds.row, skipAnalysis.row,
      revertOnDeletion.row, suspend.row,
    ])
  }

  /// Nil when something required is missing or wrong; the schema's check has said so already.
  init?(_ spec: FieldReader, metadata: ResourceMetadata, origin: ResourceOrigin) {
    guard let targetRef = spec[Fields.targetRef], let analysis = spec[Fields.analysis] else {
      return nil
    }
    self.init(metadata: metadata, targetRef: targetRef, analysis: analysis, origin: origin)
    provider = spec[Fields.provider]
    metricsServer = spec[Fields.metricsServer]
    autoscalerRef = spec[Fields.autoscalerRef]
    ingressRef = spec[Fields.ingressRef]
    routeRef = spec[Fields.routeRef]
    upstreamRef = spec[Fields.upstreamRef]
    service = spec[Fields.service]
    progressDeadlineSeconds = spec[Fields.progressDeadlineSeconds]
    skipAnalysis = spec[Fields.skipAnalysis]
    revertOnDeletion = spec[Fields.revertOnDeletion]
    suspend = spec[Fields.suspend]
  }
}

/// The keys of a reference to another object.
enum ReferenceFields<Kind: ManifestChoice & Hashable> {
  static var apiVersion: Field<String> {
    Field("apiVersion", isRequired: true, "The object's API group and version.")
  }
  static var kind: Field<Kind> { Field("kind", isRequired: true, "The object's kind.") }
  static var name: Field<String> { Field("name", isRequired: true, "The object's name.") }
  static var namespace: Field<String> {
    Field("namespace", "The object's namespace; the canary's when absent.")
  }

  static var schema: ObjectSchema {
    let common = [apiVersion.row, kind.row, name.row]
    return ObjectSchema(Kind.self == UpstreamKind.self ? common + [namespace.row] : common)
  }

  /// A reference to an autoscaler says more.
  static var autoscaler: SchemaType {
    .object(
      ObjectSchema(
        schema.fields + [
          .map("primaryScalerQueries", of: .text(.any), "Queries of the primary's KEDA triggers."),
          .object(
            "primaryScalerReplicas",
            [
              .number("minReplicas", NumberRule(.whole, atLeast: 1), "Fewest pods of the primary."),
              .number("maxReplicas", NumberRule(.whole, atLeast: 1), "Most pods of the primary."),
            ], "Bounds of the primary's autoscaler."),
        ]))
  }
}

extension ObjectReference: ManifestValue where Kind: ManifestChoice {
  static var schemaType: SchemaType { .object(ReferenceFields<Kind>.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    typealias Fields = ReferenceFields<Kind>
    guard let object = FieldReader(node, in: source), let apiVersion = object[Fields.apiVersion],
      let kind = object[Fields.kind], let name = object[Fields.name]
    else { return nil }
    self.init(
      apiVersion: apiVersion, kind: kind, name: name, namespace: object[Fields.namespace])
  }
}
