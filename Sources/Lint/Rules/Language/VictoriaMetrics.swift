import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let metricsQL = Rule(
    "MT042", "victoriametrics-only", .error, "a query uses MetricsQL and Prometheus is asked",
    why: """
      VictoriaMetrics extends PromQL: `WITH` templates, `default`, `if`, `keep_metric_names`, `5i`, `or` \
      inside braces, functions such as `median` or `label_set`. Prometheus refuses all of it with status \
      400, at every tick. The finding is about the parts that a Prometheus parser rejects. With `--backend \
      victoriametrics` the query is read as MetricsQL.
      """,
    fires: [
      .query("sum(rate(http_requests_total[1m])) default 0"), .query("sum(rate(http_requests_total[5i]))"),
      .query("median(rate(http_requests_total[1m]))"),
      .query("sum(rate(http_requests_total{code=\"500\" or code=\"503\"}[1m]))"),
    ],
    quiet: [
      .query("sum(rate(http_requests_total[5m])) or vector(0)"),
      .metricsQL("sum(rate(http_requests_total[1m])) default 0"),
    ],
    .failure { site, failure, options in
      guard case .unparsed(let text, _) = failure, BrokenInterval(site, options) == nil,
        let feature = foreignFeature(text, options)
      else { return [] }
      var advice = site.advice(
        "\(feature.name): VictoriaMetrics has it, Prometheus answers with status 400",
        at: Place(site.source, text.fileRange(feature.range) ?? site.text.range)
      )
      .help("if VictoriaMetrics answers the query, say so with --backend victoriametrics")
      advice.query = Finding.SentQuery(text: text.sent, range: feature.range)
      return [advice]
    })

  /// What VictoriaMetrics has and Prometheus has not, in a query that Prometheus refuses and
  /// VictoriaMetrics does not.
  static func foreignFeature(_ text: QueryText, _ options: LintOptions) -> MetricsFeature? {
    guard !options.isVictoriaMetrics else { return nil }
    return (try? MetricsReading(Array(text.sent.utf8), at: 0))?.features.first
  }

  static let metricsQLBuckets = Rule(
    metricsQL,
    .query { query in
      guard !query.options.isVictoriaMetrics else { return [] }
      return query.vectors.compactMap { part in
        guard case .histogramQuantile(_, let inner) = part.form,
          let buckets = query.vectors.first(where: { $0.site == inner.site })?.facts.labels,
          buckets["le"] == .absent, buckets["vmrange"] != .absent
        else { return nil }
        return query.advice(
          "buckets by vmrange: VictoriaMetrics reads them, and Prometheus finds no quantile", at: inner.site
        )
        .with(severity: .warning)
        .help("if VictoriaMetrics answers the query, say so with --backend victoriametrics")
      }
    })

  static let notJudged = Rule(
    "MT090", "not-judged", .info, "a query uses functions of VictoriaMetrics that lint cannot judge",
    why: """
      With `--backend victoriametrics` a query is read as MetricsQL. Most of it means what it means in \
      PromQL, and is judged like it; selectors are judged everywhere. What functions such as \
      `histogram_share` or `range_median` yield is not known here: how large it can be, in which unit it is, \
      whether a threshold can be kept.
      """,
    fires: [.metricsQL("histogram_share(0.5, sum(rate(latency_seconds_bucket[1m])) by (le))")],
    quiet: [
      .metricsQL("median(rate(http_requests_total{code=\"500\" or code=\"503\"})) default 0"),
      .metricsQL("sum(rate(http_requests_total[1m]))"),
    ],
    .query { query in
      guard let first = query.unjudged.first else { return [] }
      let names = query.unjudged.map(\.name)
      return [
        query.advice(
          "what \(names.joined(separator: ", ")) \(names.count == 1 ? "yields" : "yield") is not judged",
          at: first.range)
      ]
    })
}
