internal import TimeSeries

/// Series that were decoded as they came, floats and histograms, on shared timelines.
struct DecodedSeries: SeriesSource {
  private let index: SeriesIndex
  private let columns: [Samples]
  private let holdsHistograms: Bool

  init(labels: [Labels], columns: [Samples]) {
    index = SeriesIndex(sorted: labels)
    holdsHistograms = columns.contains { $0.histograms != nil }
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
    found(index.rows(matching: selection.matchers), selection)
  }

  func bound(_ matchers: [LabelMatcher]) -> Int? { holdsHistograms ? nil : index.bound(matchers) }

  func labelNames(_ selection: Selection) -> [ArraySlice<UInt8>] {
    index.labelNames(matching: selection.matchers) { holds($0, selection) }
  }

  func labelValues(of name: [UInt8], _ selection: Selection) -> [ArraySlice<UInt8>] {
    index.labelValues(of: name, matching: selection.matchers) { holds($0, selection) }
  }

  func statistics(limit: Int) -> SeriesStatistics { index.statistics(limit: limit, timeRange: timeRange) }

  private func holds(_ row: Int, _ selection: Selection) -> Bool {
    !columns[row].positions(after: selection.after, through: selection.through).isEmpty
  }

  private func found(_ rows: some Collection<Int>, _ selection: Selection) -> DecodedSelection {
    var kept: [Int] = []
    var samples: [Samples] = []
    for row in rows {
      let part = columns[row].within(after: selection.after, through: selection.through)
      if part.count > 0 {
        kept.append(row)
        samples.append(part)
      }
    }
    return DecodedSelection(index: index, indexRows: kept, rows: samples)
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
    found(columns.indices, Selection(matchers: [], after: after, through: through))
  }
}

private struct DecodedSelection: Selected {
  let index: SeriesIndex
  /// Where the rows are in the index.
  let indexRows: [Int]
  let rows: [Samples]

  var labels: [Labels] { indexRows.map { index.labels[$0] } }
  var count: Int { rows.count }
  func labels(_ row: Int) -> Labels { index.labels[indexRows[row]] }
  var mayHaveTypeOrUnit: Bool { index.mayHaveTypeOrUnit }
  var mayHoldHistograms: Bool { rows.contains { $0.histograms != nil } }

  func numbers(of names: LabelNames) -> RowNumbers? { index.numbers(of: names, rows: indexRows) }

  func extent(_ row: Int) -> SampleExtent? {
    let samples = rows[row]
    return samples.areFloats
      ? SampleExtent(samples.timeline, samples.first..<samples.first + samples.count) : nil
  }

  func samples(_ row: Int) -> Samples { rows[row] }

  func read(_ row: Int, into result: inout Samples) { result = rows[row] }

  func chunks(
    _ row: Int, first: Int64, last: Int64, _ writer: inout ChunkWriter
  ) -> [WrittenChunk] {
    writer.chunks(rows[row], first: first, last: last)
  }
}

extension Samples {
  /// The positions in an interval of time.
  fileprivate func positions(after: Int64, through: Int64) -> Range<Int> {
    let low = min(max(timeline.firstPosition(after: after) - first, 0), count)
    return low..<min(max(timeline.firstPosition(after: through) - first, low), count)
  }

  /// The part in an interval of time; shares what it can.
  func within(after: Int64, through: Int64) -> Samples {
    let range = positions(after: after, through: through)
    let (low, high) = (range.lowerBound, range.upperBound)
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
