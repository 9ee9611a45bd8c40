import Manifests
import PromQL
import Rules
import TimeSeries

extension Rule {
  static let templateLabel = Rule(
    "MT073", "template-label", .warning, "a template names a label that the result never has",
    why: """
      A template sees the labels of the expression's result, without those that the rule adds. A label \
      that an aggregation dropped is not among them: `{{ $labels.instance }}` is an empty text in every \
      notification, and whoever is woken does not learn which instance it is.
      """,
    fires: [
      .rule(
        "alert: Errors\nexpr: sum by (job) (rate(errors_total[5m])) > 5\n"
          + "annotations: {summary: \"{{ $labels.instance }} has errors\"}"),
      .rule(
        "alert: Gone\nexpr: absent(up{job=\"api\"})\n"
          + "annotations: {summary: \"{{ .Labels.instance }} is gone\"}"
      ),
    ],
    quiet: [
      .rule(
        "alert: Errors\nexpr: sum by (job) (rate(errors_total[5m])) > 5\n"
          + "annotations: {summary: \"{{ $labels.job }} has errors\"}"),
      .rule(
        "alert: Gone\nexpr: absent(up{job=\"api\"})\nannotations: {summary: \"{{ $labels.job }} is gone\"}"),
      .rule("alert: Down\nexpr: up == 0\nannotations: {summary: \"{{ $labels.instance }} is down\"}"),
    ],
    .rules { rules in
      rules.templates.flatMap { template -> [Advice] in
        guard let query = template.rule.query else { return [] }
        let labels = query.facts.rootVector?.labels ?? LabelFacts.none
        return template.looks.compactMap { look, use in
          guard case .label(let label) = look, labels[label] == .absent else { return nil }
          let known = labels.known.filter { $0.value != .absent && $0.key != LabelFacts.metricName }.keys
            .sorted()
          let there =
            labels.hasOthers
            ? "" : known.isEmpty ? ": it has none" : ": it has \(known.joined(separator: ", "))"
          return template.advice("the result never has the label \(label)\(there)", at: use.range)
            .related(query.place(query.whole), "the expression")
            .help("keep the label in the expression, or leave it out of the text")
        }
      }
    })

  static let valueInLabel = Rule(
    "MT075", "value-in-label", .warning, "a label of an alert holds the value",
    why: """
      An alert is the same alert as long as its labels are the same. With the value in a label every \
      evaluation makes a new one: the old one is resolved, and with `for` none ever fires. The value \
      belongs into an annotation.
      """,
    fires: [
      .rule("alert: Slow\nexpr: latency_seconds > 5\nfor: 5m\nlabels: {value: \"{{ $value }}\"}"),
      .rule("alert: Slow\nexpr: latency_seconds > 5\nlabels: {value: \"{{ .Value | humanize }}\"}"),
    ],
    quiet: [
      .rule("alert: Slow\nexpr: latency_seconds > 5\nannotations: {value: \"{{ $value }}\"}"),
      .rule(
        "alert: Slow\nexpr: latency_seconds > 5\n"
          + "labels: {severity: \"{{ if gt $value 10.0 }}page{{ else }}ticket{{ end }}\"}"),
    ],
    .rules { rules in
      rules.templates.filter(\.isLabel).flatMap { template in
        template.looks.compactMap { look, use in
          guard look == .value, use.isWritten else { return nil }
          return template.advice(
            "every new value makes a new alert"
              + (template.rule.isHeld ? ", so that none is there for long enough to fire" : ""),
            at: use.range
          ).help("move it into an annotation")
        }
      }
    })

  static let templateBreaks = Rule(
    "MT076", "template-breaks", .error, "a template of an alert fails whenever it is expanded",
    why: """
      Prometheus checks at loading only that a template can be read. One that asks for a field of a \
      number, calls a function with too few arguments or queries what is no PromQL is loaded, and every \
      notification says `<error expanding template: …>` in its place.
      """,
    fires: [
      .rule("alert: Down\nexpr: up == 0\nannotations: {summary: \"{{ $value.instance }} is down\"}"),
      .rule("alert: Down\nexpr: up == 0\nannotations: {summary: \"{{ humanize }}\"}"),
      .rule(
        "alert: Down\nexpr: up == 0\n"
          + "annotations: {summary: '{{ range query \"sum(up\" }}{{ .Value }}{{ end }}'}"
      ),
    ],
    quiet: [
      .rule(
        "alert: Down\nexpr: up == 0\n"
          + "annotations: {summary: \"{{ $labels.instance }} is {{ $value | humanize }}\"}"
      ),
      .rule(
        "alert: Down\nexpr: up == 0\n"
          + "annotations: {summary: '{{ range query \"sum(up)\" }}{{ .Value | humanize }}{{ end }}'}"
      ),
    ],
    .rules { rules in
      rules.templates.compactMap { template in
        guard let trouble = template.parsed.trouble(ofAlert: template.rule.name) else { return nil }
        return template.advice("the template fails: \(trouble.message)", at: trouble.range)
      }
    })

  static let percentTwice = Rule(
    "MT078", "percent-twice", .warning, "a percentage is shown a hundred times too large",
    why: """
      `humanizePercentage` multiplies by 100: it wants 0.05 for 5 %. A value that is a percentage already \
      comes out as 500 %.
      """,
    fires: [
      .rule(
        "alert: Errors\nexpr: 100 * sum(rate(r_total{code=~\"5..\"}[5m])) / sum(rate(r_total[5m])) > 5\n"
          + "annotations: {summary: \"{{ $value | humanizePercentage }}\"}")
    ],
    quiet: [
      .rule(
        "alert: Errors\nexpr: sum(rate(r_total{code=~\"5..\"}[5m])) / sum(rate(r_total[5m])) > 0.05\n"
          + "annotations: {summary: \"{{ $value | humanizePercentage }}\"}")
    ],
    .rules { rules in
      rules.templates.flatMap { template -> [Advice] in
        guard let facts = template.rule.query?.facts.rootVector,
          facts.unit?.dimension == .share && facts.unit?.scale == 0.01 || facts.share?.whole == 100
        else { return [] }
        return template.looks.compactMap { look, use in
          guard look == .value, use.functions.contains("humanizePercentage") else { return nil }
          return template.advice(
            "the value is a percentage already, and is multiplied by 100 again", at: use.range
          )
          .help("use humanize and write % behind it, or leave the factor 100 out of the expression")
        }
      }
    })
}
