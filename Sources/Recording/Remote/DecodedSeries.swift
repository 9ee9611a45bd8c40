internal import TimeSeries

/// Series that were decoded as they came, floats and histograms, on shared timelines.
struct DecodedSeries: SeriesSource {
  private let index: SeriesIndex
  private let columns: [Samples]

  init(labels: [Labels], columns: [Samples]) {
    index = SeriesIndex(sorted: labels)
    self.columns = columns
  }

  /// The times of the first and the last sample; nil when there is none.
  var timeRange: ClosedRange<Int64>? {
    let ends = columns.filter { $0.count > 0 }.map { ($0.timestamp(0), $0.timestamp($0.count - 1)) }
    guard let first = ends.map(\.0).min(), let last = ends.map(\.1).max() else { return nil }
    return first...last
  }

  var sampleCount: Int { columns.reduce(0) { $0 + $1.count } }

  /// The series that satisfy the matchers and have samples in the interval, in label order.
  func select(_ selection: Selection) -> any Selected {
    let rows = index.rows(matching: selection.matchers).compactMap { row in
      let samples = columns[row].within(after: selection.after, through: selection.through)
      return samples.count > 0 ? (index.labels[row], samples) : nil
    }
    return DecodedSelection(labels: rows.map(\.0), rows: rows.map(\.1))
  }

  /// The same without some labels; series that become alike are merged, the first one's samples first.
  func dropping(_ names: [String], limits: RecordingLimits) throws(RemoteFormatError) -> DecodedSeries {
    let dropped = LabelNames(names)
    var builder = DecodedSeriesBuilder(memoryLimit: limits.memory)
    for (labels, samples) in zip(index.labels, columns) {
      try builder.append(labels.dropping(dropped)) { columns throws(RemoteFormatError) in
        columns.append(samples.columns)
      }
    }
    return builder.finish()
  }

  /// All series with what they have in an interval, whatever the matchers: a remote has applied them.
  func all(after: Int64, through: Int64) -> any Selected {
    let rows = zip(index.labels, columns)
      .map { ($0, $1.within(after: after, through: through)) }.filter { $0.1.count > 0 }
    return DecodedSelection(labels: rows.map(\.0), rows: rows.map(\.1))
  }
}

private struct DecodedSelection: Selected {
  let labels: [Labels]
  let rows: [Samples]

  var mayHoldHistograms: Bool { rows.contains { $0.histograms != nil } }

  func samples(_ row: Int) -> Samples { rows[row] }
}

extension Samples {
  /// The part in an interval of time; shares what it can.
  func within(after: Int64, through: Int64) -> Samples {
    let low = min(max(timeline.firstPosition(after: after) - first, 0), count)
    let high = min(max(timeline.firstPosition(after: through) - first, low), count)
    if low == 0, high == count { return self }
    var part = Samples(timeline: timeline, first: first + low, values: Array(values[low..<high]))
    part.staleMarkers = staleMarkers.filter { $0 >= low && $0 < high }.map { $0 - low }
    part.startTimestamps = startTimestamps.map { Array($0[low..<high]) }
    if let histograms {
      let kept = histograms.positions.indices.filter { (low..<high).contains(histograms.positions[$0]) }
      if !kept.isEmpty {
        part.histograms = HistogramSamples(
          positions: kept.map { histograms.positions[$0] - low },
          histograms: kept.map { histograms.histograms[$0] })
      }
    }
    return part
  }
}

/// Puts series together that arrive in parts, the parts of one mostly one after the other.
struct DecodedSeriesBuilder {
  /// What the columns may take, in bytes.
  private let memoryLimit: Int
  private var memory = 0
  private var timelines = TimelineTable()
  private var current: (labels: Labels, columns: SampleColumns)?
  private var done: [(labels: Labels, samples: Samples)] = []
  /// Parts of series that came apart from their first ones.
  private var rows: [Labels: Int] = [:]

  /// More than `memoryLimit` bytes would be needed.
  struct TooLarge: Error {}

  init(memoryLimit: Int) { self.memoryLimit = memoryLimit }

  /// Lets `decode` append samples of a series; of several at one time the first one stays.
  mutating func append<Failure: Error>(
    _ labels: Labels, _ decode: (inout SampleColumns) throws(Failure) -> Void
  ) throws(Failure) {
    if current?.labels != labels { flush() }
    var columns = current.take()?.columns ?? SampleColumns()
    defer { current = (labels, columns) }
    try decode(&columns)
  }

  /// Whether what was decoded is more than the limit.
  var isFull: Bool { memory + (current.map { Self.size($0.columns) } ?? 0) > memoryLimit }

  private static func size(_ columns: SampleColumns) -> Int {
    columns.count * 16
      + columns.histograms.histograms.reduce(0) { $0 + 160 + 16 * ($1.positive.count + $1.negative.count) }
  }

  private mutating func flush() {
    guard let (labels, columns) = current.take(), !columns.isEmpty else { return }
    memory += Self.size(columns) + 64
    let sorted = columns.sorted()
    let samples = sorted.samples(on: timelines.timeline(sorted.timestamps))
    guard let row = rows[labels] else {
      rows[labels] = done.count
      return done.append((labels, samples))
    }
    var merged = done[row].samples.columns
    merged.append(sorted)
    merged = merged.sorted()
    done[row].samples = merged.samples(on: timelines.timeline(merged.timestamps))
  }

  consuming func finish() -> DecodedSeries {
    flush()
    let sorted = done.sorted { $0.labels < $1.labels }
    return DecodedSeries(labels: sorted.map(\.labels), columns: sorted.map(\.samples))
  }
}

extension Samples {
  /// The same as columns that can grow.
  fileprivate var columns: SampleColumns {
    var columns = SampleColumns()
    forEachStored { columns.append($0) }
    return columns
  }
}
