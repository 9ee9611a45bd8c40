import PromQL
import TimeSeries

/// `label_replace` and `label_join`: other labels, the same values (promql-functions.md §3.7, §3.8).
enum LabelFunctions {
  static func replace(
    _ source: any RowSource, _ plan: LabelReplacement
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
    let keys = source.keys.map { key -> RowKey in
      let value = key.labels.valueRange(of: plan.source).map { Array(key.labels.bytes[$0]) } ?? []
      let expansion: [UInt8]?
      if let known = expansions[value] {
        expansion = known
      } else {
        expansion = pattern.captures(value).map { template.expand(value, $0) }
        expansions[value] = .some(expansion)
      }
      guard let expansion else { return key }
      var builder = LabelsBuilder(key.labels)
      builder.set(plan.destination, expansion)
      return RowKey(builder.labels(), dropsName: key.dropsName && !setsName)
    }
    return UniqueRows.checking(RenamedRows(source: source, keys: RowKeys(keys)), .perStep)
  }

  static func join(
    _ source: any RowSource, _ plan: LabelJoining
  ) throws(EvaluationError) -> any RowSource {
    for name in plan.sources where !LabelName.isValid(name) {
      throw .invalidSourceLabel(function: "label_join", name)
    }
    guard LabelName.isValid(plan.destination) else {
      throw .invalidDestinationLabel(function: "label_join", plan.destination)
    }
    let setsName = plan.destination == Array(LabelName.metric.utf8)
    let keys = source.keys.map { key -> RowKey in
      let values = plan.sources.map { name in
        key.labels.valueRange(of: name).map { key.labels.bytes[$0] } ?? []
      }
      let value = Array(values.joined(separator: plan.separator))
      var builder = LabelsBuilder(key.labels)
      builder.set(plan.destination, value)
      return RowKey(builder.labels(), dropsName: key.dropsName && !setsName)
    }
    return UniqueRows.checking(RenamedRows(source: source, keys: RowKeys(keys)), .perStep)
  }
}
