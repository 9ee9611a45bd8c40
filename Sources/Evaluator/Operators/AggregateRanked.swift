import PromQL
import TimeSeries

/// The scalar that an aggregation takes, over all steps.
struct AggregationParameter {
  let column: ScalarColumn
  /// Where annotations about it point.
  let site: SourceRange
  /// As Go's `math.Min` and `math.Max` have them: a NaN hides all but an infinity.
  let smallest: Double
  let largest: Double
  let hasNaN: Bool

  /// Of an aggregation that takes none.
  static let none = AggregationParameter(.constant(0), site: SourceRange(0, 0), steps: 1)

  init(_ column: ScalarColumn, site: SourceRange, steps: Int) {
    self.column = column
    self.site = site
    let values = column.values(count: steps)
    smallest = values.reduce(.greatestFiniteMagnitude, Arithmetic.smaller)
    largest = values.reduce(-.greatestFiniteMagnitude, Arithmetic.larger)
    hasNaN = values.contains { $0.isNaN }
  }
}

/// Aggregations that look at all members of a group at a step: they fill a table when opened.
struct RankedAggregation {
  let evaluation: Evaluation
  let grid: Grid
  let source: any RowSource
  let groups: Groups
  let parameter: AggregationParameter
  /// Where annotations about the aggregated expression point.
  let expressionSite: SourceRange
  /// Where annotations about the whole aggregation point.
  let site: SourceRange

  // MARK: quantile

  func quantile() throws(EvaluationError) -> any RowSource {
    warnQuantile()
    var table = RowTable()
    for (group, members) in groups.members.enumerated() {
      var held = 0
      var gathered = [[Double]](repeating: [], count: grid.count)
      var drops = false
      var member = Row(steps: grid.count)
      for row in members {
        try source.read(row, into: &member)
        noteIgnored(member, "quantile", at: expressionSite)
        // Columns grow to twice what they hold.
        let bytes = 16 * member.presence.population
        try evaluation.hold(bytes)
        held += bytes
        member.presence.forEachStep { gathered[$0].append(member.values[$0]) }
        drops = drops || source.keys[row].dropsName
      }
      var tile = Row(steps: grid.count)
      for step in gathered.indices where !gathered[step].isEmpty {
        tile.set(step, Quantile.of(gathered[step], parameter.column[step]))
      }
      evaluation.release(held)
      try evaluation.append(RowKey(groups.labels[group], dropsName: drops), tile, to: &table)
    }
    return table
  }

  /// W1, once a node: of all parameters the one that says most (promql-evaluation.md §5.4).
  private func warnQuantile() {
    if parameter.hasNaN { evaluation.warnQuantile(.nan, at: parameter.site) }
    if parameter.largest > 1 { evaluation.warnQuantile(parameter.largest, at: parameter.site) }
    if parameter.smallest < 0 { evaluation.warnQuantile(parameter.smallest, at: parameter.site) }
  }

  private func noteIgnored(_ row: Row, _ name: String, at site: SourceRange) {
    if !row.histograms.isEmpty {
      evaluation.notes.add(.ignoredInAggregation, name, at: site)
    }
  }

  // MARK: topk, bottomk

  /// The k best of each group at each step (promql-evaluation.md §5.5).
  func best(isTop: Bool) throws(EvaluationError) -> any RowSource {
    var rows = try readAll()
    guard let counts = try memberCounts() else { return RowTable() }
    for row in rows.indices {
      noteIgnored(rows[row], isTop ? "topk" : "bottomk", at: site)
      rows[row].histograms.removeAll()
    }
    var kept = [Presence](repeating: Presence(count: grid.count), count: rows.count)
    var order: [Int] = []
    let largest = counts.max() ?? 0
    try evaluation.hold(32 * min(grid.count, UInt64.bitWidth), times: min(largest, rows.count))
    // As many steps at a time as lie in a word of a presence: rows are read along their steps.
    var best = [BestSamples](repeating: BestSamples(isTop: isTop), count: min(grid.count, UInt64.bitWidth))
    for members in groups.members {
      for start in stride(from: 0, to: grid.count, by: UInt64.bitWidth) {
        let steps = start..<min(start + UInt64.bitWidth, grid.count)
        for step in steps { best[step - start].start(counts[step]) }
        for row in members {
          rows[row].presence.forEachStep(inWordOf: start) { step in
            best[step - start].add(row, rows[row].values[step])
          }
        }
        for step in steps { best[step - start].forEachRow { kept[$0][step] = true } }
      }
      // Only an instant query's order shows; it has one step.
      order += grid.count == 1 ? best[0].sortedRows() : members
    }
    return try masked(rows, kept, order)
  }

  // MARK: limitk, limit_ratio

  /// The first k samples of each group at each step, in the order of the rows.
  func limit() throws(EvaluationError) -> any RowSource {
    let rows = try readAll()
    guard let counts = try memberCounts() else { return RowTable() }
    var kept = [Presence](repeating: Presence(count: grid.count), count: rows.count)
    for members in groups.members {
      var taken = [Int](repeating: 0, count: grid.count)
      for row in members {
        rows[row].anyPresence.forEachStep { step in
          guard taken[step] < counts[step] else { return }
          taken[step] += 1
          kept[row][step] = true
        }
      }
    }
    return try masked(rows, kept, Array(rows.indices))
  }

  /// The series whose labels hash below (or, for a negative ratio, above) the ratio.
  func ratio() throws(EvaluationError) -> any RowSource {
    let rows = try readAll()
    if parameter.smallest == 0, parameter.largest == 0 { return RowTable() }
    if parameter.hasNaN { throw .ratioIsNaN }
    if parameter.largest > 1 { warnRatio(parameter.largest, cap: 1) }
    if parameter.smallest < -1 { warnRatio(parameter.smallest, cap: -1) }
    var kept = [Presence](repeating: Presence(count: grid.count), count: rows.count)
    for row in rows.indices {
      let hash = LabelHash.of(source.keys[row].labels)
      let offset = Double(hash) / Double(UInt64.max)
      for step in 0..<grid.count {
        let ratio = max(-1, min(1, parameter.column[step]))
        kept[row][step] = ratio > 0 && offset < ratio || ratio < 0 && offset >= 1 + ratio
      }
    }
    return try masked(rows, kept, Array(rows.indices))
  }

  private func warnRatio(_ ratio: Double, cap: Double) {
    evaluation.notes.add(.ratioRange, GoText.general(ratio), GoText.general(cap), at: parameter.site)
  }

  // MARK: Shared

  /// k at each step, at most the number of rows; nil when it is below 1 at all of them.
  private func memberCounts() throws(EvaluationError) -> [Int]? {
    if parameter.largest < 1 { return nil }
    if parameter.hasNaN { throw .parameterIsNaN }
    if parameter.smallest <= -0x1p63 { throw .parameterUnderflows(parameter.smallest) }
    if parameter.largest >= 9_223_372_036_854_774_784 { throw .parameterOverflows(parameter.largest) }
    return parameter.column.values(count: grid.count).map { min(Int($0), source.keys.count) }
  }

  /// All rows: also where none of them stays, their errors and annotations count.
  private func readAll() throws(EvaluationError) -> [Row] {
    // Which samples are kept.
    try evaluation.hold(Presence.bytes(count: grid.count), times: source.keys.count)
    var rows: [Row] = []
    for row in source.keys.indices {
      var tile = Row(steps: grid.count)
      try source.read(row, into: &tile)
      try evaluation.charge(tile)
      rows.append(tile)
    }
    return rows
  }

  private func masked(
    _ rows: [Row], _ kept: [Presence], _ order: [Int]
  ) throws(EvaluationError) -> RowTable {
    var table = RowTable()
    for row in order {
      var tile = rows[row]
      tile.mask(kept[row])
      if !tile.isEmpty { table.append(source.keys[row], tile) }
    }
    return table
  }
}
