import Manifests
import PromQL
import TimeSeries

extension Rule {
  static let knownCondition = Rule(
    "MT113", "known-condition", .warning, "a comparison in a rule has the same answer always",
    why: """
      A comparison that holds for every value leaves nothing out, one that holds for none leaves nothing, \
      and with `bool` it is 0 or 1 whatever the data. What a function yields is known: an hour is at most \
      23, a rate is not negative, a share of requests is at most 1. Of an alert's condition the part says \
      nothing, so that the alert fires more often than it seems; a recording rule records all, or nothing.
      """,
    fires: [
      .rule("alert: Busy\nexpr: depth > 5 and on () hour() <= 23"),
      .rule("alert: Busy\nexpr: depth > 5 and on () (hour() > 6 or hour() < 22)"),
      .rule("record: job:depth:high\nexpr: sum by (job) (rate(depth_total[5m]) < 0)"),
      .rule("record: job:up:odd\nexpr: up > bool 1"),
      .rule("record: job:depth:none\nexpr: depth unless depth"),
    ],
    quiet: [
      .rule("alert: Busy\nexpr: depth > 5 and on () hour() <= 22"),
      .rule("alert: Busy\nexpr: depth > 5 and on () (hour() > 22 or hour() < 6)"),
      .rule("alert: Some\nexpr: depth > 5 and on (job) count by (job) (up) > 0"),
      // Leaves out NaN.
      .rule("record: job:share:good\nexpr: rate(a_total[5m]) / rate(b_total[5m]) >= 0"),
      // One for each series.
      .rule("record: job:a:one\nexpr: rate(a_total[5m]) >= bool 0"),
      .rule("record: job:up:high\nexpr: up >= bool 1"),
    ],
    .query { query in
      guard query.site.isRule else { return [] }
      var told: SourceRange?
      if query.site.use == .alertingRule, case .alwaysHolds(let site) = query.facts.condition { told = site }
      let always = query.unfilteringConditions.filter { $0 != told }.map {
        query.advice("the comparison holds for every value: it leaves nothing out", at: $0)
          .help("leave it out, or compare with what the value can exceed")
      }
      return always + query.constantAnswers
        + (query.site.use == .recordingRule ? query.impossibleConditions : [])
    })
}

extension QuerySubject {
  /// Whether what the expression yields depends on data or on the time.
  var looksAtSomething: Bool {
    !selectors.isEmpty
      || vectors.contains { part in
        if case .date = part.form { true } else { false }
      }
  }

  /// What is said of conditions that nothing can satisfy.
  var impossibleConditions: [Advice] {
    facts.nodes.indices.compactMap { index -> Advice? in
      guard case .vector(let plan, let known) = facts.nodes[index].content else { return nil }
      if let comparison = facts.comparison(index) {
        guard !comparison.returnsBool, comparison.neverHolds else { return nil }
        let advice = advice(
          "\(comparison.operation.rawValue) never holds here: \(reason(comparison, plan))", at: plan.site)
        return comparison.left.lower == 1 && comparison.asksForNone
          ? advice.help("what is not there yields nothing, not 0: use absent(…)") : advice
      }
      guard known.impossibility == .neverHolds, case .set(let operation, _, _, _) = plan.form else {
        return nil
      }
      return operation == .unless
        ? advice("unless leaves out all that is on the left", at: plan.site)
        : advice("nothing is ever on both sides: the conditions exclude each other", at: plan.site)
          .help("write or, if one of them is enough")
    }
  }

  /// Comparisons and choices of two that leave nothing out.
  fileprivate var unfilteringConditions: [SourceRange] {
    facts.nodes.indices.compactMap { index in
      guard case .vector(let plan, _) = facts.nodes[index].content else { return nil }
      if case .set(.or, let lhs, let rhs, .ignoring([])) = plan.form {
        return KeptValues(lhs, facts.text).covers(with: KeptValues(rhs, facts.text)) ? plan.site : nil
      }
      // What has at least one may be compared to see whether there is any.
      guard let comparison = facts.comparison(index), !comparison.returnsBool, comparison.alwaysHolds,
        comparison.left.lower != 1, !leavesOutNaN(comparison)
      else { return nil }
      return plan.site
    }
  }

  /// A comparison that only NaN fails is there for that, but where a value has none of its own.
  private func leavesOutNaN(_ comparison: PlanFacts.Comparison) -> Bool {
    let reasons = comparison.left.nan.union(comparison.right.nan)
    return comparison.isWithItself || comparison.isWithNaN || !reasons.subtracting(.data).isEmpty
      || comparison.left.constant != nil && comparison.right.constant != nil
  }

  /// Comparisons with `bool` that are 0 whatever the data.
  fileprivate var constantAnswers: [Advice] {
    facts.nodes.indices.compactMap { index in
      guard case .vector(let plan, _) = facts.nodes[index].content, let comparison = facts.comparison(index),
        comparison.returnsBool, comparison.neverHolds
      else { return nil }
      return advice(
        "\(comparison.operation.rawValue) never holds here, so that this is 0 always: "
          + reason(comparison, plan), at: plan.site)
    }
  }

  /// What is known of the side that makes a comparison fail.
  private func reason(_ comparison: PlanFacts.Comparison, _ plan: VectorPlan) -> String {
    if comparison.isWithNaN { return "nothing compares with NaN" }
    if comparison.isWithItself { return "every series is compared with itself" }
    switch plan.form {
    case .scalarComparison(_, let inner, _, let side, _):
      return bounds(
        side == .right ? comparison.left : comparison.right, inner, side == .right ? "left" : "right")
    case .comparison(_, let lhs, let rhs, _, _):
      return bounds(comparison.left, lhs, "left") + ", " + bounds(comparison.right, rhs, "right")
    default: return ""
    }
  }

  private func bounds(_ values: ValueFacts, _ plan: VectorPlan, _ side: String) -> String {
    let text = plan.spelling(facts.text).replacing(" ", with: "")
    let name = text.utf8.count <= 30 ? slice(plan.site) : "the \(side) side"
    switch (values.lower.isFinite, values.upper.isFinite) {
    case (true, true) where values.lower == values.upper: return "\(name) is \(Shown.number(values.lower))"
    case (true, true):
      let (least, most) = (Shown.lowerBound(values.lower), Shown.upperBound(values.upper))
      return least.hasPrefix("at least") && most.hasPrefix("at most")
        ? "\(name) is from \(Shown.number(values.lower)) to \(Shown.number(values.upper))"
        : "\(name) is \(least) and \(most)"
    case (true, false): return "\(name) is \(Shown.lowerBound(values.lower))"
    case (false, true): return "\(name) is \(Shown.upperBound(values.upper))"
    case (false, false): return "\(name) is finite"
    }
  }
}

extension PlanFacts.Comparison {
  /// Whether it asks whether there are none: `== 0`, `< 1`.
  fileprivate var asksForNone: Bool {
    switch operation {
    case .equal, .less, .lessOrEqual: right.upper <= 1
    case .notEqual, .greater, .greaterOrEqual: false
    }
  }
}
