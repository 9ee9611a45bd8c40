import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let valueRange = Rule(
    "MT020", "threshold-out-of-range", .error, "no value can keep, or no value can break, the threshold",
    why: """
      A quotient of a part and its whole lies between 0 and 1, times 100 between 0 and 100. `min: 99` on the \
      first fails every release, `max: 5` passes every one: the factor 100 is missing. The same for a \
      threshold of `0.99` on percent. A comparison that no value satisfies leaves nothing, and no value \
      fails the check.
      """,
    fires: [
      .query(
        "sum(rate(r_total{code!~\"5..\"}[1m])) / sum(rate(r_total[1m]))",
        metric: "thresholdRange: {min: "
          + "99}"),
      .query(
        "1 - sum(rate(r_total{code!~\"5..\"}[1m])) / sum(rate(r_total[1m]))",
        metric: "thresholdRange: {max: 5}"),
      .query(
        "sum(rate(r_total{code!~\"5..\"}[1m])) / sum(rate(r_total[1m])) * 100",
        metric: "thresholdRange: {min: 0.99}"),
      .query(
        "sum(rate(r_total{code!~\"5..\"}[1m])) / sum(rate(r_total[1m])) > 99",
        metric: "thresholdRange: {min: 99}"),
    ],
    quiet: [
      .query(
        "sum(rate(r_total{code!~\"5..\"}[1m])) / sum(rate(r_total[1m])) * 100",
        metric: "thresholdRange: {min: 99}"),
      .query(
        "sum(rate(r_total{code!~\"5..\"}[1m])) / sum(rate(r_total[1m]))",
        metric: "thresholdRange: {min: 0.99}"),
      .query("sum(rate(r_total[1m]))", metric: "thresholdRange: {min: 0.5, max: 100}"),
      // Below 99 there is no value, which fails the check.
      .query(
        "sum(rate(r_total{code!~\"5..\"}[1m])) / sum(rate(r_total[1m])) * 100 > 99",
        metric: "thresholdRange: {min: 99}"),
      .query("sum(rate(a_total[1m])) unless sum(down)", metric: "thresholdRange: {min: 0}"),
    ],
    .query { query in
      guard query.site.isMetric, let root = query.root else { return [] }
      if let part = query.vectors.first(where: { $0.facts.impossibility == .neverHolds }) {
        return [Self.never(query, root, part)]
      }
      guard let limits = query.site.limits else { return [] }
      let values = root.facts.values
      let span = "\(Self.end(values.lower)) to \(Self.end(values.upper))"
      if let max = limits.max, max.value < values.lower {
        return [
          Self.advice(
            query, root, span, "no value is at most \(Shown.number(max.value)): the check always fails",
            max.range)
        ]
      }
      if let min = limits.min, min.value > values.upper {
        return [
          Self.advice(
            query, root, span, "no value reaches \(Shown.number(min.value)): the check always fails",
            min.range)
        ]
      }
      // What a comparison drops is no value, and fails the check.
      guard root.facts.empty.isDisjoint(with: [.filtered, .present]) else { return [] }
      // `count(up)` with `min: 1` fails where there is nothing to count, as is meant.
      if limits.min != nil, !root.facts.empty.isEmpty, Self.isPresence(root.form) { return [] }
      let cannotExceed = limits.max.map { $0.value >= values.upper } ?? true
      let cannotFallShort = limits.min.map { $0.value <= values.lower } ?? true
      if cannotExceed, cannotFallShort, let limit = limits.max ?? limits.min {
        return [
          Self.advice(
            query, root, span, "every value keeps the threshold: the check never fails", limit.range)
        ]
      }
      return Self.percentAsShare(query, root, limits)
    })

  /// Whether a value says first of all that there is something.
  private static func isPresence(_ form: VectorForm) -> Bool {
    switch form {
    case .aggregate(let plan):
      switch plan.operation {
      case .simple(.count), .simple(.group), .countValues: true
      case .simple, .quantile, .topk, .bottomk, .limitk, .limitRatio: isPresence(plan.vector.form)
      }
    case .window(let function, _, _): function == .countOverTime || function == .presentOverTime
    case .pinned(let inner), .plus(let inner), .sort(let inner, _): isPresence(inner.form)
    case .scalarArithmetic(_, let inner, _, _): isPresence(inner.form)
    default: false
    }
  }

  private static func never(_ query: QuerySubject, _ root: VectorPart, _ part: VectorPart) -> Advice {
    let isLost = root.facts.impossibility != nil
    let advice = query.advice(
      "the comparison holds for no value" + (isLost ? ": nothing is left, and the check always fails" : ""),
      at: part.site)
    guard case .scalarComparison(_, let inner, _, _, _) = part.form,
      let compared = query.vectors.last(where: { $0.site == inner.site && $0.index < part.index })
    else { return advice }
    let values = compared.facts.values
    return advice.shown("what is compared is \(end(values.lower)) to \(end(values.upper))")
  }

  private static func end(_ value: Double) -> String {
    value.isFinite ? Shown.number(value) : value < 0 ? "-Inf" : "+Inf"
  }

  private static func advice(
    _ query: QuerySubject, _ root: VectorPart, _ span: String, _ message: String, _ limit: SourceRange?
  ) -> Advice {
    let share = root.facts.share
    let advice = query.advice(message, at: root.site)
      .related(query.site.canaryPlace(limit), "compared with this").shown("the query yields \(span)")
    guard let share, share.isPartOfWhole else { return advice }
    return advice.help(
      share.whole == 1
        ? "multiply the query by 100, or write the threshold as a share"
        : "write the threshold in percent, or leave the factor out")
  }

  /// `0.99` where percent are compared.
  private static func percentAsShare(
    _ query: QuerySubject, _ root: VectorPart, _ limits: MetricLimits
  ) -> [Advice] {
    guard let share = root.facts.share, share.isPartOfWhole || query.site.use == .builtIn, share.whole == 100
    else { return [] }
    if share.kind == .succeeded, let min = limits.min, min.value > 0, min.value <= 1 {
      return [
        query.advice(
          "the value is percent, and \(Shown.number(min.value)) % is enough: the check fails only when "
            + "nearly everything does",
          at: root.site
        )
        .related(query.site.canaryPlace(min.range), "compared with this")
        .help("write \(Shown.number(min.value * 100)), or leave out the factor 100")
      ]
    }
    if share.kind == .failed, let max = limits.max, max.value > 0, max.value <= 0.1 {
      return [
        query.advice(
          "the value is percent: more than \(Shown.number(max.value)) % of failed requests fail the check",
          at: root.site
        )
        .with(severity: .warning).related(query.site.canaryPlace(max.range), "compared with this")
        .help("write \(Shown.number(max.value * 100)) if a share was meant")
      ]
    }
    return []
  }
}
