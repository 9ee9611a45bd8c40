import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let averagedQuantiles = Rule(
    "MT110", "quantile-aggregated", .warning, "quantiles of a summary are averaged, added or rated",
    why: """
      A summary exports quantiles that each process computed for itself: `{quantile="0.99"}`. Their average \
      is the quantile of nothing, their sum says how many processes there are, and their rate how they move. \
      The worst of them is `max(…)`; a quantile over all processes needs a histogram.
      """,
    fires: [
      .query("avg(rpc_duration_seconds{quantile=\"0.99\"})"),
      .query("sum(1000 * rpc_duration_seconds{quantile=\"0.99\"})"),
      .query("sum(rate(rpc_duration_seconds{quantile=\"0.9\"}[1m]))"),
    ],
    quiet: [
      .query("max(rpc_duration_seconds{quantile=\"0.99\"})"),
      .query("sum(rate(rpc_duration_seconds_sum[1m])) / sum(rate(rpc_duration_seconds_count[1m]))"),
      .query("max(max_over_time(rpc_duration_seconds{quantile=\"0.99\"}[1m]))"),
      .query("count(rpc_duration_seconds{quantile=\"0.99\"} > 1) or vector(0)"),
    ],
    .query { query in
      let found = query.vectors.first { part in
        switch part.form {
        case .aggregate(let plan):
          guard case .simple(let operation) = plan.operation, operation == .sum || operation == .avg,
            let inner = query.vectors.last(where: { $0.site == plan.vector.site && $0.index < part.index })
          else { return false }
          return inner.facts.mayBeMany && inner.facts.labels.isQuantile
        case .window(let function, let windows, _):
          guard [.rate, .increase, .irate].contains(function), case .select(let selector, _) = windows.form
          else { return false }
          return LabelFacts(matchers: query.facts.matchers(selector)).isQuantile
        default: return false
        }
      }
      guard let found else { return [] }
      let what: String
      if case .aggregate(let plan) = found.form, case .simple(.avg) = plan.operation {
        what = "an average"
      } else if case .aggregate = found.form {
        what = "a sum"
      } else {
        what = "a rate"
      }
      return [
        query.advice("\(what) of quantiles is no quantile", at: found.site).help(
          "use max(…), or a histogram and histogram_quantile")
      ]
    })
}

extension LabelFacts {
  /// Whether the series are quantiles of a summary, one or several.
  fileprivate var isQuantile: Bool {
    switch self["quantile"] {
    case .fixed(let value): Double(value).map { (0...1).contains($0) } ?? false
    case .certain: true
    case .absent, .possible: false
    }
  }
}
