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

  /// Groups rows by what `project` leaves of their labels.
  init(_ keys: [RowKey], _ project: (Labels) -> Labels) {
    var known: [Labels: Int] = [:]
    groupOfRow.reserveCapacity(keys.count)
    for (row, key) in keys.enumerated() {
      let projected = project(key.labels)
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
    case .by(let names) where names.isEmpty: self.init(keys) { _ in .none }
    case .by(let names):
      let kept = LabelNames(names)
      self.init(keys) { $0.keeping(kept) }
    case .without(let names):
      let dropped = LabelNames(names + [LabelName.metric])
      self.init(keys) { $0.dropping(dropped) }
    }
  }

  var count: Int { labels.count }
}

extension MatchLabels {
  /// What of a series' labels has to agree (promql-evaluation.md §6.3).
  func projection(_ mutation: Mutation?) -> (Labels) -> Labels {
    switch self {
    case .on(let names) where mutation == .onLabels && !names.isEmpty:
      return MatchLabels.on(names.dropLast()).projection(nil)
    case .on(let names) where names.isEmpty: return { _ in .none }
    case .on(let names):
      let kept = LabelNames(names)
      return { $0.keeping(kept) }
    case .ignoring(let names):
      let dropped = LabelNames(names + [LabelName.metric])
      return { $0.dropping(dropped) }
    }
  }
}
