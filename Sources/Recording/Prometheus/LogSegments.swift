internal import CCompression

/// Reads the records of a log: segments of pages of fragments (chunks-and-blocks.md §5, §6).
struct LogSegments {
  let folder: String
  /// Records before this place are left out.
  var start: (segment: Int, offset: Int) = (0, 0)

  private static let pageSize = 32768
  /// So much of a segment stays in memory behind the place that is read.
  private static let releasedBytes = 4 << 20
  /// A record that says to be larger than this is damaged.
  private static let largestRecord = 256 << 20

  /// Hands over each record. A damaged one ends the reading, as in the server's own repair: the reason
  /// is returned. On the last page of a log that is being written, what is incomplete is no fault.
  func read(_ body: (ByteReader) throws(RecordingError) -> Void) throws(RecordingError) -> String? {
    let segments = DirectoryListing(folder).numbered().filter { $0.number >= start.segment }
    for (position, segment) in segments.enumerated() {
      let path = folder + "/" + segment.name
      if position > 0, segment.number != segments[position - 1].number + 1 {
        return "\(path): segments are not sequential; what follows is left out"
      }
      // An empty one has just been opened.
      guard let bytes = try? MappedFile(path: path) else { continue }
      let begin = segment.number == start.segment ? min(start.offset, bytes.count) : 0
      guard let offset = try read(bytes, from: begin, body) else { continue }
      let isTorn = position == segments.count - 1 && bytes.count - offset <= Self.pageSize
      if !isTorn { return "\(path): damaged at byte \(offset); what follows in the log is left out" }
    }
    return nil
  }

  /// The offset of the first damage; nil when all was read.
  private func read(
    _ bytes: MappedFile, from begin: Int, _ body: (ByteReader) throws(RecordingError) -> Void
  ) throws(RecordingError) -> Int? {
    var record: [UInt8] = []
    var released = begin
    var isInside = false
    var place = begin
    while place < bytes.count {
      let pageEnd = min(bytes.count, (place / Self.pageSize + 1) * Self.pageSize)
      if place - released > Self.releasedBytes {
        bytes.release(released..<place)
        released = place
      }
      var first = bytes.reader(at: place, length: 1)
      guard let header = try? first.u8() else { return place }
      if header & 7 == 0 {
        place = pageEnd
        continue
      }
      var reader = bytes.reader(at: place + 1, length: pageEnd - place - 1)
      guard let length = try? Int(reader.u16()), let sum = try? reader.u32(),
        let data = try? reader.skip(length), bytes.checks(data, sum)
      else { return place }
      let kind = header & 7
      let startsRecord = kind == 1 || kind == 2
      guard kind <= 4, startsRecord != isInside else { return place }
      if startsRecord { record.removeAll(keepingCapacity: true) }
      unsafe reader.withBytes(data) { part, _ in unsafe record.append(contentsOf: part) }
      isInside = kind == 2 || kind == 3
      if !isInside {
        guard let whole = decompressed(record, header) else { return place }
        try body(whole.reader)
      }
      place = data.upperBound
    }
    return isInside ? bytes.count : nil
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
