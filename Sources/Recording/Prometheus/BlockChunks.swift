internal import TimeSeries

/// The chunk files of a block (chunks-and-blocks.md §3.2), mapped.
final class BlockChunks: Sendable {
  private let files: [MappedFile]

  /// `paths` in the order of their numbers.
  init(paths: [String]) throws(RecordingError) {
    var files: [MappedFile] = []
    for path in paths {
      let file = try MappedFile(path: path)
      do throws(BytesEnded) {
        var head = file.reader(at: 0)
        let (magic, version) = (try head.u32(), try head.u8())
        guard magic == 0x85BD_40DD else { throw BytesEnded(offset: 0) }
        guard version == 1 else { throw BytesEnded(offset: 4) }
      } catch {
        throw file.fault("no chunks begin", at: error.offset)
      }
      files.append(file)
    }
    self.files = files
  }

  /// Decodes a chunk, its checksum verified, and appends its samples.
  func append(_ reference: UInt64, to columns: inout SampleColumns) throws(RecordingError) {
    try read(reference) { reader, payload, encoding, file, offset throws(RecordingError) in
      try columns.append(reader, payload, encoding, file, offset)
    }
  }

  /// A chunk as it is, its checksum verified.
  func chunk(_ reference: UInt64) throws(RecordingError) -> (encoding: ChunkEncoding, bytes: [UInt8]) {
    var chunk: (encoding: ChunkEncoding, bytes: [UInt8])?
    try read(reference) { reader, payload, encoding, _, _ throws(RecordingError) in
      chunk = ChunkEncoding(rawValue: encoding).map { ($0, reader.array(payload)) }
    }
    guard let chunk else {
      throw RecordingError(path: files.first?.path ?? "chunks", "a chunk's encoding is unknown")
    }
    return chunk
  }

  private func read(
    _ reference: UInt64,
    _ body: (ByteReader, Range<Int>, UInt8, MappedFile, Int) throws(RecordingError) -> Void
  ) throws(RecordingError) {
    let number = Int(reference >> 32)
    let offset = Int(reference & 0xFFFF_FFFF)
    guard number < files.count else {
      throw RecordingError(
        path: files.first?.path ?? "chunks", "the index names chunk file \(number + 1), which is not there")
    }
    let file = files[number]
    try file.reading {
      var reader = file.reader(at: offset)
      let length = try reader.count()
      let sum = reader.position
      let encoding = try reader.u8()
      let payload = try reader.skip(length)
      guard file.checks(sum..<payload.upperBound, try reader.u32()) else {
        throw file.fault("a chunk is damaged", at: offset)
      }
      try body(reader, payload, encoding, file, offset)
    }
  }
}

extension SampleColumns {
  /// Decodes the chunk at a part of what the reader reads.
  mutating func append(
    _ reader: ByteReader, _ payload: Range<Int>, _ number: UInt8, _ file: MappedFile, _ offset: Int
  ) throws(RecordingError) {
    guard let encoding = ChunkEncoding(rawValue: number) else {
      throw file.fault(ChunkError.unknownEncoding(number).description, at: offset)
    }
    do {
      try unsafe reader.withBytes(payload) { bytes, behind throws(ChunkError) in
        try unsafe append(chunk: bytes, encoding, slack: behind)
      }
    } catch {
      throw file.fault("\(error)", at: offset)
    }
  }
}
