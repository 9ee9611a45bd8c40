/// A series whose samples come with timestamps of their own: loaded, pushed, or scraped with
/// explicit timestamps.
struct LooseSeries: Sendable {
  private(set) var timestamps: [Int64] = []
  /// Unspecified at the positions of histograms.
  private var values: [Double] = []
  private var staleMarkers: [Int] = []
  private var histograms = HistogramSamples()
  private var hints = HistogramHintReader()
  /// One a sample as soon as one is known, else empty.
  private var startTimestamps: [Int64] = []

  var isEmpty: Bool { values.isEmpty }
  var holdsHistograms: Bool { !histograms.positions.isEmpty }

  /// Why a sample would be refused; nil when it would be taken, or repeats the last one exactly.
  func refusal(of sample: StoredSample, labels: Labels) -> StoreError? {
    if let last = timestamps.last, sample.timestamp <= last {
      if sample.timestamp < last { return .outOfOrder(labels, timestamp: sample.timestamp, newest: last) }
      return repeatsLast(sample) ? nil : .duplicateTimestamp(labels, timestamp: sample.timestamp)
    }
    guard case .histogram(let histogram) = sample.value, !StaleMarker.isStale(histogram.sum) else {
      return nil
    }
    return histogram.validationProblem.map { .invalidHistogram(labels, $0) }
  }

  /// Appends a sample; false when it repeats the last one exactly.
  mutating func append(_ sample: StoredSample, labels: Labels) throws(StoreError) -> Bool {
    if let refusal = refusal(of: sample, labels: labels) { throw refusal }
    if let last = timestamps.last, sample.timestamp <= last { return false }
    switch sample.value {
    case .float(let value) where StaleMarker.isStale(value):
      hints.readStaleMarker(at: sample.timestamp)
      staleMarkers.append(values.count)
      values.append(value)
    case .float(let value):
      hints.readFloat()
      values.append(value)
    case .histogram(let histogram) where StaleMarker.isStale(histogram.sum):
      hints.readStaleMarker(at: sample.timestamp)
      staleMarkers.append(values.count)
      values.append(histogram.sum)
    case .histogram(var histogram):
      histogram.hint = hints.hint(of: histogram, at: sample.timestamp)
      histograms.positions.append(values.count)
      histograms.histograms.append(histogram)
      values.append(0)
    }
    timestamps.append(sample.timestamp)
    note(start: sample.startTimestamp)
    return true
  }

  private mutating func note(start: Int64) {
    if !startTimestamps.isEmpty {
      startTimestamps.append(start)
    } else if start != 0 {
      startTimestamps = [Int64](repeating: 0, count: values.count - 1) + [start]
    }
  }

  private func repeatsLast(_ sample: StoredSample) -> Bool {
    let position = values.count - 1
    let isHistogram = histograms.positions.last == position
    switch sample.value {
    case .float(let value):
      return !isHistogram && value.bitPattern == values[position].bitPattern
    case .histogram(let histogram):
      guard isHistogram, let last = histograms.histograms.last else { return false }
      return last.isExactlyEqual(to: histogram)
    }
  }

  /// The samples in (after, through].
  func samples(after: Int64, through: Int64) -> Samples {
    let timeline = Timeline(timestamps)
    let low = timeline.firstPosition(after: after)
    let high = max(low, timeline.firstPosition(after: through))
    guard low < high else { return .none }
    var result = Samples(timeline: timeline, first: low, values: Array(values[low..<high]))
    result.staleMarkers = staleMarkers.filter { $0 >= low && $0 < high }.map { $0 - low }
    if !histograms.positions.isEmpty {
      var kept = HistogramSamples()
      for (position, histogram) in zip(histograms.positions, histograms.histograms)
      where position >= low && position < high {
        kept.positions.append(position - low)
        kept.histograms.append(histogram)
      }
      if !kept.positions.isEmpty { result.histograms = kept }
    }
    if !startTimestamps.isEmpty { result.startTimestamps = Array(startTimestamps[low..<high]) }
    return result
  }

  /// Drops samples before a time; how many.
  mutating func drop(before time: Int64) -> Int {
    let cut = timestamps.prefix { $0 < time }.count
    guard cut > 0 else { return 0 }
    timestamps.removeFirst(cut)
    values.removeFirst(cut)
    staleMarkers = staleMarkers.filter { $0 >= cut }.map { $0 - cut }
    let gone = histograms.positions.prefix { $0 < cut }.count
    histograms.positions = histograms.positions.dropFirst(gone).map { $0 - cut }
    histograms.histograms.removeFirst(gone)
    if !startTimestamps.isEmpty { startTimestamps.removeFirst(cut) }
    return cut
  }
}
