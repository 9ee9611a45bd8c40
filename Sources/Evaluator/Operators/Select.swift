internal import CColumns
import PromQL
import TimeSeries

/// An instant selector: the newest sample of each series within the lookback of each step
/// (promql-evaluation.md §2.2).
final class SelectRows: RowSource {
  /// What of the sample found is the value.
  enum Yield {
    case value
    /// The sample's own time, seconds.
    case timestamp
    /// The sample's start timestamp, seconds; 0 when unknown.
    case startTimestamp
  }

  let keys: RowKeys
  private let selected: any Selected
  private let locator: WindowLocator
  private let yield: Yield
  private let readsStatisticsOnly: Bool
  /// The samples of all rows are held by Prometheus: more than these are refused.
  private let most: Int
  private var count = 0
  /// Whether there may be more; counting costs little, but there are many rows.
  private let mayBeMore: Bool
  /// Those of the row read last: the next one has their memory. Taken while a row is read.
  private var samples: Samples? = Samples.none
  /// Where the row lay whose presence was asked for last, and what came out: series of a target are alike.
  private var lastExtent: SampleExtent?
  private var lastPresence = Presence(count: 0)

  init(
    _ selected: any Selected, locator: WindowLocator, yield: Yield, keys: RowKeys,
    readsStatisticsOnly: Bool, most: Int
  ) {
    self.selected = selected
    self.most = most
    mayBeMore =
      selected.mayHoldHistograms
      || selected.count.multipliedReportingOverflow(by: locator.ends.count).overflow
      || selected.count * locator.ends.count > most
    self.readsStatisticsOnly = readsStatisticsOnly
    self.locator = locator
    self.yield = yield
    self.keys = keys
  }

  var mayHoldHistograms: Bool { yield == .value && selected.mayHoldHistograms }
  var hasDistinctRows: Bool { yield == .value }

  func readPresence(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    guard let extent = selected.extent(row) else { return try read(row, into: &tile) }
    takePresence(extent, into: &tile)
    try count(tile)
  }

  private func takePresence(_ extent: SampleExtent, into tile: inout Row) {
    tile.clear()
    if let lastExtent, lastExtent.isSame(as: extent) {
      tile.presence.copy(lastPresence)
      return
    }
    let bounds = locator.bounds(extent.timeline)
    if bounds.needed.clamped(to: extent.positions) == bounds.needed {
      tile.presence.copy(bounds.presence)
    } else {
      bounds.presence.forEachStep { step in
        let (first, newest) = bounds.edges(step)
        let window = first...newest
        if extent.positions.overlaps(window) { tile.presence[step] = true }
      }
    }
    if lastExtent == nil { lastPresence = Presence(count: tile.steps) }
    lastPresence.copy(tile.presence)
    lastExtent = extent
  }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    tile.clear()
    var samples = samples.take() ?? .none
    try Evaluation.read(selected, row, into: &samples)
    if samples.count > 0 { take(&samples, into: &tile) }
    self.samples = samples
    try count(tile)
  }

  private func count(_ tile: borrowing Row) throws(EvaluationError) {
    guard mayBeMore else { return }
    count += tile.sampleWeight
    if count > most { throw .tooManySamples }
  }

  /// The newest sample of each step's window.
  private func take(_ samples: inout Samples, into tile: inout Row) {
    let bounds = locator.bounds(samples.timeline)
    if readsStatisticsOnly { samples = samples.reducedToStatistics(bounds) }
    if samples.areFloats, yield == .value {
      if samples.cover(bounds) {
        // The run has every position; both have one element a step.
        unsafe promgate_gather(
          samples.values, Int32(samples.first), bounds.newest, tile.steps, &tile.values)
        tile.presence.copy(bounds.presence)
        return
      }
      if tile.steps == 1 {
        let window = bounds.window(0, in: samples)
        if !window.isEmpty { tile.set(0, samples.values[window.upperBound - 1]) }
        return
      }
      bounds.presence.forEachStep { step in
        let window = bounds.window(step, in: samples)
        if !window.isEmpty { tile.set(step, samples.values[window.upperBound - 1]) }
      }
      return
    }
    let stale = Set(samples.staleMarkers)
    var histogram = 0
    for step in 0..<tile.steps {
      let window = bounds.window(step, in: samples)
      let position = window.upperBound - 1
      guard !window.isEmpty, !stale.contains(position) else { continue }
      switch yield {
      case .timestamp: tile.set(step, Double(samples.timestamp(position)) / 1000)
      case .startTimestamp:
        tile.set(step, Double(samples.startTimestamps?[position] ?? 0) / 1000)
      case .value:
        guard let column = samples.histograms else {
          tile.set(step, samples.values[position])
          continue
        }
        while histogram < column.positions.count, column.positions[histogram] < position {
          histogram += 1
        }
        if histogram < column.positions.count, column.positions[histogram] == position {
          tile.histograms.append(step, column.histograms[histogram])
        } else {
          tile.set(step, samples.values[position])
        }
      }
    }
  }
}

extension Samples {
  /// Whether the run has every position that the windows need, so that the windows of the timeline are
  /// those of the run.
  @inline(__always)
  func cover(_ bounds: WindowBounds) -> Bool {
    count > 0 && first <= bounds.needed.lowerBound && first + count >= bounds.needed.upperBound
  }
}
