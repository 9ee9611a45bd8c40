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
  init(_ keys: RowKeys, _ projection: LabelProjection) {
    var projected = ProjectedLabels(projection)
    groupOfRow = projected.indexes(of: keys)
    labels = projected.labels
    members = Self.members(groupOfRow, groups: labels.count)
  }

  /// The rows of each group, ascending; `groupOfRow`: the group of each row.
  static func members(_ groupOfRow: [Int], groups: Int) -> [[Int]] {
    var sizes = [Int](repeating: 0, count: groups)
    for group in groupOfRow { sizes[group] += 1 }
    var members = sizes.map { size in
      var rows: [Int] = []
      rows.reserveCapacity(size)
      return rows
    }
    for (row, group) in groupOfRow.enumerated() { members[group].append(row) }
    return members
  }

  /// Aggregation's groups (promql-evaluation.md §5.1).
  init(_ keys: RowKeys, _ grouping: AggregationPlan.Grouping) {
    switch grouping {
    case .by(let names): self.init(keys, .keeping(names))
    case .without(let names): self.init(keys, .dropping(names + [LabelName.metric]))
    }
  }

  var count: Int { labels.count }
}

/// The distinct labels that a projection leaves of keys, numbered as they first come.
struct ProjectedLabels {
  private(set) var labels: [Labels] = []
  private var known: [Labels: Int] = [:]
  private let projection: LabelProjection
  /// What is left of the key at hand: one piece of memory for all, as only new labels are kept.
  private var scratch = Labels.none

  init(_ projection: LabelProjection) { self.projection = projection }

  /// The number of what is left of each key. Looks only at the labels of some keys where the source can tell
  /// which have the same.
  mutating func indexes(of keys: RowKeys) -> [Int] {
    guard let numbers = keys.numbers(projection) else { return keys.map { index(of: $0) } }
    let indexes = numbers.firstRows.map { index(of: keys[$0]) }
    return numbers.ofRow.map { indexes[Int($0)] }
  }

  mutating func index(of key: RowKey) -> Int {
    key.project(projection, into: &scratch)
    if let index = known[scratch] { return index }
    let own = scratch.copied()
    known[own] = labels.count
    labels.append(own)
    return labels.count - 1
  }
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
