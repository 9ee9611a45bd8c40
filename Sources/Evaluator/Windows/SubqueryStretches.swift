import PromQL
import TimeSeries

/// What is known while the steps of a subquery are evaluated in stretches.
struct SubqueryStretches {
  /// All steps, and those of the stretch at hand.
  let whole: Grid
  var stretch: Grid
  /// The subqueries inside, evaluated for all stretches at once.
  var inside: [Inside: HeldSeries] = [:]
  /// For each function of windows whose rows may come to have the same labels: which row had something.
  var firstRows: [SourceRange: FirstRows] = [:]

  /// A subquery by its place in the text and its steps.
  struct Inside: Hashable {
    var site: SourceRange
    var grid: Grid
  }
}

extension Evaluation {
  /// Subqueries of fewer steps are evaluated at once, a series at a time, and nothing of them is held.
  private static let wholeAtOnce = 1 << 14
  /// The steps of a stretch, at most and at least.
  private static let longest = 1 << 16
  private static let shortest = 1 << 11
  /// A stretch of all series has about so many values, as some operators hold all series at a time.
  private static let cells = 1 << 22
  /// So many steps for each sample that may be held are no subquery any more but a mistake.
  private static let stepsPerSample = 20

  /// Opens a subquery for a function on a grid. What is held follows the samples that its inner expression
  /// yields, never its steps.
  func open(
    _ subquery: SubqueryPlan, at site: SourceRange, on grid: Grid, _ locator: WindowLocator, keepsHints: Bool
  ) throws(EvaluationError) -> any WindowSource {
    guard let stretches else {
      let inner = subquery.grid(for: grid)
      if inner.count <= options.subqueryStretch ?? Self.wholeAtOnce {
        try hold(SubqueryWindows.bytesPerStep, times: inner.count)
        let rows = try JoinedRows(try open(subquery.vector, on: inner), evaluation: self)
        return SubqueryWindows(rows, on: inner, locator: locator, keepsHints: keepsHints)
      }
      return HeldWindows(
        try heldSeries(subquery.vector, on: inner), locator: locator, keepsHints: keepsHints, evaluation: self
      )
    }
    // Stretches of the outer subquery look at much the same steps of this one.
    let inner = subquery.grid(for: grid == stretches.stretch ? stretches.whole : grid)
    let place = SubqueryStretches.Inside(site: site, grid: inner)
    let held: HeldSeries
    if let known = stretches.inside[place] {
      held = known
    } else {
      held = try heldSeries(subquery.vector, on: inner)
      self.stretches?.inside[place] = held
    }
    return HeldWindows(held, locator: locator, keepsHints: keepsHints, evaluation: self)
  }

  /// Evaluates a vector at every step of a grid, a stretch of steps at a time.
  private func heldSeries(_ vector: VectorPlan, on grid: Grid) throws(EvaluationError) -> HeldSeries {
    if grid.count / Self.stepsPerSample > options.maximumSamples { throw .tooManySamples }
    let held = HeldSeries(on: grid)
    let outer = stretches
    let (bytes, samples, survivors) = (memory.held, heldSamples, surviving)
    defer { stretches = outer }
    stretches = SubqueryStretches(whole: grid, stretch: grid)
    let size =
      options.subqueryStretch ?? max(Self.shortest, min(Self.longest, Self.cells / max(1, seriesCount)))
    var start = 0
    let count = grid.count
    while start < count {
      // Never a single step at the end: that would be another kind of query.
      let end = count - start <= size + 1 ? count : start + size
      let stretch = Grid(start: grid.time(start), end: grid.time(end - 1), step: grid.step)
      stretches?.stretch = stretch
      try append(vector, stretch, from: start, to: held)
      // Everything else that the stretch held is gone.
      memory.giveBack(downTo: bytes + surviving.bytes - survivors.bytes)
      heldSamples = samples + surviving.samples - survivors.samples
      start = end
    }
    // With the last stretch go the subqueries inside.
    surviving.bytes = survivors.bytes + held.holding.bytes
    surviving.samples = survivors.samples + held.holding.samples
    memory.giveBack(downTo: bytes + held.holding.bytes)
    heldSamples = samples + held.holding.samples
    return held
  }

  private func append(
    _ vector: VectorPlan, _ stretch: Grid, from start: Int, to held: HeldSeries
  ) throws(EvaluationError) {
    let rows = try JoinedRows(try open(vector, on: stretch), evaluation: self)
    var tile = Row(steps: stretch.count)
    // In the order of the rows, whoever has the first sample.
    var series: [Int] = []
    series.reserveCapacity(rows.keys.count)
    for key in rows.keys { series.append(try held.series(key, self)) }
    for row in rows.keys.indices {
      try checkCancellation()
      try rows.read(row, into: &tile)
      if !tile.isEmpty { try held.append(tile, from: start, to: series[row], self) }
    }
  }

  /// The one step at which what is the same at all steps is evaluated.
  func pin(_ grid: Grid) -> Grid {
    guard let stretches, grid == stretches.stretch else { return Grid(instant: grid.start) }
    return Grid(instant: stretches.whole.start)
  }

  /// Refuses two rows with equal labels that hold anything at all, be it in different stretches.
  func uniqueInAll(_ rows: any RowSource, at site: SourceRange) throws(EvaluationError) -> any RowSource {
    let known = stretches?.firstRows[site]
    let firstRows = known ?? FirstRows()
    if stretches != nil, known == nil { stretches?.firstRows[site] = firstRows }
    return try UniqueRows.checking(rows, .perRow(firstRows), evaluation: self)
  }
}
