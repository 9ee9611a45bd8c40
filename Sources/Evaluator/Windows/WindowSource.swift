import PromQL
import TimeSeries

/// A range vector, opened: the samples of each series, and where each step's window lies on them.
protocol WindowSource {
  var keys: RowKeys { get }
  var mayHoldHistograms: Bool { get }
  /// Finds the window of each step on a timeline.
  var locator: WindowLocator { get }
  /// The samples of a row without stale markers, read over `samples`; rows are read once.
  func read(_ row: Int, into samples: inout Samples) throws(EvaluationError)
}

/// A range selector's windows.
final class SelectedWindows: WindowSource {
  let keys: RowKeys
  let locator: WindowLocator
  private let selected: any Selected
  private let usesStartTimestamps: Bool
  private let readsStatisticsOnly: Bool

  init(
    _ selected: any Selected, locator: WindowLocator, usesStartTimestamps: Bool,
    readsStatisticsOnly: Bool
  ) {
    self.selected = selected
    self.readsStatisticsOnly = readsStatisticsOnly
    self.locator = locator
    self.usesStartTimestamps = usesStartTimestamps
    keys = RowKeys(selected)
  }

  var mayHoldHistograms: Bool { selected.mayHoldHistograms }

  func read(_ row: Int, into samples: inout Samples) throws(EvaluationError) {
    try Evaluation.read(selected, row, into: &samples)
    if samples.areFloats { return }
    if !usesStartTimestamps { samples.startTimestamps = nil }
    if !samples.staleMarkers.isEmpty { samples = samples.withoutStaleMarkers() }
    guard readsStatisticsOnly, samples.histograms != nil else { return }
    samples = samples.reducedToStatistics(locator.bounds(samples.timeline))
  }
}

extension Samples {
  /// The samples with their stale markers left out: on a timeline of their own.
  func withoutStaleMarkers() -> Samples {
    var kept: [Int] = []
    kept.reserveCapacity(count)
    var marker = 0
    for position in 0..<count {
      if marker < staleMarkers.count, staleMarkers[marker] == position {
        marker += 1
      } else {
        kept.append(position)
      }
    }
    var result = Samples(
      timeline: Timeline(kept.map { timestamp($0) }), values: kept.map { values[$0] },
      startTimestamps: startTimestamps.map { starts in kept.map { starts[$0] } })
    if let histograms {
      var moved = HistogramSamples()
      var next = 0
      for (position, old) in kept.enumerated() {
        while next < histograms.positions.count, histograms.positions[next] < old { next += 1 }
        guard next < histograms.positions.count, histograms.positions[next] == old else { continue }
        moved.positions.append(position)
        moved.histograms.append(histograms.histograms[next])
      }
      result.histograms = moved.positions.isEmpty ? nil : moved
    }
    return result
  }
}

/// A subquery's windows: the inner expression on a grid of its own, its rows joined by labels.
final class SubqueryWindows: WindowSource {
  let keys: RowKeys
  let locator: WindowLocator
  private let inner: any RowSource
  /// The rows of `inner` that make up each series.
  private let parts: [[Int]]
  private let timeline: Timeline
  private var tile: Row
  private let keepsHints: Bool

  /// `keepsHints`: a subquery at the top shows its points as they are.
  init(_ inner: any RowSource, on grid: Grid, locator: WindowLocator, keepsHints: Bool) {
    self.inner = inner
    self.locator = locator
    self.keepsHints = keepsHints
    timeline = Timeline((0..<grid.count).map { grid.time($0) }, number: 0)
    tile = Row(steps: grid.count)
    var seriesOfLabels: [Labels: Int] = [:]
    var keys: [RowKey] = []
    var parts: [[Int]] = []
    for (row, key) in inner.keys.enumerated() {
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

  var mayHoldHistograms: Bool { inner.mayHoldHistograms }

  func read(_ row: Int, into samples: inout Samples) throws(EvaluationError) {
    try inner.read(parts[row][0], into: &tile)
    if parts[row].count > 1 {
      var part = Row(steps: tile.steps)
      for row in parts[row].dropFirst() {
        try inner.read(row, into: &part)
        try tile.merge(part)
      }
    }
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
      if !tile.presence[step], var histogram = tile.histograms[step] {
        switch histogram.hint {
        case .reset, .notReset: if !keepsHints { histogram.hint = .unknown }
        case .unknown, .gauge: break
        }
        histograms.positions.append(times.count)
        histograms.histograms.append(histogram)
      }
      times.append(timeline[step])
      values.append(tile.values[step])
    }
    return Samples(timeline: Timeline(times), values: values, histograms: histograms)
  }
}

extension Presence {
  /// The first and the last present step.
  var first: Int? {
    for (i, word) in words.enumerated() where word != 0 {
      return i * 64 + word.trailingZeroBitCount
    }
    return nil
  }

  var last: Int? {
    for (i, word) in words.enumerated().reversed() where word != 0 {
      return i * 64 + 63 - word.leadingZeroBitCount
    }
    return nil
  }
}

extension Row {
  /// Takes over the values of another part of the same series; two at one step are an error.
  mutating func merge(_ part: Row) throws(EvaluationError) {
    if anyPresence.intersects(part.anyPresence) { throw .duplicateLabelset }
    part.presence.forEachStep { values[$0] = part.values[$0] }
    presence.formUnion(part.presence)
    histograms.merge(part.histograms)
  }
}

extension Presence {
  /// Visits the present steps in order; the body cannot fail.
  @inline(__always)
  func forEachStep(_ body: (_ step: Int) -> Void) {
    for i in words.indices { forEachStep(inWordOf: i << 6, body) }
  }

  /// The same for the steps whose presence lies in one word with that of `start`, the first of them.
  @inline(__always)
  func forEachStep(inWordOf start: Int, _ body: (_ step: Int) -> Void) {
    var word = words[start >> 6]
    while word != 0 {
      body(start + word.trailingZeroBitCount)
      word &= word &- 1
    }
  }
}
