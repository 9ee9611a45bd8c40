import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let missingNumerator = Rule(
    "MT015", "no-errors-no-value", .warning, "without a single failed request the query yields nothing",
    why: """
      A counter with `code="500"` exists from the first failure on. Until then the numerator is empty, the \
      quotient is empty, Flagger finds no value, and the check fails: a release is rolled back because it is \
      perfect. Count what succeeded and subtract it from the whole, or write `or vector(0)` behind the \
      numerator.
      """,
    fires: [
      .query("sum(rate(r_total{code=~\"5..\"}[1m])) / sum(rate(r_total[1m]))"),
      .query(
        "100 - sum(rate(r_total{code=~\"5..\"}[1m])) / sum(rate(r_total[1m])) * 100",
        metric: "thresholdRange: {min: 99}"),
    ],
    quiet: [
      .query("1 - sum(rate(r_total{code!~\"5..\"}[1m])) / sum(rate(r_total[1m]))"),
      .query("(sum(rate(r_total{code=~\"5..\"}[1m])) or vector(0)) / sum(rate(r_total[1m]))"),
    ],
    .query { query in
      guard query.site.isMetric, let root = query.root, let share = root.facts.share,
        share.numeratorMayBeMissing,
        root.facts.empty.contains(.noSeries)
      else { return [] }
      let ratio = query.vectors.last { part in
        if case .arithmetic(.divide, _, _, _) = part.form {
          part.facts.share?.numeratorMayBeMissing ?? false
        } else {
          false
        }
      }
      guard let ratio, case .arithmetic(_, let lhs, _, _) = ratio.form else { return [] }
      let isAggregated = query.vectors.first { $0.site == lhs.site }.map { $0.facts.labels == .none } ?? false
      return [
        query.advice(
          "until a request fails there is no such series: no value, and the check fails", at: lhs.site
        )
        .shown(Simulation(query).withoutFailures)
        .help(
          "count what succeeds and subtract it from the whole, or write … or vector(0) behind the numerator"
        )
        .fix("add or vector(0)", edits: isAggregated ? query.wrap(lhs.site, "(", " or vector(0))") : nil)
      ]
    })
}
