import Manifests
import PromQL
import Rules
import TimeSeries

extension Rule {
  static let lostLabel = Rule(
    "MT112", "matching-label-gone", .warning, "an operator matches by a label that a side cannot have",
    why: """
      `sum(a) / on (cluster) count(b)` says that the sides meet by cluster, and both have aggregated it \
      away: the label says nothing, and does not keep clusters apart. Where one side only has lost it, it \
      meets no series that have such a label. `group_left (version)` copies a label; from a side that has \
      none it takes the label away from the other one. Without `on` or `ignoring` the sides meet by all \
      labels: `sum(a) / sum by (code) (b)` finds no partner for any code, and `up == 0 and hour() > 8` is \
      never there.
      """,
    fires: [
      .rule("alert: Share\nexpr: sum(a) / on (cluster) count(b) > 5"),
      .rule("alert: Share\nexpr: a / on (pod) group_left sum by (job) (b) > 5"),
      .rule("record: job:a:share\nexpr: a * on (job) group_left (version) sum by (job) (b)"),
      .rule("alert: Down\nexpr: up == 0 unless on (cluster) sum(maintenance) > 0"),
      .rule("alert: Share\nexpr: sum(rate(a_total[5m])) / sum by (code) (rate(b_total[5m])) > 5"),
      .rule("alert: Both\nexpr: sum by (job) (a) > 1 and sum by (instance) (b) > 1"),
      .rule(
        "alert: Locks\nexpr: sum(pg_locks) / (pg_settings_max_locks * pg_settings_max_clients) > 0.2"
      ),
      .rule("alert: AtDay\nexpr: up == 0 and hour() > 8"),
      .query("sum(rate(a_total[1m])) / sum by (code) (rate(b_total[1m]))"),
    ],
    quiet: [
      .rule("alert: Share\nexpr: sum by (cluster) (a) / on (cluster) count by (cluster) (b) > 5"),
      .rule("alert: Share\nexpr: a / on (pod) group_left sum by (pod) (b) > 5"),
      .rule("record: job:a:share\nexpr: a * on (job) group_left (version) max by (job, version) (b)"),
      .rule("alert: Share\nexpr: sum(a) / on () count(b) > 5"),
      .rule("alert: Down\nexpr: a{pod=\"\"} / on (pod) b{pod=\"\"} > 5"),
      .rule("record: job:a:sum\nexpr: sum by (job) (a) or on (job) vector(0)"),
      .rule("alert: Share\nexpr: sum(a) / (sum(b) or sum by (job) (c)) > 5"),
      .rule("alert: Share\nexpr: sum by (job) (a) / ignoring (code) group_right sum by (job, code) (b) > 5"),
      // Where one server keeps clusters apart and another has none, the label is empty.
      .rule("alert: Share\nexpr: sum(a) / sum by (cluster) (b) > 5"),
      .rule("alert: Many\nexpr: sum(a) > a_threshold"),
      .rule("alert: Many\nexpr: sum(a) > job:a:threshold * 2"),
      .rule("alert: AtDay\nexpr: up == 0 and on () hour() > 8"),
      .rule("alert: AtDay\nexpr: sum(rate(a_total[5m])) > 3 and hour() > 8"),
    ],
    .query { query in
      guard query.site.isRule || query.site.isMetric else { return [] }
      return query.vectors.flatMap { part in
        (query.site.isRule ? query.lostLabels(part) : []) + query.unmet(part)
      }
    })

  static let recordedLabel = Rule(
    "MT114", "recorded-without-label", .warning,
    "a selector asks for a label that the recording rule of its metric does not keep",
    why: """
      `job:requests:rate5m{instance="a"}` selects nothing when the rule that records it sums `by (job)`: the \
      label was aggregated away. The alert on it is never there. Labels that servers add to what they pass \
      on (`cluster`, `replica`, `region` and their like) are not held against anybody.
      """,
    fires: [
      .group([sum, "{alert: Busy, expr: 'job:requests:rate5m{instance=\"a\"} > 5'}"]),
      .group([sum, "{alert: Busy, expr: 'job:requests:rate5m{job=\"a\", path=~\"/api/.+\"} > 5'}"]),
    ],
    quiet: [
      .group([sum, "{alert: Busy, expr: 'job:requests:rate5m{job=\"a\"} > 5'}"]),
      .group([sum, "{alert: Busy, expr: 'job:requests:rate5m{cluster=\"a\"} > 5'}"]),
      .group([sum, "{alert: Busy, expr: 'job:requests:rate5m{instance!=\"a\"} > 5'}"]),
      .group([
        sum, "{record: 'job:requests:rate5m', expr: 'rate(requests_total[5m])', labels: {kind: each}}",
        "{alert: Busy, expr: 'job:requests:rate5m{instance=\"a\"} > 5'}",
      ]),
    ],
    .rules { rules in
      rules.rules.flatMap { rule -> [Advice] in
        guard let query = rule.query else { return [] }
        return query.selectors.compactMap { selector in
          guard let name = selector.plan.metricName, let recorded = rules.recorded[name],
            let matcher = selector.matchers.first(where: {
              !$0.acceptsEmpty && $0.name != LabelFacts.metricName && recorded.labels[$0.name] == .absent
            })
          else { return nil }
          let place = query.written(selector).first { $0.matcher == matcher }?.range ?? selector.site
          let source = rules.rules.first { $0.alerting == nil && $0.name == name }
          let there = RecordedFacts.shown(recorded.labels)
          return query.advice(
            "\(name) never has the label \(matcher.name)"
              + (there.isEmpty ? "" : ": it has \(there.joined(separator: ", "))"), at: place
          )
          .related(
            source.flatMap { $0.place($0.written.expression.range ?? $0.written.range) }, "recorded here"
          )
          .help("keep the label in the recording rule, or leave out the matcher")
        }
      }
    })

  private static let sum = "{record: 'job:requests:rate5m', expr: 'sum by (job) (rate(requests_total[5m]))'}"
}

extension QuerySubject {
  /// What is said of the labels by which a part's sides meet, and of those that are copied.
  fileprivate func lostLabels(_ part: VectorPart) -> [Advice] {
    let names: [String]
    var copied: [String] = []
    var one = 1
    switch part.form {
    case .arithmetic(_, _, _, let matching), .comparison(_, _, _, let matching, _):
      guard matching.fillLeft == nil, matching.fillRight == nil else { return [] }
      names = matching.labels.on
      switch matching.cardinality {
      case .oneToOne: break
      case .manyToOne(let include): copied = include
      case .oneToMany(let include): (copied, one) = (include, 0)
      }
    case .set(.and, _, _, let labels), .set(.unless, _, _, let labels): names = labels.on
    default: return []
    }
    if case .unmatchable? = part.facts.impossibility { return [] }
    let sides = facts.nodes[part.index].children.compactMap { index -> LabelFacts? in
      if case .vector(_, let known) = facts.nodes[index].content { known.labels } else { nil }
    }
    guard sides.count == 2 else { return [] }
    var found: [Advice] = []
    if let name = names.first(where: { sides[0].lost($0) || sides[1].lost($0) }),
      // That both ask for none is meant.
      !sides.contains(where: { $0[name] == .absent && !$0.lost(name) })
    {
      let both = sides[0].lost(name) && sides[1].lost(name)
      // `unless` with certain labels has words of its own.
      let isDead = sides.contains { $0[name].isCertain }
      if !isDead {
        found.append(
          advice(
            both
              ? "neither side has the label \(name): on (\(name)) says nothing"
              : "the \(sides[0].lost(name) ? "left" : "right") side never has the label \(name), by which "
                + "the sides meet: series that have it find no partner", at: part.site
          ).help("keep \(name) on both sides, or leave it out of on (…)"))
      }
    }
    if let name = copied.first(where: { sides[one].lost($0) }) {
      found.append(
        advice(
          "the \(one == 1 ? "right" : "left") side never has the label \(name) that is copied from it",
          at: part.site
        ).help("keep \(name) in the aggregation, or leave it out of the labels to copy"))
    }
    return found
  }
}

extension QuerySubject {
  /// What is said of sides that meet by all labels, where one has a label that the other has aggregated away.
  fileprivate func unmet(_ part: VectorPart) -> [Advice] {
    let labels: MatchLabels
    var isComparison = false
    switch part.form {
    case .arithmetic(_, _, _, let matching), .comparison(_, _, _, let matching, _):
      guard matching.fillLeft == nil, matching.fillRight == nil else { return [] }
      labels = matching.labels
      if case .comparison = part.form { isComparison = true }
    case .set(.and, _, _, let by), .set(.unless, _, _, let by): labels = by
    default: return []
    }
    guard case .ignoring(let ignored) = labels else { return [] }
    // That it can never hold is said elsewhere.
    guard part.facts.impossibility == nil else { return [] }
    let children = facts.nodes[part.index].children
    let sides = children.compactMap { index -> LabelFacts? in
      if case .vector(_, let known) = facts.nodes[index].content { known.labels } else { nil }
    }
    guard sides.count == 2 else { return [] }
    // A check without a value fails: no release is promoted.
    let severity: Diagnostic.Severity = site.isMetric ? .error : .warning
    for (has, lacks) in [(0, 1), (1, 0)] where !isUnion(children[has]) {
      let one = has == 0 ? "left" : "right"
      let other = has == 0 ? "right" : "left"
      let help = "say by which labels they meet: on (…), with group_\(one) where one side has several"
      if let name = sides[has].known.keys.sorted().first(where: { name in
        name != LabelFacts.metricName && !ignored.contains(name) && !RecordedFacts.external.contains(name)
          && sides[has][name] == .possible && sides[has].conditions(of: name).isEmpty
          && sides[lacks].lost(name)
      }) {
        return [
          advice(
            "the sides meet by all labels: the \(one) side has \(name), and the \(other) side never has it",
            at: part.site
          ).with(severity: severity).help(help)
        ]
      }
      if sides[lacks] == .none, sides[has].hasOthers, ignored.isEmpty,
        isOfTargets(children[has], isCompared: isComparison)
      {
        return [
          advice(
            "the sides meet by all labels: the \(other) side has none, the series of targets have some",
            at: part.site
          ).with(severity: severity).help(help)
        ]
      }
    }
    return []
  }

  /// Whether `or` puts series of several kinds together.
  private func isUnion(_ index: Int) -> Bool {
    if case .vector(let plan, _) = facts.nodes[index].content, case .set(.or, _, _, _) = plan.form {
      return true
    }
    return facts.nodes[index].children.contains { isUnion($0) }
  }

  /// Whether it is made of series that targets expose, which have `job` and `instance`. What a rule records
  /// may have no label, such as the threshold that something is compared with.
  private func isOfTargets(_ index: Int, isCompared: Bool) -> Bool {
    let selectors = selectors(within: index)
    guard let first = selectors.first,
      case .vector(_, let known) = facts.nodes[index].content,
      ["job", "instance"].allSatisfy({
        known.labels[$0] == .possible && known.labels.conditions(of: $0).isEmpty
      })
    else { return false }
    if isCompared, selectors.count == 1, first.matchers.allSatisfy({ $0.name == LabelFacts.metricName }) {
      return false
    }
    return selectors.allSatisfy { selector in
      selector.plan.metricName.map { !$0.contains(":") && !$0.hasPrefix("ALERTS") } ?? false
    }
  }
}

extension MatchLabels {
  /// The labels that `on` names.
  fileprivate var on: [String] {
    switch self {
    case .on(let names): names
    case .ignoring: []
    }
  }
}

extension LabelPresence {
  fileprivate var isCertain: Bool {
    switch self {
    case .certain, .fixed: true
    case .absent, .possible: false
    }
  }
}
