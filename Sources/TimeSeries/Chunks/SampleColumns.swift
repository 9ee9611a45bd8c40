/// Samples of one series as they are decoded: columns that grow.
///
/// Timestamps are those of the source and need not ascend until `sorted` has been called.
public struct SampleColumns: Sendable {
  /// Milliseconds since the epoch.
  public internal(set) var timestamps: [Int64] = []
  /// Unspecified at the positions of histograms; stale markers have their bits.
  public internal(set) var values: [Double] = []
  public internal(set) var histograms = HistogramSamples()
  /// One a sample as soon as one is known, else empty; 0 is unknown.
  public internal(set) var startTimestamps: [Int64] = []

  public init() {}

  public var count: Int { timestamps.count }
  public var isEmpty: Bool { timestamps.isEmpty }

  /// Makes room for so many more samples.
  public mutating func reserve(_ more: Int) {
    timestamps.reserveCapacity(count + more)
    values.reserveCapacity(count + more)
  }

  /// Appends a sample.
  public mutating func append(_ sample: StoredSample) {
    switch sample.value {
    case .float(let value): values.append(value)
    case .histogram(let histogram) where StaleMarker.isStale(histogram.sum): values.append(histogram.sum)
    case .histogram(let histogram):
      histograms.positions.append(count)
      histograms.histograms.append(histogram)
      values.append(0)
    }
    timestamps.append(sample.timestamp)
    noteStart(sample.startTimestamp)
  }

  /// Appends a float without a start.
  public mutating func append(timestamp: Int64, float value: Double) {
    timestamps.append(timestamp)
    values.append(value)
    if !startTimestamps.isEmpty { startTimestamps.append(0) }
  }

  /// Appends the samples of other columns.
  public mutating func append(_ other: SampleColumns) {
    let base = count
    timestamps += other.timestamps
    values += other.values
    histograms.positions += other.histograms.positions.map { $0 + base }
    histograms.histograms += other.histograms.histograms
    if !other.startTimestamps.isEmpty, startTimestamps.isEmpty {
      startTimestamps = [Int64](repeating: 0, count: base)
    }
    if !other.startTimestamps.isEmpty {
      startTimestamps += other.startTimestamps
    } else if !startTimestamps.isEmpty {
      startTimestamps += [Int64](repeating: 0, count: other.count)
    }
  }

  /// Notes the start of the sample that was appended last.
  mutating func noteStart(_ start: Int64) {
    if !startTimestamps.isEmpty {
      startTimestamps.append(start)
    } else if start != 0 {
      startTimestamps = [Int64](repeating: 0, count: count - 1) + [start]
    }
  }

  /// Forgets all but the first samples.
  mutating func truncate(to length: Int, histograms known: Int) {
    timestamps.removeSubrange(length...)
    values.removeSubrange(length...)
    histograms.positions.removeSubrange(known...)
    histograms.histograms.removeSubrange(known...)
    if startTimestamps.count > length { startTimestamps.removeSubrange(length...) }
  }

  /// Whether the timestamps strictly ascend.
  public var isAscending: Bool {
    for i in timestamps.indices.dropFirst() where timestamps[i] <= timestamps[i - 1] { return false }
    return true
  }

  /// In order of time; of samples at the same time the first one stays. O(n log n), O(n) when they are
  /// in order.
  public func sorted() -> SampleColumns {
    if isAscending { return self }
    let order = timestamps.indices.sorted { (timestamps[$0], $0) < (timestamps[$1], $1) }
    var kept: [Int] = []
    kept.reserveCapacity(order.count)
    for position in order where kept.last.map({ timestamps[$0] != timestamps[position] }) ?? true {
      kept.append(position)
    }
    return picking(kept)
  }

  /// The samples for which the condition on their times holds.
  public func filtered(_ keeps: (Int64) -> Bool) -> SampleColumns {
    if timestamps.allSatisfy(keeps) { return self }
    return picking(timestamps.indices.filter { keeps(timestamps[$0]) })
  }

  /// The samples in first...last, of columns that are in order of time.
  public func clipped(_ first: Int64, _ last: Int64) -> SampleColumns {
    guard let begin = timestamps.first, let end = timestamps.last else { return self }
    if begin >= first, end <= last { return self }
    let low = Self.position(timestamps, first)
    let high = last == .max ? count : Self.position(timestamps, last + 1)
    var result = SampleColumns()
    guard low < high else { return result }
    result.timestamps = Array(timestamps[low..<high])
    result.values = Array(values[low..<high])
    if !startTimestamps.isEmpty { result.startTimestamps = Array(startTimestamps[low..<high]) }
    for (position, histogram) in zip(histograms.positions, histograms.histograms)
    where position >= low && position < high {
      result.histograms.positions.append(position - low)
      result.histograms.histograms.append(histogram)
    }
    return result
  }

  /// The first position at or after a time.
  private static func position(_ timestamps: [Int64], _ time: Int64) -> Int {
    timestamps.partitioningIndex { $0 >= time }
  }

  private func picking(_ positions: [Int]) -> SampleColumns {
    var result = SampleColumns()
    result.timestamps = positions.map { timestamps[$0] }
    result.values = positions.map { values[$0] }
    if !startTimestamps.isEmpty { result.startTimestamps = positions.map { startTimestamps[$0] } }
    guard !histograms.positions.isEmpty else { return result }
    var indexes: [Int: Int] = [:]
    for (index, position) in histograms.positions.enumerated() { indexes[position] = index }
    for (new, old) in positions.enumerated() {
      guard let index = indexes[old] else { continue }
      result.histograms.positions.append(new)
      result.histograms.histograms.append(histograms.histograms[index])
    }
    return result
  }

  /// The samples on a timeline whose positions from `first` on have these timestamps.
  public func samples(on timeline: Timeline, first: Int = 0) -> Samples {
    var samples = Samples(timeline: timeline, first: first, values: values)
    for position in values.indices where StaleMarker.isStale(values[position]) {
      samples.staleMarkers.append(position)
    }
    if !histograms.positions.isEmpty { samples.histograms = histograms }
    if !startTimestamps.isEmpty { samples.startTimestamps = startTimestamps }
    return samples
  }
}
