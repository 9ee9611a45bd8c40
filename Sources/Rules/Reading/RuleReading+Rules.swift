import Manifests
import PromQL
import TimeSeries

extension RuleReading {
  private var keys: [String] {
    let shared = ["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"]
    return switch reader {
    case .prometheus: shared
    case .vmalert: shared + ["debug", "update_entries_limit"]
    }
  }

  /// A rule; nil when it is refused.
  mutating func read(
    rule node: ManifestNode, _ context: RuleContext, groupLabels: [WrittenText]
  ) -> WrittenRule? {
    let known = findings.count
    guard let fields = mapping(node, "a rule", "rulefmt.Rule", keys: keys) else { return nil }
    let source = source
    let record = sound { () throws(ManifestProblem) in try fields.text("record") }
    let alert = sound { () throws(ManifestProblem) in try fields.text("alert") }
    let expression = sound { () throws(ManifestProblem) in try Self.expression(fields, in: source) }
    let hold = sound { () throws(ManifestProblem) in try fields.duration("for") }
    let keep = sound { () throws(ManifestProblem) in try fields.duration("keep_firing_for") }
    let labels = texts(fields, "labels")
    let annotations = texts(fields, "annotations")
    // Prometheus checks what it could read; what it could not is told above.
    guard findings.count == known, let record, let alert, let expression, let hold, let keep, let labels,
      let annotations
    else { return nil }
    var rule = WrittenRule(
      rule: RuleDefinition(name: "", expression: Array((expression?.text ?? "").utf8)), range: fields.range,
      name: fields.range(of: "alert"), expression: expression ?? ManifestText(""), labels: labels,
      annotations: annotations, holdDuration: fields.node("for")?.range,
      keepFiringFor: fields.node("keep_firing_for")?.range)
    let alertName = alert?.value ?? ""
    let recordName = record?.value ?? ""
    var context = context
    context.name = alertName.isEmpty ? recordName : alertName
    rule.rule.name = context.name
    checkNames(recordName, alertName, fields, context)
    check(expression, fields, context)
    if !recordName.isEmpty { checkRecording(recordName, annotations, hold, keep, fields, context) }
    check(labels, context.prefix)
    for annotation in annotations where annotation.name.isEmpty {
      report("\(context.prefix)invalid annotation name: \(annotation.name)", at: annotation.nameRange)
    }
    if !alertName.isEmpty { checkTemplates(labels, annotations, context) }
    guard findings.count == known else { return nil }
    rule.rule.labels =
      groupLabels.filter { shared in
        !labels.contains { $0.name.utf8.elementsEqual(shared.name.utf8) }
      }.map(\.named) + labels.map(\.named)
    if alertName.isEmpty {
      rule.name = fields.range(of: "record")
    } else {
      rule.rule.kind = .alerting(
        RuleDefinition.Alerting(
          holdDuration: hold ?? 0, keepFiringFor: keep ?? 0, annotations: annotations.map(\.named)))
    }
    return rule
  }

  /// A cluster takes a whole number for an expression too.
  private static func expression(
    _ fields: StrictMapping, in source: ManifestSource
  ) throws(ManifestProblem) -> ManifestText? {
    guard let node = fields.node("expr") else { return nil }
    guard case .scalar(let scalar) = node.content, case .integer = scalar.value else {
      guard try fields.text("expr") != nil, case .scalar(let scalar) = node.content else { return nil }
      return ManifestText(scalar, at: node.range, in: source)
    }
    return ManifestText(scalar, at: node.range, in: source)
  }

  private mutating func checkNames(
    _ record: String, _ alert: String, _ fields: StrictMapping, _ context: RuleContext
  ) {
    if !record.isEmpty, !alert.isEmpty {
      report("\(context.prefix)only one of 'record' and 'alert' must be set", at: fields.range(of: "alert"))
    }
    if record.isEmpty, alert.isEmpty {
      report("\(context.prefix)one of 'record' or 'alert' must be set", at: fields.range(of: "record"))
    }
  }

  private mutating func check(_ expression: ManifestText?, _ fields: StrictMapping, _ context: RuleContext) {
    guard let expression, !expression.text.isEmpty else {
      return report("\(context.prefix)field 'expr' must be set in rule", at: fields.range(of: "expr"))
    }
    let features: LanguageFeatures
    switch reader {
    case .prometheus(let known): features = known
    case .vmalert: return
    }
    do { _ = try Expression.parse(Array(expression.text.utf8), features: features) } catch {
      let place = error.diagnostics.first?.range.flatMap { expression.fileRange($0) }
      var problem = ManifestProblem(
        ManifestCode.rule, "\(context.prefix)could not parse expression: \(error)",
        at: expression.range ?? fields.range)
      problem.diagnostic.notes = error.diagnostics.first.map(\.notes) ?? []
      for index in problem.diagnostic.notes.indices {
        problem.diagnostic.notes[index].range = problem.diagnostic.notes[index].range.flatMap {
          expression.fileRange($0)
        }
      }
      if let place { problem.diagnostic.notes.insert(Diagnostic.Note("here", range: place), at: 0) }
      report(problem)
    }
  }

  private mutating func checkRecording(
    _ name: String, _ annotations: [WrittenText], _ hold: Int64?, _ keep: Int64?, _ fields: StrictMapping,
    _ context: RuleContext
  ) {
    func isSet(_ duration: Int64?) -> Bool { (duration ?? 0) != 0 }
    for (key, isWrong) in [
      ("annotations", !annotations.isEmpty), ("for", isSet(hold)), ("keep_firing_for", isSet(keep)),
    ] where isWrong {
      report("\(context.prefix)invalid field '\(key)' in recording rule", at: fields.range(of: key))
    }
    if fields.node("record").map({ !$0.isUTF8 }) ?? false {
      report("\(context.prefix)invalid recording rule name: \(name)", at: fields.range(of: "record"))
    }
    if name.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) {
      report(
        "\(context.prefix)braces present in the recording rule name; should it be in expr?: \(name)",
        at: fields.range(of: "record"))
    }
  }

  private mutating func checkTemplates(
    _ labels: [WrittenText], _ annotations: [WrittenText], _ context: RuleContext
  ) {
    for (kind, texts) in [("label", labels), ("annotation", annotations)] {
      for text in texts {
        do { _ = try RuleTemplate(text.text.text, ofAlert: context.name) } catch {
          report(
            "\(context.prefix)\(kind) \(GoText.quoted(text.name)): \(error.message)",
            at: text.fileRange(error.range) ?? text.nameRange)
        }
      }
    }
  }
}
