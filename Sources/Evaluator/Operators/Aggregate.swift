internal import CColumns
import PromQL
import TimeSeries

/// Aggregations that fold the rows of a group one after the other, one group at a time.
final class AggregatedRows: RowSource {
  let keys: [RowKey]
  private let source: any RowSource
  private let groups: Groups
  private let operation: SimpleAggregation
  private let site: SourceRange
  private let notes: Notes
  private let mutation: Mutation?
  private var member: Row

  /// `site`: the aggregated expression, where annotations point.
  init(
    _ source: any RowSource, _ groups: Groups, _ operation: SimpleAggregation, steps: Int,
    site: SourceRange, notes: Notes, mutation: Mutation?
  ) {
    self.source = source
    self.mutation = mutation
    self.groups = groups
    self.operation = operation
    self.site = site
    self.notes = notes
    member = Row(steps: steps)
    let members = source.keys
    keys = groups.labels.indices.map { group in
      RowKey(groups.labels[group], dropsName: groups.members[group].contains { members[$0].dropsName })
    }
  }

  /// Groups differ in their labels; without their names they need not.
  var hasDistinctRows: Bool { !keys.contains { $0.dropsName } }

  var mayHoldHistograms: Bool {
    switch operation {
    case .sum, .avg: source.mayHoldHistograms
    case .count, .min, .max, .group, .stddev, .stdvar: false
    }
  }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    tile.clear()
    let members = groups.members[row]
    switch operation {
    case .sum: try fold(members, SumColumn(steps: tile.steps), into: &tile)
    case .avg: try fold(members, AverageColumn(steps: tile.steps), into: &tile)
    case .count: try fold(members, CountColumn(steps: tile.steps), into: &tile)
    case .group: try fold(members, GroupColumn(steps: tile.steps), into: &tile)
    case .min: try fold(members, best(tile.steps) { $0 < $1 }, into: &tile)
    case .max: try fold(members, best(tile.steps) { $0 > $1 }, into: &tile)
    case .stddev, .stdvar:
      try fold(
        members, VarianceColumn(steps: tile.steps, isRoot: operation == .stddev), into: &tile)
    }
  }

  private func best(_ steps: Int, _ beats: @escaping (Double, Double) -> Bool) -> BestColumn {
    BestColumn(steps: steps, keepsFirstNaN: mutation == .nan, beats)
  }

  private func fold(
    _ members: [Int], _ empty: some FoldColumn, into tile: inout Row
  ) throws(EvaluationError) {
    var column = empty
    var histograms = HistogramFold(
      averages: operation == .avg, steps: tile.steps, mutation: mutation)
    for row in members {
      try source.read(row, into: &member)
      if !member.histograms.isEmpty {
        let name = { [source] in source.keys[row].labels.metricName ?? "" }
        switch operation {
        case .sum, .avg: histograms.add(member.histograms, name: name)
        case .count, .group:
          for step in member.histograms.steps { member.set(step, 0) }
        case .min, .max, .stddev, .stdvar:
          notes.add(.ignoredInAggregation, operation.rawValue, at: site)
        }
      }
      if mayHoldHistograms { histograms.noteFloats(member.presence) }
      column.add(member)
    }
    column.finish(into: &tile)
    if !histograms.isEmpty { histograms.finish(into: &tile, site: site, notes: notes) }
  }
}

/// The running state of a fold over the rows of a group, one state a step.
protocol FoldColumn {
  mutating func add(_ row: borrowing Row)
  mutating func finish(into tile: inout Row)
}

/// Kahan sums; the first value initialises the sum.
struct SumColumn: FoldColumn {
  private var sums: [Double]
  private var compensations: [Double]
  private var presence: Presence

  init(steps: Int) {
    sums = [Double](repeating: 0, count: steps)
    compensations = sums
    presence = Presence(count: steps)
  }

  mutating func add(_ row: borrowing Row) {
    unsafe row.values.withUnsafeBufferPointer { values in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        unsafe compensations.withUnsafeMutableBufferPointer { compensations in
          guard let values = values.baseAddress, let sums = sums.baseAddress,
            let compensations = compensations.baseAddress
          else { return }
          // All have one element a step.
          row.presence.forEachRun { run in
            let start = run.lowerBound
            unsafe promgate_add_compensated(sums + start, compensations + start, values + start, run.count)
          }
        }
      }
    }
    presence.formUnion(row.presence)
  }

  mutating func finish(into tile: inout Row) {
    for step in sums.indices { tile.values[step] = sums[step] + compensations[step] }
    tile.presence = presence
  }
}

/// Means (promql-evaluation.md §5.3).
struct AverageColumn: FoldColumn {
  private var averages: [Average]
  private var presence: Presence

  init(steps: Int) {
    averages = [Average](repeating: Average(), count: steps)
    presence = Presence(count: steps)
  }

  mutating func add(_ row: borrowing Row) {
    row.presence.forEachRun { run in for step in run { averages[step].add(row.values[step]) } }
    presence.formUnion(row.presence)
  }

  mutating func finish(into tile: inout Row) {
    presence.forEachStep { tile.values[$0] = averages[$0].value }
    tile.presence = presence
  }
}

struct CountColumn: FoldColumn {
  private var counts: [Double]

  init(steps: Int) { counts = [Double](repeating: 0, count: steps) }

  mutating func add(_ row: borrowing Row) {
    row.presence.forEachRun { run in for step in run { counts[step] += 1 } }
  }

  mutating func finish(into tile: inout Row) {
    for step in counts.indices where counts[step] > 0 { tile.set(step, counts[step]) }
  }
}

struct GroupColumn: FoldColumn {
  private var presence: Presence

  init(steps: Int) { presence = Presence(count: steps) }

  mutating func add(_ row: borrowing Row) { presence.formUnion(row.presence) }

  mutating func finish(into tile: inout Row) {
    presence.forEachStep { tile.values[$0] = 1 }
    tile.presence = presence
  }
}

/// `min` and `max`: NaN only when all are NaN.
struct BestColumn: FoldColumn {
  private var best: [Double]
  private var presence: Presence
  private let beats: (Double, Double) -> Bool
  private let keepsFirstNaN: Bool

  init(steps: Int, keepsFirstNaN: Bool, _ beats: @escaping (Double, Double) -> Bool) {
    self.keepsFirstNaN = keepsFirstNaN
    best = [Double](repeating: 0, count: steps)
    presence = Presence(count: steps)
    self.beats = beats
  }

  mutating func add(_ row: borrowing Row) {
    row.presence.forEachStep { step in
      let value = row.values[step]
      if !presence[step] || beats(value, best[step]) || best[step].isNaN && !keepsFirstNaN {
        best[step] = value
      }
    }
    presence.formUnion(row.presence)
  }

  mutating func finish(into tile: inout Row) {
    tile.values = best
    tile.presence = presence
  }
}

/// Welford's variance (promql-evaluation.md §5.2).
struct VarianceColumn: FoldColumn {
  private var counts: [Double]
  private var means: [Double]
  private var squares: [Double]
  private let isRoot: Bool

  init(steps: Int, isRoot: Bool) {
    counts = [Double](repeating: 0, count: steps)
    means = counts
    squares = counts
    self.isRoot = isRoot
  }

  mutating func add(_ row: borrowing Row) {
    row.presence.forEachStep { step in
      let value = row.values[step]
      counts[step] += 1
      if counts[step] == 1 {
        means[step] = value
        squares[step] = value.isFinite ? 0 : .nan
        return
      }
      let delta = value - means[step]
      means[step] += delta / counts[step]
      squares[step] += delta * (value - means[step])
    }
  }

  mutating func finish(into tile: inout Row) {
    for step in counts.indices where counts[step] > 0 {
      let variance = squares[step] / counts[step]
      tile.set(step, isRoot ? variance.squareRoot() : variance)
    }
  }
}
