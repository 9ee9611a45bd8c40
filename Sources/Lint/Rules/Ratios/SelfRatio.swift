import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let selfRatio = Rule(
    "MT007", "self-ratio", .error, "a ratio divides every series by itself, so it is always 1",
    why: """
      Without an aggregation, two vectors meet series by series, by all their labels. When the numerator is \
      the denominator with a condition more (`status!~"5.*"`), each series of the numerator meets itself: \
      the quotient is 1, and the series that the condition leaves out have no partner and vanish. With half \
      of the requests failing, `100 - ok/all * 100` is 0 and the check passes. The same happens below `sum \
      by (status)`.
      """,
    subsumes: ["MT020"],
    fires: [
      .query(
        "100 - rate(http_requests_total{status!~\"5.*\"}[1m]) / rate(http_requests_total[1m]) * 100",
        metric: "thresholdRange: {max: 1}"),
      .query("sum by (code) (rate(r_total{code=~\"5..\"}[1m])) / sum by (code) (rate(r_total[1m]))"),
    ],
    quiet: [
      .query(
        "100 - sum(rate(http_requests_total{status!~\"5.*\"}[1m])) / sum(rate(http_requests_total[1m])) * 100"
      ),
      .query("sum by (pod) (rate(r_total{code=~\"5..\"}[1m])) / sum by (pod) (rate(r_total[1m]))"),
      .query(
        "sum without (code) (rate(r_total{code=~\"5..\"}[1m])) / sum without (code) (rate(r_total[1m]))"),
    ],
    .query { query in
      query.vectors.compactMap { part in
        guard case .arithmetic(.divide, let lhs, let rhs, let matching) = part.form,
          let numerator = CountedPart(lhs, query.facts.selections),
          let denominator = CountedPart(rhs, query.facts.selections),
          numerator.counting == denominator.counting, numerator.complement == nil,
          numerator.isPart(of: denominator)
        else { return nil }
        let extra = numerator.extra(beyond: denominator)
        guard let label = extra.first?.name,
          extra.allSatisfy({ numerator.counting.keeps($0.name) && matching.meets(by: $0.name) })
        else { return nil }
        let condition = query.selectors.first { $0.site == numerator.selectorSite }
          .flatMap { selector in query.written(selector).first { $0.matcher == extra[0] } }
        let isBare = numerator.counting.grouping == nil
        var advice = query.advice(
          "numerator and denominator meet series by series, so this ratio is always 1", at: part.site
        )
        .related(
          condition.map { query.place($0.range) }, "\(label) is kept on both sides: each series meets itself"
        )
        .shown(Simulation(query).comparison(with: isBare ? query.aggregated([lhs.site, rhs.site]) : nil))
        .help(
          isBare ? "aggregate both sides first: sum(…) / sum(…)" : "aggregate \(label) away on both sides")
        if isBare, let left = query.wrap(lhs.site, "sum(", ")"), let right = query.wrap(rhs.site, "sum(", ")")
        {
          advice = advice.fix("aggregate both sides", edits: left + right)
        }
        return advice
      }
    })
}

extension CountedPart.Counting {
  /// Whether the series that are divided still have the label.
  func keeps(_ label: String) -> Bool {
    switch grouping {
    case nil: true
    case .by(let labels): labels.contains(label)
    case .without(let labels): !labels.contains(label)
    }
  }
}

extension VectorMatching {
  /// Whether the sides meet by the label, one to one.
  func meets(by label: String) -> Bool {
    guard cardinality == .oneToOne else { return false }
    return switch labels {
    case .on(let names): names.contains(label)
    case .ignoring(let names): !names.contains(label)
    }
  }
}
