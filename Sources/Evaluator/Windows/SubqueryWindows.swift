import PromQL
import TimeSeries

/// The rows of a node joined by their labels: the series of a subquery.
final class JoinedRows {
  let keys: RowKeys
  private let source: any RowSource
  /// The rows of `source` that make up each series.
  private let parts: [[Int]]
  private var part: Row?

  init(_ source: any RowSource, evaluation: Evaluation) throws(EvaluationError) {
    try evaluation.hold(256, times: source.keys.count)
    self.source = source
    var seriesOfLabels: [Labels: Int] = [:]
    var keys: [RowKey] = []
    var parts: [[Int]] = []
    for (row, key) in source.keys.enumerated() {
      if let series = seriesOfLabels[key.labels] {
        parts[series].append(row)
        keys[series].dropsName = keys[series].dropsName || key.dropsName
      } else {
        seriesOfLabels[key.labels] = keys.count
        keys.append(key)
        parts.append([row])
      }
    }
    self.keys = RowKeys(keys)
    self.parts = parts
  }

  var mayHoldHistograms: Bool { source.mayHoldHistograms }

  func read(_ series: Int, into tile: inout Row) throws(EvaluationError) {
    try source.read(parts[series][0], into: &tile)
    if parts[series].count == 1 { return }
    var part = part.take() ?? Row(steps: tile.steps)
    for row in parts[series].dropFirst() {
      try source.read(row, into: &part)
      try tile.merge(part)
    }
    self.part = part
  }
}

/// A subquery's windows: the inner expression on a grid of its own, a series at a time.
final class SubqueryWindows: WindowSource {
  let keys: RowKeys
  let locator: WindowLocator
  private let rows: JoinedRows
  private let timeline: Timeline
  private var tile: Row
  private let keepsHints: Bool

  /// What each step of the grid takes, bytes: its time, and what is read of a series.
  static let bytesPerStep = 48

  /// `keepsHints`: a subquery at the top shows its points as they are.
  init(_ rows: JoinedRows, on grid: Grid, locator: WindowLocator, keepsHints: Bool) {
    self.rows = rows
    self.locator = locator
    self.keepsHints = keepsHints
    keys = rows.keys
    timeline = Timeline((0..<grid.count).map { grid.time($0) }, number: 0)
    tile = Row(steps: grid.count)
  }

  var mayHoldHistograms: Bool { rows.mayHoldHistograms }

  func read(_ row: Int, into samples: inout Samples) throws(EvaluationError) {
    try rows.read(row, into: &tile)
    samples = tile.histograms.isEmpty ? floats() : mixed()
  }

  private func floats() -> Samples {
    let present = tile.presence
    guard let first = present.first, let last = present.last else { return .none }
    if present.population == last - first + 1 {
      return Samples(timeline: timeline, first: first, values: Array(tile.values[first...last]))
    }
    var times: [Int64] = []
    var values: [Double] = []
    for step in first...last where present[step] {
      times.append(timeline[step])
      values.append(tile.values[step])
    }
    return Samples(timeline: Timeline(times), values: values)
  }

  private func mixed() -> Samples {
    let present = tile.anyPresence
    var times: [Int64] = []
    var values: [Double] = []
    var histograms = HistogramSamples()
    for step in 0..<tile.steps where present[step] {
      if !tile.presence[step], let histogram = tile.histograms[step] {
        histograms.positions.append(times.count)
        histograms.histograms.append(keepsHints ? histogram : histogram.outOfContext)
      }
      times.append(timeline[step])
      values.append(tile.values[step])
    }
    return Samples(timeline: Timeline(times), values: values, histograms: histograms)
  }
}

extension NativeHistogram {
  /// The same where what a hint says of the histogram before does not hold: what was before is another
  /// one now.
  var outOfContext: NativeHistogram {
    switch hint {
    case .unknown, .gauge: return self
    case .reset, .notReset:
      var result = self
      result.hint = .unknown
      return result
    }
  }
}
