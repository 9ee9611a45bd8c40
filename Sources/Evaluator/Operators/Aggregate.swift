internal import CColumns
import PromQL
import TimeSeries

/// Aggregations that fold the rows of a group one after the other: few and short groups all at once, others
/// one at a time.
final class AggregatedRows: RowSource {
  let keys: RowKeys
  let mayHoldHistograms: Bool
  private let source: any RowSource
  private let groups: Groups
  private let operation: SimpleAggregation
  private let site: SourceRange
  private let notes: Notes
  private let mutation: Mutation?
  /// What members are read into. Taken while they are.
  private var member: Row?
  /// The rows of all groups, once one was asked for, where they are few and short.
  private var held: [Row] = []

  /// `site`: the aggregated expression, where annotations point.
  init(
    _ source: any RowSource, _ groups: Groups, _ operation: SimpleAggregation, site: SourceRange,
    notes: Notes, mutation: Mutation?
  ) {
    self.source = source
    self.mutation = mutation
    self.groups = groups
    self.operation = operation
    self.site = site
    self.notes = notes
    mayHoldHistograms =
      switch operation {
      case .sum, .avg: source.mayHoldHistograms
      case .count, .min, .max, .group, .stddev, .stdvar: false
      }
    let members = source.keys
    keys = RowKeys(
      groups.labels.indices.map { group in
        RowKey(groups.labels[group], dropsName: members.dropsName(groups.members[group]))
      })
  }

  /// Groups differ in their labels; without their names they need not.
  var hasDistinctRows: Bool { !keys.contains { $0.dropsName } }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    let steps = tile.steps
    switch operation {
    case .sum: try fold(row, SumColumn(steps: steps), into: &tile)
    case .avg: try fold(row, AverageColumn(steps: steps), into: &tile)
    case .count: try fold(row, CountColumn(steps: steps), into: &tile)
    case .group: try fold(row, GroupColumn(steps: steps), into: &tile)
    case .min: try fold(row, best(steps) { $0 < $1 }, into: &tile)
    case .max: try fold(row, best(steps) { $0 > $1 }, into: &tile)
    case .stddev, .stdvar:
      try fold(row, VarianceColumn(steps: steps, isRoot: operation == .stddev), into: &tile)
    }
  }

  private func best(_ steps: Int, _ beats: @escaping (Double, Double) -> Bool) -> BestColumn {
    BestColumn(steps: steps, keepsFirstNaN: mutation == .nan, beats)
  }

  /// Groups and steps up to this are folded all at once: the members are then read in the order in which they
  /// lie, which is that of their targets, and the groups fit into a cache.
  private static let heldCells = 1 << 15

  /// One group, or its row of all.
  private func fold(_ group: Int, _ empty: some FoldColumn, into tile: inout Row) throws(EvaluationError) {
    guard groups.count > 1, groups.count * tile.steps <= Self.heldCells else {
      var fold = GroupFold(empty, histograms: emptyHistograms(tile.steps))
      var member = takeMember(tile.steps)
      for row in groups.members[group] { try add(row, &member, to: &fold) }
      self.member = member
      return finish(&fold, into: &tile)
    }
    if held.isEmpty {
      var folds = groups.labels.map { _ in GroupFold(empty, histograms: emptyHistograms(tile.steps)) }
      var member = takeMember(tile.steps)
      for (row, group) in groups.groupOfRow.enumerated() { try add(row, &member, to: &folds[group]) }
      held = folds.indices.map { group in
        var row = Row(steps: tile.steps)
        finish(&folds[group], into: &row)
        return row
      }
    }
    // A row is read once.
    swap(&tile, &held[group])
  }

  private func emptyHistograms(_ steps: Int) -> HistogramFold {
    HistogramFold(averages: operation == .avg, steps: steps, mutation: mutation)
  }

  private func takeMember(_ steps: Int) -> Row { member.take() ?? Row(steps: steps) }

  private func add(
    _ row: Int, _ member: inout Row, to fold: inout GroupFold<some FoldColumn>
  ) throws(EvaluationError) {
    switch operation {
    case .count, .group: try source.readPresence(row, into: &member)
    case .sum, .avg, .min, .max, .stddev, .stdvar: try source.read(row, into: &member)
    }
    if !member.histograms.isEmpty {
      let name = { [source] in source.keys[row].labels.metricName ?? "" }
      switch operation {
      case .sum, .avg: fold.histograms.add(member.histograms, name: name)
      case .count, .group:
        for step in member.histograms.steps { member.set(step, 0) }
      case .min, .max, .stddev, .stdvar:
        notes.add(.ignoredInAggregation, operation.rawValue, at: site)
      }
    }
    if mayHoldHistograms { fold.histograms.noteFloats(member.presence) }
    fold.floats.add(member)
  }

  private func finish(_ fold: inout GroupFold<some FoldColumn>, into tile: inout Row) {
    tile.clear()
    fold.floats.finish(into: &tile)
    if !fold.histograms.isEmpty { fold.histograms.finish(into: &tile, site: site, notes: notes) }
  }
}

/// What is known of a group while its members are read.
private struct GroupFold<Column: FoldColumn> {
  var floats: Column
  var histograms: HistogramFold

  init(_ floats: Column, histograms: HistogramFold) {
    self.floats = floats
    self.histograms = histograms
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

  /// The mean of `count` values, of which this is the sum.
  fileprivate func average(_ step: Int, count: Double) -> Average {
    Average(count: count, sum: CompensatedSum(sums[step], compensation: compensations[step]))
  }

  mutating func finish(into tile: inout Row) {
    for step in sums.indices { tile.values[step] = sums[step] + compensations[step] }
    tile.presence = presence
  }
}

/// Means (promql-evaluation.md §5.3): sums and counts as long as no sum can overflow, which is nearly always.
struct AverageColumn: FoldColumn {
  private var sums: SumColumn
  private var counts: CountColumn
  /// No sum is larger than this.
  private var bound = 0.0
  /// What goes on where a sum might overflow.
  private var averages: [Average]?

  init(steps: Int) {
    sums = SumColumn(steps: steps)
    counts = CountColumn(steps: steps)
  }

  mutating func add(_ row: borrowing Row) {
    guard averages == nil else { return addEach(row) }
    let largest = unsafe promgate_largest_magnitude(row.values, row.steps)
    // Values at absent steps may be anything: then all are averaged one by one.
    guard bound + largest < 1e300 else {
      averages = (0..<row.steps).map { sums.average($0, count: counts[$0]) }
      return addEach(row)
    }
    bound += largest
    sums.add(row)
    counts.add(row)
  }

  private mutating func addEach(_ row: borrowing Row) {
    row.presence.forEachStep { averages?[$0].add(row.values[$0]) }
    counts.add(row)
  }

  mutating func finish(into tile: inout Row) {
    for step in 0..<tile.steps where counts[step] > 0 {
      tile.set(step, (averages?[step] ?? sums.average(step, count: counts[step])).value)
    }
  }
}

struct CountColumn: FoldColumn {
  private var counts: [Double]

  subscript(_ step: Int) -> Double { counts[step] }

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
