import Manifests
import PromQL
import Rules
import TimeSeries

extension Rule {
  static let requiredText = Rule(
    "MT081", "alert-lacks-label", .error,
    "an alert has not the labels or annotations that every alert must have",
    why: """
      Alertmanager routes by labels: an alert without `severity` or `team` goes where nobody looks. What \
      every alert must have is said with `--require-alert-label severity` and `--require-alert-annotation \
      runbook_url`; without them nothing is asked for. Labels of the group, and those that the \
      expression's result certainly has, count.
      """,
    fires: [
      Example.rule("alert: Down\nexpr: up == 0").with { $0.requiredAlertLabels = ["severity"] },
      Example.rule("alert: Down\nexpr: up == 0\nlabels: {severity: \"\"}").with {
        $0.requiredAlertLabels = ["severity"]
      },
      Example.rule("alert: Down\nexpr: up == 0").with { $0.requiredAlertAnnotations = ["runbook_url"] },
    ],
    quiet: [
      Example.rule("alert: Down\nexpr: up == 0\nlabels: {severity: page}").with {
        $0.requiredAlertLabels = ["severity"]
      },
      Example.rule("alert: Down\nexpr: sum by (team) (up{team!=\"\"}) == 0").with {
        $0.requiredAlertLabels = ["team"]
      },
      .rule("alert: Down\nexpr: up == 0"),
    ],
    .rules { rules in
      rules.rules.flatMap { rule -> [Advice] in
        guard let alerting = rule.alerting else { return [] }
        let labels = rule.query?.facts.rootVector?.labels ?? LabelFacts.any
        let lacking = rules.options.requiredAlertLabels.filter { name in
          if let own = rule.written.rule.labels.first(where: { $0.name == name }) { return own.text.isEmpty }
          switch labels[name] {
          case .certain, .fixed: return false
          case .absent, .possible: return true
          }
        }
        let unexplained = rules.options.requiredAlertAnnotations.filter { name in
          !alerting.annotations.contains { $0.name == name && !$0.text.isEmpty }
        }
        return lacking.map { rule.advice("the alert has no label \($0)", at: rule.written.name) }
          + unexplained.map { rule.advice("the alert has no annotation \($0)", at: rule.written.name) }
      }
    })

  static let oddHold = Rule(
    "MT085", "odd-for", .info, "`for` says nothing, or less than it seems",
    why: """
      `for: 0m` is what an alert has anyway. A `for` that is shorter than the interval of its group has no \
      meaning of its own: an alert is looked at once an interval, so that `for: 30s` in a group with \
      `interval: 1m` fires after a minute like `for: 1m`.
      """,
    fires: [
      .rule("alert: Down\nexpr: up == 0\nfor: 0m"), .rule("alert: Down\nexpr: up == 0\nkeep_firing_for: 0s"),
      .rules("groups:\n- name: slow\n  interval: 1m\n  rules:\n  - {alert: Down, expr: up == 0, for: 30s}\n"),
    ],
    quiet: [
      .rule("alert: Down\nexpr: up == 0\nfor: 5m"), .rule("alert: Down\nexpr: up == 0"),
      .rules("groups:\n- name: slow\n  interval: 1m\n  rules:\n  - {alert: Down, expr: up == 0, for: 5m}\n"),
    ],
    .rules { rules in
      rules.rules.flatMap { rule -> [Advice] in
        guard let alerting = rule.alerting else { return [] }
        var found: [Advice] = []
        if let range = rule.written.holdDuration {
          let hold = alerting.holdDuration
          if hold == 0 {
            found.append(rule.advice("an alert has no `for` anyway", at: range).help("leave it out"))
          } else if let interval = rule.interval, hold < interval {
            found.append(
              rule.advice(
                "the group is evaluated every \(Shown.duration(interval)): it fires after that, not after "
                  + Shown.duration(hold), at: range))
          }
        }
        if let range = rule.written.keepFiringFor, alerting.keepFiringFor == 0 {
          found.append(
            rule.advice("an alert has no `keep_firing_for` anyway", at: range).help("leave it out"))
        }
        return found
      }
    })

  static let fragileAlert = Rule(
    "MT084", "fragile-alert", .warning, "an alert on the largest few changes its labels all the time",
    why: """
      `topk`, `bottomk` and `limitk` yield now these series, now those. Each time another one is among \
      them its alert is resolved and a new one begins: with `for` it hardly ever fires, without it people \
      get a stream of notifications. Compare with a limit instead; show the largest few in a dashboard, or \
      with `query` in an annotation.
      """,
    fires: [.rule("alert: Busy\nexpr: topk(5, rate(requests_total[5m])) > 100\nfor: 5m")],
    quiet: [
      .rule("alert: Busy\nexpr: rate(requests_total[5m]) > 100\nfor: 5m"),
      .rule("alert: Most\nexpr: max(topk(5, rate(requests_total[5m]))) > 100"),
      .rule("alert: Busy\nexpr: (x > 5) * on (pod) group_left (node) topk by (pod) (1, pod_info)"),
    ],
    .query { query in
      guard query.site.use == .alertingRule, let root = query.root else { return [] }
      var at = root.index
      // Down the side whose series become the alerts.
      while case .vector(let plan, _) = query.facts.nodes[at].content {
        if case .aggregate(let aggregation) = plan.form {
          switch aggregation.operation {
          case .topk, .bottomk, .limitk, .limitRatio:
            return [
              query.advice(
                "which series are among these changes, and with it which alerts there are", at: plan.site
              )
              .help("compare every series with a limit")
            ]
          case .simple, .quantile, .countValues: return []
          }
        }
        let children = query.facts.nodes[at].children
        var side = 0
        if case .arithmetic(_, _, _, let matching) = plan.form, case .oneToMany = matching.cardinality {
          side = 1
        }
        if case .comparison(_, _, _, let matching, _) = plan.form, case .oneToMany = matching.cardinality {
          side = 1
        }
        guard side < children.count else { return [] }
        at = children[side]
      }
      return []
    })
}
