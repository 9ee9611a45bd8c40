/// Sealed, immutable samples of the series that were scraped together: columns over one timeline.
final class Block: Sendable {
  let timeline: Timeline
  /// The series that have a column, ascending.
  let series: [Int32]
  /// One column a series, in the order of `series`.
  let columns: [Column]
  let sampleCount: Int

  /// One series' samples in a block.
  struct Column: Sendable {
    /// The values at `positions`, or at every position of the timeline.
    var values: [Double]
    /// Where on the timeline the values are, ascending; nil: one at every position.
    var positions: [Int32]?
    var hasStaleMarkers: Bool
  }

  init(timeline: Timeline, series: [Int32], columns: [Column]) {
    self.timeline = timeline
    self.series = series
    self.columns = columns
    sampleCount = columns.reduce(0) { $0 + $1.values.count }
  }

  /// The column of a series; nil when it has no sample in the block. O(log series).
  func column(of id: Int32) -> Column? {
    var low = 0
    var high = series.count
    while low < high {
      let middle = (low + high) / 2
      if series[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low < series.count && series[low] == id ? columns[low] : nil
  }
}

/// One scrape's values of all series of a target.
final class ScrapeRow: Sendable {
  /// Milliseconds since the epoch.
  let timestamp: Int64
  /// By slot; slots at and beyond the end had no sample.
  let values: [Double]
  /// A bit a slot, set where there is a sample; nil: every slot of `values` has one.
  let presence: [UInt64]?
  let sampleCount: Int

  init(timestamp: Int64, values: [Double], presence: [UInt64]?, sampleCount: Int) {
    self.timestamp = timestamp
    self.values = values
    self.presence = presence
    self.sampleCount = sampleCount
  }

  /// The value in a slot; nil when there is none.
  func value(_ slot: Int) -> Double? {
    guard slot < values.count else { return nil }
    if let presence, presence[slot / 64] & (1 << UInt64(slot % 64)) == 0 { return nil }
    return values[slot]
  }
}
