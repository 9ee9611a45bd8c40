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

  /// Reads the entry at the reader's position; nil behind the last one.
  init?(_ reader: inout ByteReader, _ file: MappedFile, number: Int) throws {
    let start = reader.position
    guard reader.left >= 25 else { return nil }
    series = try reader.u64()
    first = try reader.i64()
    last = try reader.i64()
    if series == 0, first == 0, last == 0 { return nil }
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
  private(set) var warning: String?

  init(folder: String) {
    for (number, name) in DirectoryListing(folder).numbered() {
      let path = folder + "/" + name
      // The newest file may be empty.
      guard let file = try? MappedFile(path: path), file.count >= 8 else { continue }
      do {
        var reader = file.reader(at: 0)
        guard try reader.u32() == 0x0130_BC91, try reader.u8() == 1 else {
          throw file.fault("no head chunks begin", at: 0)
        }
        _ = try reader.skip(3)
        while let chunk = try HeadChunk(&reader, file, number: number) {
          bySeries[chunk.series, default: []].append(chunk)
          last = chunk.reference
        }
      } catch {
        let reason = (error as? RecordingError)?.description ?? "\(path): cut"
        warning = "\(reason); the log is read instead of what follows"
        return
      }
    }
  }
}
