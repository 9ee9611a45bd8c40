import PromQL
import TimeSeries

/// The samples of a subquery of many steps: those that are present, whatever the number of steps.
final class HeldSeries {
  let grid: Grid
  private(set) var keys: [RowKey] = []
  private(set) var series: [Column] = []
  private(set) var mayHoldHistograms = false
  /// What was asked for.
  private(set) var holding = Holding()
  private var seriesOfLabels: [Labels: Int] = [:]

  /// One series.
  struct Column {
    /// The steps with a sample: stretches without a gap, ascending.
    fileprivate(set) var runs: [Range<Int>] = []
    /// One value a sample; of no meaning where it is a histogram.
    fileprivate(set) var values: [Double] = []
    fileprivate(set) var histograms = HistogramSamples()
  }

  init(on grid: Grid) { self.grid = grid }

  /// The series with these labels.
  func series(_ key: RowKey, _ evaluation: Evaluation) throws(EvaluationError) -> Int {
    let labels = key.labels
    if let known = seriesOfLabels[labels] {
      keys[known].dropsName = keys[known].dropsName || key.dropsName
      return known
    }
    try keep(Holding(bytes: labels.bytes.count + 320), evaluation)
    seriesOfLabels[labels] = keys.count
    keys.append(key)
    series.append(Column())
    return keys.count - 1
  }

  private func keep(_ more: Holding, _ evaluation: Evaluation) throws(EvaluationError) {
    try evaluation.keep(more)
    holding.bytes += more.bytes
    holding.samples += more.samples
  }

  /// Appends what a row has, whose first step is `start` of the grid; later ones than all before.
  func append(
    _ tile: borrowing Row, from start: Int, to index: Int, _ evaluation: Evaluation
  ) throws(EvaluationError) {
    let hasHistograms = !tile.histograms.isEmpty
    let present = hasHistograms ? tile.anyPresence : tile.presence
    // A column grows to twice what it holds; a run follows a gap.
    var more = Holding(bytes: 16 * present.population, samples: tile.sampleWeight)
    present.forEachRun { _ in more.bytes += 2 * MemoryLayout<Range<Int>>.stride }
    if hasHistograms {
      mayHoldHistograms = true
      more.bytes += tile.histograms.histograms.reduce(0) { $0 + 2 * $1.heldBytes }
    }
    try keep(more, evaluation)
    let before = series[index].values.count
    present.forEachRun { run in
      series[index].values.append(contentsOf: tile.values[run])
      let shifted = run.lowerBound + start..<run.upperBound + start
      if let last = series[index].runs.last, last.upperBound == shifted.lowerBound {
        series[index].runs[series[index].runs.count - 1] = last.lowerBound..<shifted.upperBound
      } else {
        series[index].runs.append(shifted)
      }
    }
    guard hasHistograms else { return }
    var position = before
    var histogram = 0
    present.forEachStep { step in
      if histogram < tile.histograms.count, tile.histograms.steps[histogram] == step {
        series[index].histograms.positions.append(position)
        series[index].histograms.histograms.append(tile.histograms.histograms[histogram])
        histogram += 1
      }
      position += 1
    }
  }
}

/// The windows on samples that are held.
final class HeldWindows: WindowSource {
  let keys: RowKeys
  let locator: WindowLocator
  private let held: HeldSeries
  private let keepsHints: Bool
  private let evaluation: Evaluation
  /// The times of the series read last: series of a target have the same.
  private var last: (runs: [Range<Int>], timeline: Timeline)?
  /// What the series read last takes.
  private var bytes = 0

  /// `keepsHints`: a subquery at the top shows its points as they are.
  init(_ held: HeldSeries, locator: WindowLocator, keepsHints: Bool, evaluation: Evaluation) {
    self.held = held
    self.locator = locator
    self.keepsHints = keepsHints
    self.evaluation = evaluation
    keys = RowKeys(held.keys)
  }

  deinit { evaluation.release(bytes) }

  var mayHoldHistograms: Bool { held.mayHoldHistograms }

  func read(_ row: Int, into samples: inout Samples) throws(EvaluationError) {
    let column = held.series[row]
    guard !column.values.isEmpty else {
      samples = .none
      return
    }
    samples = Samples(timeline: try timeline(column), values: column.values)
    guard !column.histograms.positions.isEmpty else { return }
    var histograms = column.histograms
    if !keepsHints { histograms.histograms = histograms.histograms.map(\.outOfContext) }
    samples.histograms = histograms
  }

  private func timeline(_ column: HeldSeries.Column) throws(EvaluationError) -> Timeline {
    if let last, last.runs == column.runs { return last.timeline }
    last = nil
    // The times, while they are made and as a timeline.
    let size = 16 * column.values.count
    if size > bytes {
      try evaluation.hold(size - bytes)
      bytes = size
    }
    var times: [Int64] = []
    times.reserveCapacity(column.values.count)
    for run in column.runs { for step in run { times.append(held.grid.time(step)) } }
    let timeline = Timeline(times)
    last = (column.runs, timeline)
    return timeline
  }
}
