internal import CRemote
internal import Scrape
internal import TimeSeries

/// Turns frames of a recording back into batches. Damaged bytes give an error, and memory goes to what the
/// bytes can hold.
struct RecordDecoder {
  /// What records have brought so far, by their numbers.
  private(set) var series: [Labels] = []
  private(set) var cohorts: [String] = []
  private(set) var families: [String: MetricFamily] = [:]
  private(set) var states: [RecordState] = []
  /// No frame has more: a byte can stand for a sample, and a sample takes thirty in memory.
  private static let mostSamples = 1 << 22
  private let arena = MessageArena(limit: 64 << 20)

  /// Why a record makes no sense.
  struct Damage: Error {
    var reason: String
  }

  init() {}

  /// Reads a frame's payload, whose checksum was right. After an error the decoder is not to be used.
  mutating func decode(_ payload: [UInt8]) throws(Damage) -> RecordBatch {
    let body: ByteBlock
    switch payload.first {
    case 0: body = ByteBlock(Array(payload.dropFirst()))
    case 1:
      let frame = Array(payload.dropFirst())
      guard let bytes = ZstdFrame.decompressed(frame, limit: RecordFrame.largest) else {
        throw Damage(reason: "the zstd data is damaged")
      }
      body = ByteBlock(bytes)
    default: throw Damage(reason: "unknown kind of record; a newer promgate may have written it")
    }
    do throws(BytesEnded) {
      return try read(body.reader, body)
    } catch {
      throw Damage(reason: "a record is inconsistent")
    }
  }

  private mutating func read(_ start: ByteReader, _ body: ByteBlock) throws(BytesEnded) -> RecordBatch {
    var reader = start
    var batch = RecordBatch()
    let flags = try reader.uvarint()
    guard flags < 8 else { throw BytesEnded(offset: 0) }
    if flags & 1 != 0 {
      batch.startsAnew = true
      (series, cohorts, families, states) = ([], [], [:], [])
    }
    for _ in 0..<(try reader.count()) { batch.cohorts.append(try Self.text(&reader)) }
    for _ in 0..<(try reader.count()) { batch.series.append(try reader.labels()) }
    for _ in 0..<(try reader.count(of: 4)) {
      let name = try Self.text(&reader)
      let type = MetricType(rawValue: try Self.text(&reader)) ?? .unknown
      let help = try Self.text(&reader)
      let unit = try Self.text(&reader)
      batch.families.append(MetricFamily(name: name, type: type, help: help, unit: unit))
    }
    cohorts += batch.cohorts
    series += batch.series
    for family in batch.families { families[family.name] = family }
    states += repeatElement(RecordState(), count: batch.series.count)
    let count = try reader.count()
    guard count <= Self.mostSamples else { throw BytesEnded(offset: reader.position) }
    guard count > 0 else { return batch }
    try readIDs(count, &reader, body, &batch)
    if flags & 2 != 0 {
      let cohort = try reader.uvarint()
      guard cohort < UInt64(cohorts.count) else { throw BytesEnded(offset: reader.position) }
      batch.cohort = Int(cohort)
      batch.times = [Int64](repeating: try reader.varint(), count: count)
    } else {
      batch.times = try Self.differences(count, &reader, body)
    }
    try readValues(count, &reader, body, &batch)
    if flags & 4 != 0 { batch.starts = try Self.differences(count, &reader, body) }
    return batch
  }

  private static func text(_ reader: inout ByteReader) throws(BytesEnded) -> String {
    let place = try reader.text()
    return String(decoding: reader.array(place), as: UTF8.self)
  }

  private func readIDs(
    _ count: Int, _ reader: inout ByteReader, _ body: ByteBlock, _ batch: inout RecordBatch
  ) throws(BytesEnded) {
    var column = body.reader(try reader.text())
    batch.ids.reserveCapacity(count)
    var next: Int64 = 0
    for _ in 0..<count {
      next &+= try column.varint()
      guard next >= 0, next < states.count else { throw BytesEnded(offset: column.position) }
      batch.ids.append(Int32(next))
      next += 1
    }
  }

  private static func differences(
    _ count: Int, _ reader: inout ByteReader, _ body: ByteBlock
  ) throws(BytesEnded) -> [Int64] {
    var column = body.reader(try reader.text())
    var times: [Int64] = []
    times.reserveCapacity(count)
    var time: Int64 = 0
    for _ in 0..<count {
      time &+= try column.varint()
      times.append(time)
    }
    return times
  }

  private mutating func readValues(
    _ count: Int, _ reader: inout ByteReader, _ body: ByteBlock, _ batch: inout RecordBatch
  ) throws(BytesEnded) {
    let kinds = reader.array(try reader.skip(count))
    var values = body.reader(try reader.text())
    batch.values.reserveCapacity(count)
    for (position, kind) in kinds.enumerated() {
      let id = Int(batch.ids[position])
      switch kind {
      case RecordKind.same:
        states[id].delta = 0
      case RecordKind.whole:
        guard let last = RecordState.whole(Double(bitPattern: states[id].bits)) else {
          throw BytesEnded(offset: values.position)
        }
        states[id].delta &+= try values.varint()
        states[id].bits = Double(last &+ states[id].delta).bitPattern
      case RecordKind.stale:
        batch.values.append(StaleMarker.value)
        continue
      case RecordKind.histogram:
        batch.histograms.positions.append(position)
        batch.histograms.histograms.append(try histogram(try values.text(), body))
        batch.values.append(0)
        continue
      case RecordKind.bytes..<RecordKind.bytes + 64:
        let (size, below) = (Int(kind - RecordKind.bytes) / 8 + 1, Int(kind - RecordKind.bytes) % 8)
        guard size + below <= 8 else { throw BytesEnded(offset: values.position) }
        var difference: UInt64 = 0
        for place in 0..<size { difference |= UInt64(try values.u8()) << UInt64(8 * (place + below)) }
        states[id].bits ^= difference
        states[id].delta = 0
      default: throw BytesEnded(offset: values.position)
      }
      batch.values.append(Double(bitPattern: states[id].bits))
    }
  }

  private func histogram(_ place: Range<Int>, _ body: ByteBlock) throws(BytesEnded) -> NativeHistogram {
    // The message stands alone here; in the protocol it is a field of a series.
    var wrapped = ProtobufWriter()
    wrapped.bytes(4, body.reader.array(place))
    let message = ByteBlock(wrapped.finish())
    do {
      guard let arena else { throw RemoteFormatError("no memory") }
      let series = try unsafe arena.series(0..<message.count, message)
      guard unsafe series.n_histograms == 1, let histogram = unsafe series.histograms[0]?.pointee else {
        throw RemoteFormatError("no histogram")
      }
      return try unsafe NativeHistogram(histogram, at: 0)
    } catch {
      throw BytesEnded(offset: place.lowerBound)
    }
  }
}
