import Manifests
import PromQL
import Rules
import TimeSeries

extension Rule {
  static let fragileJoin = Rule(
    "MT119", "fragile-join", .warning, "the sides of an operator meet by labels that may differ any day",
    why: """
      Without `on (…)` two series meet when all their labels are alike. `sum without (pod)` keeps every \
      label but one, `sum by (job)` one only: they meet as long as the metric has no further label, and the \
      day somebody adds one the result is empty and the alert never there. A bare selector beside \
      `sum by (…)` has at least `instance` to keep them apart. And an alert on the \
      quotient of two jobs fires when one of them restarts before the other, where no `for` waits for both.
      """,
    fires: [
      .rule("alert: Share\nexpr: sum without (pod) (a) / sum by (job) (b) > 5\nfor: 5m"),
      .rule("record: job:a:share\nexpr: rate(a_total[5m]) / sum by (job) (rate(b_total[5m]))"),
      .rule("alert: Share\nexpr: sum(rate(a_total{job=\"x\"}[5m])) / sum(rate(b_total{job=\"y\"}[5m])) > 5"),
    ],
    quiet: [
      .rule("alert: Share\nexpr: sum by (job) (a) / sum by (job) (b) > 5"),
      .rule("alert: Share\nexpr: sum without (pod) (a) / on (job) sum by (job) (b) > 5"),
      .rule("alert: Share\nexpr: sum without (pod) (a) / sum without (pod) (b) > 5"),
      .rule("record: job:a:share\nexpr: rate(a_total[5m]) / on (job) group_left () sum by (job) (b)"),
      .rule("record: job:a:share\nexpr: job:a:sum / sum by (job) (b)"),
      .rule(
        "alert: Share\nexpr: sum(rate(a_total{job=\"x\"}[5m])) / sum(rate(b_total{job=\"y\"}[5m]))\nfor: 5m"
      ),
      .rule("alert: Share\nexpr: sum(rate(a_total{job=\"x\"}[5m])) / sum(rate(b_total{job=\"x\"}[5m])) > 5"),
    ],
    .rules { rules in
      rules.rules.flatMap { rule -> [Advice] in
        guard let query = rule.query else { return [] }
        let joins = query.vectors.compactMap { query.fragileJoin($0) }
        guard let alerting = rule.alerting, alerting.holdDuration == 0 else { return joins }
        return joins + query.vectors.compactMap { query.quotientOfJobs($0) }
      }
    })
}

extension QuerySubject {
  private func sides(_ part: VectorPart) -> [(index: Int, plan: VectorPlan, facts: VectorFacts)] {
    facts.nodes[part.index].children.compactMap { index in
      if case .vector(let plan, let known) = facts.nodes[index].content { (index, plan, known) } else { nil }
    }
  }

  fileprivate func fragileJoin(_ part: VectorPart) -> Advice? {
    let matching: VectorMatching
    switch part.form {
    case .arithmetic(_, _, _, let found), .comparison(_, _, _, let found, _): matching = found
    default: return nil
    }
    let sides = sides(part)
    guard matching.labels == .ignoring([]), matching.cardinality == .oneToOne, matching.fillLeft == nil,
      matching.fillRight == nil, sides.count == 2, part.facts.impossibility == nil,
      sides[0].facts.labels.hasOthers != sides[1].facts.labels.hasOthers
    else { return nil }
    let (open, closed) = sides[0].facts.labels.hasOthers ? (sides[0], sides[1]) : (sides[1], sides[0])
    guard case .aggregate(let closing) = closed.plan.core.form, case .by(let names) = closing.grouping else {
      return nil
    }
    switch open.plan.core.form {
    case .aggregate(let plan):
      guard case .without = plan.grouping else { return nil }
    case .select(let selector):
      guard Self.isExposed(selector.metricName) else { return nil }
    case .window(_, let windows, _):
      guard case .select(let selector, _) = windows.form, Self.isExposed(selector.metricName) else {
        return nil
      }
    default: return nil
    }
    let kept = names.isEmpty ? "no label" : names.joined(separator: ", ")
    return advice("one side has \(kept), the other one every label that its series have", at: part.site)
      .related(place(open.plan.site), "meets the other side only where it has no other labels").help(
        names.isEmpty
          ? "write on () group_left (), or aggregate both sides"
          : "write on (\(names.joined(separator: ", ")))"
            + " group_left (), or aggregate both sides by the same labels")
  }

  /// What a rule recorded may have few labels.
  private static func isExposed(_ name: String?) -> Bool { name.map { !$0.contains(":") } ?? false }

  fileprivate func quotientOfJobs(_ part: VectorPart) -> Advice? {
    guard case .arithmetic(.divide, let lhs, let rhs, _) = part.form, case .aggregate = lhs.core.form,
      case .aggregate = rhs.core.form
    else { return nil }
    let sides = sides(part)
    guard sides.count == 2, let left = job(sides[0].index), let right = job(sides[1].index), left != right
    else {
      return nil
    }
    return advice(
      "while \(left) or \(right) restarts, its side counts less than the other, and the alert fires at once",
      at: part.site
    ).help("let it last: for: 5m")
  }

  /// The job that all selectors of a part name; nil where they name none, or several.
  private func job(_ index: Int) -> String? {
    let jobs = Set(
      selectors(within: index).map { selector in
        selector.matchers.first { $0.name == "job" && $0.operation == .equal }?.value
      })
    return jobs.count == 1 ? jobs.first.flatMap(\.self) : nil
  }
}

extension VectorPlan {
  /// Without factors and comparisons with numbers around it.
  fileprivate var core: VectorPlan {
    switch form {
    case .scalarArithmetic(_, let inner, _, _), .scalarComparison(_, let inner, _, _, _), .pinned(let inner),
      .plus(let inner):
      inner.core
    default: self
    }
  }
}
