import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let alwaysFires = Rule(
    "MT070", "alert-always-fires", .warning, "an alert fires whenever there is data",
    why: """
      An alert is one for every series that its expression yields, whatever the value. Without a \
      comparison that is every series, 0 included; a comparison with `bool` yields 0 instead of nothing; \
      and one that holds for every value (`rate(…) >= 0`) leaves nothing out. An alert on a constant \
      (`vector(1)`) is left alone: it is there to show that alerts arrive.
      """,
    fires: [
      .rule("alert: Down\nexpr: up"), .rule("alert: Errors\nexpr: rate(errors_total[5m]) > bool 1"),
      .rule("alert: Errors\nexpr: rate(errors_total[5m]) >= 0"),
    ],
    quiet: [
      .rule("alert: Down\nexpr: up == 0"), .rule("alert: Watchdog\nexpr: vector(1)"),
      .rule("alert: Missing\nexpr: absent(up)"), .rule("alert: Some\nexpr: count(failed_info) > 0"),
      .rule("alert: Down\nexpr: a > 5 and on (job) b"),
    ],
    .query { query in
      guard query.site.use == .alertingRule, !query.selectors.isEmpty else { return [] }
      switch query.facts.condition {
      case .some: return []
      case .nothing:
        return [
          query.advice(
            "nothing is compared: there is an alert for every series, whatever its value", at: query.whole
          )
          .help("compare with what is too much: … > 5")
        ]
      case .yieldsBool(let site):
        return [
          query.advice(
            "`bool` makes the comparison yield 0 where it does not hold, and 0 is an alert too", at: site
          )
          .help("leave bool out")
        ]
      case .alwaysHolds(let site):
        return [
          query.advice("the comparison holds for every value", at: site).help("compare with what is too much")
        ]
      }
    })

  static let neverFires = Rule(
    "MT071", "alert-never-fires", .error, "a comparison never holds, so that its alert is never there",
    why: """
      What a function can yield is known: a rate is not negative, a share of requests is at most 1, a \
      count of series at least 1. An alert that asks for more sleeps through every incident.
      """,
    fires: [
      .rule("alert: Errors\nexpr: sum(rate(errors_total[5m])) < 0"),
      .rule("alert: Gone\nexpr: count(up{job=\"api\"}) == 0"), .rule("alert: Hour\nexpr: hour() > 23"),
    ],
    quiet: [
      .rule("alert: Errors\nexpr: sum(rate(errors_total[5m])) > 0"),
      .rule("alert: Gone\nexpr: absent(up{job=\"api\"})"),
      .rule("alert: Falling\nexpr: deriv(free_bytes[1h]) < 0"),
    ],
    .query { query in
      guard query.site.use == .alertingRule else { return [] }
      return query.facts.nodes.indices.compactMap { index in
        guard let comparison = query.facts.comparison(index), !comparison.returnsBool, comparison.neverHolds,
          let site = query.facts.nodes[index].site
        else { return nil }
        let advice = query.advice(
          "\(comparison.operation.rawValue) never holds here: \(Self.range(comparison))", at: site)
        return comparison.left.lower == 1 && comparison.operation == .equal
          ? advice.help("what is not there yields nothing, not 0: use absent(…)") : advice
      }
    })

  private static func range(_ comparison: PlanFacts.Comparison) -> String {
    let (values, isLeft) =
      comparison.left.constant == nil ? (comparison.left, true) : (comparison.right, false)
    let side = "the \(isLeft ? "left" : "right") side is"
    switch (values.lower.isFinite, values.upper.isFinite) {
    case (true, true) where values.lower == values.upper: return "\(side) \(Shown.number(values.lower))"
    case (true, true): return "\(side) from \(Shown.number(values.lower)) to \(Shown.number(values.upper))"
    case (true, false): return "\(side) at least \(Shown.number(values.lower))"
    case (false, true): return "\(side) at most \(Shown.number(values.upper))"
    case (false, false): return "both sides are known"
    }
  }

  static let ruleResult = Rule(
    "MT072", "rule-result-type", .error, "a rule's expression yields neither a vector nor a number",
    why: """
      Prometheus loads a rule whose expression is a range vector or a text, and then fails to evaluate it \
      every time: "rule result is not a vector or scalar". Nothing is recorded, no alert is ever there.
      """,
    fires: [.rule("record: job:up\nexpr: up[5m]"), .rule("alert: Text\nexpr: '\"text\"'")],
    quiet: [.rule("record: job:up\nexpr: max_over_time(up[5m])"), .rule("record: job:one\nexpr: 1")],
    .query { query in
      guard query.site.use == .alertingRule || query.site.use == .recordingRule else { return [] }
      switch query.plan.root {
      case .vector, .scalar: return []
      case .windows:
        return [
          query.advice(
            "a range vector cannot be recorded, nor be an alert: every evaluation fails", at: query.whole
          )
          .help("use a function of the window, such as rate or max_over_time")
        ]
      case .string:
        return [
          query.advice("a text cannot be recorded, nor be an alert: every evaluation fails", at: query.whole)
        ]
      }
    })
}
