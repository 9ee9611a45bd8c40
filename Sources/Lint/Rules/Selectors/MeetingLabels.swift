import Manifests
import PromQL
import Rules
import TimeSeries

extension Rule {
  static let lostLabel = Rule(
    "MT112", "matching-label-gone", .warning, "an operator of a rule names a label that a side cannot have",
    why: """
      `sum(a) / on (cluster) count(b)` says that the sides meet by cluster, and both have aggregated it \
      away: the label says nothing, and does not keep clusters apart. Where one side only has lost it, it \
      meets no series that have such a label. `group_left (version)` copies a label; from a side that has \
      none it takes the label away from the other one.
      """,
    fires: [
      .rule("alert: Share\nexpr: sum(a) / on (cluster) count(b) > 5"),
      .rule("alert: Share\nexpr: a / on (pod) group_left sum by (job) (b) > 5"),
      .rule("record: job:a:share\nexpr: a * on (job) group_left (version) sum by (job) (b)"),
      .rule("alert: Down\nexpr: up == 0 unless on (cluster) sum(maintenance) > 0"),
    ],
    quiet: [
      .rule("alert: Share\nexpr: sum by (cluster) (a) / on (cluster) count by (cluster) (b) > 5"),
      .rule("alert: Share\nexpr: a / on (pod) group_left sum by (pod) (b) > 5"),
      .rule("record: job:a:share\nexpr: a * on (job) group_left (version) max by (job, version) (b)"),
      .rule("alert: Share\nexpr: sum(a) / on () count(b) > 5"),
      .rule("alert: Down\nexpr: a{pod=\"\"} / on (pod) b{pod=\"\"} > 5"),
      .rule("record: job:a:sum\nexpr: sum by (job) (a) or on (job) vector(0)"),
    ],
    .query { query in
      guard query.site.isRule else { return [] }
      return query.vectors.flatMap { query.lostLabels($0) }
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
