import Evaluator
import Manifests
public import TimeSeries

/// Evaluates a group again and again, and remembers what its rules must know of the last time: which
/// series they wrote, which alerts are active (config.md §9.2, §9.3).
///
/// Pure: writes to the store that it is handed and nowhere else.
public struct GroupEvaluation: Sendable {
  /// What is known of one rule.
  private struct Memory: Sendable {
    /// The series of the last evaluation.
    var written: Set<Labels> = []
    var alerts = AlertState()
  }

  /// What is evaluated.
  public let group: RuleGroup
  private let query: RuleQuery
  private let external: ExternalFacts
  private var memories: [Memory]

  /// Nothing has been evaluated yet: no alert is active.
  public init(_ group: RuleGroup, query: RuleQuery, external: ExternalFacts = ExternalFacts()) {
    self.group = group
    self.query = query
    self.external = external
    memories = group.rules.map { _ in Memory() }
  }

  /// Evaluates all rules at a time (milliseconds since the epoch); times must ascend. Returns the rules
  /// that failed; a failed one writes nothing, and its series stay as they are.
  public mutating func evaluate(
    at time: Int64, in store: Store
  ) -> [(rule: RuleDefinition, failure: RuleFailure)] {
    var failures: [(rule: RuleDefinition, failure: RuleFailure)] = []
    for index in group.rules.indices {
      do throws(RuleFailure) { try evaluate(index, at: time, in: store) } catch {
        failures.append((group.rules[index], error))
      }
    }
    return failures
  }

  /// The active alerts of the rules of a name, firing and pending, ordered by labels within a rule.
  public func alerts(named name: String) -> [ActiveAlert] {
    zip(group.rules, memories).flatMap { rule, memory in
      rule.name.utf8.elementsEqual(name.utf8)
        ? memory.alerts.active.values.sorted { $0.labels < $1.labels } : []
    }
  }

  /// The active alerts of a rule by its place in the group, ordered by labels.
  public func alerts(of index: Int) -> [ActiveAlert] {
    memories[index].alerts.active.values.sorted { $0.labels < $1.labels }
  }

  /// Evaluates one rule by its place in the group; rules are evaluated in their order. Throws when it
  /// fails: it writes nothing then, and its series stay as they are.
  public mutating func evaluate(
    _ index: Int, at time: Int64, in store: Store
  ) throws(RuleFailure) {
    let rule = group.rules[index]
    let queryTime = time &- group.queryOffset
    let snapshot = store.snapshot()
    let result = try query.samples(of: rule.expression, at: queryTime, over: snapshot)
    let samples: [VectorSample]
    switch rule.kind {
    case .recording: samples = try recorded(result, by: rule)
    case .alerting(let alerting):
      let found = alerts(result, of: rule, alerting, at: time, over: snapshot)
      samples = try memories[index].alerts.update(
        with: found, of: rule, alerting, at: time, limit: group.limit)
    }
    try write(samples, of: index, at: queryTime, to: store)
  }

  // Recording rules.

  private func recorded(
    _ samples: [VectorSample], by rule: RuleDefinition
  ) throws(RuleFailure) -> [VectorSample] {
    let renamed = samples.map { sample in
      var builder = LabelsBuilder(sample.labels)
      builder.set(LabelName.metric, rule.name)
      for label in rule.labels { builder.set(label.name, label.text) }
      return VectorSample(labels: builder.labels(), value: sample.value)
    }
    guard Set(renamed.map(\.labels)).count == renamed.count else {
      throw RuleFailure("vector contains metrics with the same labelset after applying rule labels")
    }
    guard group.limit <= 0 || renamed.count <= group.limit else {
      throw RuleFailure("exceeded limit of \(group.limit) with \(renamed.count) series")
    }
    return renamed
  }

  // Alerting rules.

  private func alerts(
    _ samples: [VectorSample], of rule: RuleDefinition, _ alerting: RuleDefinition.Alerting, at time: Int64,
    over snapshot: StoreSnapshot
  ) -> [ActiveAlert] {
    let query = query
    return samples.map { sample in
      let values = RuleTemplateValues(
        labels: sample.labels.byName, value: sample.value.templateValue, external: external,
        time: time
      ) { text throws(RuleFailure) in
        try query.samples(of: Array(text.utf8), at: time, over: snapshot).map { $0.templateSample }
      }
      func expand(_ text: String) -> String {
        RuleTemplate.expand(text, ofAlert: rule.name, with: values)
      }
      var builder = LabelsBuilder(sample.labels)
      builder.remove(LabelName.metric)
      for label in rule.labels { builder.set(label.name, expand(label.text)) }
      builder.set("alertname", rule.name)
      var annotations: [String: String] = [:]
      for annotation in alerting.annotations { annotations[annotation.name] = expand(annotation.text) }
      return ActiveAlert(
        state: .pending, labels: builder.labels(), annotations: annotations, activeSince: time,
        value: sample.value.number)
    }
  }

  // The store.

  /// Appends the samples, and ends the series that the rule wrote last time and does not write now.
  private mutating func write(
    _ samples: [VectorSample], of index: Int, at time: Int64, to store: Store
  ) throws(RuleFailure) {
    var failure: RuleFailure?
    var written: Set<Labels> = []
    for sample in samples {
      let value: StoredSample.Value =
        switch sample.value {
        case .float(let number): .float(number)
        case .histogram(let histogram): .histogram(histogram)
        }
      do {
        try store.append(sample.labels, StoredSample(timestamp: time, value))
        written.insert(sample.labels)
      } catch { failure = RuleFailure("\(error)") }
    }
    for labels in memories[index].written.subtracting(written) {
      // A series that another rule has written by now goes on.
      try? store.append(labels, StoredSample(timestamp: time, .float(StaleMarker.value)))
    }
    memories[index].written = written
    if let failure { throw failure }
  }
}

extension Labels {
  /// The labels as templates see them.
  fileprivate var byName: [String: String] {
    Dictionary(pairs.map { ($0.name, $0.value) }) { _, last in last }
  }
}

extension VectorSample {
  fileprivate var templateSample: TemplateSample {
    TemplateSample(labels: labels.byName, value: value.number)
  }
}

extension VectorSample.Value {
  /// 0 for a histogram.
  fileprivate var number: Double {
    switch self {
    case .float(let number): number
    case .histogram: 0
    }
  }

  fileprivate var templateValue: TemplateValue {
    switch self {
    case .float(let number): .float(number)
    case .histogram(let histogram):
      .opaque(
        TemplateOpaque(
          type: "*histogram.FloatHistogram", text: histogram.description,
          fields: [
            TemplateRecord.Field("Count", .float(histogram.count)),
            TemplateRecord.Field("Sum", .float(histogram.sum)),
            TemplateRecord.Field("ZeroCount", .float(histogram.zeroCount)),
            TemplateRecord.Field("ZeroThreshold", .float(histogram.zeroThreshold)),
            TemplateRecord.Field("Schema", .integer(Int64(histogram.schema))),
          ]))
    }
  }
}
