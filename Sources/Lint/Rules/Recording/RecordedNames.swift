import Manifests
import PromQL
import Rules
import TimeSeries

extension Rule {
  static let recordedName = Rule(
    "MT080", "recorded-name", .info, "a recorded metric is called like one that a target exposes",
    why: """
      Names of recorded metrics have colons by convention (`level:metric:operations`, as in \
      `job:http_requests:rate5m`): whoever reads a query sees that a rule made the metric, on which labels \
      it was aggregated and by what. A name without a colon may be that of a metric which some target \
      exposes one day, and both are then one.
      """,
    fires: [.rule("record: http_requests_per_second\nexpr: sum(rate(http_requests_total[5m]))")],
    quiet: [
      .rule("record: job:http_requests:rate5m\nexpr: sum by (job) (rate(http_requests_total[5m]))"),
      .rule("record: budget\nexpr: vector(0.001)"),
      .rule("record: :node_memory_free_bytes:sum\nexpr: sum(node_memory_free_bytes)"),
    ],
    .rules { rules in
      rules.rules.compactMap { rule in
        guard rule.alerting == nil, !rule.name.contains(":"), rule.name.contains("_") else { return nil }
        return rule.advice(
          "\(rule.name) has no colon: nothing tells it from a metric of a target", at: rule.written.name
        )
        .help("call it level:metric:operations, such as job:http_requests:rate5m")
      }
    })

  static let recordedWindow = Rule(
    "MT074", "recorded-window", .warning, "the name of a recorded metric names another window",
    why: """
      `job:http_requests:rate5m` promises a rate over five minutes. Over another window it is another \
      number, and the alerts that are built on the name wait for what it does not say.
      """,
    fires: [
      .rule("record: job:http_requests:rate5m\nexpr: sum by (job) (rate(http_requests_total[1m]))"),
      .rule(
        "record: job:errors:ratio_rate5m\nexpr: sum by (job) (rate(a_total[1m])) / max by (job) (b)"
      ),
    ],
    quiet: [
      .rule("record: job:http_requests:rate5m\nexpr: sum by (job) (rate(http_requests_total[5m]))"),
      .rule("record: job:http_requests:rate1h\nexpr: sum by (job) (rate(http_requests_total[60m]))"),
      .rule("record: job:http_requests:rate1d\nexpr: avg_over_time(job:http_requests:rate5m[1d])"),
    ],
    .rules { rules in
      rules.rules.compactMap { rule in
        guard rule.alerting == nil, let query = rule.query, let promised = Self.promisedWindow(rule.name)
        else { return nil }
        let windows = Set(query.facts.nodes.compactMap(Self.lookedAt))
        // A recorded metric may bring the window along.
        let isBrought = query.selectors.contains {
          $0.plan.metricName.flatMap(Self.promisedWindow) == promised
        }
        guard let window = windows.min(), !windows.contains(promised), !isBrought else { return nil }
        return rule.advice(
          "the name says \(Shown.duration(promised)), the expression looks at \(Shown.duration(window))",
          at: rule.written.name
        )
        .related(query.place(query.whole), "the expression").help("make both the same")
      }
    })

  /// The window at the end of a name: `…:rate5m`, `…:increase1h`.
  private static func promisedWindow(_ name: String) -> Int64? {
    guard let last = name.split(separator: ":").last, name.contains(":") else { return nil }
    for function in ["irate", "rate", "increase", "delta", "deriv"] {
      guard let at = last.firstRange(of: function), at.upperBound < last.endIndex else { continue }
      return try? DurationText.milliseconds(last[at.upperBound...].utf8)
    }
    return nil
  }

  private static func lookedAt(_ node: PlanFacts.Node) -> Int64? {
    guard case .windows(let plan, _) = node.content else { return nil }
    switch plan.form {
    case .select(_, let range): return range
    case .subquery(let subquery): return subquery.range
    }
  }
}
