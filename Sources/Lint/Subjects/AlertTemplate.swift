import Manifests
import PromQL
import Rules

/// The template of a label or an annotation of an alert.
struct AlertTemplate {
  var rule: RuleSubject
  var text: WrittenText
  var isLabel: Bool
  var parsed: RuleTemplate

  var looks: [(look: RuleTemplate.Look, use: TemplateUse)] { parsed.looks }

  /// The author's text, in the template.
  var whole: SourceRange {
    let start = RuleTemplate.prefix.utf8.count
    return SourceRange(start, start + text.text.text.utf8.count)
  }

  /// Says something of a part of the template.
  func advice(_ message: String, at range: SourceRange) -> Advice {
    Advice(
      message, at: rule.place(text.fileRange(range) ?? text.text.range ?? text.nameRange),
      of: "\(rule.site.subject), \(isLabel ? "label" : "annotation") \(text.name)")
  }
}

extension RulesSubject {
  /// All texts of alerts that hold an action.
  var templates: [AlertTemplate] {
    rules.flatMap { rule -> [AlertTemplate] in
      guard rule.alerting != nil else { return [] }
      let texts = rule.written.labels.map { ($0, true) } + rule.written.annotations.map { ($0, false) }
      return texts.compactMap { text, isLabel in
        guard text.text.text.utf8.contains(UInt8(ascii: "{")),
          let parsed = try? RuleTemplate(text.text.text, ofAlert: rule.name)
        else { return nil }
        return AlertTemplate(rule: rule, text: text, isLabel: isLabel, parsed: parsed)
      }
    }
  }
}

extension RuleSubject {
  /// Whether the alert has to last before it fires.
  var isHeld: Bool { (alerting?.holdDuration ?? 0) > 0 }
}
