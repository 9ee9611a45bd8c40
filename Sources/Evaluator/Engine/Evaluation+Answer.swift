import PromQL
import TimeSeries

extension Evaluation {
  /// Evaluates a plan and shapes the result (promql-evaluation.md §1, §8).
  func answer(_ plan: Plan, _ context: QueryContext) throws(EvaluationError) -> QueryValue {
    var grid = context.grid
    if options.mutation == .lastStep, grid.count > 1 { grid.end -= grid.step }
    // The times of the steps and a row or two.
    try hold(48, times: grid.count)
    switch plan.root {
    case .string(let text): return .string(timestamp: grid.start, text)
    case .scalar(let scalar):
      let column = try column(scalar, on: grid)
      if context.isInstant { return .scalar(timestamp: grid.start, column[0]) }
      if grid.count == 0 { return .matrix([]) }
      try charge(grid.count)
      return .matrix([
        MatrixSeries(
          labels: .none, timestamps: (0..<grid.count).map { grid.time($0) },
          values: column.values(count: grid.count))
      ])
    case .vector(let vector):
      let rows = try open(vector, on: grid)
      return context.isInstant
        ? .vector(timestamp: grid.start, try samples(rows)) : .matrix(try matrix(rows, grid))
    case .windows(let windows): return .matrix(try matrix(windows, grid))
    }
  }

  private func samples(_ rows: any RowSource) throws(EvaluationError) -> [VectorSample] {
    var samples: [VectorSample] = []
    var seen = Set<Labels>()
    let keys = rows.keys
    // Equal labels can only come up where names went or rows were made; a set tells.
    let all = rows.hasDistinctRows ? nil : keys.map(\.final)
    let mayRepeat = all.map { Set($0).count < $0.count } ?? false
    try hold(MemoryLayout<VectorSample>.stride + 32, times: keys.count)
    samples.reserveCapacity(keys.count)
    // Asked for together: rows are many, and their labels short.
    var texts = 0
    var tile = Row(steps: 1)
    for row in keys.indices {
      try rows.read(row, into: &tile)
      let value: VectorSample.Value
      if tile.presence[0] {
        value = .float(tile.values[0])
      } else if let histogram = tile.histograms[0] {
        value = .histogram(histogram)
      } else {
        continue
      }
      let labels = all?[row] ?? keys[row].final
      if mayRepeat, !seen.insert(labels).inserted { throw .duplicateLabelset }
      texts += labels.bytes.count
      switch value {
      case .float: try charge(1)
      case .histogram(let histogram):
        try hold(histogram.heldBytes)
        try charge(histogram.sampleWeight)
      }
      if texts > 1 << 15 {
        try hold(texts)
        texts = 0
      }
      samples.append(VectorSample(labels: labels, value: value))
    }
    try hold(texts)
    return samples
  }

  /// All rows over all steps, joined by labels and sorted by them.
  private func matrix(_ rows: any RowSource, _ grid: Grid) throws(EvaluationError) -> [MatrixSeries] {
    let parts = parts(rows)
    var times = SharedTimes(grid)
    var result: [MatrixSeries] = []
    var tile = Row(steps: grid.count)
    var part = Row(steps: grid.count)
    for (labels, members) in parts {
      try rows.read(members[0], into: &tile)
      for row in members.dropFirst() {
        try rows.read(row, into: &part)
        try tile.merge(part)
      }
      if tile.isEmpty { continue }
      try hold(labels.bytes.count + MemoryLayout<MatrixSeries>.stride + 8 * tile.presence.population)
      try charge(tile)
      result.append(series(labels, tile, &times))
    }
    return result.inLabelOrder()
  }

  /// The rows that make up each series of the answer.
  private func parts(_ rows: any RowSource) -> [(labels: Labels, rows: [Int])] {
    if rows.hasDistinctRows { return rows.keys.enumerated().map { ($1.final, [$0]) } }
    var seriesOfLabels: [Labels: Int] = [:]
    var parts: [(labels: Labels, rows: [Int])] = []
    for (row, key) in rows.keys.enumerated() {
      let labels = key.final
      if let known = seriesOfLabels[labels] {
        parts[known].rows.append(row)
      } else {
        seriesOfLabels[labels] = parts.count
        parts.append((labels, [row]))
      }
    }
    return parts
  }

  private func series(_ labels: Labels, _ row: Row, _ times: inout SharedTimes) -> MatrixSeries {
    var series = MatrixSeries(labels: labels)
    series.timestamps = times.present(row.presence)
    if series.timestamps.count == row.steps {
      series.values = row.values
    } else {
      series.values.reserveCapacity(series.timestamps.count)
      row.presence.forEachRun { series.values.append(contentsOf: row.values[$0]) }
    }
    if !row.histograms.isEmpty {
      series.histogramTimestamps = row.histograms.steps.map { times.all[$0] }
      series.histograms = row.histograms.histograms
    }
    return series
  }

  /// The times of a grid's steps, and those of the steps at which the last row was present: rows that are
  /// present together share them.
  private struct SharedTimes {
    let all: [Int64]
    private var last: (presence: Presence, times: [Int64])?

    init(_ grid: Grid) { all = (0..<grid.count).map { grid.time($0) } }

    mutating func present(_ presence: Presence) -> [Int64] {
      if let last, last.presence == presence { return last.times }
      var times = presence.isFull ? all : []
      if times.isEmpty {
        times.reserveCapacity(presence.population)
        presence.forEachRun { times.append(contentsOf: all[$0]) }
      }
      last = (presence, times)
      return times
    }
  }

  /// A range vector as it is: the samples of each window with their own times.
  private func matrix(_ plan: WindowsPlan, _ grid: Grid) throws(EvaluationError) -> [MatrixSeries] {
    let windows = try open(plan, on: grid, keepsHints: true)
    var result: [MatrixSeries] = []
    var samples = Samples.none
    for (row, key) in windows.keys.enumerated() {
      try windows.read(row, into: &samples)
      guard samples.count > 0 else { continue }
      let bounds = windows.locator.bounds(samples.timeline)
      try hold(
        key.final.bytes.count + MemoryLayout<MatrixSeries>.stride
          + 16 * bounds.window(0, in: samples).count)
      var series = MatrixSeries(labels: key.final)
      if plan.edges == .none {
        series.take(samples, bounds.window(0, in: samples))
      } else {
        try series.takeExtended(
          samples, bounds.window(0, in: samples), plan: plan, end: windows.locator.ends[0])
      }
      try hold(series.histograms.reduce(0) { $0 + $1.heldBytes })
      try charge(series.histograms.reduce(series.values.count) { $0 + $1.sampleWeight })
      if !series.isEmpty { result.append(series) }
    }
    result = result.inLabelOrder()
    for (a, b) in zip(result, result.dropFirst()) where a.labels == b.labels {
      throw .duplicateLabelset
    }
    return result
  }
}

extension [MatrixSeries] {
  /// Sorted by labels, without moving series more than once.
  fileprivate func inLabelOrder() -> [MatrixSeries] {
    let labels = map(\.labels)
    let isAscending = zip(labels, labels.dropFirst()).allSatisfy { $0 <= $1 }
    return isAscending ? self : indices.sorted { labels[$0] < labels[$1] }.map { self[$0] }
  }
}

extension MatrixSeries {
  /// Appends the samples at positions of a run.
  mutating func take(_ samples: Samples, _ window: Range<Int>) {
    guard let column = samples.histograms else {
      timestamps += window.map { samples.timestamp($0) }
      values += samples.values[window]
      return
    }
    var histogram = column.positions.firstIndex { $0 >= window.lowerBound } ?? column.positions.count
    for position in window {
      if histogram < column.positions.count, column.positions[histogram] == position {
        histogramTimestamps.append(samples.timestamp(position))
        histograms.append(column.histograms[histogram])
        histogram += 1
      } else {
        timestamps.append(samples.timestamp(position))
        values.append(samples.values[position])
      }
    }
  }
}
