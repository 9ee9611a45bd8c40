import PromQL
import TimeSeries

/// Aggregations that look at all members of a group at a step: they fill a table when opened.
struct RankedAggregation {
  let evaluation: Evaluation
  let grid: Grid
  let source: any RowSource
  let groups: Groups
  /// Where annotations about the aggregated expression point.
  let expressionSite: SourceRange
  /// Where annotations about the whole aggregation point.
  let site: SourceRange

  // MARK: quantile

  func quantile(_ argument: ScalarArgument) throws(EvaluationError) -> any RowSource {
    let phi = try evaluation.column(argument.value, on: grid)
    warnQuantile(phi, at: argument.site)
    var table = RowTable()
    for (group, members) in groups.members.enumerated() {
      var gathered = [[Double]](repeating: [], count: grid.count)
      var drops = false
      var member = Row(steps: grid.count)
      for row in members {
        try source.read(row, into: &member)
        noteIgnored(member, "quantile", at: expressionSite)
        member.presence.forEachStep { gathered[$0].append(member.values[$0]) }
        drops = drops || source.keys[row].dropsName
      }
      var tile = Row(steps: grid.count)
      for step in gathered.indices where !gathered[step].isEmpty {
        tile.set(step, Quantile.of(gathered[step], phi[step]))
      }
      try evaluation.append(RowKey(groups.labels[group], dropsName: drops), tile, to: &table)
    }
    return table
  }

  /// W1, once a node: of all parameters the one that says most (promql-evaluation.md §5.4).
  private func warnQuantile(_ phi: ScalarColumn, at site: SourceRange) {
    guard grid.count > 0 else { return }
    let (smallest, largest, hasNaN) = extremes(phi)
    if hasNaN {
      evaluation.warnQuantile(.nan, at: site)
    } else {
      if largest > 1 { evaluation.warnQuantile(largest, at: site) }
      if smallest < 0 { evaluation.warnQuantile(smallest, at: site) }
    }
  }

  private func extremes(_ column: ScalarColumn) -> (smallest: Double, largest: Double, hasNaN: Bool) {
    var smallest = Double.infinity
    var largest = -Double.infinity
    var hasNaN = false
    for value in column.values(count: grid.count) {
      hasNaN = hasNaN || value.isNaN
      smallest = min(smallest, value)
      largest = max(largest, value)
    }
    return (smallest, largest, hasNaN)
  }

  private func noteIgnored(_ row: Row, _ name: String, at site: SourceRange) {
    if !row.histograms.isEmpty {
      evaluation.notes.add(.ignoredInAggregation, name, at: site)
    }
  }

  // MARK: topk, bottomk

  /// The k best of each group at each step (promql-evaluation.md §5.5).
  func best(_ argument: ScalarArgument, isTop: Bool) throws(EvaluationError) -> any RowSource {
    guard let counts = try memberCounts(argument) else { return RowTable() }
    let rows = try readAll(notingAs: isTop ? "topk" : "bottomk")
    var kept = [Presence](repeating: Presence(count: grid.count), count: rows.count)
    var order: [Int] = []
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
  func limit(_ argument: ScalarArgument) throws(EvaluationError) -> any RowSource {
    guard let counts = try memberCounts(argument) else { return RowTable() }
    let rows = try readAll(notingAs: nil)
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
  func ratio(_ argument: ScalarArgument) throws(EvaluationError) -> any RowSource {
    let ratios = try evaluation.column(argument.value, on: grid)
    let (smallest, largest, hasNaN) = extremes(ratios)
    if smallest == 0, largest == 0 { return RowTable() }
    if hasNaN { throw .ratioIsNaN }
    if largest > 1 { warnRatio(largest, cap: 1, at: argument.site) }
    if smallest < -1 { warnRatio(smallest, cap: -1, at: argument.site) }
    let rows = try readAll(notingAs: nil)
    var kept = [Presence](repeating: Presence(count: grid.count), count: rows.count)
    for row in rows.indices {
      let hash = LabelHash.of(source.keys[row].labels)
      let offset = Double(hash) / Double(UInt64.max)
      for step in 0..<grid.count {
        let ratio = max(-1, min(1, ratios[step]))
        kept[row][step] = ratio > 0 && offset < ratio || ratio < 0 && offset >= 1 + ratio
      }
    }
    return try masked(rows, kept, Array(rows.indices))
  }

  private func warnRatio(_ ratio: Double, cap: Double, at site: SourceRange) {
    evaluation.notes.add(.ratioRange, GoText.general(ratio), GoText.general(cap), at: site)
  }

  // MARK: count_values

  /// One series for each value (promql-evaluation.md §5.7).
  func countValues(
    label: [UInt8], _ grouping: AggregationPlan.Grouping
  ) throws(EvaluationError) -> any RowSource {
    guard LabelName.isValid(label) else { throw .invalidLabelName(label) }
    let project: (Labels) -> Labels
    switch grouping {
    case .by(let names):
      let kept = LabelNames(names + [String(decoding: label, as: UTF8.self)])
      project = { $0.keeping(kept) }
    case .without(let names):
      let dropped = LabelNames(names + [LabelName.metric])
      project = { $0.dropping(dropped) }
    }
    var rowOfLabels: [Labels: Int] = [:]
    var table = RowTable()
    /// Adds 1 to the series that stands for a value.
    func count(_ text: String, of row: Int, at step: Int) throws(EvaluationError) {
      var builder = LabelsBuilder(source.keys[row].labels)
      builder.set(label, Array(text.utf8))
      let labels = project(builder.labels())
      let output = rowOfLabels[labels] ?? table.keys.count
      if output == table.keys.count {
        rowOfLabels[labels] = output
        table.append(RowKey(labels), Row(steps: grid.count))
      }
      let old = table.rows[output].presence[step] ? table.rows[output].values[step] : 0
      if old == 0 { try evaluation.charge(1) }
      table.rows[output].set(step, old + 1)
    }
    var member = Row(steps: grid.count)
    for row in source.keys.indices {
      try source.read(row, into: &member)
      for step in 0..<grid.count {
        if member.presence[step] {
          try count(GoText.plain(member.values[step]), of: row, at: step)
        } else if let histogram = member.histograms[step] {
          try count(histogram.description, of: row, at: step)
        }
      }
    }
    return table
  }

  // MARK: Shared

  /// k at each step, at most the number of rows; nil when it is below 1 at all of them.
  private func memberCounts(_ argument: ScalarArgument) throws(EvaluationError) -> [Int]? {
    let column = try evaluation.column(argument.value, on: grid)
    let values = column.values(count: grid.count)
    let (smallest, largest, hasNaN) = extremes(column)
    if !hasNaN, largest < 1 { return nil }
    if hasNaN { throw .parameterIsNaN }
    if smallest <= -0x1p63 { throw .parameterUnderflows(smallest) }
    if largest >= 9_223_372_036_854_774_784 { throw .parameterOverflows(largest) }
    return values.map { min(Int($0), source.keys.count) }
  }

  private func readAll(notingAs name: String?) throws(EvaluationError) -> [Row] {
    var rows: [Row] = []
    for row in source.keys.indices {
      var tile = Row(steps: grid.count)
      try source.read(row, into: &tile)
      if let name {
        noteIgnored(tile, name, at: site)
        tile.histograms.removeAll()
      }
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
