extension CanaryAnalysis: ManifestValue {
  /// `spec.analysis` (flagger.md §1.2).
  enum Fields {
    static let interval = Field<String>(
      "interval", type: .text(.durationStart), "Time between two checks; at least 10s.")
    static let threshold = Field<Int>(
      "threshold", "Failed checks, counted over the whole rollout, after which it is rolled back.")
    static let iterations = Field<Int>("iterations", "Checks of a blue/green or A/B rollout.")
    static let mirror = Field<Bool>("mirror", "Send the canary copies of requests first.")
    static let mirrorWeight = Field<Int>("mirrorWeight", "Percent of requests to copy (Istio).")
    static let maxWeight = Field<Int>(
      "maxWeight", absence: .number(100), "Percent at which to promote; 100 when absent.")
    static let stepWeight = Field<Int>("stepWeight", "Percent that each step adds.")
    static let stepWeights = Field<[Located<Int>]>("stepWeights", "Percent of each step, rising.")
    static let stepWeightPromotion = Field<Int>(
      "stepWeightPromotion", "Percent that each step gives back to the primary; all when absent.")
    static let primaryReadyThreshold = Field<Int>(
      "primaryReadyThreshold", absence: .number(100),
      "Percent of the primary's pods that must be ready; 100 when absent.")
    static let canaryReadyThreshold = Field<Int>(
      "canaryReadyThreshold", absence: .number(100),
      "Percent of the canary's pods that must be ready; 100 when absent.")
    static let match = Field<[Located<HTTPMatch>]>("match", "Which requests an A/B test sends over.")
    static let alerts = Field<[Located<CanaryAlert>]>("alerts", "Whom to tell.")
    static let metrics = Field<[Located<CanaryMetric>]>("metrics", "What to measure.")
    static let webhooks = Field<[Located<CanaryWebhook>]>("webhooks", "Whom to ask.")
    static let sessionAffinity = Field<SessionAffinity>(
      "sessionAffinity", "Keep users on the version they met (Istio and Gateway API).")

    static let schema = ObjectSchema(
      [
        interval.row, threshold.row, iterations.row, mirror.row, mirrorWeight.row, maxWeight.row,
        stepWeight.row, stepWeights.row, stepWeightPromotion.row, primaryReadyThreshold.row,
        canaryReadyThreshold.row, match.row, alerts.row, metrics.row, webhooks.row,
        sessionAffinity.row,
      ],
      exactlyOneOf: [iterations.row, stepWeight.row, stepWeights.row].map {
        .has([interval.row.key, threshold.row.key, $0.key])
      })
  }

  static var schemaType: SchemaType { .object(Fields.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let object = FieldReader(node, in: source) else { return nil }
    interval = object[Fields.interval]
    threshold = object[Fields.threshold]
    iterations = object[Fields.iterations]
    mirror = object[Fields.mirror]
    mirrorWeight = object[Fields.mirrorWeight]
    maxWeight = object[Fields.maxWeight]
    stepWeight = object[Fields.stepWeight]
    stepWeights = object[Fields.stepWeights]
    stepWeightPromotion = object[Fields.stepWeightPromotion]
    primaryReadyThreshold = object[Fields.primaryReadyThreshold]
    canaryReadyThreshold = object[Fields.canaryReadyThreshold]
    match = object[Fields.match]
    alerts = object[Fields.alerts]
    metrics = object[Fields.metrics]
    emptyMetrics = object.emptyKey(Fields.metrics.row)
    emptyMatch = object.emptyKey(Fields.match.row)
    webhooks = object[Fields.webhooks]
    sessionAffinity = object[Fields.sessionAffinity]
  }
}

extension CanaryMetric: ManifestValue {
  enum Fields {
    static let name = Field<String>(
      "name", isRequired: true, "request-success-rate and request-duration name the built-in metrics.")
    static let interval = Field<String>(
      "interval", type: .text(.durationStart), matters: .inQuery,
      "The text that replaces {{ interval }}; 1m in built-in and inline queries when absent.")
    static let threshold = Field<Double>("threshold", "Deprecated: write thresholdRange.")
    static let thresholdRange = Field<ThresholdRange>("thresholdRange", "Which values are good.")
    static let query = Field<ManifestText>("query", "Deprecated: write a MetricTemplate.")
    static let templateRef = Field<NamespacedReference>("templateRef", "The MetricTemplate to ask.")
    static let templateVariables = Field<TextMap>(
      "templateVariables", matters: .inQuery, "What {{ variables }} holds.")

    static let schema = ObjectSchema([
      name.row, interval.row, threshold.row, thresholdRange.row, query.row, templateRef.row,
      templateVariables.row,
    ])
  }

  static var schemaType: SchemaType { .object(Fields.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let object = FieldReader(node, in: source), let name = object[Fields.name] else { return nil }
    self.init(name: name)
    interval = object[Fields.interval]
    threshold = object[Fields.threshold]
    thresholdRange = object[Fields.thresholdRange]
    query = object[Fields.query]?.value
    templateRef = object[Fields.templateRef]
    templateVariables = object[Fields.templateVariables].map { Located($0.value.pairs, at: $0.range) }
  }
}

extension ThresholdRange: ManifestValue {
  enum Fields {
    static let min = Field<Double>("min", "The least good value; none when absent.")
    static let max = Field<Double>("max", "The greatest good value; none when absent.")
    static let schema = ObjectSchema([min.row, max.row])
  }

  static var schemaType: SchemaType { .object(Fields.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let object = FieldReader(node, in: source) else { return nil }
    self.init(min: object[Fields.min], max: object[Fields.max])
  }
}

extension NamespacedReference: ManifestValue {
  enum Fields {
    static let name = Field<String>("name", isRequired: true, "The resource's name.")
    static let namespace = Field<String>("namespace", "Its namespace; the canary's when absent.")
    static let schema = ObjectSchema([name.row, namespace.row])
  }

  static var schemaType: SchemaType { .object(Fields.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let object = FieldReader(node, in: source), let name = object[Fields.name] else { return nil }
    self.init(name: name, namespace: object[Fields.namespace])
  }
}

extension CanaryAlert: ManifestValue {
  enum Fields {
    static let name = Field<String>("name", isRequired: true, "What to call it.")
    static let severity = Field<Severity>(
      "severity", "The least severity that is passed on; nothing is when absent or empty.")
    static let providerRef = Field<NamespacedReference>(
      "providerRef", isRequired: true, "The AlertProvider to use.")
    static let schema = ObjectSchema([name.row, severity.row, providerRef.row])
  }

  static var schemaType: SchemaType { .object(Fields.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let object = FieldReader(node, in: source), let name = object[Fields.name],
      let providerRef = object[Fields.providerRef]
    else { return nil }
    self.init(name: name, providerRef: providerRef, severity: object[Fields.severity])
  }
}

extension CanaryWebhook: ManifestValue {
  enum Fields {
    static let name = Field<String>("name", isRequired: true, "What to call it.")
    static let url = Field<String>(
      "url", type: .text(TextRule(format: "url")), isRequired: true, "Whom to ask.")
    static let type = Field<Kind>(
      "type", absence: .text("rollout"), "When to ask; rollout when absent.")
    static let timeout = Field<String>(
      "timeout", type: .text(.durationStart), absence: .text("10s"),
      "How long to wait for each answer; 10s when absent.")
    static let retries = Field<Int>("retries", "How often to ask again; 0 when absent.")
    static let metadata = Field<TextMap>("metadata", "What to send along.")
    static let muteAlert = Field<Bool>("muteAlert", "Do not alert while a gate waits.")
    static let disableTLS = Field<Bool>("disableTLS", "Do not verify the certificate.")
    static let schema = ObjectSchema([
      name.row, url.row, type.row, timeout.row, retries.row, metadata.row, muteAlert.row,
      disableTLS.row,
    ])
  }

  static var schemaType: SchemaType { .object(Fields.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let object = FieldReader(node, in: source), let name = object[Fields.name],
      let url = object[Fields.url]
    else { return nil }
    self.init(name: name, url: url)
    type = object[Fields.type]
    timeout = object[Fields.timeout]
    retries = object[Fields.retries]
    metadata = object[Fields.metadata].map { Located($0.value.pairs, at: $0.range) }
    muteAlert = object[Fields.muteAlert]
    disableTLS = object[Fields.disableTLS]
  }
}
