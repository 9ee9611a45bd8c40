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
  /// something runs, and runs with every branch taken too. `query` finds one sample, and what it is asked
  /// must parse.
  package func trouble(ofAlert name: String) -> TemplateError? {
    let plain = trial(template)
    guard !plain.texts.isEmpty else { return plain.failures.first }
    let everywhere = trial(template.takingAllBranches)
    guard everywhere.texts.isEmpty, let first = everywhere.failures.first,
      everywhere.failures.allSatisfy({ $0.phase == .execution && $0.range == first.range })
    else { return nil }
    return first
  }

  /// What `printf` complains of in a text that it writes, `%!d(float64=1)`, in any branch; nil where
  /// it does not.
  package var misprint: String? {
    for text in trial(template).texts + trial(template.takingAllBranches).texts {
      guard let start = text.firstRange(of: "%!")?.lowerBound else { continue }
      let rest = text[start...].prefix(60)
      return String(rest.firstIndex(of: ")").map { rest[...$0] } ?? rest)
    }
    return nil
  }

  private func trial(_ template: TextTemplate) -> (texts: [String], failures: [TemplateError]) {
    let labels = looks.compactMap { if case .label(let label) = $0.look { label } else { nil } }
    var texts: [String] = []
    var failures: [TemplateError] = []
    for text in ["1", "1m", "a"] {
      let known = Dictionary(labels.map { ($0, text) }) { first, _ in first }
      let values = RuleTemplateValues(
        labels: known, value: .float(1), external: ExternalFacts(), time: 0
      ) { query throws(RuleFailure) in
        do { _ = try Expression.parse(query) } catch { throw RuleFailure("\(error)") }
        return [TemplateSample(labels: known, value: 1)]
      }
      do {
        texts.append(try template.render(library: RuleTemplateFunction.library(values), dot: values.dot))
      } catch { failures.append(error) }
    }
    return (texts, failures)
  }
}
