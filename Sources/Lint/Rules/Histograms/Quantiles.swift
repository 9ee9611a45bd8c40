import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let quantileBuckets = Rule(
    "MT022", "quantile-without-buckets", .error,
    "a quantile that can have no value, or never the one that is meant",
    why: """
      `histogram_quantile` reads the buckets by their label `le`: aggregated away, nothing is left to read \
      and the answer is empty. With only `le="+Inf"` it is NaN. φ is a number from 0 to 1: \
      `histogram_quantile(99, …)` is +Inf, always, and so are `quantile(95, …)` and \
      `quantile_over_time(95, …)`. The series `_sum` and `_count` of a histogram have no \
      buckets. An average of quantiles is no quantile.
      """,
    fires: [
      .query("histogram_quantile(0.99, sum(rate(latency_seconds_bucket[1m])))"),
      .query("histogram_quantile(99, sum by (le) (rate(latency_seconds_bucket[1m])))"),
      .query("histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket{le=\"+Inf\"}[1m])))"),
      .query("histogram_quantile(0.99, sum by (le) (rate(latency_seconds_sum[1m])))"),
      .query("histogram_quantile(0.99, rate(latency_seconds_count{pod=\"a\"}[1m]))"),
      .rule("alert: Slow\nexpr: quantile(95, latency_seconds) > 1"),
      .rule("alert: Slow\nexpr: quantile_over_time(95, latency_seconds[5m]) > 1"),
    ],
    quiet: [
      .query("histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket[1m])))"),
      .query("histogram_quantile(0.99, sum(rate(latency_seconds[1m])))"),
      .rule(
        "alert: Slow\nexpr: quantile(0.95, latency) > 1 or quantile_over_time(1, latency[5m]) > 2"
      ),
      // VictoriaMetrics' buckets.
      .query("histogram_quantile(0.99, sum by (vmrange) (rate(latency_seconds_bucket[1m])))"),
      .query("histogram_quantile(0.99, sum without (pod) (rate(latency_seconds_bucket{le!=\"0.1\"}[1m])))"),
    ],
    .query { query in
      query.vectors.flatMap { part -> [Advice] in
        guard case .histogramQuantile(let phi, let inner) = part.form else {
          return query.quantileOutside(part.form.quantile) + Self.averaged(query, part)
        }
        var found = query.quantileOutside(phi)
        guard let buckets = query.vectors.first(where: { $0.site == inner.site }) else { return found }
        if let selector = query.selectors(within: buckets.index).first(where: \.isWithoutBuckets),
          let name = selector.plan.metricName
        {
          let family = name.hasSuffix("_sum") ? name.dropLast(4) : name.dropLast(6)
          found.append(
            query.advice("\(name) has no buckets: there is never a value", at: selector.site)
              .help("ask for \(family)_bucket"))
        } else if part.facts.impossibility == .noBuckets {
          found.append(
            query.advice(
              "the label le is aggregated away: there are no buckets, and never a value", at: inner.site
            )
            .help("keep it: sum by (le) (…)").fix("keep le", edits: query.keepingLe(inner)))
        } else if buckets.facts.labels["le"] == .fixed("+Inf") {
          found.append(
            query.advice("only the bucket +Inf is selected: the quantile is NaN", at: inner.site).help(
              "select all buckets: leave out the matcher on le"))
        }
        return found
      }
    })

  private static func averaged(_ query: QuerySubject, _ part: VectorPart) -> [Advice] {
    guard query.site.isMetric, case .aggregate(let plan) = part.form,
      case .simple(let operation) = plan.operation, operation == .avg || operation == .sum,
      case .histogramQuantile = plan.vector.form
    else { return [] }
    return [
      query.advice("\(operation == .avg ? "an average" : "a sum") of quantiles is no quantile", at: part.site)
        .with(severity: .warning)
        .help("aggregate the buckets: histogram_quantile(φ, sum by (le) (…))")
    ]
  }

  static let spelledBucket = Rule(
    "MT024", "bucket-spelling", .warning,
    "a bucket is asked for by a spelling that Prometheus 3 does not store",
    why: """
      Since Prometheus 3 the values of `le` and `quantile` are normalised when they are scraped: `le="5"` is \
      stored as `5.0`. A matcher `le="5"` selects nothing any more, without an error.
      """,
    fires: [.query("sum(rate(latency_seconds_bucket{le=\"1\"}[1m])) / sum(rate(latency_seconds_count[1m]))")],
    quiet: [
      .query("sum(rate(latency_seconds_bucket{le=\"0.5\"}[1m])) / sum(rate(latency_seconds_count[1m]))"),
      .query("sum(rate(latency_seconds_bucket{le=\"+Inf\"}[1m]))"),
    ],
    .query { query in
      if let version = query.options.prometheusVersion, version < PrometheusVersion(major: 3, minor: 0) {
        return []
      }
      guard query.site.isMetric, !query.options.isVictoriaMetrics else { return [] }
      return query.selectors.flatMap { selector in
        query.written(selector).compactMap { written in
          let matcher = written.matcher
          guard matcher.name == "le" || matcher.name == "quantile", matcher.operation == .equal,
            !matcher.value.isEmpty,
            matcher.value.utf8.allSatisfy({ $0 &- 48 < 10 })
          else { return nil }
          return query.advice(
            "Prometheus 3 stores \(matcher.name)=\"\(matcher.value).0\", not \"\(matcher.value)\"",
            at: written.range
          )
          .help("accept both: \(matcher.name)=~\"\(matcher.value)(\\\\.0)?\"")
          .fix(
            "accept both spellings", query.edit(written.operation, "=~"),
            query.edit(written.value, "\"\(matcher.value)(\\\\.0)?\""))
        }
      }
    })
}

extension SelectorPart {
  /// Whether it is, by its name, what a classic histogram has beside its buckets.
  fileprivate var isWithoutBuckets: Bool {
    plan.metricName.map { $0.hasSuffix("_sum") || $0.hasSuffix("_count") } ?? false
  }
}

extension QuerySubject {
  /// Adds `le` to the labels of a sum right below a quantile.
  fileprivate func keepingLe(_ plan: VectorPlan) -> [Fix.Edit]? {
    guard case .aggregate(let aggregation) = plan.form, case .simple(.sum) = aggregation.operation,
      aggregation.grouping == .by([]),
      let edit = edit(SourceRange(plan.site.start, plan.site.start + 3), "sum by (le) ")
    else { return nil }
    return [edit]
  }
}

extension VectorForm {
  /// The quantile that is asked of values themselves; nil for anything else.
  fileprivate var quantile: ScalarArgument? {
    switch self {
    case .aggregate(let plan):
      if case .quantile(let phi) = plan.operation { phi } else { nil }
    case .window(.quantileOverTime, _, let arguments): arguments.first
    default: nil
    }
  }
}

extension QuerySubject {
  /// What is said of a quantile that is no number from 0 to 1.
  fileprivate func quantileOutside(_ phi: ScalarArgument?) -> [Advice] {
    guard let phi, case .number(let number) = phi.value, number < 0 || number > 1 else { return [] }
    let found = advice(
      "φ is \(Shown.number(number)): a quantile is a number from 0 to 1, others yield "
        + "\(number < 0 ? "-Inf" : "+Inf")",
      at: phi.site)
    guard number > 1, number <= 100 else { return [found] }
    let meant = "write \(Shown.number(number / 100))"
    return [found.help(meant).fix(meant, edit(phi.site, Shown.number(number / 100)))]
  }
}
