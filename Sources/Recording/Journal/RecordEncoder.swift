internal import CCompression
internal import Scrape
internal import TimeSeries

/// Turns what a store takes into frames of a recording. What it has written before it knows, so that the
/// file says it once.
struct RecordEncoder {
  private var ids: [Labels: Int32] = [:]
  private var states: [RecordState] = []
  /// By the store's number of a series.
  private var known: [(generation: UInt32, id: Int32)] = []
  private var cohorts: [Cohort: Int] = [:]
  private var cohortCount = 0
  private var families: [String: MetricFamily] = [:]
  private var startsAnew = false

  /// How many samples that came one by one a frame holds at most, and how many bytes of histograms or of
  /// new series' labels: with what stands beside them a frame stays far below what readers take.
  static let samplesPerFrame = 1 << 18
  private static let bytesPerFrame = 16 << 20
  /// Bytes of histograms in the batch that is put together.
  private var weight = 0

  /// How cohorts are told apart; those without a name by a number of the store or of another recording.
  private enum Cohort: Hashable {
    case named(String)
    case nameless(Int)

    init(_ name: String, _ number: Int) { self = name.isEmpty ? .nameless(number) : .named(name) }

    var isNamed: Bool {
      switch self {
      case .named: true
      case .nameless: false
      }
    }
  }

  init() {}

  /// Goes on where a reader has come to.
  init(after decoder: RecordDecoder) {
    states = decoder.states
    for (id, labels) in decoder.series.enumerated() { ids[labels] = Int32(id) }
    for (number, name) in decoder.cohorts.enumerated() where !name.isEmpty {
      cohorts[.named(name)] = number
    }
    cohortCount = decoder.cohorts.count
    families = decoder.families
  }

  /// How many series there are.
  var seriesCount: Int { states.count }

  /// Forgets everything, and says so in the next frame.
  mutating func startAnew() {
    self = RecordEncoder()
    startsAnew = true
  }

  /// The frames that tell of what was taken, in its order; `news` are families that may be known already.
  mutating func frames(_ taken: [TakenSamples], _ news: [MetricFamily]) -> [UInt8] {
    var frames: [UInt8] = []
    var batch = RecordBatch()
    for family in news where families[family.name] != family {
      families[family.name] = family
      batch.families.append(family)
    }
    for part in taken {
      switch part {
      case .row(let entries, let time, let cohort, let name):
        if batch.count > 0 { flush(&batch, to: &frames) }
        batch.cohort = number(of: Cohort(name, cohort.number), name, &batch)
        for entry in entries {
          guard let value = entry.value else { continue }
          batch.ids.append(id(of: entry, &batch))
          batch.times.append(time)
          batch.values.append(value)
        }
        flush(&batch, to: &frames)
      case .pushed(let series):
        for series in series {
          let id = id(of: series.labels, &batch)
          for sample in series.samples {
            if batch.count >= Self.samplesPerFrame || weight > Self.bytesPerFrame {
              flush(&batch, to: &frames)
            }
            append(sample, id, to: &batch)
          }
        }
      }
    }
    if !batch.isEmpty { flush(&batch, to: &frames) }
    return frames
  }

  /// Forgets the store's numbers, where other ones were used.
  mutating func forgetNumbers() { (known, cohorts) = ([], cohorts.filter(\.key.isNamed)) }

  /// The frames of a batch whose series and cohorts are numbered by another recording.
  mutating func frame(_ other: RecordBatch, series: [Labels], cohorts names: [String]) -> [UInt8] {
    var batch = other
    batch.startsAnew = false
    (batch.series, batch.cohorts, batch.families) = ([], [], [])
    batch.ids = other.ids.map { id(of: series[Int($0)], &batch) }
    batch.cohort = other.cohort.map { number(of: Cohort(names[$0], $0), names[$0], &batch) }
    for family in other.families where families[family.name] != family {
      families[family.name] = family
      batch.families.append(family)
    }
    var frames: [UInt8] = []
    if !batch.isEmpty { flush(&batch, to: &frames) }
    return frames
  }

  // MARK: Numbers

  private mutating func number(of cohort: Cohort, _ name: String, _ batch: inout RecordBatch) -> Int {
    if let number = cohorts[cohort] { return number }
    defer { cohortCount += 1 }
    cohorts[cohort] = cohortCount
    batch.cohorts.append(name)
    return cohortCount
  }

  private mutating func id(of entry: ScrapedSeries, _ batch: inout RecordBatch) -> Int32 {
    guard let reference = entry.reference else { return id(of: entry.labels, &batch) }
    let place = Int(reference.id)
    if place < known.count, known[place].generation == reference.generation, known[place].id >= 0 {
      return known[place].id
    }
    while known.count <= place { known.append((0, -1)) }
    let id = id(of: entry.labels, &batch)
    known[place] = (reference.generation, id)
    return id
  }

  private mutating func id(of labels: Labels, _ batch: inout RecordBatch) -> Int32 {
    if let id = ids[labels] { return id }
    let id = Int32(states.count)
    ids[labels] = id
    states.append(RecordState())
    batch.series.append(labels)
    return id
  }

  private mutating func append(_ sample: StoredSample, _ id: Int32, to batch: inout RecordBatch) {
    switch sample.value {
    case .float(let value): batch.values.append(value)
    case .histogram(let histogram):
      batch.histograms.positions.append(batch.count)
      batch.histograms.histograms.append(histogram)
      batch.values.append(0)
      let numbers = histogram.positive.count + histogram.negative.count + histogram.customBounds.count
      weight += 128 + 20 * numbers
    }
    if sample.startTimestamp != 0, batch.starts.isEmpty {
      batch.starts = [Int64](repeating: 0, count: batch.count)
    }
    if sample.startTimestamp != 0 || !batch.starts.isEmpty { batch.starts.append(sample.startTimestamp) }
    batch.ids.append(id)
    batch.times.append(sample.timestamp)
  }

  // MARK: Bytes

  private mutating func flush(_ batch: inout RecordBatch, to frames: inout [UInt8]) {
    // New series come first, in frames of their own while they are many.
    var (first, bytes) = (0, 0)
    for (place, labels) in batch.series.enumerated() {
      bytes += labels.bytes.count
      guard bytes > Self.bytesPerFrame else { continue }
      var early = RecordBatch()
      early.series = Array(batch.series[first...place])
      write(&early, to: &frames)
      (first, bytes) = (place + 1, 0)
    }
    batch.series.removeFirst(first)
    write(&batch, to: &frames)
    batch = RecordBatch()
    weight = 0
  }

  private mutating func write(_ batch: inout RecordBatch, to frames: inout [UInt8]) {
    batch.startsAnew = startsAnew
    startsAnew = false
    RecordFrame.append(encoded(batch), to: &frames)
  }

  private mutating func encoded(_ batch: RecordBatch) -> [UInt8] {
    var writer = RecordBytes(capacity: 64 + batch.count * 6)
    let flags: UInt64 =
      (batch.startsAnew ? 1 : 0) | (batch.cohort == nil ? 0 : 2) | (batch.starts.isEmpty ? 0 : 4)
    writer.uvarint(flags)
    writer.uvarint(UInt64(batch.cohorts.count))
    for name in batch.cohorts { writer.text(name.utf8) }
    writer.uvarint(UInt64(batch.series.count))
    for labels in batch.series { writer.labels(labels) }
    writer.uvarint(UInt64(batch.families.count))
    for family in batch.families {
      writer.text(family.name.utf8)
      writer.text(family.type.rawValue.utf8)
      writer.text(family.help.utf8)
      writer.text(family.unit.utf8)
    }
    writer.uvarint(UInt64(batch.count))
    guard batch.count > 0 else { return writer.bytes }
    var column = RecordBytes(capacity: batch.count)
    var next: Int32 = 0
    for id in batch.ids {
      column.varint(Int64(id) - Int64(next))
      next = id &+ 1
    }
    writer.column(column)
    if let cohort = batch.cohort {
      writer.uvarint(UInt64(cohort))
      writer.varint(batch.times[0])
    } else {
      writer.column(Self.differences(batch.times))
    }
    let (kinds, values) = columns(batch)
    writer.bytes += kinds.bytes
    writer.column(values)
    if !batch.starts.isEmpty {
      // Starts are as a rule the same for long.
      writer.column(Self.differences(batch.starts))
    }
    return writer.bytes
  }

  private static func differences(_ times: [Int64]) -> RecordBytes {
    var column = RecordBytes(capacity: times.count * 2)
    var before: Int64 = 0
    for time in times {
      column.varint(time &- before)
      before = time
    }
    return column
  }

  private mutating func columns(_ batch: RecordBatch) -> (kinds: RecordBytes, values: RecordBytes) {
    var kinds = RecordBytes(capacity: batch.count)
    var values = RecordBytes(capacity: batch.count * 3)
    var nextHistogram = 0
    for position in 0..<batch.count {
      if nextHistogram < batch.histograms.positions.count,
        batch.histograms.positions[nextHistogram] == position
      {
        kinds.bytes.append(RecordKind.histogram)
        values.text(ProtobufWriter.histogram(batch.histograms.histograms[nextHistogram], at: 0))
        nextHistogram += 1
        continue
      }
      let value = batch.values[position]
      if StaleMarker.isStale(value) {
        kinds.bytes.append(RecordKind.stale)
        continue
      }
      let id = Int(batch.ids[position])
      let kind = Self.write(value, &states[id], &values)
      kinds.bytes.append(kind)
    }
    return (kinds, values)
  }

  @inline(__always)
  private static func write(_ value: Double, _ state: inout RecordState, _ values: inout RecordBytes) -> UInt8
  {
    let bits = value.bitPattern
    if bits == state.bits {
      state.delta = 0
      return RecordKind.same
    }
    let before = Double(bitPattern: state.bits)
    let difference = bits ^ state.bits
    state.bits = bits
    if let now = RecordState.whole(value), let last = RecordState.whole(before) {
      let delta = now - last
      values.varint(delta &- state.delta)
      state.delta = delta
      return RecordKind.whole
    }
    state.delta = 0
    let below = difference.trailingZeroBitCount / 8
    let count = 8 - difference.leadingZeroBitCount / 8 - below
    var rest = difference >> UInt64(8 * below)
    for _ in 0..<count {
      values.bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
    return RecordKind.bytes + UInt8(8 * (count - 1) + below)
  }
}

/// Bytes of a record as they are put together.
struct RecordBytes {
  var bytes: [UInt8] = []

  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  @inline(__always)
  mutating func uvarint(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  @inline(__always)
  mutating func varint(_ value: Int64) { uvarint(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  mutating func text(_ text: some Collection<UInt8>) {
    uvarint(UInt64(text.count))
    bytes += text
  }

  mutating func labels(_ labels: Labels) {
    uvarint(UInt64(labels.pairs.count))
    for (name, value) in labels.pairs {
      text(name.utf8)
      text(value.utf8)
    }
  }

  mutating func column(_ column: RecordBytes) { text(column.bytes) }
}

/// The frames of a recording: length, checksum, and a body that is compressed where that gains.
enum RecordFrame {
  /// Files begin with this line.
  static let magic = Array("promgate recording 1\n".utf8)
  /// A frame that says to be larger is damaged.
  static let largest = 64 << 20
  /// Bodies below this are not worth compressing, bytes.
  private static let worthwhile = 96

  static func append(_ body: [UInt8], to frames: inout [UInt8]) {
    let payload = compressed(body) ?? [0] + body
    var head = RecordBytes(capacity: 16)
    head.uvarint(UInt64(payload.count))
    frames += head.bytes
    let sum = ByteBlock(payload).reader.checksum
    for shift in [24, 16, 8, 0] { frames.append(UInt8(truncatingIfNeeded: sum >> UInt32(shift))) }
    frames += payload
  }

  /// With the byte that says so in front; nil where nothing is gained.
  private static func compressed(_ body: [UInt8]) -> [UInt8]? {
    guard body.count >= worthwhile else { return nil }
    let room = promgate_zstd_bound(body.count)
    let result = unsafe [UInt8](unsafeUninitializedCapacity: room + 1) { output, count in
      let length = unsafe body.withUnsafeBufferPointer { body in
        unsafe promgate_zstd_compress(
          body.baseAddress, body.count, output.baseAddress.map { unsafe $0 + 1 }, room)
      }
      unsafe output[0] = 1
      count = length + 1
    }
    return result.count > 1 && result.count <= body.count ? result : nil
  }
}
