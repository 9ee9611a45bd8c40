import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let alwaysFires = Rule(
    "MT070", "alert-always-fires", .warning, "an alert fires whenever there is data",
    why: """
      An alert is one for every series that its expression yields, whatever the value. Without a \
      comparison that is every series, 0 included; a comparison with `bool` yields 0 instead of nothing; \
      and one that holds for every value (`rate(…) >= 0`, `hour() <= 23`, `x > 5 or x <= 5`, a share upside \
      down) leaves nothing out. An alert on a constant (`vector(1)`) is left alone: it is there to show that \
      alerts arrive.
      """,
    fires: [
      .rule("alert: Down\nexpr: up"), .rule("alert: Errors\nexpr: rate(errors_total[5m]) > bool 1"),
      .rule("alert: Errors\nexpr: rate(errors_total[5m]) >= 0"),
      .rule("alert: Day\nexpr: hour() <= 23"), .rule("alert: Any\nexpr: depth > 5 or depth < 10"),
      .rule("alert: Same\nexpr: depth >= depth"),
      .rule("alert: Errors\nexpr: sum(rate(r_total[5m])) / sum(rate(r_total{code=~\"5..\"}[5m])) > 0.1"),
    ],
    quiet: [
      .rule("alert: Down\nexpr: up == 0"), .rule("alert: Watchdog\nexpr: vector(1)"),
      .rule("alert: Missing\nexpr: absent(up)"), .rule("alert: Some\nexpr: count(failed_info) > 0"),
      .rule("alert: Down\nexpr: a > 5 and on (job) b"),
      .rule("alert: Old\nexpr: app_info{version!=\"1.2\"}"),
      .rule("alert: Any\nexpr: depth > 5 or width < 10"),
      .rule("alert: Night\nexpr: hour() > 22 or hour() < 6"),
    ],
    .query { query in
      guard query.site.use == .alertingRule, query.looksAtSomething else { return [] }
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
      count of series at least 1. An alert that asks for more sleeps through every incident. So does one \
      that asks for two things of one value of which only one can be (`hour() > 22 and hour() < 6`), or for \
      what it leaves out (`up unless up`, `up and absent(up)`).
      """,
    fires: [
      .rule("alert: Errors\nexpr: sum(rate(errors_total[5m])) < 0"),
      .rule("alert: Gone\nexpr: count(up{job=\"api\"}) == 0"), .rule("alert: Hour\nexpr: hour() > 23"),
      .rule("alert: Depth\nexpr: depth > 5 and depth < 3"), .rule("alert: Same\nexpr: depth > depth"),
      .rule("alert: Odd\nexpr: depth % 10 >= 10"), .rule("alert: Twice\nexpr: depth == 5 and depth == 6"),
      .rule("alert: Night\nexpr: depth > 5 and on () (hour() > 22 and hour() < 6)"),
      .rule("alert: Gone\nexpr: up and absent(up)"), .rule("alert: None\nexpr: depth > 5 unless depth > 3"),
      .rule("alert: NoNumber\nexpr: depth == NaN"), .rule("alert: Up\nexpr: up > 1"),
    ],
    quiet: [
      .rule("alert: Errors\nexpr: sum(rate(errors_total[5m])) > 0"),
      .rule("alert: Gone\nexpr: absent(up{job=\"api\"})"),
      .rule("alert: Falling\nexpr: deriv(free_bytes[1h]) < 0"),
      .rule("alert: Depth\nexpr: depth > 5 and on (job) depth < 3"),
      .rule("alert: Odd\nexpr: depth % 10 >= 9"), .rule("alert: NoNumber\nexpr: depth != depth"),
      .rule("alert: Depth\nexpr: depth > 5 unless depth > 10"),
      .rule("alert: Depth\nexpr: depth > depth offset 5m"),
      .rule("alert: Gone\nexpr: up offset 5m and absent(up)"),
    ],
    .query { query in
      guard query.site.use == .alertingRule else { return [] }
      return query.impossibleConditions
    })

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
