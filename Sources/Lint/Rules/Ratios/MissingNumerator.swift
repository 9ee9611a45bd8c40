import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let missingNumerator = Rule(
    "MT015", "no-errors-no-value", .warning, "without a single failed request the query yields nothing",
    why: """
      A counter with `code="500"` exists from the first failure on. Until then the numerator is empty, the \
      quotient is empty, Flagger finds no value, and the check fails: a release is rolled back because it is \
      perfect. The same without a quotient, and inside `max(… / …)`. Count what succeeded and subtract it \
      from the whole, or write `or vector(0)` behind what may be missing. A counter that is called \
      `errors_total` and has no label that says more may be there from the start, with 0: of a quotient it \
      is a warning all the same, alone it is for your information.
      """,
    fires: [
      .query("sum(rate(r_total{code=~\"5..\"}[1m])) / sum(rate(r_total[1m]))"),
      .query(
        "100 - sum(rate(r_total{code=~\"5..\"}[1m])) / sum(rate(r_total[1m])) * 100",
        metric: "thresholdRange: {min: 99}"),
      .query("sum(increase(r_total{code=~\"5..\"}[1m]))"), .query("sum(rate(payment_errors_total[1m]))"),
      .query("max(sum by (pod) (rate(r_total{code=~\"5..\"}[1m])) / sum by (pod) (rate(r_total[1m])))"),
    ],
    quiet: [
      .query("1 - sum(rate(r_total{code!~\"5..\"}[1m])) / sum(rate(r_total[1m]))"),
      .query("(sum(rate(r_total{code=~\"5..\"}[1m])) or vector(0)) / sum(rate(r_total[1m]))"),
      .query("sum(increase(r_total{code=~\"5..\"}[1m])) or vector(0)"),
      .query("sum(rate(payment_errors_total[1m])) or vector(0)"),
    ],
    .query { query in
      guard query.site.isMetric, query.site.use != .builtIn, let root = query.root,
        root.facts.impossibility == nil
      else { return [] }
      if let numerator = Self.missingNumerator(query, root) { return [numerator] }
      if let failures = query.neededFailures.first {
        return [
          Self.advice(
            query, "until a request fails there is no such series: no value, and the check fails", failures)
        ]
      }
      return Self.bareCounter(query, root)
    })

  private static func missingNumerator(_ query: QuerySubject, _ root: VectorPart) -> Advice? {
    guard let share = root.facts.share, share.numeratorMayBeMissing, root.facts.empty.contains(.noSeries)
    else { return nil }
    let ratio = query.vectors.last { part in
      if case .arithmetic(.divide, _, _, _) = part.form {
        part.facts.share?.numeratorMayBeMissing ?? false
      } else {
        false
      }
    }
    guard let ratio, case .arithmetic(_, let lhs, _, _) = ratio.form else { return nil }
    let isAggregated = query.vectors.first { $0.site == lhs.site }.map { $0.facts.labels == .none } ?? false
    return query.advice(
      "until a request fails there is no such series: no value, and the check fails", at: lhs.site
    )
    .shown(Simulation(query).withoutFailures)
    .help(
      "count what succeeds and subtract it from the whole, or write … or vector(0) behind the numerator"
    )
    .fix("add or vector(0)", edits: isAggregated ? query.wrap(lhs.site, "(", " or vector(0))") : nil)
  }

  private static func advice(_ query: QuerySubject, _ message: String, _ failures: SelectorPart) -> Advice {
    // The smallest part that has no labels any more is where vector(0) fits.
    let sum = query.vectors.first { part in
      part.facts.labels == .none && part.site.start <= failures.site.start
        && failures.site.end <= part.site.end
    }
    return query.advice(message, at: failures.site).shown(Simulation(query).withoutFailures)
      .help("write … or vector(0) behind what may be missing")
      .fix("add or vector(0)", edits: sum.flatMap { query.wrap($0.site, "(", " or vector(0))") })
  }

  /// A counter that only its name calls one of failures.
  private static func bareCounter(_ query: QuerySubject, _ root: VectorPart) -> [Advice] {
    guard query.selectors.count == 1, root.facts.empty.contains(.noSeries),
      let counter = query.selectors.first,
      counter.range != nil, let name = counter.plan.metricName, name.hasSuffix("_total"),
      RequestMeaning.kind(ofName: name) == .failed, query.data?.has(counter.matchers) != true
    else { return [] }
    return [
      advice(
        query, "where \(name) is made by its first error there is no value until then, and the check fails",
        counter
      ).with(severity: .info)
    ]
  }
}
