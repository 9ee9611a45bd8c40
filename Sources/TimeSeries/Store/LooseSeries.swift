internal import CColumns
import Synchronization

/// A series whose samples come with timestamps of their own: loaded, pushed, or scraped with
/// explicit timestamps. Sealed blocks and a short head, so that a snapshot that is held costs an append
/// no more than a copy of the head.
struct LooseSeries: Sendable {
  private var storage = Storage()
  /// The times of the first and the last sample; crossed where there is none.
  private var first = Int64.max
  private var last = Int64.min

  /// How many samples are sealed into one block.
  static let samplesPerBlock = 128

  /// A run of samples that nobody changes any more.
  private final class SealedRun: Sendable {
    let timeline: Timeline
    /// A packed frame.
    private let bytes: [UInt8]
    /// Whether a value is a stale marker.
    let holdsStaleMarkers: Bool
    /// Of the run's positions.
    let rare: RareSamples?

    init(timeline: Timeline, values: ArraySlice<Double>, rare: RareSamples?) {
      self.timeline = timeline
      self.rare = rare
      var bytes: [UInt8] = []
      unsafe values.withUnsafeBufferPointer { unsafe PackedFrame.append($0, to: &bytes) }
      bytes.append(contentsOf: repeatElement(0, count: PackedFrame.padding))
      self.bytes = bytes.trimmed()
      holdsStaleMarkers = values.contains(where: StaleMarker.isStale)
    }

    var count: Int { timeline.count }
    var first: Int64 { timeline[0] }
    var last: Int64 { timeline[timeline.count - 1] }
    var byteCount: Int { bytes.count + 32 }

    /// Writes as many values from `target` on. Returns whether it is known that none is lower than the one
    /// before.
    @inline(__always)
    func decode(into target: UnsafeMutablePointer<Double>) -> Bool {
      unsafe bytes.withUnsafeBufferPointer { bytes in
        guard let source = bytes.baseAddress else { return false }
        return unsafe PackedFrame.decode(source, count: timeline.count, into: target)
      }
    }

    var values: [Double] {
      unsafe [Double](unsafeUninitializedCapacity: count) { output, initialized in
        guard let target = output.baseAddress else { return }
        _ = unsafe decode(into: target)
        initialized = count
      }
    }
  }

  /// What few series have.
  fileprivate struct RareSamples: Sendable {
    var histograms = HistogramSamples()
    /// One a sample as soon as one is known, else empty.
    var startTimestamps: [Int64] = []

    var isEmpty: Bool { histograms.positions.isEmpty && startTimestamps.isEmpty }
  }

  private final class Storage: @unchecked Sendable {
    // Sendable: changed only by who holds the only reference.
    var sealed: [SealedRun] = []
    var times: [Int64] = []
    /// Stale markers by their bits; unspecified at the positions of histograms.
    var values: [Double] = []
    var rare = RareSamples()
    var hints = HistogramHintReader()
    var holdsHistograms = false
    /// Whether the newest sample is a histogram, or ends a series of them.
    var endsInHistogram = false

    init() {}

    init(copying other: Storage) {
      sealed = other.sealed
      times = other.times
      values = other.values
      rare = other.rare
      hints = other.hints
      holdsHistograms = other.holdsHistograms
      endsInHistogram = other.endsInHistogram
    }
  }

  var isEmpty: Bool { first > last }
  var holdsHistograms: Bool { storage.holdsHistograms }
  /// The times of the first and the last sample; nil for none.
  var timeRange: ClosedRange<Int64>? { isEmpty ? nil : first...last }

  /// Whether the newest sample is older than a time.
  func ends(before time: Int64) -> Bool { isEmpty || last < time }

  /// Why a sample would be refused; nil when it would be taken, or repeats the last one exactly. A
  /// histogram has to be one before its time is looked at.
  func refusal(of sample: StoredSample, labels: Labels) -> StoreError? {
    if case .histogram(let histogram) = sample.value, !StaleMarker.isStale(histogram.sum),
      let problem = histogram.validationProblem
    {
      return .invalidHistogram(labels, problem)
    }
    guard !isEmpty, sample.timestamp <= last else { return nil }
    if sample.timestamp < last { return .outOfOrder(labels, timestamp: sample.timestamp, newest: last) }
    if repeatsLast(sample) { return nil }
    return .duplicateTimestamp(labels, timestamp: sample.timestamp, values: clash(with: sample))
  }

  /// Appends a sample that nothing refuses; false when there is one as late or later. A block's timeline is
  /// shared with others in the table, and reaches no further than `span` milliseconds.
  mutating func append(_ sample: StoredSample, _ timelines: inout TimelineTable, span: Int64) -> Bool {
    if !isEmpty, sample.timestamp <= last { return false }
    if !isKnownUniquelyReferenced(&storage) { storage = Storage(copying: storage) }
    // The newest sample stays in the head: what repeats it is compared with it.
    if storage.times.count >= Self.samplesPerBlock || reaches(sample.timestamp, span) { seal(&timelines) }
    switch sample.value {
    case .float(let value) where StaleMarker.isStale(value): appendStale(value, at: sample.timestamp)
    case .float(let value):
      if storage.holdsHistograms { storage.hints.readFloat() }
      storage.endsInHistogram = false
      storage.values.append(value)
    case .histogram(let histogram) where StaleMarker.isStale(histogram.sum):
      appendStale(histogram.sum, at: sample.timestamp)
      storage.endsInHistogram = true
    case .histogram(var histogram):
      storage.holdsHistograms = true
      storage.endsInHistogram = true
      histogram.hint = storage.hints.hint(of: histogram, at: sample.timestamp)
      storage.rare.histograms.positions.append(storage.values.count)
      storage.rare.histograms.histograms.append(histogram)
      storage.values.append(0)
    }
    storage.times.append(sample.timestamp)
    first = min(first, sample.timestamp)
    last = sample.timestamp
    note(start: sample.startTimestamp)
    return true
  }

  /// Whether a head that goes on to a time would reach further than `span`.
  private func reaches(_ time: Int64, _ span: Int64) -> Bool {
    guard storage.times.count > 1 else { return false }
    let (reach, overflow) = time.subtractingReportingOverflow(storage.times[0])
    return overflow || reach > span
  }

  private func appendStale(_ value: Double, at time: Int64) {
    if storage.holdsHistograms { storage.hints.readStaleMarker(at: time) }
    storage.values.append(value)
  }

  private func note(start: Int64) {
    if !storage.rare.startTimestamps.isEmpty {
      storage.rare.startTimestamps.append(start)
    } else if start != 0 {
      storage.rare.startTimestamps = [Int64](repeating: 0, count: storage.values.count - 1) + [start]
    }
  }

  private func seal(_ timelines: inout TimelineTable) {
    // The last sample stays.
    let count = storage.times.count - 1
    var rare: RareSamples?
    if !storage.rare.isEmpty {
      var sealed = RareSamples()
      let held = storage.rare.histograms.positions.prefix { $0 < count }.count
      sealed.histograms.positions = Array(storage.rare.histograms.positions[..<held])
      sealed.histograms.histograms = Array(storage.rare.histograms.histograms[..<held])
      storage.rare.histograms.positions = storage.rare.histograms.positions[held...].map { $0 - count }
      storage.rare.histograms.histograms.removeFirst(held)
      if !storage.rare.startTimestamps.isEmpty {
        sealed.startTimestamps = Array(storage.rare.startTimestamps[..<count])
        storage.rare.startTimestamps.removeFirst(count)
      }
      rare = sealed
    }
    storage.sealed.append(
      SealedRun(
        timeline: timelines.timeline(Array(storage.times[..<count])),
        values: storage.values[..<count], rare: rare))
    storage.times.removeFirst(count)
    storage.values.removeFirst(count)
  }

  private func repeatsLast(_ sample: StoredSample) -> Bool {
    guard let value = storage.values.last else { return false }
    switch sample.value {
    // A marker ends whatever the series is.
    case .float(let other) where StaleMarker.isStale(other): return StaleMarker.isStale(value)
    case .float(let other): return !storage.endsInHistogram && other.bitPattern == value.bitPattern
    case .histogram(let histogram):
      guard storage.endsInHistogram else { return false }
      if StaleMarker.isStale(histogram.sum) || StaleMarker.isStale(value) {
        return StaleMarker.isStale(histogram.sum) && StaleMarker.isStale(value)
      }
      return storage.rare.histograms.histograms.last?.isExactlyEqual(to: histogram) ?? false
    }
  }

  /// The values that cannot both be at a time; nil where a histogram is new.
  private func clash(with sample: StoredSample) -> ValueClash? {
    guard case .float(let new) = sample.value, let existing = storage.values.last else { return nil }
    if !storage.endsInHistogram { return ValueClash(existing: existing, new: new) }
    return StaleMarker.isStale(new) ? nil : ValueClash(existing: nil, new: new)
  }

  /// What it takes in memory, bytes; timelines that were seen already are not counted again.
  func byteCount(_ timelines: inout Set<ObjectIdentifier>) -> Int {
    var bytes = 16 * storage.times.capacity + 64
    for run in storage.sealed {
      bytes += run.byteCount + 48
      if timelines.insert(ObjectIdentifier(run.timeline)).inserted { bytes += 8 * run.timeline.count }
    }
    return bytes
  }

  /// Whether there is a sample in (after, through].
  func hasSample(in selection: Selection) -> Bool {
    if isEmpty { return false }
    if first > selection.after, first <= selection.through { return true }
    if last > selection.after, last <= selection.through { return true }
    return first <= selection.after && last > selection.through
  }

  /// What a selection needs: whole runs, and positions of the head.
  private func parts(_ selection: Selection) -> (runs: ArraySlice<SealedRun>, head: Range<Int>) {
    let sealed = storage.sealed
    let firstRun = sealed.partitioningIndexFromEnd { $0.last > selection.after }
    let lastRun = sealed.partitioningIndexFromEnd { $0.first > selection.through }
    let low = storage.times.partitioningIndex { $0 > selection.after }
    let high = storage.times.partitioningIndex { $0 > selection.through }
    return (sealed[firstRun..<max(firstRun, lastRun)], low..<max(low, high))
  }

  /// The samples in the interval, and perhaps some around them; on a timeline of the table, which series
  /// with the same timestamps share.
  func read(
    _ selection: Selection, _ timelines: borrowing Mutex<LooseTimelines>, into result: inout Samples
  ) {
    let (runs, head) = parts(selection)
    guard storage.rare.isEmpty, !runs.contains(where: { $0.rare != nil }) else {
      result = samples(runs, head, timelines)
      return
    }
    guard !runs.isEmpty || !head.isEmpty else {
      result = .none
      return
    }
    let timeline = timeline(runs, head, timelines)
    var neverFalls = true
    unsafe result.refill(timeline, capacity: timeline.count) { target in
      var (place, newest) = unsafe (target, -Double.infinity)
      for run in runs {
        let rises = unsafe run.decode(into: place)
        neverFalls = unsafe neverFalls && rises && newest <= place[0]
        newest = unsafe place[run.count - 1]
        unsafe place += run.count
      }
      unsafe storage.values.withUnsafeBufferPointer { values in
        guard let source = values.baseAddress, !head.isEmpty else { return }
        unsafe place.update(from: source + head.lowerBound, count: head.count)
        neverFalls = unsafe neverFalls && newest <= place[0] && promgate_falls(place, head.count) == 0
      }
      return (0, timeline.count)
    }
    result.neverFalls = neverFalls
    if holdsStaleMarkers(runs, head) { result.noteStaleMarkers() }
  }

  /// Where the samples in the interval lie; nil where not all are floats.
  func extent(_ selection: Selection, _ timelines: borrowing Mutex<LooseTimelines>) -> SampleExtent? {
    let (runs, head) = parts(selection)
    guard storage.rare.isEmpty, !runs.contains(where: { $0.rare != nil }), !holdsStaleMarkers(runs, head),
      !runs.isEmpty || !head.isEmpty
    else { return nil }
    let timeline = timeline(runs, head, timelines)
    return SampleExtent(timeline, 0..<timeline.count)
  }

  private func holdsStaleMarkers(_ runs: ArraySlice<SealedRun>, _ head: Range<Int>) -> Bool {
    runs.contains(where: \.holdsStaleMarkers) || storage.values[head].contains(where: StaleMarker.isStale)
  }

  private func timeline(
    _ runs: ArraySlice<SealedRun>, _ head: Range<Int>, _ timelines: borrowing Mutex<LooseTimelines>
  ) -> Timeline {
    timelines.withLock { $0.timeline(runs.lazy.map(\.timeline), storage.times[head]) }
  }

  /// The same where there are histograms or start timestamps.
  private func samples(
    _ runs: ArraySlice<SealedRun>, _ head: Range<Int>, _ timelines: borrowing Mutex<LooseTimelines>
  ) -> Samples {
    var values: [Double] = []
    var rare = RareSamples()
    for run in runs {
      if let other = run.rare {
        Self.append(other, count: run.count, to: &rare, at: values.count)
      } else if !rare.startTimestamps.isEmpty {
        rare.startTimestamps += [Int64](repeating: 0, count: run.count)
      }
      values += run.values
    }
    if !head.isEmpty {
      if storage.rare.isEmpty {
        if !rare.startTimestamps.isEmpty {
          rare.startTimestamps += [Int64](repeating: 0, count: head.count)
        }
      } else {
        Self.append(storage.rare.within(head), count: head.count, to: &rare, at: values.count)
      }
      values += storage.values[head]
    }
    guard !values.isEmpty else { return .none }
    var result = Samples(timeline: timeline(runs, head, timelines), values: values)
    result.noteStaleMarkers()
    if !rare.histograms.positions.isEmpty { result.histograms = rare.histograms }
    if !rare.startTimestamps.isEmpty { result.startTimestamps = rare.startTimestamps }
    return result
  }

  private static func append(_ other: RareSamples, count: Int, to rare: inout RareSamples, at base: Int) {
    rare.histograms.positions += other.histograms.positions.map { $0 + base }
    rare.histograms.histograms += other.histograms.histograms
    if other.startTimestamps.isEmpty, rare.startTimestamps.isEmpty { return }
    if rare.startTimestamps.isEmpty { rare.startTimestamps = [Int64](repeating: 0, count: base) }
    rare.startTimestamps +=
      other.startTimestamps.isEmpty ? [Int64](repeating: 0, count: count) : other.startTimestamps
  }

  /// Whether a block, or all of a short series, lies before a time.
  func lastsLongPast(_ time: Int64) -> Bool {
    if first >= time { return false }
    if let block = storage.sealed.first { return block.last < time }
    return last < time
  }

  /// Drops blocks, and a head, that lie before a time; how many samples.
  mutating func drop(before time: Int64) -> Int {
    guard lastsLongPast(time) else { return 0 }
    if !isKnownUniquelyReferenced(&storage) { storage = Storage(copying: storage) }
    defer {
      first = storage.sealed.first?.first ?? storage.times.first ?? .max
      if first == .max { last = .min }
    }
    let old = storage.sealed.prefix { $0.last < time }
    var dropped = old.reduce(0) { $0 + $1.timeline.count }
    storage.sealed.removeFirst(old.count)
    if storage.sealed.isEmpty, let last = storage.times.last, last < time {
      dropped += storage.times.count
      storage = Storage()
    }
    return dropped
  }
}

extension LooseSeries.RareSamples {
  /// The part at some positions.
  fileprivate func within(_ range: Range<Int>) -> LooseSeries.RareSamples {
    var part = LooseSeries.RareSamples()
    for (position, histogram) in zip(histograms.positions, histograms.histograms)
    where range.contains(position) {
      part.histograms.positions.append(position - range.lowerBound)
      part.histograms.histograms.append(histogram)
    }
    if !startTimestamps.isEmpty { part.startTimestamps = Array(startTimestamps[range]) }
    return part
  }
}
