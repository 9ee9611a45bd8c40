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
