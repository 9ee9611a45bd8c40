import PromQL
import TimeSeries

/// Which rows belong together: groups in order of first appearance.
struct Groups {
  /// The labels of each group's output.
  private(set) var labels: [Labels] = []
  /// The rows of each group, ascending.
  private(set) var members: [[Int]] = []
  /// The group of each row.
  private(set) var groupOfRow: [Int] = []

  /// Groups rows by what the projection leaves of their labels.
  init(_ keys: [RowKey], _ projection: LabelProjection) {
    var known: [Labels: Int] = [:]
    groupOfRow.reserveCapacity(keys.count)
    for (row, key) in keys.enumerated() {
      let projected = key.projected(projection)
      if let group = known[projected] {
        members[group].append(row)
        groupOfRow.append(group)
      } else {
        known[projected] = labels.count
        groupOfRow.append(labels.count)
        labels.append(projected)
        members.append([row])
      }
    }
  }

  /// Aggregation's groups (promql-evaluation.md §5.1).
  init(_ keys: [RowKey], _ grouping: AggregationPlan.Grouping) {
    switch grouping {
    case .by(let names): self.init(keys, .keeping(names))
    case .without(let names): self.init(keys, .dropping(names + [LabelName.metric]))
    }
  }

  var count: Int { labels.count }
}

extension MatchLabels {
  /// What of a series' labels has to agree (promql-evaluation.md §6.3).
  func projection(_ mutation: Mutation?) -> LabelProjection {
    switch self {
    case .on(let names) where mutation == .onLabels && !names.isEmpty: .keeping(names.dropLast())
    case .on(let names): .keeping(names)
    case .ignoring(let names): .dropping(names + [LabelName.metric])
    }
  }
}
