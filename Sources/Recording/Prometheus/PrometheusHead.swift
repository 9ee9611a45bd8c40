internal import Scrape
internal import TimeSeries

/// What a server had in memory: its log replayed over its mapped chunks (chunks-and-blocks.md §11).
///
/// A snapshot of the memory, where there is one, says nothing that the log does not.
final class PrometheusHead: Sendable {
  /// One series of the head.
  struct Series: Sendable {
    let labels: Labels
    /// In order of time.
    fileprivate(set) var mapped: [HeadChunk] = []
    fileprivate(set) var outOfOrder: [HeadChunk] = []
    fileprivate var samples = SampleColumns()
    fileprivate var late = SampleColumns()
    fileprivate var hints = HistogramHintReader()
    fileprivate var deleted = Tombstones()

    init(_ labels: Labels) { self.labels = labels }

    /// The first and the last time, milliseconds; nil when there is no sample.
    var timeRange: ClosedRange<Int64>? {
      let chunks = mapped + outOfOrder
      let times = samples.timestamps + late.timestamps
      guard let first = (chunks.map(\.first) + times).min(), let last = (chunks.map(\.last) + times).max()
      else { return nil }
      return first...max(first, last)
    }

    /// The parts that hold samples in (after, through], those in order first.
    func parts(after: Int64, through: Int64) throws(RecordingError) -> [SampleColumns] {
      let overlaps = { (chunk: HeadChunk) in chunk.first <= through && chunk.last > after }
      var ordered = SampleColumns()
      for chunk in mapped where overlaps(chunk) { try chunk.append(to: &ordered) }
      ordered.append(samples)
      var parts = [ordered]
      for chunk in outOfOrder where overlaps(chunk) {
        var part = SampleColumns()
        try chunk.append(to: &part)
        parts.append(part)
      }
      parts.append(late)
      guard let keeps = deleted.keeps(0) else { return parts.filter { !$0.isEmpty } }
      return parts.map { $0.filtered(keeps) }.filter { !$0.isEmpty }
    }
  }

  let series: [Series]
  /// In label order, as in `series`.
  let index: SeriesIndex
  let families: [MetricFamily]
  let warnings: [String]

  /// Replays a directory's log. Samples before `minimum` (milliseconds) are in blocks.
  init(directory: String, minimum: Int64) throws(RecordingError) {
    var replay = HeadReplay(chunks: HeadChunks(folder: directory + "/chunks_head"), minimum: minimum)
    try replay.run(directory)
    let sorted = replay.series.filter { $0.timeRange != nil }.sorted { $0.labels < $1.labels }
    series = sorted
    index = SeriesIndex(sorted: sorted.map(\.labels))
    families = replay.families
    warnings = replay.warnings
  }
}

/// A head while its log is read.
private struct HeadReplay {
  private let chunks: HeadChunks
  private let minimum: Int64
  private(set) var series: [PrometheusHead.Series] = []
  private var slotOfLabels: [Labels: Int] = [:]
  private var slotOfReference = ReferenceTable()
  /// By slot: the time that the next sample has to pass.
  private var ends: [Int64] = []
  private var metadata: [String: MetricFamily] = [:]
  private(set) var warnings: [String] = []

  init(chunks: HeadChunks, minimum: Int64) {
    self.chunks = chunks
    self.minimum = minimum
    if let warning = chunks.warning { warnings.append(warning) }
  }

  var families: [MetricFamily] { metadata.values.sorted { $0.name < $1.name } }

  mutating func run(_ directory: String) throws(RecordingError) {
    let log = directory + "/wal"
    let checkpoints = DirectoryListing(log).names.compactMap { name -> Int? in
      guard name.hasPrefix("checkpoint."), !name.hasSuffix(".tmp") else { return nil }
      return Int(name.dropFirst("checkpoint.".count))
    }
    var start = 0
    if let newest = checkpoints.max() {
      let digits = String(newest)
      let name = "checkpoint." + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
      try read(LogSegments(folder: log + "/" + name)) { replay, record in replay.take(record) }
      start = newest + 1
    }
    try read(LogSegments(folder: log, start: (start, 0))) { replay, record in replay.take(record) }
    try read(LogSegments(folder: directory + "/wbl")) { replay, record in replay.takeLate(record) }
  }

  private mutating func read(
    _ segments: LogSegments, _ take: (inout HeadReplay, LogRecord) -> Void
  ) throws(RecordingError) {
    var damaged = 0
    let warning = try segments.read { reader throws(RecordingError) in
      var reader = reader
      do throws(BytesEnded) { take(&self, try LogRecord(&reader)) } catch { damaged += 1 }
    }
    if let warning { warnings.append(warning) }
    if damaged > 0 { warnings.append("\(segments.folder): \(damaged) records are damaged and left out") }
  }

  private mutating func take(_ record: LogRecord) {
    switch record {
    case .series(let entries): for entry in entries { open(entry.reference, entry.labels) }
    case .floats(let entries):
      for entry in entries { append(entry.reference, entry.timestamp, entry.value) }
    case .samples(let entries): for entry in entries { append(entry.reference, entry.sample) }
    case .tombstones(let entries):
      for entry in entries {
        guard let slot = slotOfReference[entry.reference] else { continue }
        if entry.from == .min, entry.through == .max {
          let labels = series[slot].labels
          series[slot] = PrometheusHead.Series(labels)
          ends[slot] = .min
        } else if entry.through >= minimum {
          series[slot].deleted.add(0, from: entry.from, through: entry.through)
        }
      }
    case .metadata(let entries):
      for entry in entries {
        guard let slot = slotOfReference[entry.reference], let name = series[slot].labels.metricName else {
          continue
        }
        metadata[name] = MetricFamily(
          name: name, type: MetricType(logged: entry.type), help: entry.help, unit: entry.unit)
      }
    case .markers, .other: break
    }
  }

  private mutating func open(_ reference: UInt64, _ labels: Labels) {
    let slot: Int
    if let known = slotOfLabels[labels] {
      slot = known
    } else {
      slot = series.count
      slotOfLabels[labels] = slot
      series.append(PrometheusHead.Series(labels))
      ends.append(.min)
    }
    slotOfReference[reference] = slot
    let all = chunks.bySeries[reference] ?? []
    series[slot].mapped = all.filter { !$0.isOutOfOrder && $0.last >= minimum }
    series[slot].outOfOrder = all.filter(\.isOutOfOrder)
    series[slot].samples = SampleColumns()
    series[slot].hints = HistogramHintReader()
    ends[slot] = series[slot].mapped.last?.last ?? .min
  }

  private mutating func append(_ reference: UInt64, _ sample: StoredSample) {
    guard let slot = slotOfReference[reference], sample.timestamp >= minimum, sample.timestamp > ends[slot]
    else { return }
    ends[slot] = sample.timestamp
    var sample = sample
    switch sample.value {
    case .float(let value) where StaleMarker.isStale(value):
      series[slot].hints.readStaleMarker(at: sample.timestamp)
    case .float: series[slot].hints.readFloat()
    case .histogram(let histogram) where StaleMarker.isStale(histogram.sum):
      series[slot].hints.readStaleMarker(at: sample.timestamp)
    case .histogram(var histogram):
      histogram.hint = series[slot].hints.hint(of: histogram, at: sample.timestamp)
      sample.value = .histogram(histogram)
    }
    series[slot].samples.append(sample)
  }

  private mutating func append(_ reference: UInt64, _ timestamp: Int64, _ value: Double) {
    // Most of a log is in chunks already.
    guard let slot = slotOfReference[reference], timestamp >= minimum, timestamp > ends[slot] else { return }
    ends[slot] = timestamp
    if StaleMarker.isStale(value) {
      series[slot].hints.readStaleMarker(at: timestamp)
    } else {
      series[slot].hints.readFloat()
    }
    series[slot].samples.append(timestamp: timestamp, float: value)
  }

  private mutating func append(late sample: StoredSample, to reference: UInt64) {
    guard let slot = slotOfReference[reference] else { return }
    // The first sample of a time stays.
    if series[slot].late.timestamps.contains(sample.timestamp) { return }
    series[slot].late.append(sample)
  }

  /// A record of the write-behind log: samples that came too late.
  private mutating func takeLate(_ record: LogRecord) {
    switch record {
    case .floats(let entries):
      for entry in entries {
        append(late: StoredSample(timestamp: entry.timestamp, .float(entry.value)), to: entry.reference)
      }
    case .samples(let entries): for entry in entries { append(late: entry.sample, to: entry.reference) }
    case .markers(let entries):
      for entry in entries where entry.chunk <= chunks.last {
        guard let slot = slotOfReference[entry.reference] else { continue }
        series[slot].late = SampleColumns()
      }
    case .series, .tombstones, .metadata, .other: break
    }
  }
}

/// The slots of series by the references of a log, which count up from 1 as a server gives them.
private struct ReferenceTable {
  /// By reference; -1 where there is none.
  private var low: [Int32] = []
  /// Of references that no server gives.
  private var high: [UInt64: Int] = [:]
  /// References below have a place in the list: 16 MiB at most.
  private static let limit: UInt64 = 1 << 22

  subscript(reference: UInt64) -> Int? {
    get {
      guard reference < Self.limit else { return high[reference] }
      let place = Int(reference)
      guard place < low.count, low[place] >= 0 else { return nil }
      return Int(low[place])
    }
    set {
      guard reference < Self.limit, let slot = newValue.flatMap({ Int32(exactly: $0) }) else {
        high[reference] = newValue
        return
      }
      let place = Int(reference)
      if place >= low.count { low += [Int32](repeating: -1, count: place + 1 - low.count) }
      low[place] = slot
    }
  }
}

extension MetricType {
  /// By its number in logs (chunks-and-blocks.md §7).
  fileprivate init(logged number: UInt8) {
    self =
      switch number {
      case 1: .counter
      case 2: .gauge
      case 3: .histogram
      case 4: .gaugehistogram
      case 5: .summary
      case 6: .info
      case 7: .stateset
      default: .unknown
      }
  }
}
