import PromQL
import TimeSeries

/// `label_replace` and `label_join`: other labels, the same values (promql-functions.md §3.7, §3.8).
enum LabelFunctions {
  static func replace(
    _ source: any RowSource, _ plan: LabelReplacement, evaluation: Evaluation
  ) throws(EvaluationError) -> any RowSource {
    let pattern: RE2
    do { pattern = try RE2("^(?s:\(String(decoding: plan.pattern, as: UTF8.self)))$") } catch {
      throw .invalidPattern(function: "label_replace", plan.pattern)
    }
    guard LabelName.isValid(plan.destination) else {
      throw .invalidDestinationLabel(function: "label_replace", plan.destination)
    }
    let template = ReplacementText(plan.replacement, pattern)
    let setsName = plan.destination == Array(LabelName.metric.utf8)
    var expansions: [[UInt8]: [UInt8]?] = [:]
    let keys = try source.keys.map { key throws(EvaluationError) -> RowKey in
      let labels = key.labels
      let value = labels.valueRange(of: plan.source).map { Array(labels.bytes[$0]) } ?? []
      // What the values take that are remembered, and the labels that are made.
      let size = template.largestSize(value.count).addingReportingOverflow(value.count + labels.bytes.count)
      try evaluation.hold(size.overflow ? .max : 2 * min(size.partialValue, .max / 4) + 320)
      let expansion: [UInt8]?
      if let known = expansions[value] {
        expansion = known
      } else {
        expansion = pattern.captures(value).map { template.expand(value, $0) }
        expansions[value] = .some(expansion)
      }
      guard let expansion else { return key }
      var builder = LabelsBuilder(labels)
      builder.set(plan.destination, expansion)
      return RowKey(builder.labels(), dropsName: key.dropsName && !setsName)
    }
    return try UniqueRows.checking(
      RenamedRows(source: source, keys: RowKeys(keys)), .perStep, evaluation: evaluation)
  }

  static func join(
    _ source: any RowSource, _ plan: LabelJoining, evaluation: Evaluation
  ) throws(EvaluationError) -> any RowSource {
    for name in plan.sources where !LabelName.isValid(name) {
      throw .invalidSourceLabel(function: "label_join", name)
    }
    guard LabelName.isValid(plan.destination) else {
      throw .invalidDestinationLabel(function: "label_join", plan.destination)
    }
    let setsName = plan.destination == Array(LabelName.metric.utf8)
    let keys = try source.keys.map { key throws(EvaluationError) -> RowKey in
      let labels = key.labels
      let values = plan.sources.map { name in labels.valueRange(of: name).map { labels.bytes[$0] } ?? [] }
      let size = values.reduce(plan.separator.count * values.count) { $0 + $1.count }
      try evaluation.hold(2 * (size + labels.bytes.count) + 320)
      let value = Array(values.joined(separator: plan.separator))
      var builder = LabelsBuilder(labels)
      builder.set(plan.destination, value)
      return RowKey(builder.labels(), dropsName: key.dropsName && !setsName)
    }
    return try UniqueRows.checking(
      RenamedRows(source: source, keys: RowKeys(keys)), .perStep, evaluation: evaluation)
  }
}
