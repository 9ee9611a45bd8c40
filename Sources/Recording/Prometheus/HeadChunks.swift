internal import TimeSeries

/// A chunk of the head that is complete: a part of a mapped file.
struct HeadChunk: Sendable {
  private let file: MappedFile
  private let payload: Range<Int>
  private let encoding: UInt8
  /// Milliseconds, inclusive.
  let first: Int64
  let last: Int64
  let isOutOfOrder: Bool
  /// File number and offset: what markers compare.
  let reference: UInt64

  /// Decodes the chunk.
  func append(to columns: inout SampleColumns) throws(RecordingError) {
    let reader = file.reader(at: 0)
    try columns.append(reader, payload, encoding, file, payload.lowerBound)
  }

  /// How many samples the chunk says to hold.
  var sampleCount: Int {
    var reader = file.reader(at: payload.lowerBound, length: payload.count)
    return (try? Int(reader.u16())) ?? 0
  }

  /// Reads the entry at the reader's position; nil behind the last one, where only zeros may follow.
  init?(_ reader: inout ByteReader, _ file: MappedFile, number: Int) throws {
    let start = reader.position
    if reader.isZero { return nil }
    series = try reader.u64()
    first = try reader.i64()
    last = try reader.i64()
    guard series != 0 || first != 0 || last != 0 else {
      throw file.fault("there is something behind the last chunk", at: start)
    }
    let flags = try reader.u8()
    encoding = flags & 0x7F
    isOutOfOrder = flags & 0x80 != 0
    payload = try reader.skip(try reader.count())
    guard file.checks(start..<reader.position, try reader.u32()) else {
      throw file.fault("a chunk is damaged", at: start)
    }
    self.file = file
    reference = UInt64(number) << 32 | UInt64(start)
  }

  /// The number of its series in the log.
  let series: UInt64
}

/// The head's memory-mapped chunks (chunks-and-blocks.md §8).
struct HeadChunks {
  private(set) var bySeries: [UInt64: [HeadChunk]] = [:]
  private(set) var last: UInt64 = 0
  /// What could not be read: as in the server, a file's rest and all later files are left out then.
  private(set) var losses = LossNotes()

  init(folder: String) {
    let files = DirectoryListing(folder).numbered()
    for (position, (number, name)) in files.enumerated() {
      let path = folder + "/" + name
      var read = 0
      do {
        guard let file = try MappedFile.unlessEmpty(path: path) else { continue }
        // The newest file may have been begun.
        if position == files.count - 1, file.count < 8 { continue }
        var reader = file.reader(at: 0)
        guard try reader.u32() == 0x0130_BC91, try reader.u8() == 1 else {
          throw file.fault("no head chunks begin", at: 0)
        }
        _ = try reader.skip(3)
        while let chunk = try HeadChunk(&reader, file, number: number) {
          bySeries[chunk.series, default: []].append(chunk)
          last = chunk.reference
          read = reader.position
        }
      } catch {
        let reason = (error as? RecordingError)?.description ?? "\(path): cut"
        let later = files[(position + 1)...].reduce(0) { $0 + MappedFile.size(path: folder + "/" + $1.name) }
        let bytes = MappedFile.size(path: path) - read + later
        losses.add("\(reason); the log is read instead of the \(bytes) bytes from there on", bytes: bytes)
        return
      }
    }
  }
}
