import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let rootComparison = Rule(
    "MT019", "comparison-without-bool", .error,
    "the query compares, so that it yields nothing when all is well",
    why: """
      A comparison without `bool` keeps the series that satisfy it and drops the others. `error_rate > 5` is \
      empty while the release is healthy: Flagger finds no value and the check fails. When errors come, it \
      has a value. The threshold belongs into the canary's `thresholdRange`; the query yields the number. \
      A comparison that keeps what the threshold keeps (`> 99` with `min: 99`) judges right, and is for \
      information: a bad release is reported as one without a value, like a server that was not reached.
      """,
    subsumes: ["MT020"],
    fires: [
      .query("sum(rate(errors_total[1m])) > 5"), .query("sum(rate(a[1m])) / sum(rate(b[1m])) < 0.9"),
      .query("sum(rate(good_total[1m])) > 99", metric: "thresholdRange: {min: 99}"),
    ],
    quiet: [
      .query("sum(rate(errors_total[1m])) > bool 5"), .query("sum(rate(errors_total[1m] ) >= 0)"),
      .query("sum(a > 5)"),
    ],
    .query { query in
      guard query.site.isMetric, let root = query.root, root.facts.empty.contains(.filtered),
        root.facts.impossibility == nil
      else { return [] }
      switch root.form {
      case .comparison(let operation, _, _, _, returnsBool: false):
        return [advice(query, root, operation, kept: operation)]
      case .scalarComparison(let operation, _, _, let side, returnsBool: false):
        return [advice(query, root, operation, kept: side == .right ? operation : operation.mirrored)]
      default: return []
      }
    })

  /// Whether a comparison drops what the threshold refuses, or bounds the side that the threshold bounds.
  private static func agrees(_ kept: ComparisonOperator, _ root: VectorPart, _ limits: MetricLimits)
    -> Bool
  {
    let values = root.facts.values
    let isNeverKept = (limits.max?.value ?? .infinity) < values.lower
    if isNeverKept || (limits.min?.value ?? -.infinity) > values.upper { return false }
    switch kept {
    case .greater, .greaterOrEqual: return limits.min != nil
    case .less, .lessOrEqual: return limits.max != nil
    case .equal: return root.facts.values.constant != nil
    case .notEqual:
      guard case .scalarComparison(_, _, let number, _, _) = root.form,
        case .number(let dropped) = number.unpinned
      else { return false }
      return limits.min.map { dropped < $0.value } ?? false || limits.max.map { dropped > $0.value } ?? false
    }
  }

  private static func advice(
    _ query: QuerySubject, _ root: VectorPart, _ operation: ComparisonOperator, kept: ComparisonOperator
  ) -> Advice {
    let isHarmless = query.site.limits.map { agrees(kept, root, $0) } ?? false
    return query.advice(
      isHarmless
        ? "the comparison \(operation.rawValue) drops what the threshold refuses: a bad release is reported "
          + "as one without a value"
        : "the comparison \(operation.rawValue) drops the value when it does not hold: no value fails the "
          + "check",
      at: root.site
    )
    .with(severity: isHarmless ? .info : .error)
    .help("leave the comparison out and put the bound into thresholdRange")
    .related(
      query.site.canaryPlace(query.site.metric?.value.thresholdRange?.range), "the threshold belongs here")
  }

  static let emptyWhenGood = Rule(
    "MT040", "empty-when-good", .warning, "nothing to count is no value, not 0",
    why: """
      `count` of nothing is empty, and so is `absent` of something that is there. A check built on them has \
      no value while all is well, and no value fails it: after `threshold` ticks the release is rolled back. \
      `count(x > 5) or vector(0)` yields 0.
      """,
    subsumes: ["MT020"],
    fires: [.query("count(latency_seconds > 0.5)"), .query("absent(up{app=\"x\"})"), .query("sum(up == 0)")],
    quiet: [
      .query("count(latency_seconds > 0.5) or vector(0)"), .query("count(up)"), .query("sum(up == bool 0)"),
      .query("count(up == 1)", metric: "thresholdRange: {min: 1}"),
    ],
    .query { query in
      guard query.site.isMetric, let root = query.root else { return [] }
      switch root.form {
      case .absent, .absentOverTime:
        return [
          query.advice(
            "absent yields nothing while the series is there, and no value fails the check", at: root.site
          )
          .help("count it instead: count(…) or vector(0)")
        ]
      case .aggregate(let plan) where root.facts.empty.contains(.filtered):
        guard root.facts.impossibility == nil, case .simple = plan.operation,
          Self.isComparison(plan.vector.form)
        else { return [] }
        // A 0 would fail as well: nothing to count is no good sign.
        if let limits = query.site.limits,
          (limits.min?.value ?? -.infinity) > 0 || (limits.max?.value ?? .infinity) < 0
        {
          return []
        }
        return [
          query.advice(
            "when nothing satisfies the comparison this yields nothing, not 0, and no value fails the check",
            at: root.site
          )
          .help("write … or vector(0) behind it, or use bool and sum")
          .fix("add or vector(0)", edits: query.wrap(root.site, "", " or vector(0)"))
        ]
      default: return []
      }
    })

  private static func isComparison(_ form: VectorForm) -> Bool {
    switch form {
    case .comparison, .scalarComparison: true
    default: false
    }
  }
}
