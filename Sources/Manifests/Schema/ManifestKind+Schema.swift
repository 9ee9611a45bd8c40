extension ManifestKind {
  /// The schema of `spec`.
  public var specSchema: ObjectSchema {
    switch self {
    case .canary: Canary.Fields.schema
    case .metricTemplate: MetricTemplate.Fields.schema
    case .alertProvider: AlertProvider.Fields.schema
    }
  }

  /// The schema of `status`; nil for a kind that has none.
  public var statusSchema: ObjectSchema? {
    switch self {
    case .canary: Canary.StatusFields.schema
    case .metricTemplate, .alertProvider: nil
    }
  }

  /// The schema of the whole document. A cluster takes a resource without a `spec`, which is of no use.
  public var schema: ObjectSchema {
    var fields: [SchemaField] = [
      .text("apiVersion", isRequired: true, "Always \(Self.apiVersion)."),
      .text("kind", isRequired: true, "Always \(rawValue)."),
      SchemaField(
        "metadata", .object(ResourceMetadata.schema), isRequired: true, "Its name and namespace."),
      SchemaField("spec", .object(specSchema), isRequired: true, "What is wanted."),
    ]
    if let statusSchema {
      var status = SchemaField("status", .object(statusSchema), "Written by Flagger.")
      status.isDropped = true
      fields.append(status)
    }
    return ObjectSchema(fields)
  }
}

extension ResourceMetadata {
  /// `metadata` of every resource: what people write, and what clusters add. Names are not held against a
  /// cluster's pattern: placeholders of Flux and Helm stand in them until they are rendered.
  static let schema = ObjectSchema(
    [
      .text("name", TextRule(lengths: 1...Int.max), isRequired: true, "Its name."),
      .text("namespace", "Its namespace; default when absent or empty."),
      SchemaField.text("generateName", "The beginning of a name that the cluster makes.").mattering(.never),
      SchemaField.map("labels", of: .text(.any), "What it is selected by.").mattering(.never),
      SchemaField.map("annotations", of: .text(.any), "What tools note.").mattering(.never),
    ]
      + [
        "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
        "deletionGracePeriodSeconds", "selfLink", "ownerReferences", "finalizers", "managedFields",
      ].map { SchemaField($0, .anything, "Written by the cluster.").mattering(.never) })
}

extension ResourceMetadata {
  /// Nil when the node does not obey the schema; the check has said so already.
  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard case .mapping(let mapping) = node.content,
      let name = mapping.valued("name").flatMap({ Located<String>($0.value, in: source) })
    else { return nil }
    self.init(
      name: name, namespace: mapping.valued("namespace").flatMap { Located<String>($0.value, in: source) })
  }
}
