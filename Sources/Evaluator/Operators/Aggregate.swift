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
  private let evaluation: Evaluation
  private var notes: Notes { evaluation.notes }
  private var mutation: Mutation? { evaluation.options.mutation }
  /// What members are read into. Taken while they are.
  private var member: Row?
  /// All groups, folded once one of them was asked for, where they are few and short.
  private var held: (any FoldColumn)?
  private var heldHistograms: [HistogramFold] = []

  /// `site`: the aggregated expression, where annotations point.
  init(
    _ source: any RowSource, _ groups: Groups, _ operation: SimpleAggregation, site: SourceRange,
    evaluation: Evaluation
  ) {
    self.source = source
    self.evaluation = evaluation
    self.groups = groups
    self.operation = operation
    self.site = site
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
    case .sum: try fold(row, into: &tile) { SumColumn(groups: $0, steps: steps) }
    case .avg: try fold(row, into: &tile) { AverageColumn(groups: $0, steps: steps) }
    case .count: try fold(row, into: &tile) { CountColumn(groups: $0, steps: steps) }
    case .group: try fold(row, into: &tile) { GroupColumn(groups: $0, steps: steps) }
    case .min: try fold(row, into: &tile) { best($0, steps) { $0 < $1 } }
    case .max: try fold(row, into: &tile) { best($0, steps) { $0 > $1 } }
    case .stddev, .stdvar:
      try fold(row, into: &tile) {
        VarianceColumn(groups: $0, steps: steps, isRoot: operation == .stddev)
      }
    }
  }

  private func best(_ groups: Int, _ steps: Int, _ beats: @escaping (Double, Double) -> Bool) -> BestColumn {
    BestColumn(groups: groups, steps: steps, keepsFirstNaN: mutation == .nan, beats)
  }

  /// Groups and steps up to this are folded all at once: the members are then read in the order in which they
  /// lie, which is that of their targets, and the groups take a few megabytes.
  private static let heldCells = 1 << 18
  /// What the state of a group and step takes, at most.
  static let bytesPerCell = 48

  /// How many states there are at a time.
  static func cells(_ groups: Groups, steps: Int) -> Int {
    holdsAll(groups, steps) ? groups.count * steps : steps
  }

  private static func holdsAll(_ groups: Groups, _ steps: Int) -> Bool {
    groups.count > 1 && groups.count <= heldCells / max(1, steps)
  }

  /// One group. `empty` makes the state of so many groups.
  private func fold<Column: FoldColumn>(
    _ group: Int, into tile: inout Row, _ empty: (_ groups: Int) -> Column
  ) throws(EvaluationError) {
    guard Self.holdsAll(groups, tile.steps) else {
      var floats = empty(1)
      var histograms = emptyHistograms(1, tile.steps)
      var member = takeMember(tile.steps)
      for row in groups.members[group] { try add(row, &member, to: &floats, &histograms, 0) }
      self.member = member
      return finish(floats, histograms, 0, into: &tile)
    }
    if held == nil {
      var floats = empty(groups.count)
      var histograms = emptyHistograms(groups.count, tile.steps)
      var member = takeMember(tile.steps)
      for (row, group) in groups.groupOfRow.enumerated() {
        try add(row, &member, to: &floats, &histograms, group)
      }
      held = floats
      heldHistograms = histograms
    }
    if let held { finish(held, heldHistograms, group, into: &tile) }
  }

  private func emptyHistograms(_ groups: Int, _ steps: Int) -> [HistogramFold] {
    guard mayHoldHistograms else { return [] }
    let empty = HistogramFold(averages: operation == .avg, steps: steps, mutation: mutation)
    return [HistogramFold](repeating: empty, count: groups)
  }

  private func takeMember(_ steps: Int) -> Row { member.take() ?? Row(steps: steps) }

  private func add(
    _ row: Int, _ member: inout Row, to floats: inout some FoldColumn, _ histograms: inout [HistogramFold],
    _ group: Int
  ) throws(EvaluationError) {
    switch operation {
    case .count, .group: try source.readPresence(row, into: &member)
    case .sum, .avg, .min, .max, .stddev, .stdvar: try source.read(row, into: &member)
    }
    if !member.histograms.isEmpty {
      let name = { [source] in source.keys[row].labels.metricName ?? "" }
      switch operation {
      case .sum, .avg: try evaluation.hold(histograms[group].add(member.histograms, name: name))
      case .count, .group:
        for step in member.histograms.steps { member.set(step, 0) }
      case .min, .max, .stddev, .stdvar:
        notes.add(.ignoredInAggregation, operation.rawValue, at: site)
      }
    }
    if mayHoldHistograms { histograms[group].noteFloats(member.presence) }
    floats.add(member, to: group)
  }

  private func finish(
    _ floats: some FoldColumn, _ histograms: [HistogramFold], _ group: Int, into tile: inout Row
  ) {
    tile.clear()
    floats.finish(group, into: &tile)
    guard mayHoldHistograms, !histograms[group].isEmpty else { return }
    histograms[group].finish(into: &tile, site: site, notes: notes)
  }
}

/// The running states of a fold over the rows of groups, one state a group and step, group after group.
protocol FoldColumn {
  mutating func add(_ row: borrowing Row, to group: Int)
  /// Writes a group's results into a tile without any.
  func finish(_ group: Int, into tile: inout Row)
}

/// Kahan sums; the first value initialises the sum.
struct SumColumn: FoldColumn {
  private var sums: [Double]
  private var compensations: [Double]
  private var presence: PresenceTable
  private let steps: Int

  init(groups: Int, steps: Int) {
    sums = [Double](repeating: 0, count: groups * steps)
    compensations = [Double](repeating: 0, count: groups * steps)
    presence = PresenceTable(rows: groups, count: steps)
    self.steps = steps
  }

  mutating func add(_ row: borrowing Row, to group: Int) {
    let base = group * steps
    unsafe row.values.withUnsafeBufferPointer { values in
      unsafe sums.withUnsafeMutableBufferPointer { sums in
        unsafe compensations.withUnsafeMutableBufferPointer { compensations in
          guard let values = values.baseAddress, let sums = sums.baseAddress,
            let compensations = compensations.baseAddress
          else { return }
          // Of each group there is one element a step.
          row.presence.forEachRun { run in
            let start = run.lowerBound
            unsafe promgate_add_compensated(
              sums + base + start, compensations + base + start, values + start, run.count)
          }
        }
      }
    }
    presence.formUnion(group, row.presence)
  }

  /// The mean of `count` values, of which this is the sum.
  fileprivate func average(_ cell: Int, count: Double) -> Average {
    Average(count: count, sum: CompensatedSum(sums[cell], compensation: compensations[cell]))
  }

  func finish(_ group: Int, into tile: inout Row) {
    for step in 0..<steps {
      let cell = group * steps + step
      tile.values[step] = sums[cell] + compensations[cell]
    }
    tile.presence.copy(presence, group)
  }
}

/// Means (promql-evaluation.md §5.3): sums and counts as long as no sum can overflow, which is nearly always.
struct AverageColumn: FoldColumn {
  private var sums: SumColumn
  private var counts: CountColumn
  private let steps: Int
  /// No sum of a group is larger than this.
  private var bounds: [Double]
  /// What goes on in a group where a sum might overflow.
  private var averages: [Int: [Average]] = [:]

  init(groups: Int, steps: Int) {
    sums = SumColumn(groups: groups, steps: steps)
    counts = CountColumn(groups: groups, steps: steps)
    bounds = [Double](repeating: 0, count: groups)
    self.steps = steps
  }

  mutating func add(_ row: borrowing Row, to group: Int) {
    guard bounds[group].isFinite else { return addEach(row, to: group) }
    let largest = unsafe promgate_largest_magnitude(row.values, row.steps)
    // Values at absent steps may be anything: then all are averaged one by one.
    guard bounds[group] + largest < 1e300 else {
      averages[group] = (0..<steps).map { step in
        sums.average(group * steps + step, count: counts[group, step])
      }
      bounds[group] = .infinity
      return addEach(row, to: group)
    }
    bounds[group] += largest
    sums.add(row, to: group)
    counts.add(row, to: group)
  }

  private mutating func addEach(_ row: borrowing Row, to group: Int) {
    row.presence.forEachStep { averages[group]?[$0].add(row.values[$0]) }
    counts.add(row, to: group)
  }

  func finish(_ group: Int, into tile: inout Row) {
    let averages = averages[group]
    for step in 0..<steps where counts[group, step] > 0 {
      let average = averages?[step] ?? sums.average(group * steps + step, count: counts[group, step])
      tile.set(step, average.value)
    }
  }
}

struct CountColumn: FoldColumn {
  /// How many rows a group has that are present at every step, and how many others at each.
  private var whole: [Double]
  private var counts: [Double]
  private let steps: Int

  subscript(_ group: Int, _ step: Int) -> Double { whole[group] + counts[group * steps + step] }

  init(groups: Int, steps: Int) {
    whole = [Double](repeating: 0, count: groups)
    counts = [Double](repeating: 0, count: groups * steps)
    self.steps = steps
  }

  mutating func add(_ row: borrowing Row, to group: Int) {
    if row.presence.isFull {
      whole[group] += 1
      return
    }
    let base = group * steps
    row.presence.forEachRun { run in for step in run { counts[base + step] += 1 } }
  }

  func finish(_ group: Int, into tile: inout Row) {
    for step in 0..<steps where self[group, step] > 0 { tile.set(step, self[group, step]) }
  }
}

struct GroupColumn: FoldColumn {
  private var presence: PresenceTable

  init(groups: Int, steps: Int) { presence = PresenceTable(rows: groups, count: steps) }

  mutating func add(_ row: borrowing Row, to group: Int) { presence.formUnion(group, row.presence) }

  func finish(_ group: Int, into tile: inout Row) {
    tile.presence.copy(presence, group)
    for step in 0..<tile.steps { tile.values[step] = 1 }
  }
}

/// `min` and `max`: NaN only when all are NaN.
struct BestColumn: FoldColumn {
  private var best: [Double]
  private var presence: PresenceTable
  private let steps: Int
  private let beats: (Double, Double) -> Bool
  private let keepsFirstNaN: Bool

  init(groups: Int, steps: Int, keepsFirstNaN: Bool, _ beats: @escaping (Double, Double) -> Bool) {
    self.keepsFirstNaN = keepsFirstNaN
    self.steps = steps
    best = [Double](repeating: 0, count: groups * steps)
    presence = PresenceTable(rows: groups, count: steps)
    self.beats = beats
  }

  mutating func add(_ row: borrowing Row, to group: Int) {
    row.presence.forEachStep { step in
      let (value, cell) = (row.values[step], group * steps + step)
      if !presence[group, step] || beats(value, best[cell]) || best[cell].isNaN && !keepsFirstNaN {
        best[cell] = value
      }
    }
    presence.formUnion(group, row.presence)
  }

  func finish(_ group: Int, into tile: inout Row) {
    for step in 0..<steps { tile.values[step] = best[group * steps + step] }
    tile.presence.copy(presence, group)
  }
}

/// Welford's variance (promql-evaluation.md §5.2).
struct VarianceColumn: FoldColumn {
  private struct State {
    var count = 0.0
    var mean = 0.0
    var squares = 0.0
  }

  private var states: [State]
  private let steps: Int
  private let isRoot: Bool

  init(groups: Int, steps: Int, isRoot: Bool) {
    states = [State](repeating: State(), count: groups * steps)
    self.steps = steps
    self.isRoot = isRoot
  }

  mutating func add(_ row: borrowing Row, to group: Int) {
    row.presence.forEachStep { step in
      let (value, cell) = (row.values[step], group * steps + step)
      states[cell].count += 1
      if states[cell].count == 1 {
        states[cell].mean = value
        states[cell].squares = value.isFinite ? 0 : .nan
        return
      }
      let delta = value - states[cell].mean
      states[cell].mean += delta / states[cell].count
      states[cell].squares += delta * (value - states[cell].mean)
    }
  }

  func finish(_ group: Int, into tile: inout Row) {
    for step in 0..<steps {
      let state = states[group * steps + step]
      guard state.count > 0 else { continue }
      let variance = state.squares / state.count
      tile.set(step, isRoot ? variance.squareRoot() : variance)
    }
  }
}
