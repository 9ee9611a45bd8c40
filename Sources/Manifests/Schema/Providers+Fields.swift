/// `secretRef: {name: …}`.
struct SecretReference: ManifestValue {
  var name: Located<String>

  enum Fields {
    static let name = Field<String>("name", isRequired: true, "The Secret's name.")
    static let schema = ObjectSchema([name.row])
  }

  static var schemaType: SchemaType { .object(Fields.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let object = FieldReader(node, in: source), let name = object[Fields.name] else { return nil }
    self.name = name
  }
}

extension MetricTemplate {
  /// `spec` of a MetricTemplate (flagger.md §1.5).
  enum Fields {
    static let provider = Field<Provider>("provider", isRequired: true, "Whom to ask.")
    static let query = Field<ManifestText>(
      "query", isRequired: true, "A Go text/template that yields the query.")
    static let schema = ObjectSchema([provider.row, query.row])
  }

  /// Nil when something required is missing or wrong; the schema's check has said so already.
  init?(_ spec: FieldReader, metadata: ResourceMetadata, origin: ResourceOrigin) {
    guard let provider = spec[Fields.provider], let query = spec[Fields.query] else { return nil }
    self.init(metadata: metadata, provider: provider, query: query.value, origin: origin)
  }
}

extension MetricTemplate.Provider: ManifestValue {
  enum Fields {
    static let type = Field<MetricProviderType>("type", isRequired: true, "What kind of store it is.")
    static let address = Field<String>("address", "Its URL.")
    static let headers = Field<HeaderLists>("headers", "Further headers (Prometheus only).")
    static let secretRef = Field<SecretReference>(
      "secretRef", "A Secret with credentials, in the template's namespace.")
    static let region = Field<String>("region", "The region (CloudWatch only).")
    static let insecureSkipVerify = Field<Bool>(
      "insecureSkipVerify", "Do not verify the certificate.")
    static let schema = ObjectSchema([
      type.row, address.row, headers.row, secretRef.row, region.row, insecureSkipVerify.row,
    ])
  }

  static var schemaType: SchemaType { .object(Fields.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let object = FieldReader(node, in: source), let type = object[Fields.type] else { return nil }
    self.init(type: type)
    address = object[Fields.address]
    headers = object[Fields.headers].map { Located($0.value.headers, at: $0.range) }
    secretName = object[Fields.secretRef]?.value.name
    region = object[Fields.region]
    insecureSkipVerify = object[Fields.insecureSkipVerify]
  }
}

/// Header names with their values.
struct HeaderLists: ManifestValue {
  var headers: [MetricTemplate.Header]

  static var schemaType: SchemaType { .map(.list(.text(.any))) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard case .mapping(let mapping) = node.content else { return nil }
    let entries = mapping.entries.filter { !$0.value.isNull }
    headers = entries.compactMap { entry in
      [Located<String>](entry.value, in: source).map {
        MetricTemplate.Header(name: Located(entry.key, at: entry.keyRange), values: $0)
      }
    }
    guard headers.count == entries.count else { return nil }
  }
}

extension AlertProvider {
  /// `spec` of an AlertProvider (flagger.md §1.6).
  enum Fields {
    static let type = Field<Kind>("type", "What kind of chat it is.")
    static let channel = Field<String>(
      "channel", absence: .text("general"), "Where to write; general when absent.")
    static let username = Field<String>(
      "username", absence: .text("flagger"), "Who writes; flagger when absent.")
    static let address = Field<String>("address", "The webhook's URL.")
    static let proxy = Field<String>("proxy", "A proxy's URL.")
    static let secretRef = Field<SecretReference>(
      "secretRef", "A Secret with the webhook's URL as `address`.")
    static let schema = ObjectSchema(
      [type.row, channel.row, username.row, address.row, proxy.row, secretRef.row],
      exactlyOneOf: [address.row, secretRef.row].map { .has([type.row.key, $0.key]) })
  }

  /// Nil when something required is missing or wrong; the schema's check has said so already.
  init?(_ spec: FieldReader, metadata: ResourceMetadata, origin: ResourceOrigin) {
    guard let type = spec[Fields.type] else { return nil }
    self.init(metadata: metadata, type: type, origin: origin)
    channel = spec[Fields.channel]
    username = spec[Fields.username]
    address = spec[Fields.address]
    proxy = spec[Fields.proxy]
    secretName = spec[Fields.secretRef]?.value.name
  }
}
