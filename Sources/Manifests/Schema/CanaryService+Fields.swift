extension CanaryService: ManifestValue {
  /// `spec.service` (flagger.md §1.3): the name that an analysis looks at, and what the router gets.
  enum Fields {
    static let name = Field<String>("name", "The apex service; the target's name when absent.")
    static let port = Field<Int>(
      "port", type: .number(NumberRule(.readAsWhole32)), isRequired: true, "The services' port.")

    static let schema = ObjectSchema([name.row, port.row] + ports + names + routing)

    private static let ports: [SchemaField] = [
      .text("portName", absence: .text("http"), "The port's name; http when absent."),
      .text("appProtocol", "What is spoken at the port; for service meshes."),
      SchemaField(
        "targetPort", .numberOrText, "The pods' port, by number or name; the port when absent."),
      .boolean("portDiscovery", "Take over all ports of the target."),
      .choice(
        "trafficDistribution", ["PreferClose", "PreferSameZone", "PreferSameNode"],
        "Which pods the services prefer; all alike when absent."),
      .boolean("headless", "Make services without an address of their own."),
    ]

    private static let names: [SchemaField] = [
      .text("meshName", "The App Mesh that the virtual nodes belong to."),
      .list("backends", of: .text(.any), "App Mesh services that the target calls."),
      .list("hosts", of: .text(.any), "Host names that are routed; the apex service when absent."),
      .list("gateways", of: .text(.any), "Istio gateways that the routes are bound to."),
      SchemaField(
        "gatewayRefs", .list(.object(gatewayReference), atMost: 32),
        "Gateways of the Gateway API that the route is attached to."),
      .boolean("delegation", "Make the VirtualService a delegate: without hosts and gateways."),
      .object("apex", metadata, "What the apex service is labelled with."),
      .object("primary", metadata, "What the primary's service is labelled with."),
      .object("canary", metadata, "What the canary's service is labelled with."),
      .object(
        "unmanagedMetadata",
        [
          .list("labels", of: .text(.any), "Keys of labels that Flagger leaves alone."),
          .list("annotations", of: .text(.any), "Keys of annotations that Flagger leaves alone."),
        ], "What others write on the made objects."),
    ]

    private static let metadata: [SchemaField] = [
      .map("labels", of: .text(.any), "Further labels."),
      .map("annotations", of: .text(.any), "Further annotations."),
    ]

    private static let routing: [SchemaField] = [
      .text("timeout", "How long a request may take, all attempts included."),
      .text("backendTimeout", "How long one attempt at a backend may take (Gateway API)."),
      .list("match", of: .object(HTTPRouteFields.match), "Which requests are routed; all when absent."),
      SchemaField("retries", .object(HTTPRouteFields.retries), "How failed requests are tried again."),
      SchemaField("rewrite", .object(HTTPRouteFields.rewrite), "What is changed about each request."),
      SchemaField("headers", .object(HTTPRouteFields.headers), "Headers that are added and removed."),
      SchemaField("corsPolicy", .object(HTTPRouteFields.corsPolicy), "What pages of other origins may do."),
      .list("mirror", of: .object(mirror), "Where copies of all requests go (Gateway API)."),
      SchemaField(
        "trafficPolicy", .object(TrafficPolicyFields.schema), "How Istio calls the services' pods."),
    ]

    private static let gatewayReference = reference(
      group: "gateway.networking.k8s.io", kind: "Gateway",
      [
        .text(
          "sectionName", TextRule(pattern: .subdomain, lengths: 1...253),
          "The gateway's listener; all of them when absent.")
      ])

    private static let mirror = ObjectSchema([
      SchemaField(
        "backendRef", .object(reference(group: "", kind: "Service", [], rules: [.portOfService])),
        "Who gets the copies.")
    ])

    /// A reference in the Gateway API's manner.
    private static func reference(
      group: String, kind: String, _ more: [SchemaField], rules: [CrossRule] = []
    ) -> ObjectSchema {
      ObjectSchema(
        [
          .text(
            "group", TextRule(pattern: .group, lengths: 0...253), fallback: .text(group),
            "The object's API group."),
          .text(
            "kind", TextRule(pattern: .kind, lengths: 1...63), fallback: .text(kind),
            "The object's kind; \(kind) when absent."),
          .text("name", TextRule(lengths: 1...253), isRequired: true, "The object's name."),
          .text(
            "namespace", TextRule(pattern: .label, lengths: 1...63),
            "The object's namespace; the canary's when absent."),
          .number("port", NumberRule(.whole32, atLeast: 1, atMost: 65535), "The object's port."),
        ] + more, rules: rules)
    }
  }

  static var schemaType: SchemaType { .object(Fields.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let object = FieldReader(node, in: source), let port = object[Fields.port] else { return nil }
    self.init(port: port, name: object[Fields.name])
  }
}
