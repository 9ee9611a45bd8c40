import PromQL
import Rules
import TimeSeries

/// What is known of the series that recording rules write, by the expressions of all rules of one name.
struct RecordedFacts {
  private(set) var facts: [String: VectorFacts] = [:]

  init() {}

  init(_ rules: [RuleSubject]) {
    let recording = rules.filter { $0.alerting == nil }
    // Rules read what others write: each round knows one step more, and the first one nothing.
    for _ in 0..<4 {
      var found: [String: VectorFacts] = [:]
      for rule in recording {
        let series = Self.series(rule, knowing: facts)
        found[rule.name] = found[rule.name].map { Self.union($0, series) } ?? series
      }
      if found == facts { return }
      facts = found
    }
  }

  subscript(name: String) -> VectorFacts? { facts[name] }

  private static func series(_ rule: RuleSubject, knowing facts: [String: VectorFacts]) -> VectorFacts {
    guard let query = rule.query else { return VectorFacts(labels: .any, histograms: .possible) }
    var series: VectorFacts
    switch PlanFacts(query.plan, recorded: facts).root.content {
    case .vector(_, let known): series = known
    case .scalar(_, let values): series = VectorFacts(labels: .none, values: values)
    case .windows, .string: return VectorFacts(labels: .any, histograms: .possible)
    }
    var labels = series.labels
    for name in external where labels[name] == .absent { labels = labels.setting(name, .possible) }
    for label in rule.written.rule.labels {
      labels = labels.setting(label.name, label.text.isEmpty ? .absent : .fixed(label.text))
    }
    labels = labels.setting(LabelFacts.metricName, .fixed(rule.name))
    return VectorFacts(
      labels: labels, values: series.values, unit: series.unit, share: series.share,
      histograms: series.histograms)
  }

  private static func union(_ one: VectorFacts, _ two: VectorFacts) -> VectorFacts {
    VectorFacts(
      labels: one.labels.union(two.labels), values: one.values.union(two.values),
      unit: one.unit == two.unit ? one.unit : nil, share: one.share == two.share ? one.share : nil,
      histograms: one.histograms == .possible || two.histograms == .possible ? .possible : .never)
  }

  /// The names of the labels that series may have, but for those that other servers may have added.
  static func shown(_ labels: LabelFacts) -> [String] {
    labels.known.filter { name, presence in
      switch presence {
      case .absent: false
      case .fixed, .certain: name != LabelFacts.metricName
      case .possible: !external.contains(name) || labels.hasOthers
      }
    }.keys.sorted()
  }

  /// Labels that servers put on what they pass on, by federation, Thanos or remote write: a rule's series may
  /// have them where another server's rules read it.
  static let external: Set<String> = [
    "cluster", "cluster_id", "cluster_name", "k8s_cluster", "prometheus", "prometheus_replica", "replica",
    "region", "zone", "datacenter", "dc", "env", "environment", "stage", "tenant", "tenant_id", "receive",
    "receive_replica", "rule_replica", "prometheus_group", "monitor",
  ]
}
