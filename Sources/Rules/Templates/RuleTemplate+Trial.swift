package import Manifests
import PromQL
import TimeSeries

extension RuleTemplate {
  /// What a template looks at, as its author calls it.
  package enum Look: Sendable, Hashable {
    case label(String)
    case value
    case other
  }

  /// Every value that the text itself looks at, with its place in it.
  package var looks: [(look: Look, use: TemplateUse)] {
    // The prefix, which is Prometheus', looks at everything.
    template.uses.filter { $0.range.start >= Self.prefix.utf8.count }.map { (Self.look($0), $0) }
  }

  private static func look(_ use: TemplateUse) -> Look {
    switch (use.root, use.fields.first) {
    case ("$value", _), (".", "Value"?): .value
    case ("$labels", let label?): .label(label)
    case (".", "Labels"?): use.fields.count > 1 ? .label(use.fields[1]) : .other
    default: .other
    }
  }

  /// Runs the template with values that stand in, and returns what breaks it whatever they are; nil when
  /// something runs. `query` finds one sample, and what it is asked must parse.
  package func trouble(ofAlert name: String) -> TemplateError? {
    let labels = looks.compactMap { if case .label(let label) = $0.look { label } else { nil } }
    var trouble: TemplateError?
    for text in ["1", "1m", "a"] {
      let known = Dictionary(labels.map { ($0, text) }) { first, _ in first }
      let values = RuleTemplateValues(
        labels: known, value: .float(1), external: ExternalFacts(), time: 0
      ) { query throws(RuleFailure) in
        do { _ = try Expression.parse(query) } catch { throw RuleFailure("\(error)") }
        return [TemplateSample(labels: known, value: 1)]
      }
      do {
        _ = try template.render(library: RuleTemplateFunction.library(values), dot: values.dot)
        return nil
      } catch { trouble = trouble ?? error }
    }
    return trouble
  }
}
