import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let variableUnused = Rule(
    "MT060", "variables", .warning, "template variables are not used, silently empty, or break the quotes",
    why: """
      `{{ variables.x }}` fails loudly when `x` is missing; `{{ index variables "x" }}` renders as nothing, \
      and the query asks for something else. A value is put into the query as it is: a quote or a backslash \
      in it ends the string early.
      """,
    fires: [
      .query("sum(rate(a[1m]))", metric: "templateVariables: {limit: a}\nthresholdRange: {max: 500}"),
      .query("sum(rate(a{b=\"{{ index variables \"zone\" }}\"}[1m]))"),
    ],
    quiet: [
      .query(
        "sum(a{b=\"{{ variables.limit }}\"})",
        metric: "templateVariables: {limit: a}\nthresholdRange: {max: 500}")
    ],
    .metric { metric in
      guard let template = metric.template, let parsed = try? QueryTemplate(parsing: template.query) else {
        return []
      }
      let values = TemplateValues(canary: metric.canary.canary, metric: metric.value, pass: .template)
      guard let rendered = try? parsed.render(values).rendered else { return [] }
      var found: [Advice] = []
      for variable in metric.value.templateVariables?.value ?? [] {
        var other = values
        other.variables[variable.key.value] = "promgate\(variable.value.value)"
        if (try? parsed.render(other).rendered) == rendered {
          found.append(
            metric.advice(
              "the template \(template.name) does not use the variable \(variable.key.value)",
              at: variable.key.range,
              ".templateVariables"))
        } else if variable.value.value.contains(where: { $0 == "\"" || $0 == "\\" }) {
          found.append(
            metric.advice(
              "the value is put into the query as it is: its quotes or backslashes are PromQL's",
              at: variable.value.range,
              ".templateVariables"))
        }
      }
      return found + Self.silentlyEmpty(metric, template, values)
    })

  /// `index variables "x"` without an `x`.
  private static func silentlyEmpty(
    _ metric: MetricSubject, _ template: MetricTemplate, _ values: TemplateValues
  ) -> [Advice] {
    let text = template.query.text
    var found: [Advice] = []
    var rest = text[...]
    while let at = rest.firstRange(of: "index variables \"") {
      let tail = rest[at.upperBound...]
      let key = String(tail.prefix { $0 != "\"" })
      rest = tail
      guard values.variables[key] == nil, let source = template.origin?.source else { continue }
      let start = text.utf8.distance(from: text.startIndex, to: at.lowerBound)
      let range = template.query.fileRange(SourceRange(start, start + 17 + key.utf8.count))
      found.append(
        Advice(
          "the variable \(key) is not set: it renders as nothing", at: Place(source, range),
          of: "MetricTemplate \(template.namespace)/\(template.name), .spec.query"
        ).related(metric.canary.place(metric.value.name.range), "by this metric"))
    }
    return found
  }
}
