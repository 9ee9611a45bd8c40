import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let failOpen = Rule(
    "MT016", "fail-open", .warning, "missing data passes the check",
    why: """
      `or vector(0)` with only a `max`, or `or vector(100)` with only a `min`, makes a check pass when \
      nothing was measured: the canary gets no traffic, a label was renamed, the scrape fails, and the \
      release goes out. Say so on purpose, or add a check that there is traffic.
      """,
    fires: [.query("sum(rate(errors_total[1m])) or vector(0)", metric: "thresholdRange: {max: 5}")],
    quiet: [
      .query("sum(rate(errors_total[1m])) or vector(1000)", metric: "thresholdRange: {max: 5}"),
      .query(
        "(sum(rate(bad_total[1m])) or vector(0)) / sum(rate(all_total[1m]))",
        metric: "thresholdRange: {max: 0.5}"),
    ],
    .query { query in
      guard query.site.isMetric, let root = query.root, case .set(.or, _, let other, _) = root.form,
        let number = other.constant, let limits = query.site.limits,
        limits.min.map({ number >= $0.value }) ?? true, limits.max.map({ number <= $0.value }) ?? true
      else { return [] }
      let bound = limits.max ?? limits.min
      return [
        query.advice(
          "when there is no data the check sees \(Shown.number(number)) and passes", at: other.site
        )
        .related(query.site.canaryPlace(bound?.range), "\(Shown.number(number)) is within this")
        .help("add a check for traffic, or let missing data fail the check")
      ]
    })

  static let fallbackMissesNaN = Rule(
    "MT061", "fallback-misses-nan", .warning, "`or` does not catch 0/0",
    why: """
      Without traffic `sum(errors) / sum(requests)` is 0/0: a series whose value is NaN, not an empty \
      answer. `or vector(0)` behind it does nothing, Flagger takes NaN for no value and the check fails. The \
      denominator has to be kept from being 0.
      """,
    fires: [.query("sum(rate(bad_total[1m])) / sum(rate(all_total[1m])) or vector(0)")],
    quiet: [
      .query("sum(rate(bad_total[1m])) / (sum(rate(all_total[1m])) > 0) or vector(0)"),
      .query("sum(rate(bad_total[1m])) or vector(0)"),
    ],
    .query { query in
      // In VictoriaMetrics NaN is no sample, so that `or` does catch it.
      guard query.site.isMetric, !query.options.isVictoriaMetrics, let root = query.root,
        case .set(.or, let lhs, let other, _) = root.form,
        let left = query.vectors.first(where: { $0.site == lhs.site }),
        left.facts.values.nan.contains(.division) || left.facts.values.nan.contains(.noObservations),
        other.constant != nil
      else { return [] }
      return [
        query.advice(
          "`or` stands in for a missing value, not for NaN, which is what this yields without traffic",
          at: root.site
        )
        .related(query.place(lhs.site), "NaN when there is no traffic")
        .help("compare the divisor: … / (… > 0) or \(query.slice(other.site))")
      ]
    })

  static let infinitePass = Rule(
    "MT017", "infinite-passes", .warning, "x/0 is +Inf, and passes a check with no upper bound",
    why: """
      A quotient whose divisor may be 0 yields +Inf. Flagger compares it like any number: with only a `min` \
      it passes. A check with only a `max` fails on it, which is safe. Where the divisor counts what the \
      numerator counts, both are 0 together, and 0/0 is no value.
      """,
    fires: [
      .query(
        "sum(rate(requests_total[1m])) / sum(rate(workers_total[1m]))", metric: "thresholdRange: {min: 5}")
    ],
    quiet: [
      .query("sum(rate(requests_total[1m])) / sum(rate(workers_total[1m]))"),
      .query(
        "sum(rate(r_total{code=~\"2..\"}[1m])) / sum(rate(r_total[1m]))", metric: "thresholdRange: {min: 0.9}"
      ),
      .query(
        "sum(rate(ok_total[1m])) / (sum(rate(ok_total[1m])) + sum(rate(failed_total[1m])))",
        metric: "thresholdRange: {min: 0.9}"),
      .query("avg(speed{track=\"new\"}) / avg(speed)", metric: "thresholdRange: {min: 0.9}"),
    ],
    .query { query in
      guard query.site.isMetric, let root = query.root, root.facts.values.mayDivideByZero,
        root.facts.values.upper == .infinity, let limits = query.site.limits, limits.max == nil,
        let min = limits.min
      else { return [] }
      return [
        query.advice("when the divisor is 0 the value is +Inf, and the check passes", at: root.site)
          .related(query.site.canaryPlace(min.range), "only a lower bound").help("add max to thresholdRange")
      ]
    })

  static let poisonedSum = Rule(
    "MT018", "nan-poisons", .warning, "one 0/0 makes the whole sum NaN",
    why: """
      `sum`, `avg`, `stddev` and `stdvar` of values one of which is NaN are NaN, and NaN is no value for \
      Flagger. A quotient for each pod is 0/0 for a pod without traffic: one idle pod of fifty fails the \
      check. An alert compares NaN with its limit and is not there: it sleeps while one target idles. \
      Divide sums instead of summing quotients, or leave the idle out: `… / (… > 0)`.
      """,
    fires: [
      .query("avg(rate(bad_total[1m]) / rate(all_total[1m]))"),
      .rule("alert: Errors\nexpr: avg by (job) (rate(bad_total[5m]) / rate(all_total[5m])) > 0.1"),
      .group([
        "{record: 'instance:errors:ratio', expr: 'rate(bad_total[5m]) / rate(all_total[5m])'}",
        "{alert: Errors, expr: 'avg(instance:errors:ratio) > 0.1'}",
      ]),
    ],
    quiet: [
      .rule("alert: Errors\nexpr: avg by (job) (rate(bad_total[5m]) / (rate(all_total[5m]) > 0)) > 0.1"),
      .rule("alert: Used\nexpr: sum by (pod) (cpu_quota / cpu_period) > 1"),
      .group([
        "{record: 'job:e:ratio', expr: 'sum by (job) (rate(e_total[5m])) / sum by (job) (rate(r[5m]))'}",
        "{alert: Errors, expr: 'sum by (job) (job:e:ratio) > 0.1'}",
      ]),
      .query("sum(rate(bad_total[1m])) / sum(rate(all_total[1m]))"),
      .query("max(rate(bad_total[1m]) / rate(all_total[1m]))"),
    ],
    .query { query in
      // In VictoriaMetrics NaN is no sample, and is left out of sums.
      guard query.site.isMetric || query.site.isRule, !query.options.isVictoriaMetrics else { return [] }
      return query.vectors.compactMap { part in
        guard case .aggregate(let plan) = part.form, case .simple(let operation) = plan.operation,
          [.sum, .avg, .stddev, .stdvar].contains(operation),
          let inner = query.vectors.first(where: { $0.site == plan.vector.site }), inner.facts.mayBeMany,
          inner.facts.values.nan.contains(.division),
          // Of gauges nobody knows whether they are ever 0; and what is alone in its group spoils no other.
          query.site.isMetric
            || inner.facts.values.nan.contains(.idle) && !inner.facts.labels.areKept(by: plan.grouping)
        else { return nil }
        return query.advice("one series without traffic is 0/0, and makes this NaN", at: part.site)
          .related(query.place(inner.site), "may be 0/0 for each series").help(
            "divide the sums: sum(…) / sum(…)")
      }
    })
}

extension VectorPlan {
  /// The number of `vector(0)`; nil for anything else.
  var constant: Double? {
    switch form {
    case .vector(.number(let number)), .vector(.pinned(.number(let number))): number
    case .pinned(let inner): inner.constant
    default: nil
    }
  }
}

extension LabelFacts {
  /// Whether a grouping keeps all labels that tell series apart, so that each is a group of its own.
  fileprivate func areKept(by grouping: AggregationPlan.Grouping) -> Bool {
    let names = Set(RecordedFacts.shown(self)).intersection(tellingApart)
    return switch grouping {
    case .by(let kept): !hasOthers && names.isSubset(of: kept)
    case .without(let dropped): !hasOthers && names.isDisjoint(with: dropped)
    }
  }
}
