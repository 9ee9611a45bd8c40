import PromQL
import TimeSeries

/// One evaluation: the data that the plan's selections found, limits, switches, and what is noted.
///
/// Opening a plan node on a grid yields its rows; the switches below dispatch, the operators work.
final class Evaluation {
  let options: EvaluationOptions
  let notes = Notes()
  /// What each of the plan's selections found.
  private let data: [any Selected]
  let cancellation: Cancellation?
  /// The memory that the evaluation holds.
  let memory: MemoryAccount
  /// Samples that are held in tables, promql-evaluation.md §9.
  var heldSamples = 0
  /// How many series all selections found.
  let seriesCount: Int
  /// What outlives the stretch of a subquery that is being evaluated.
  var surviving = Holding()
  /// The subquery whose steps are being evaluated in stretches; nil while none is.
  var stretches: SubqueryStretches?

  init(
    data: [any Selected], options: EvaluationOptions, memory: MemoryAccount, cancellation: Cancellation?
  ) {
    self.memory = memory
    self.data = options.mutation == .staleMarker ? data.map { WithoutMarkers(source: $0) } : data
    self.options = options
    seriesCount = data.reduce(0) { $0 + $1.count }
    self.cancellation = cancellation
  }

  /// A source whose stale markers went unnoticed (`Mutation.staleMarker`).
  private struct WithoutMarkers: Selected {
    let source: any Selected
    var labels: [Labels] { source.labels }
    var count: Int { source.count }
    func labels(_ row: Int) -> Labels { source.labels(row) }
    var mayHaveTypeOrUnit: Bool { source.mayHaveTypeOrUnit }
    var mayHoldHistograms: Bool { source.mayHoldHistograms }
    func numbers(of names: LabelNames) -> RowNumbers? { source.numbers(of: names) }
    func extent(_ row: Int) -> SampleExtent? { nil }
    func read(_ row: Int, into result: inout Samples) throws { result = try samples(row) }

    func samples(_ row: Int) throws -> Samples {
      var samples = try source.samples(row)
      samples.staleMarkers = []
      return samples
    }

    func chunks(
      _ row: Int, first: Int64, last: Int64, _ writer: inout ChunkWriter
    ) throws -> [WrittenChunk] {
      writer.chunks(try samples(row), first: first, last: last)
    }
  }

  // MARK: Samples

  static func samples(_ selected: any Selected, _ row: Int) throws(EvaluationError) -> Samples {
    do { return try selected.samples(row) } catch { throw .expandingSeries("\(error)") }
  }

  static func read(
    _ selected: any Selected, _ row: Int, into samples: inout Samples
  ) throws(EvaluationError) {
    do { try selected.read(row, into: &samples) } catch { throw .expandingSeries("\(error)") }
  }

  // MARK: Names

  /// The key of a row whose value was computed (`computes`): its name goes now or at the end.
  func key(_ labels: Labels, dropsName: Bool, computes: Bool) -> RowKey {
    let key = RowKey(labels, dropsName: dropsName)
    return computes ? computed(key) : key
  }

  private func computed(_ key: RowKey) -> RowKey {
    guard options.delaysNameRemoval else { return key.nameless }
    var key = key
    key.dropsName = true
    return key
  }

  func computedKeys(_ keys: RowKeys) -> RowKeys {
    options.delaysNameRemoval ? keys.droppingNames : keys.nameless
  }

  /// Refuses equal labels where Prometheus does (promql-evaluation.md §7).
  func unique(_ rows: any RowSource, on grid: Grid) throws(EvaluationError) -> any RowSource {
    let needsNoCheck = options.delaysNameRemoval && grid.count <= 1 || rows.hasDistinctRows
    return needsNoCheck ? rows : try UniqueRows.checking(rows, .perStep, evaluation: self)
  }

  // MARK: Scalars

  func column(_ plan: ScalarPlan, on grid: Grid) throws(EvaluationError) -> ScalarColumn {
    if case .number(let value) = plan { return .constant(value) }
    // The column and one that it is made of.
    try hold(16, times: grid.count)
    switch plan {
    case .number(let value): return .constant(value)
    case .time: return .steps((0..<grid.count).map { Double(grid.time($0)) / 1000 })
    case .pinned(let inner): return .constant(try column(inner, on: pin(grid))[0])
    case .negate(let inner): return try combine(inner, on: grid) { -$0 }
    case .arithmetic(let operation, let left, let right):
      return try combine(left, right, on: grid) { Arithmetic.compute(operation, $0, $1) }
    case .comparison(let operation, let left, let right):
      return try combine(left, right, on: grid) { Arithmetic.holds(operation, $0, $1) ? 1 : 0 }
    case .trim(let operation, let left, let right):
      _ = (try column(left, on: grid), try column(right, on: grid))
      throw .certain(.trimOfScalars(operation))
    case .larger(let left, let right): return try combine(left, right, on: grid, Arithmetic.larger)
    case .smaller(let left, let right): return try combine(left, right, on: grid, Arithmetic.smaller)
    case .only(let vector): return .steps(try onlyValues(vector, on: grid))
    }
  }

  private func combine(
    _ inner: ScalarPlan, on grid: Grid, _ formula: (Double) -> Double
  ) throws(EvaluationError) -> ScalarColumn {
    switch try column(inner, on: grid) {
    case .constant(let value): return .constant(formula(value))
    case .steps(let values): return .steps(values.map(formula))
    }
  }

  private func combine(
    _ left: ScalarPlan, _ right: ScalarPlan, on grid: Grid, _ formula: (Double, Double) -> Double
  ) throws(EvaluationError) -> ScalarColumn {
    let (a, b) = (try column(left, on: grid), try column(right, on: grid))
    if case .constant(let x) = a, case .constant(let y) = b { return .constant(formula(x, y)) }
    return .steps((0..<grid.count).map { formula(a[$0], b[$0]) })
  }

  /// `scalar(v)`: the value of the only float sample of each step, else NaN.
  private func onlyValues(_ vector: VectorPlan, on grid: Grid) throws(EvaluationError) -> [Double] {
    let rows = try open(vector, on: grid)
    var values = [Double](repeating: .nan, count: grid.count)
    var counts = [Int](repeating: 0, count: grid.count)
    var tile = Row(steps: grid.count)
    for row in rows.keys.indices {
      try rows.read(row, into: &tile)
      tile.presence.forEachStep { step in
        counts[step] += 1
        values[step] = counts[step] == 1 ? tile.values[step] : .nan
      }
    }
    return values
  }

  func columns(_ arguments: [ScalarPlan], on grid: Grid) throws(EvaluationError) -> [ScalarColumn] {
    var columns: [ScalarColumn] = []
    for argument in arguments { columns.append(try column(argument, on: grid)) }
    return columns
  }

  /// W1.
  func warnQuantile(_ phi: Double, at site: SourceRange) {
    guard !(phi >= 0 && phi <= 1) else { return }
    notes.add(.quantileRange, GoText.general(phi), at: site)
  }

  // MARK: Vectors

  /// Opens a vector node on a grid.
  func open(_ plan: VectorPlan, on grid: Grid) throws(EvaluationError) -> any RowSource {
    try checkCancellation()
    if grid.count == 0 { return RowTable() }
    // The node's own tile, and what else it keeps of every step.
    try hold(512, plus: 16, times: grid.count)
    switch plan.form {
    case .select(let selector): return try select(selector, site: plan.site, on: grid, .value)
    case .vector(let scalar): return ScalarRow(column: try column(scalar, on: grid))
    case .pinned(let inner):
      let rows = try open(inner, on: pin(grid))
      if rows.mayHoldHistograms { try hold(MemoryLayout<NativeHistogram>.stride, times: 2 * grid.count) }
      return PinnedRows(rows)
    case .negate(let inner):
      let rows = try open(inner, on: grid)
      return try unique(NegatedRows(source: rows, keys: computedKeys(rows.keys)), on: grid)
    case .plus(let inner): return try open(inner, on: grid)
    case .point(let function, let inner):
      let rows = try open(inner, on: grid)
      return try unique(
        PointRows(source: rows, keys: computedKeys(rows.keys), function: function), on: grid)
    case .bounded(let function, let inner, let arguments):
      let rows = try open(inner, on: grid)
      return try unique(
        BoundedRows(
          source: rows, keys: computedKeys(rows.keys), function: function,
          arguments: try columns(arguments, on: grid)), on: grid)
    case .date(let function, let inner):
      let rows =
        try inner.map { plan throws(EvaluationError) in try open(plan, on: grid) }
        ?? ScalarRow(column: .steps((0..<grid.count).map { Double(grid.time($0) / 1000) }))
      return try unique(
        DateRows(source: rows, keys: computedKeys(rows.keys), function: function), on: grid)
    case .timestamp(let inner): return try timestamp(inner, on: grid)
    case .startTimestamp(let inner): return try startTimestamp(inner, on: grid)
    case .absent(let inner, let labels):
      return AbsentRow(labels: labels, presence: try presence(of: open(inner, on: grid), on: grid))
    case .absentOverTime(let windows, let labels):
      try check(windows.edges, of: .absentOverTime)
      return AbsentRow(labels: labels, presence: try presence(of: windows, on: grid))
    case .window(let function, let windows, let arguments):
      return try window(function, windows, arguments, on: grid)
    case .reading(let reading, let inner):
      let rows = try open(inner, on: grid)
      return try unique(
        ReadingRows(source: rows, keys: computedKeys(rows.keys), reading: reading), on: grid)
    case .histogramQuantile(let phi, let inner):
      return try histogram(inner, .quantiles([try quantileColumn(phi, on: grid)]), on: grid)
    case .histogramQuantiles(let inner, let name, let phis):
      var columns: [ScalarColumn] = []
      for phi in phis { columns.append(try quantileColumn(phi, on: grid)) }
      let label = HistogramRows.QuantileLabel(name, columns, steps: grid.count)
      return try histogram(inner, .quantiles(columns), label: label, on: grid)
    case .histogramFraction(let lower, let upper, let inner):
      let question = HistogramRows.Question.fraction(
        lower: try column(lower, on: grid), upper: try column(upper, on: grid))
      return try histogram(inner, question, on: grid)
    case .labelReplace(let inner, let plan):
      return try LabelFunctions.replace(try open(inner, on: grid), plan, evaluation: self)
    case .labelJoin(let inner, let plan):
      return try LabelFunctions.join(try open(inner, on: grid), plan, evaluation: self)
    case .sort(let inner, let order):
      let rows = try open(inner, on: grid)
      if grid.start != grid.end {
        notes.add(.sortInRange, at: plan.site)
      }
      return try SortedRows.open(rows, order, evaluation: self, steps: grid.count)
    case .info(let inner, let info):
      return try InfoRows.open(
        try open(inner, on: grid), info, data[info.selection], evaluation: self, grid: grid)
    case .aggregate(let aggregation):
      return try aggregate(aggregation, site: plan.site, on: grid)
    case .scalarArithmetic(let operation, let vector, let scalar, let side):
      return try binary(.arithmetic(operation), vector, scalar, side, plan.site, on: grid)
    case .scalarComparison(let operation, let vector, let scalar, let side, let returnsBool):
      return try binary(
        .comparison(operation, returnsBool: returnsBool), vector, scalar, side, plan.site, on: grid)
    case .scalarTrim(let operation, let vector, let scalar, let side):
      return try binary(.trim(operation), vector, scalar, side, plan.site, on: grid)
    case .arithmetic(let operation, let left, let right, let matching):
      return try binary(.arithmetic(operation), left, right, matching, plan.site, on: grid)
    case .comparison(let operation, let left, let right, let matching, let returnsBool):
      return try binary(
        .comparison(operation, returnsBool: returnsBool), left, right, matching, plan.site, on: grid)
    case .trim(let operation, let left, let right, let matching):
      return try binary(.trim(operation), left, right, matching, plan.site, on: grid)
    case .set(let operation, let left, let right, let labels):
      return try SetOperation.open(
        operation, try open(left, on: grid), try open(right, on: grid), labels, evaluation: self,
        steps: grid.count)
    case .foreign(let foreign): throw .expandingSeries("\(foreign.name) is no function of PromQL")
    }
  }

  private func select(
    _ selector: SelectorPlan, site: SourceRange, on grid: Grid, _ yield: SelectRows.Yield
  ) throws(EvaluationError) -> any RowSource {
    try hold(WindowLocator.bytesPerStep, times: grid.count)
    let selected = data[selector.selection]
    let series = RowKeys(selected)
    let keys = yield == .value ? series : computedKeys(series)
    if selector.edges == .smoothed, yield == .value {
      return SmoothedRows(
        selected,
        WindowLocator(
          grid, selector.time, back: options.lookback, ahead: options.lookback, memory: memory),
        keys: keys, site: site, notes: notes)
    }
    let (time, back) =
      yield == .value ? (selector.time, options.lookback) : timeOfTimestamps(selector.time)
    let locator = WindowLocator(grid, time, back: back, memory: memory)
    return SelectRows(
      selected, locator: locator, yield: yield, keys: keys,
      readsStatisticsOnly: selector.readsStatisticsOnly, most: options.maximumSamples)
  }

  /// `timestamp(x @ T offset o)` looks at T, whatever the offset, among the samples that `x @ T offset o`
  /// reads: those of both windows.
  private func timeOfTimestamps(_ time: TimeReference) -> (time: TimeReference, back: Int64) {
    guard time.at != nil, time.offset != 0 else { return (time, options.lookback) }
    let distance = Int64(clamping: time.offset.magnitude)
    return (
      TimeReference(at: time.at, offset: max(0, time.offset)), max(0, options.lookback - distance)
    )
  }

  /// `timestamp(v)`: a selector's samples have times of their own (promql-functions.md §3.3).
  private func timestamp(_ inner: VectorPlan, on grid: Grid) throws(EvaluationError) -> any RowSource {
    if let rows = try selected(inner, .timestamp, on: grid) { return rows }
    let rows = try open(inner, on: grid)
    return try unique(
      StepTimeRows(source: rows, keys: computedKeys(rows.keys), grid: grid), on: grid)
  }

  private func startTimestamp(
    _ inner: VectorPlan, on grid: Grid
  ) throws(EvaluationError) -> any RowSource {
    // What is no selector, or unknown to the store, has no start timestamp and no answer.
    guard options.usesStartTimestamps else { return RowTable() }
    return try selected(inner, .startTimestamp, on: grid) ?? RowTable()
  }

  /// What a selector, pinned or not, yields beside its values; nil for any other node.
  private func selected(
    _ plan: VectorPlan, _ yield: SelectRows.Yield, on grid: Grid
  ) throws(EvaluationError) -> (any RowSource)? {
    if case .select(let selector) = plan.form {
      return try unique(try select(selector, site: plan.site, on: grid, yield), on: grid)
    }
    if case .pinned(let inner) = plan.form, case .select(let selector) = inner.form {
      return PinnedRows(try select(selector, site: plan.site, on: pin(grid), yield))
    }
    return nil
  }

  private func presence(of rows: any RowSource, on grid: Grid) throws(EvaluationError) -> Presence {
    var all = Presence(count: grid.count)
    var tile = Row(steps: grid.count)
    for row in rows.keys.indices {
      try rows.readPresence(row, into: &tile)
      all.formUnion(tile.anyPresence)
    }
    return all
  }

  private func presence(of plan: WindowsPlan, on grid: Grid) throws(EvaluationError) -> Presence {
    let windows = try open(plan, on: grid)
    var all = Presence(count: grid.count)
    var samples = Samples.none
    for row in windows.keys.indices {
      try windows.read(row, into: &samples)
      guard samples.count > 0 else { continue }
      let bounds = windows.locator.bounds(samples.timeline)
      for step in 0..<grid.count where !bounds.window(step, in: samples).isEmpty { all[step] = true }
    }
    return all
  }

  // MARK: Windows

  /// Opens a range vector on the grid of the function that consumes it.
  func open(
    _ plan: WindowsPlan, on grid: Grid, keepsHints: Bool = false
  ) throws(EvaluationError) -> any WindowSource {
    try checkCancellation()
    try hold(512, plus: 16 + WindowLocator.bytesPerStep, times: grid.count)
    switch plan.form {
    case .select(let selector, let range):
      let reach = selector.edges == .none ? 0 : options.lookback
      let locator = WindowLocator(
        grid, selector.time, back: range &+ reach &+ (options.mutation == .windowEdge ? 1 : 0),
        ahead: selector.edges == .smoothed ? options.lookback : 0, memory: memory)
      return SelectedWindows(
        data[selector.selection], locator: locator,
        usesStartTimestamps: options.usesStartTimestamps,
        readsStatisticsOnly: selector.readsStatisticsOnly)
    case .subquery(let subquery):
      let locator = WindowLocator(grid, subquery.time, back: subquery.range, memory: memory)
      return try open(subquery, at: plan.site, on: grid, locator, keepsHints: keepsHints)
    }
  }

  private func window(
    _ function: WindowFunction, _ plan: WindowsPlan, _ arguments: [ScalarArgument], on grid: Grid
  ) throws(EvaluationError) -> any RowSource {
    if plan.edges != .none,
      let written = Function.allCases.first(where: { $0.facts.family == .window(function) })
    {
      try check(plan.edges, of: written)
    }
    let windows = try open(plan, on: grid)
    let reduction = WindowReduction(
      function, try columns(arguments.map(\.value), on: grid), argumentSites: arguments.map(\.site),
      plan: plan, grid: grid, evaluation: self)
    let keepsName = function == .firstOverTime || function == .lastOverTime
    let keys = keepsName ? windows.keys : computedKeys(windows.keys)
    // Series of one name stay apart without it.
    let staysApart = plan.metricName != nil && !windows.keys.mayHaveTypeOrUnit
    let rows = WindowRows(windows, keys: keys, reduction, hasDistinctRows: staysApart)
    if staysApart { return rows }
    return options.delaysNameRemoval ? try unique(rows, on: grid) : try uniqueInAll(rows, at: plan.site)
  }

  /// `anchored` and `smoothed` mean something to a few functions only.
  private func check(_ edges: SelectorPlan.Extension, of function: Function) throws(EvaluationError) {
    if let failure = CertainFailure(edges, of: function) { throw .certain(failure) }
  }

  private func histogram(
    _ vector: VectorPlan, _ question: HistogramRows.Question, label: HistogramRows.QuantileLabel? = nil,
    on grid: Grid
  ) throws(EvaluationError) -> any RowSource {
    return try unique(
      try HistogramRows(
        try open(vector, on: grid), question, label: label, site: vector.site, evaluation: self,
        grid: grid), on: grid)
  }

  private func quantileColumn(
    _ argument: ScalarArgument, on grid: Grid
  ) throws(EvaluationError) -> ScalarColumn {
    let column = try column(argument.value, on: grid)
    for step in 0..<grid.count { warnQuantile(column[step], at: argument.site) }
    return column
  }

  // MARK: Aggregations and operators

  private func aggregate(
    _ plan: AggregationPlan, site: SourceRange, on grid: Grid
  ) throws(EvaluationError) -> any RowSource {
    // Before the vector: its errors and annotations come first.
    let parameter = try plan.operation.parameter.map { argument throws(EvaluationError) in
      AggregationParameter(try column(argument.value, on: grid), site: argument.site, steps: grid.count)
    }
    let source = try open(plan.vector, on: grid)
    try hold(64, times: source.keys.count)
    let groups = Groups(source.keys, plan.grouping)
    let ranked = RankedAggregation(
      evaluation: self, grid: grid, source: source, groups: groups, parameter: parameter ?? .none,
      expressionSite: plan.vector.site, site: site)
    switch plan.operation {
    case .simple(let operation):
      try hold(AggregatedRows.bytesPerCell, times: AggregatedRows.cells(groups, steps: grid.count))
      return AggregatedRows(source, groups, operation, site: plan.vector.site, evaluation: self)
    case .quantile: return try ranked.quantile()
    case .topk: return try ranked.best(isTop: true)
    case .bottomk: return try ranked.best(isTop: false)
    case .limitk: return try ranked.limit()
    case .limitRatio: return try ranked.ratio()
    case .countValues(let label):
      return try CountedValues(of: source, label: label, plan.grouping, grid, self)
    }
  }

  private func binary(
    _ operation: BinaryOperation, _ vector: VectorPlan, _ scalar: ScalarPlan, _ side: Side,
    _ site: SourceRange, on grid: Grid
  ) throws(EvaluationError) -> any RowSource {
    let rows = try open(vector, on: grid)
    let keys = operation.computesNewValue ? computedKeys(rows.keys) : rows.keys
    return try unique(
      BinaryScalarRows(
        source: rows, keys: keys, operation: operation, scalar: try column(scalar, on: grid),
        scalarSide: side,
        pairs: SamplePairs(operation, site: site, steps: grid.count, notes: notes)), on: grid)
  }

  private func binary(
    _ operation: BinaryOperation, _ left: VectorPlan, _ right: VectorPlan,
    _ matching: VectorMatching, _ site: SourceRange, on grid: Grid
  ) throws(EvaluationError) -> any RowSource {
    try unique(
      try MatchedRows.open(
        operation, try open(left, on: grid), try open(right, on: grid), matching, evaluation: self,
        steps: grid.count,
        pairs: SamplePairs(operation, site: site, steps: grid.count, notes: notes)), on: grid)
  }
}
