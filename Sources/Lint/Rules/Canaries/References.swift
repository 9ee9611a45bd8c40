import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let missingTemplate = Rule(
    "MT044", "reference", .error, "a template is missing, or nobody refers to it",
    why: """
      A metric whose template does not exist fails at every tick: the cluster says so only when a rollout is \
      on its way. A template that no canary refers to is a gate that somebody believes in.
      """,
    fires: [
      .manifests(
        BuiltInExample.canary(
          metric:
            "- name: errors\n      templateRef: {name: erors}\n      interval: 1m\n      thresholdRange: "
            + "{max: 1}"
        ))
    ],
    quiet: [
      .query("sum(rate(a_total[1m]))"), .manifests(BuiltInExample.canary(metric: BuiltInExample.successRate)),
    ],
    .metric { metric in
      guard let reference = metric.value.templateRef, metric.template == nil else { return [] }
      let name = reference.value.name.value
      let namespace = reference.value.namespace(from: metric.canary.canary.namespace)
      let templates = metric.canary.manifests.templates
      let advice = metric.advice(
        "there is no MetricTemplate \(namespace)/\(name) among the manifests",
        at: reference.value.name.range ?? reference.range, ".templateRef")
      if let elsewhere = templates.first(where: { $0.name == name }) {
        return [
          advice.related(
            elsewhere.origin.map { Place($0.source, elsewhere.metadata.name.range) },
            "it is in namespace \(elsewhere.namespace)"
          ).help("add namespace: \(elsewhere.namespace) to templateRef")
        ]
      }
      guard
        let nearest = Spelling.nearest(
          to: name, among: templates.filter { $0.namespace == namespace }.map(\.name))
      else {
        return [
          advice.help(
            templates.isEmpty
              ? "give its file too"
              : "known: "
                + templates.map { "\($0.namespace)/\($0.name)" }.sorted().prefix(10).joined(separator: ", ")
          )
        ]
      }
      return [
        advice.help("write \(nearest)").fix(
          "write \(nearest)", metric.canary.edit(reference.value.name.range, nearest))
      ]
    })

  static let unusedTemplate = Rule(
    missingTemplate,
    .template { template in
      guard template.hasCanaries, template.users.isEmpty else { return [] }
      return [
        template.advice("no canary refers to this template", at: nil, ".metadata.name").with(
          severity: .warning)
      ]
    })

  static let unusableMetric = Rule(
    "MT055", "metric-without-query", .error, "a metric has no query",
    why: """
      A metric is one of the two built-in names, or it has a `templateRef` or a `query`. Anything else, a \
      built-in name with a typo too, fails at every tick: "no usable metrics template and query were \
      configured".
      """,
    fires: [
      .manifests(
        BuiltInExample.canary(
          metric: "- name: request-sucess-rate\n      interval: 1m\n      thresholdRange: {min: 99}"))
    ],
    quiet: [.manifests(BuiltInExample.canary(metric: BuiltInExample.successRate))],
    .metric { metric in
      let value = metric.value
      guard value.builtIn == nil, value.templateRef == nil, value.query?.text.isEmpty ?? true else {
        return []
      }
      let advice = metric.advice(
        "\(value.name.value) is not built in, and has neither templateRef nor query", at: nil, ".name")
      guard
        let nearest = Spelling.nearest(to: value.name.value, among: BuiltInMetric.allCases.map(\.rawValue))
      else {
        return [advice.help("add a templateRef; built in are request-success-rate and request-duration")]
      }
      return [
        advice.help("write \(nearest)").fix("write \(nearest)", metric.canary.edit(value.name.range, nearest))
      ]
    })

  static let twoQueries = Rule(
    "MT054", "metric-with-two-queries", .warning, "one metric asks two questions",
    why: """
      A metric with a built-in name and a `templateRef`, or with `query` and `templateRef`, is evaluated \
      twice in a tick, by two queries, against one threshold. Latency in milliseconds and an error rate do \
      not share one.
      """,
    fires: [
      .query("sum(rate(a_total[1m]))", metric: "query: sum(rate(b_total[1m]))\nthresholdRange: {max: 500}")
    ], quiet: [.query("sum(rate(a_total[1m]))")],
    .metric { metric in
      let value = metric.value
      let hasQuery = !(value.query?.text.isEmpty ?? true)
      guard
        [value.builtIn != nil || hasQuery, value.templateRef != nil].allSatisfy({ $0 })
          || (value.builtIn != nil && hasQuery)
      else { return [] }
      let first = value.builtIn != nil && !hasQuery ? "the built-in query" : "its own query"
      let second = value.templateRef != nil ? "its template" : "the built-in query"
      return [
        metric.advice(
          "\(value.name.value) is asked twice, by \(first) and by \(second), against one threshold", at: nil
        ).help("make it two metrics, the second with another name")
      ]
    })

  static let repeatedQuery = Rule(
    "MT046", "repeated-query", .info, "two metrics send the same query",
    why:
      "The second answers nothing that the first did not: when the first fails it is not even asked. Two "
      + "bounds fit into one `thresholdRange`.",
    fires: [
      .manifests(
        BuiltInExample.canary(
          metric:
            "- name: a\n      query: sum(rate(x_total[1m]))\n      thresholdRange: {max: 1}\n    - name: "
            + "b\n      query: sum(rate(x_total[1m]))\n      thresholdRange: {min: 0.1}"
        ))
    ],
    quiet: [.query("sum(rate(a_total[1m]))")],
    .canary { canary in
      var seen: [String: String] = [:]
      var found: [Advice] = []
      for (metric, sent) in canary.sentQueries {
        if let earlier = seen[sent] {
          found.append(
            canary.advice(
              "\(metric.value.name.value) sends the same query as \(earlier)", at: metric.value.name.range,
              ".spec.analysis.metrics"
            ).help("put both bounds into one thresholdRange"))
        }
        seen[sent] = seen[sent] ?? metric.value.name.value
      }
      return found
    })
}

extension CanarySubject {
  /// What is sent for each metric, as far as it renders.
  fileprivate var sentQueries: [(Located<CanaryMetric>, String)] {
    metrics.flatMap { metric in
      metric.sites.compactMap { site, values in
        (try? QueryTemplate(parsing: site.text).render(values).sent).map { (metric.metric, $0) }
      }
    }
  }
}
