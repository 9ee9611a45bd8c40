public import Manifests
import PromQL
import TimeSeries

/// What the reading of a rule file found: the groups that are sound, and all there is to say.
public struct RuleReading: Sendable {
  /// In the order of the file, without the rules that are broken.
  public private(set) var groups: [RuleGroup] = []
  /// Errors, in the order of the file; Prometheus' words where it has any (config.md §9.1).
  public private(set) var findings: [ManifestFinding] = []

  private let source: ManifestSource

  /// Reads the first document of a text; an empty one has no groups.
  public init(_ source: ManifestSource) {
    self.source = source
    do throws(ManifestProblem) {
      var composer = try YAMLComposer(checking: source.bytes)
      guard let root = try composer.nextDocument() else { return }
      let file = try StrictMapping(root, "a rule file", keys: ["groups"])
      for node in try file.items("groups") {
        do throws(ManifestProblem) { try read(group: node) } catch { report(error) }
      }
    } catch { report(error) }
  }

  /// Problems of one file, after which reading stops.
  private static let maximumFindings = 100

  private mutating func report(_ problem: ManifestProblem) {
    guard findings.count < Self.maximumFindings else { return }
    findings.append(ManifestFinding(problem.diagnostic, in: source))
  }

  private mutating func read(group node: ManifestNode) throws(ManifestProblem) {
    let fields = try StrictMapping(
      node, "a rule group",
      keys: ["name", "interval", "query_offset", "limit", "rules", "labels"])
    let name = try fields.text("name")?.value ?? ""
    guard !name.isEmpty else { throw problem("Groupname must not be empty", at: fields.range) }
    guard !groups.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
      throw problem(
        "groupname: \(GoText.quoted(name)) is repeated in the same file", at: fields.range(of: "name"))
    }
    var group = RuleGroup(
      name: name, interval: try fields.duration("interval"),
      queryOffset: try fields.duration("query_offset") ?? 0,
      limit: Int(clamping: try fields.integer("limit") ?? 0), rules: [])
    let shared = try fields.pairs("labels")
    for pair in shared where !Self.isLabel(pair.name) {
      throw problem("invalid label name: \(pair.name)", at: pair.range)
    }
    let labels = shared.map { NamedText(name: $0.name, text: $0.value) }
    for (index, node) in try fields.items("rules").enumerated() {
      do throws(ManifestProblem) {
        let context = RuleContext(group: name, number: index + 1)
        group.rules.append(try rule(node, context, groupLabels: labels))
      } catch { report(error) }
    }
    groups.append(group)
  }

  /// Which rule a message is about.
  private struct RuleContext {
    var group: String
    var number: Int
    var name = ""

    var description: String {
      "group \(GoText.quoted(group)), rule \(number), \(GoText.quoted(name))"
    }
  }

  private func rule(
    _ node: ManifestNode, _ context: RuleContext, groupLabels: [NamedText]
  ) throws(ManifestProblem) -> Rule {
    let fields = try StrictMapping(
      node, "a rule",
      keys: ["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"])
    let record = try fields.text("record")?.value ?? ""
    let alert = try fields.text("alert")?.value ?? ""
    var context = context
    context.name = alert.isEmpty ? record : alert
    func failure(_ message: String, _ key: String) -> ManifestProblem {
      problem("\(context.description): \(message)", at: fields.range(of: key))
    }
    guard record.isEmpty || alert.isEmpty else {
      throw failure("only one of 'record' and 'alert' must be set", "alert")
    }
    guard !context.name.isEmpty else {
      throw failure("one of 'record' or 'alert' must be set", "record")
    }
    guard let expression = try fields.text("expr")?.value, !expression.isEmpty else {
      throw failure("field 'expr' must be set in rule", "expr")
    }
    do { _ = try Expression.parse(Array(expression.utf8)) } catch {
      throw failure("could not parse expression: \(error)", "expr")
    }
    let own = try fields.pairs("labels")
    for pair in own where !Self.isLabel(pair.name) {
      throw problem("\(context.description): invalid label name: \(pair.name)", at: pair.range)
    }
    var rule = Rule(
      name: context.name, expression: Array(expression.utf8),
      labels: groupLabels.filter { shared in
        !own.contains { $0.name.utf8.elementsEqual(shared.name.utf8) }
      } + own.map { NamedText(name: $0.name, text: $0.value) })
    let annotations = try fields.pairs("annotations")
    let hold = try fields.duration("for")
    let keep = try fields.duration("keep_firing_for")
    guard alert.isEmpty else {
      rule.kind = .alerting(
        Rule.Alerting(
          holdDuration: hold ?? 0, keepFiringFor: keep ?? 0,
          annotations: annotations.map { NamedText(name: $0.name, text: $0.value) }))
      try checkTemplates(of: rule, own, annotations, context)
      return rule
    }
    if !annotations.isEmpty { throw failure("invalid field 'annotations' in recording rule", "annotations") }
    if (hold ?? 0) != 0 { throw failure("invalid field 'for' in recording rule", "for") }
    if (keep ?? 0) != 0 {
      throw failure("invalid field 'keep_firing_for' in recording rule", "keep_firing_for")
    }
    if record.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) {
      throw failure("braces present in the recording rule name; should it be in expr?: \(record)", "record")
    }
    return rule
  }

  private func checkTemplates(
    of rule: Rule, _ labels: [(name: String, value: String, range: SourceRange)],
    _ annotations: [(name: String, value: String, range: SourceRange)], _ context: RuleContext
  ) throws(ManifestProblem) {
    for pair in annotations where pair.name.isEmpty {
      throw problem("\(context.description): invalid annotation name: \(pair.name)", at: pair.range)
    }
    for (kind, pairs) in [("label", labels), ("annotation", annotations)] {
      for pair in pairs {
        do { _ = try RuleTemplate(pair.value, ofAlert: rule.name) } catch {
          throw problem(
            "\(context.description): \(kind) \(GoText.quoted(pair.name)): \(error.message)",
            at: pair.range)
        }
      }
    }
  }

  private static func isLabel(_ name: String) -> Bool {
    LabelName.isValid(Array(name.utf8)) && !name.utf8.elementsEqual(LabelName.metric.utf8)
  }

  private func problem(_ message: String, at range: SourceRange) -> ManifestProblem {
    ManifestProblem(Self.code, message, at: range)
  }

  /// The code of everything that Prometheus has to say about rules.
  private static let code = "rule"
}
