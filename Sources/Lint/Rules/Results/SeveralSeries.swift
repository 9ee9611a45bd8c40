import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let severalSeries = Rule(
    "MT005", "several-series", .error, "the query may yield more than one series",
    why: """
      Flagger judges one number. Of several series it takes the last one of the answer, and the order of an \
      answer is not defined: it changes when the server restarts or compacts. One pod of ten decides, and \
      not always the same one. Aggregate what is left apart: `sum(…)`, `max(…)`, or `sum by (le) (…)` inside \
      a quantile.
      """,
    subsumes: ["MT039"],
    fires: [
      .query("rate(http_requests_total{status=\"500\"}[1m])"),
      .query("sum by (pod) (rate(http_requests_total[1m]))"),
      .query("histogram_quantile(0.99, sum by (le, pod) (rate(latency_seconds_bucket[1m])))"),
    ],
    quiet: [
      .query("sum(rate(http_requests_total[1m]))"),
      .query("sum by (namespace) (rate(http_requests_total{namespace=\"{{ namespace }}\"}[1m]))"),
      .query("histogram_quantile(0.99, sum by (le) (rate(latency_seconds_bucket[1m])))"),
      .query("sum(rate(a[1m])) or vector(0)"), .query("topk(1, rate(a[1m]))"),
    ],
    .query { query in
      guard query.site.isMetric, let root = query.root, root.facts.mayBeMany else { return [] }
      let apart = root.facts.labels.tellingApart
      let why =
        if root.facts.labels.hasOthers {
          "nothing aggregates them: every label may tell them apart"
        } else {
          "one for each combination of \(apart.joined(separator: ", "))"
        }
      let wrapping = Self.aggregation(for: root)
      return [
        query.advice(
          "the query may yield more than one series, and Flagger takes the last one", at: query.whole
        )
        .shown("series: \(why)")
        .help("aggregate them, for example \(wrapping)(…)")
        .fix(
          "wrap the query in \(wrapping)()",
          edits: Self.isRatio(root.form) ? nil : query.wrap(query.whole, "\(wrapping)(", ")"))
      ]
    })

  private static func aggregation(for root: VectorPart) -> String {
    switch root.facts.unit?.dimension {
    case .time, .share: "max"
    case .bytes, .events, nil: "sum"
    }
  }

  /// A sum of ratios is no ratio of sums.
  private static func isRatio(_ form: VectorForm) -> Bool {
    switch form {
    case .arithmetic, .scalarArithmetic: true
    default: false
    }
  }
}
