internal import CCompression

/// Reads the records of a log: segments of pages of fragments (chunks-and-blocks.md §5, §6).
struct LogSegments {
  let folder: String
  /// Records before this place are left out.
  var start: (segment: Int, offset: Int) = (0, 0)
  /// Whether the log has to begin at its start; otherwise it may begin anywhere.
  var isWhole = true

  private static let pageSize = 32768
  /// So much of a segment stays in memory behind the place that is read.
  private static let releasedBytes = 4 << 20
  /// A record that says to be larger than this is damaged.
  private static let largestRecord = 256 << 20

  /// Hands over each record. A damaged one ends the reading, as in the server's own repair; it and what
  /// follows is noted with its size. So is what is incomplete at the end of a log that is being written.
  func read(
    _ losses: inout LossNotes, _ body: (ByteReader) throws(RecordingError) -> Void
  ) throws(RecordingError) {
    let segments = DirectoryListing(folder).numbered().filter { $0.number >= start.segment }
    if let first = segments.first, isWhole, first.number != start.segment {
      losses.add(
        "\(folder): segment \(start.segment) is not there, the log begins at segment \(first.number)")
    }
    for (position, segment) in segments.enumerated() {
      let path = folder + "/" + segment.name
      if position > 0, segment.number != segments[position - 1].number + 1 {
        let bytes = Self.size(of: segments[position...], in: folder)
        return losses.add(
          "\(path): segments are not sequential; it and what follows (\(bytes) bytes) is left out",
          bytes: bytes)
      }
      // An empty one has just been opened.
      guard let bytes = try MappedFile.unlessEmpty(path: path) else { continue }
      let begin = segment.number == start.segment ? min(start.offset, bytes.count) : 0
      guard let damage = try read(bytes, from: begin, body) else { continue }
      let rest = bytes.count - damage.offset
      let later = Self.size(of: segments[(position + 1)...], in: folder)
      let behind = later > 0 ? ", and the \(later) bytes of the segments behind it" : ""
      let what = damage.isCut ? "ends in the middle of a record" : "is damaged"
      return losses.add(
        "\(path) \(what): the \(rest) bytes from byte \(damage.offset) on are left out\(behind)",
        bytes: rest + later)
    }
  }

  private static func size(
    of segments: ArraySlice<(number: Int, name: String)>, in folder: String
  ) -> Int {
    segments.reduce(0) { $0 + MappedFile.size(path: folder + "/" + $1.name) }
  }

  /// Where a segment cannot be read any further.
  private struct Damage {
    /// Where the record begins that is not whole.
    var offset: Int
    /// The file ends before the record does.
    var isCut = false
  }

  /// The first damage; nil when all was read.
  private func read(
    _ bytes: MappedFile, from begin: Int, _ body: (ByteReader) throws(RecordingError) -> Void
  ) throws(RecordingError) -> Damage? {
    var record: [UInt8] = []
    var released = begin
    // Where the record begins whose parts are being gathered.
    var inside: Int?
    var place = begin
    while place < bytes.count {
      let pageEnd = min(bytes.count, (place / Self.pageSize + 1) * Self.pageSize)
      if place - released > Self.releasedBytes {
        bytes.release(released..<place)
        released = place
      }
      let recordStart = inside ?? place
      var reader = bytes.reader(at: place, length: pageEnd - place)
      guard let header = try? reader.u8() else { return Damage(offset: recordStart) }
      if header & 7 == 0 {
        guard bytes.reader(at: place, length: pageEnd - place).isZero else {
          return Damage(offset: recordStart)
        }
        place = pageEnd
        continue
      }
      guard header & 0xE0 == 0, let length = try? Int(reader.u16()), let sum = try? reader.u32(),
        let data = try? reader.skip(length)
      else {
        return Damage(offset: recordStart, isCut: header & 0xE0 == 0 && reachesEnd(bytes, place, pageEnd))
      }
      guard bytes.checks(data, sum) else { return Damage(offset: recordStart) }
      let kind = header & 7
      let startsRecord = kind == 1 || kind == 2
      guard kind <= 4, startsRecord != (inside != nil) else { return Damage(offset: recordStart) }
      if startsRecord { record.removeAll(keepingCapacity: true) }
      unsafe reader.withBytes(data) { part, _ in unsafe record.append(contentsOf: part) }
      inside = kind == 2 || kind == 3 ? recordStart : nil
      if inside == nil {
        guard let whole = decompressed(record, header) else { return Damage(offset: recordStart) }
        try body(whole.reader)
      }
      place = data.upperBound
    }
    return inside.map { Damage(offset: $0, isCut: true) }
  }

  /// Whether a fragment that does not fit its page may be one that the end of the file cut: the page would
  /// have room for it.
  private func reachesEnd(_ bytes: MappedFile, _ place: Int, _ pageEnd: Int) -> Bool {
    guard pageEnd == bytes.count else { return false }
    var reader = bytes.reader(at: place + 1)
    guard let length = try? Int(reader.u16()) else { return true }
    return place % Self.pageSize + 7 + length <= Self.pageSize
  }

  private func decompressed(_ record: [UInt8], _ header: UInt8) -> ByteBlock? {
    switch header & 0x18 {
    case 0: ByteBlock(record)
    case 0x08: try? SnappyBlock.decompressed(record, limit: Self.largestRecord)
    case 0x10: ZstdFrame.decompressed(record, limit: Self.largestRecord).map { ByteBlock($0) }
    default: nil
    }
  }
}

/// Frames that are decompressed whole.
enum ZstdFrame {
  /// A zstd frame; nil when it is damaged, or larger than the limit.
  static func decompressed(_ input: [UInt8], limit: Int) -> [UInt8]? {
    let said = unsafe input.withUnsafeBufferPointer { input in
      unsafe promgate_zstd_length(input.baseAddress, input.count)
    }
    guard said > -2, said <= limit else { return nil }
    var room = said >= 0 ? Int(said) : 8 * input.count + 1024
    while true {
      var length: Int64 = -1
      let output = unsafe [UInt8](unsafeUninitializedCapacity: max(1, room)) { output, count in
        length = unsafe input.withUnsafeBufferPointer { input in
          unsafe promgate_zstd_decompress(input.baseAddress, input.count, output.baseAddress, room)
        }
        count = max(0, Int(length))
      }
      if length >= 0 { return output }
      guard said < 0, room < limit else { return nil }
      room = min(limit, room * 4)
    }
  }
}
