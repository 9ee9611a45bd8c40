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
  /// What the log and the chunks should hold and do not give.
  let losses: LossNotes

  /// Replays a directory's log. Samples before `minimum` (milliseconds) are in blocks.
  init(directory: String, minimum: Int64) throws(RecordingError) {
    var replay = HeadReplay(chunks: HeadChunks(folder: directory + "/chunks_head"), minimum: minimum)
    try replay.run(directory)
    let sorted = replay.series.filter { $0.timeRange != nil }.sorted { $0.labels < $1.labels }
    series = sorted
    index = SeriesIndex(sorted: sorted.map(\.labels))
    families = replay.families
    losses = replay.losses
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
  private(set) var losses: LossNotes
  private var strangers: StrangeSamples
  /// Samples in a form that is not known.
  private var unreadable = 0

  init(chunks: HeadChunks, minimum: Int64) {
    self.chunks = chunks
    self.minimum = minimum
    losses = chunks.losses
    strangers = StrangeSamples(chunks: chunks, minimum: minimum)
  }

  var families: [MetricFamily] { metadata.values.sorted { $0.name < $1.name } }

  mutating func run(_ directory: String) throws(RecordingError) {
    let log = directory + "/wal"
    let checkpoints = DirectoryListing(log).names.compactMap { name -> (number: Int, name: String)? in
      guard name.hasPrefix("checkpoint."), let number = Int(name.dropFirst("checkpoint.".count)), number >= 0
      else { return nil }
      return (number, name)
    }
    var start = 0
    if let newest = checkpoints.max(by: { $0.number < $1.number }) {
      try read(LogSegments(folder: log + "/" + newest.name)) { replay, record in replay.take(record) }
      start = newest.number + 1
    }
    try read(LogSegments(folder: log, start: (start, 0))) { replay, record in replay.take(record) }
    try read(LogSegments(folder: directory + "/wbl", isWhole: false)) { replay, record in
      replay.takeLate(record)
    }
    noteLosses(log)
  }

  private mutating func noteLosses(_ log: String) {
    let unknown = strangers.counted { slotOfReference[$0] != nil }
    if unknown.samples > 0 {
      losses.add(
        "\(log): \(unknown.samples) samples of \(unknown.series) unknown series are left out: no record says "
          + "their names and labels", samples: unknown.samples, series: unknown.series)
    }
    if unreadable > 0 {
      losses.add(
        "\(log): \(unreadable) native histograms are left out: their schema or layout is not known here",
        samples: unreadable)
    }
  }

  private mutating func read(
    _ segments: LogSegments, _ take: (inout HeadReplay, LogRecord) -> Void
  ) throws(RecordingError) {
    var (damaged, unknown) = (0, 0)
    var found = losses
    try segments.read(&found) { reader throws(RecordingError) in
      var reader = reader
      do throws(BytesEnded) {
        let record = try LogRecord(&reader)
        if case .unknown = record { unknown += 1 }
        take(&self, record)
      } catch {
        damaged += 1
      }
    }
    losses = found
    if damaged > 0 {
      losses.add("\(segments.folder): \(damaged) records are damaged and left out", records: damaged)
    }
    if unknown > 0 {
      losses.add(
        "\(segments.folder): \(unknown) records of a kind that is not known here are left out",
        records: unknown)
    }
  }

  private mutating func take(_ record: LogRecord) {
    switch record {
    case .series(let entries): for entry in entries { open(entry.reference, entry.labels) }
    case .floats(let entries):
      for entry in entries { append(entry.reference, entry.timestamp, entry.value) }
    case .samples(let entries, let unreadable):
      self.unreadable += unreadable
      for entry in entries { append(entry.reference, entry.sample) }
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
    case .markers, .exemplars, .unknown: break
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
    guard let slot = slotOfReference[reference] else { return strangers.add(reference, sample.timestamp) }
    guard sample.timestamp >= minimum, sample.timestamp > ends[slot] else { return }
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
    guard let slot = slotOfReference[reference] else { return strangers.add(reference, timestamp) }
    // Most of a log is in chunks already.
    guard timestamp >= minimum, timestamp > ends[slot] else { return }
    ends[slot] = timestamp
    if StaleMarker.isStale(value) {
      series[slot].hints.readStaleMarker(at: timestamp)
    } else {
      series[slot].hints.readFloat()
    }
    series[slot].samples.append(timestamp: timestamp, float: value)
  }

  private mutating func append(late sample: StoredSample, to reference: UInt64) {
    guard let slot = slotOfReference[reference] else { return strangers.add(late: reference) }
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
    case .samples(let entries, let unreadable):
      self.unreadable += unreadable
      for entry in entries { append(late: entry.sample, to: entry.reference) }
    case .markers(let entries):
      for entry in entries where entry.chunk <= chunks.last {
        guard let slot = slotOfReference[entry.reference] else {
          strangers.forgetLate(entry.reference)
          continue
        }
        series[slot].late = SampleColumns()
      }
    case .series, .tombstones, .metadata, .exemplars, .unknown: break
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
