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
      .rule(
        "alert: Errors\nexpr: sum by (job) (rate(errors_total[5m])) > 5\n"
          + "annotations: {summary: \"{{ $l := $labels }}{{ $l.instance }} has errors\"}"),
      .rule(
        "alert: Errors\nexpr: sum by (job) (rate(errors_total[5m])) > 5\n"
          + "annotations: {summary: \"{{ with $labels }}{{ .instance }}{{ end }} has errors\"}"),
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
          guard case .label(let label) = look, labels[label] == .absent, !use.isThroughVariable else {
            return nil
          }
          let known = RecordedFacts.shown(labels)
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
      .rule("alert: Slow\nexpr: latency_seconds > 5\nlabels: {value: \"{{ $v := $value }}{{ $v }}\"}"),
    ],
    quiet: [
      .rule("alert: Slow\nexpr: latency_seconds > 5\nannotations: {value: \"{{ $value }}\"}"),
      .rule(
        "alert: Slow\nexpr: latency_seconds > 5\n"
          + "labels: {severity: \"{{ if gt $value 10.0 }}page{{ else }}ticket{{ end }}\"}"),
      .rule("alert: Down\nexpr: up == 0\nlabels: {value: \"{{ $value }}\"}"),
      .rule("alert: Slow\nexpr: latency_seconds > 5\nlabels: {worse: \"{{ gt $value 10.0 }}\"}"),
    ],
    .rules { rules in
      rules.templates.filter(\.isLabel).flatMap { template -> [Advice] in
        // One value is no new one.
        if template.rule.query?.facts.rootVector?.values.constant != nil { return [] }
        return template.looks.compactMap { look, use in
          guard look == .value, use.isWritten, comparing.isDisjoint(with: use.functions) else { return nil }
          return template.advice(
            "every new value makes a new alert"
              + (template.rule.isHeld ? ", so that none is there for long enough to fire" : ""),
            at: use.range
          ).help("move it into an annotation")
        }
      }
    })

  /// Functions of templates that say whether something holds.
  private static let comparing: Set<String> = [
    "eq", "ne", "lt", "le", "gt", "ge", "not", "and", "or", "match",
  ]

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
      .rule(
        "alert: Down\nexpr: up == 0\n"
          + "annotations: {summary: '{{ if gt $value 5.0 }}{{ $value.instance }}{{ else }}down{{ end }}'}"
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

  static let templateMisprint = Rule(
    "MT115", "template-misprint", .warning, "a template of an alert writes what printf complains of",
    why: """
      `printf "%d" $value` writes `%!d(float64=5)`: the value of an alert is a floating-point number, and \
      labels are texts. Go writes its complaint into the text and does not fail: that is what people read.
      """,
    fires: [
      .rule("alert: Down\nexpr: up == 0\nannotations: {summary: '{{ printf \"%d\" $value }} down'}"),
      .rule("alert: Down\nexpr: up == 0\nannotations: {summary: '{{ printf \"%.1f%\" $value }} down'}"),
      .rule("alert: Down\nexpr: up == 0\nannotations: {summary: '{{ $labels.job | printf \"%d\" }} down'}"),
    ],
    quiet: [
      .rule("alert: Down\nexpr: up == 0\nannotations: {summary: '{{ printf \"%.0f\" $value }} down'}"),
      .rule("alert: Down\nexpr: up == 0\nannotations: {summary: '{{ printf \"%.1f%%\" $value }} down'}"),
    ],
    .rules { rules in
      rules.templates.compactMap { template in
        guard !template.text.text.text.contains("%!"), let misprint = template.parsed.misprint else {
          return nil
        }
        let use = template.looks.first { $0.use.functions.contains("printf") }?.use
        return template.advice(
          "the template writes \(misprint)", at: use?.range ?? template.whole
        ).help("numbers of alerts are written by %f or %g, labels by %s or %v, a percent sign by %%")
      }
    })
}
