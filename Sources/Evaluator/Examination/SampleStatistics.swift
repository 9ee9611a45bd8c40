internal import PromQL
public import TimeSeries

/// How many samples a query looks at (http-api.md §5), counted as Prometheus counts them: an instant
/// selector one a series and step, a range or a subquery those of its window at every step; a native
/// histogram as many as it takes memory of 16 bytes each.
public struct SampleStatistics: Sendable, Hashable {
  /// At each step of the query.
  public var perStep: [Int]
  /// Over all steps; a sample in two windows counts twice.
  public var total: Int
  /// A sample in several windows of one selector counts once.
  public var read: Int
  /// About the most that were held at one time: what a node reads, beside what it has made.
  public var peak: Int
}

extension QueryEngine {
  /// Counts the samples that a prepared query looks at; nil for one that is nested beyond measure. Costs
  /// about as much as the query.
  public func statistics(
    of query: PreparedQuery, over source: any SeriesSource, cancellation: Cancellation? = nil
  ) throws(QueryError) -> SampleStatistics? {
    guard case .planned(let plan) = query.state else { return nil }
    let data: [any Selected]
    do { data = try source.select(plan.selections) } catch { throw .source("\(error)") }
    let counter = SampleCounter(
      engine: self, plan: plan, context: query.context, data: data, cancellation: cancellation)
    let grid = query.context.grid
    let tally =
      switch plan.root {
      case .scalar(let scalar): try counter.tally(.scalar(scalar), on: grid)
      case .vector(let vector): try counter.tally(.vector(vector), on: grid)
      case .windows(let windows): try counter.tally(.windows(windows), on: grid)
      case .string: Tally(steps: grid.count)
      }
    return SampleStatistics(
      perStep: tally.perStep, total: tally.total, read: tally.read, peak: max(tally.peak, tally.held))
  }
}

/// What was counted below a node.
private struct Tally {
  var perStep: [Int]
  var read = 0
  var peak = 0
  /// Samples of the node's own result.
  var held = 0

  init(steps: Int) { perStep = [Int](repeating: 0, count: steps) }

  var total: Int { perStep.reduce(0, +) }
}

/// Walks a plan beside its data.
private struct SampleCounter {
  let engine: QueryEngine
  let plan: Plan
  let context: QueryContext
  let data: [any Selected]
  let cancellation: Cancellation?

  func tally(_ part: PlanPart, on grid: Grid) throws(QueryError) -> Tally {
    switch part {
    case .scalar(.pinned(let inner)): return try pinned(.scalar(inner), on: grid)
    case .scalar(let scalar):
      var tally = try sum(scalar.parts, on: grid)
      tally.held = max(tally.held, grid.count)
      return tally
    case .vector(let vector):
      if case .select(let selector) = vector.form { return try instants(selector, on: grid) }
      if case .pinned(let inner) = vector.form { return try pinned(.vector(inner), on: grid) }
      return try sum(vector.form.parts, on: grid)
    case .windows(let windows): return try self.windows(windows, on: grid)
    }
  }

  /// Evaluated once, counted at every step.
  private func pinned(_ part: PlanPart, on grid: Grid) throws(QueryError) -> Tally {
    var tally = try tally(part, on: Grid(instant: grid.start))
    tally.perStep = [Int](repeating: tally.total, count: grid.count)
    return tally
  }

  private func sum(_ parts: [PlanPart], on grid: Grid) throws(QueryError) -> Tally {
    var sum = Tally(steps: grid.count)
    var before = 0
    for part in parts {
      let tally = try tally(part, on: grid)
      for step in sum.perStep.indices { sum.perStep[step] += tally.perStep[step] }
      sum.read += tally.read
      sum.peak = max(sum.peak, before + max(tally.peak, tally.held))
      sum.held = max(sum.held, tally.held)
      before += tally.held
    }
    return sum
  }

  private func instants(_ selector: SelectorPlan, on grid: Grid) throws(QueryError) -> Tally {
    var tally = Tally(steps: grid.count)
    try forEachSeries(selector) { series in
      var next = 0
      for step in tally.perStep.indices {
        let time = selector.time.reference(step: grid.time(step))
        next = series.position(after: time, from: selector.time.at == nil ? next : 0)
        guard next > 0, series.times[next - 1] > time.saturating(minus: context.lookback) else { continue }
        // Stale markers weigh nothing.
        tally.perStep[step] += series.weight(next - 1..<next)
      }
    }
    tally.held = tally.total
    tally.read = tally.total
    return tally
  }

  private func windows(_ windows: WindowsPlan, on grid: Grid) throws(QueryError) -> Tally {
    switch windows.form {
    case .select(let selector, let range):
      var tally = Tally(steps: grid.count)
      var longest = 0
      try forEachSeries(selector) { series in
        let found = tally.add(series, selector.time, range, grid)
        longest = max(longest, found)
      }
      tally.peak = longest + tally.held
      return tally
    case .subquery(let subquery):
      let steps = subquery.grid(for: grid)
      let inner = try self.tally(.vector(subquery.vector), on: steps)
      var tally = Tally(steps: grid.count)
      var longest = 0
      for series in try evaluated(subquery.vector, on: steps) {
        longest = max(longest, tally.add(SeriesWeights(series), subquery.time, subquery.range, grid))
      }
      tally.read = inner.read
      tally.peak = max(inner.peak, inner.held + longest + tally.held)
      return tally
    }
  }

  /// What the inner expression of a subquery yields.
  private func evaluated(_ vector: VectorPlan, on grid: Grid) throws(QueryError) -> [MatrixSeries] {
    var context = context
    context.grid = grid
    context.isInstant = false
    let inner = Plan(root: .vector(vector), selections: plan.selections, text: plan.text)
    guard case .matrix(let series) = try engine.evaluate(inner, context, data: data, cancellation).value
    else {
      return []
    }
    return series
  }

  private func forEachSeries(
    _ selector: SelectorPlan, _ body: (SeriesWeights) -> Void
  ) throws(QueryError) {
    let selected = data[selector.selection]
    for row in 0..<selected.count {
      do throws(EvaluationError) {
        try cancellation?.check(.evaluation)
      } catch {
        throw .evaluation(error, [])
      }
      do { body(SeriesWeights(try selected.samples(row))) } catch { throw .source("\(error)") }
    }
  }
}

extension Tally {
  /// Counts the windows of one series; what the longest weighs.
  fileprivate mutating func add(
    _ series: SeriesWeights, _ reference: TimeReference, _ range: Int64, _ grid: Grid
  ) -> Int {
    var (low, high, seen, longest) = (0, 0, 0, 0)
    for step in perStep.indices {
      let end = reference.reference(step: grid.time(step))
      if reference.at == nil || step == 0 {
        low = series.position(after: end.saturating(minus: range), from: low)
        high = series.position(after: end, from: high)
      }
      let weight = series.weight(low..<high)
      guard weight > 0 else { continue }
      perStep[step] += weight
      read += series.weight(max(low, min(seen, high))..<high)
      seen = max(seen, high)
      longest = max(longest, weight)
      held += 1
    }
    return longest
  }
}

/// The times of a series and what its samples weigh.
private struct SeriesWeights {
  var times: [Int64] = []
  /// What the samples before each weigh, and all.
  private var sums = [0]

  init(_ samples: Samples) {
    samples.forEachStored { append($0.timestamp, $0.value) }
  }

  init(_ series: MatrixSeries) {
    var histogram = 0
    for (time, value) in zip(series.timestamps, series.values) {
      while histogram < series.histograms.count, series.histogramTimestamps[histogram] < time {
        append(series.histogramTimestamps[histogram], .histogram(series.histograms[histogram]))
        histogram += 1
      }
      append(time, .float(value))
    }
    while histogram < series.histograms.count {
      append(series.histogramTimestamps[histogram], .histogram(series.histograms[histogram]))
      histogram += 1
    }
  }

  private mutating func append(_ time: Int64, _ value: StoredSample.Value) {
    let weight =
      switch value {
      case .float(let value): StaleMarker.isStale(value) ? 0 : 1
      case .histogram(let histogram): StaleMarker.isStale(histogram.sum) ? 0 : histogram.sampleWeight
      }
    times.append(time)
    sums.append((sums.last ?? 0) + weight)
  }

  /// How many samples are not after a time; `start`: at least so many.
  func position(after time: Int64, from start: Int) -> Int {
    var position = start
    while position < times.count, times[position] <= time { position += 1 }
    return position
  }

  func weight(_ range: Range<Int>) -> Int { sums[range.upperBound] - sums[range.lowerBound] }
}

extension Int64 {
  fileprivate func saturating(minus other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other > 0 ? .min : .max) : difference
  }
}
