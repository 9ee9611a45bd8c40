import Manifests
import PromQL
package import TimeSeries

/// A rule of relabelling with its places.
package struct WrittenRelabelRule: ConfigurationSection {
  package var rule = RelabelRule()
  package var places = SectionPlaces()

  package init() {}

  package static let title = "a relabelling rule"
  package static let type = "relabel.plain"
  package static let fields: [ConfigurationField<Self>] = [
    ConfigurationField("source_labels") { (section, node, reader) throws(ManifestProblem) in
      if node.isNull { return section.rule.sourceLabels = nil }
      guard let items = reader.items(node, type: "model.LabelNames") else { return }
      section.rule.sourceLabels = []
      for item in items {
        // An item without a value is a label without a name, which is never there.
        guard let name = reader.text(item) else { continue }
        if !item.isNull { try ListedLabels.check(name, at: item.range) }
        section.rule.sourceLabels?.append(name)
      }
    },
    .text("separator", \.rule.separator),
    ConfigurationField("regex") { (section, node, reader) throws(ManifestProblem) in
      guard let text = reader.text(node) else { return }
      section.rule.regex = text
      do { _ = try RE2("^(?s:\(text))$") } catch { throw .refusal("\(error)", at: node.range) }
    },
    .natural("modulus", \.rule.modulus, type: "uint64"),
    .text("target_label", \.rule.targetLabel),
    .text("replacement", \.rule.replacement),
    ConfigurationField("action") { (section, node, reader) throws(ManifestProblem) in
      if node.isSkipped { throw .refusal("relabel action cannot be empty", at: node.range) }
      guard let text = reader.text(node) else { return }
      guard let action = RelabelRule.Action(rawValue: text.lowercased()) else {
        let actions = RelabelRule.Action.allCases.map(\.rawValue)
        throw .refusal(
          "unknown relabel action \(GoText.quoted(text))", at: node.range,
          help: Spelling.nearest(to: text.lowercased(), among: actions).map { "did you mean \($0)?" }
            ?? "there are \(actions.joined(separator: ", "))")
      }
      section.rule.action = action
    },
  ]

  /// What Prometheus refuses once it knows which names are valid.
  mutating func complete(with scheme: NameValidation) throws(ManifestProblem) {
    rule.hasLegacyNames = scheme == .legacy
    guard let problem = rule.problem else { return }
    throw refusal(problem.description, at: problem.field, help: Self.advice(on: rule, problem.field))
  }

  private static func advice(on rule: RelabelRule, _ field: String) -> String? {
    switch (rule.action, field) {
    case (.hashmod, "modulus"): "write into how many parts the targets are spread: modulus: 4"
    case (_, "target_label"): "name the label that is written: target_label: instance"
    default: nil
    }
  }
}

extension [WrittenRelabelRule?] {
  /// Rules of which one without a value is refused.
  func checkNone(_ message: String, at range: SourceRange?) throws(ManifestProblem) {
    if contains(where: { $0 == nil }) {
      throw .refusal(
        message, at: range, help: "a dash stands alone here: write a rule behind it, or take it out")
    }
  }

  mutating func complete(with scheme: NameValidation) throws(ManifestProblem) {
    for index in indices { try self[index]?.complete(with: scheme) }
  }

  /// As they are applied.
  package var rules: [RelabelRule] { compactMap { $0?.rule } }
}

/// Which names of labels and metrics are valid.
package enum NameValidation: String, Sendable, Hashable, CaseIterable {
  case utf8, legacy
}
