internal import CCompression
internal import CRemote
private import Glibc
internal import TimeSeries

/// Why a remote's answer cannot be decoded, and where in its bytes.
struct RemoteFormatError: Error, Sendable, CustomStringConvertible {
  var reason: String
  /// Of the body, after decompression; nil where the fault has no place.
  var offset: Int?
  /// The memory that there was not, where that is the reason.
  var shortage: MemoryShortage?

  init(_ reason: String, at offset: Int? = nil) {
    self.reason = reason
    self.offset = offset
  }

  init(_ shortage: MemoryShortage) {
    self.init(shortage.description)
    self.shortage = shortage
  }

  var description: String { offset.map { "byte \($0): \(reason)" } ?? reason }
}

/// The encodings of a remote-read answer (remote-storage.md §3).
public enum RemoteEncoding: Sendable, Hashable {
  /// A snappy block that holds all samples.
  case samples
  /// Frames that hold chunks.
  case chunks

  /// What a Content-Type announces, by its beginning as Prometheus compares; nil for anything else.
  init?(contentType: String) {
    if contentType.hasPrefix("application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse") {
      self = .chunks
    } else if contentType.hasPrefix("application/x-protobuf") {
      self = .samples
    } else {
      return nil
    }
  }

  /// Decodes the series of all queries of an answer. Memory goes to what the bytes can hold.
  /// The body is given up as soon as it is not needed any more.
  func decode(_ body: inout [UInt8], limits: RecordingLimits) throws(RemoteFormatError) -> DecodedSeries {
    let block: ByteBlock
    switch self {
    case .samples: block = try SnappyBlock.decompressed(body, limit: limits.memory)
    case .chunks: block = ByteBlock(body)
    }
    body = []
    return switch self {
    case .samples: try SampleAnswer(limits).decode(block)
    case .chunks: try ChunkFrames(limits).decode(block)
    }
  }
}

/// One snappy block.
enum SnappyBlock {
  /// Decompresses; no more than `limit` bytes are made.
  /// - Parameters:
  ///   - library: whose words a damaged block is told in, of those that Prometheus uses.
  ///   - memory: asked for the bytes before they are made.
  static func decompressed(
    _ bytes: [UInt8], limit: Int, library: String = "snappy", memory: MemoryAccount? = nil
  ) throws(RemoteFormatError) -> ByteBlock {
    let length = unsafe bytes.withUnsafeBufferPointer { part in
      unsafe promgate_snappy_length(part.baseAddress, part.count)
    }
    guard length >= 0 else { throw RemoteFormatError("\(library): corrupt input", at: 0) }
    guard length <= limit else {
      throw RemoteFormatError("snappy: decoded length \(length) exceeds limit \(limit)", at: 0)
    }
    // Nothing in snappy stands for more than 64 bytes in three: what says more is a lie, found before it
    // costs memory.
    guard length <= (bytes.count + 16) * 32 else {
      throw RemoteFormatError("\(library): corrupt input", at: 0)
    }
    try memory?.takeDecoded(Int(length))
    let block = unsafe ByteBlock(count: Int(length)) { room in
      unsafe bytes.withUnsafeBufferPointer { part in
        unsafe promgate_snappy_decompress(part.baseAddress, part.count, room, Int(length)) != 0
      }
    }
    guard let block else { throw RemoteFormatError("\(library): corrupt input", at: 0) }
    return block
  }

  static func compressed(_ bytes: [UInt8]) -> [UInt8] {
    let bound = promgate_snappy_bound(bytes.count)
    return unsafe [UInt8](unsafeUninitializedCapacity: bound) { room, count in
      count = unsafe bytes.withUnsafeBufferPointer { part in
        unsafe promgate_snappy_compress(part.baseAddress, part.count, room.baseAddress, bound)
      }
    }
  }
}

extension MemoryAccount {
  /// Asks for bytes of what a body is decoded to.
  func takeDecoded(_ count: Int) throws(RemoteFormatError) {
    do { try take(count) } catch { throw RemoteFormatError(error) }
  }
}

/// Memory of libprotobuf-c for one message at a time.
@safe
final class MessageArena {
  let pointer: OpaquePointer
  private let limit: Int
  private let memory: MemoryAccount?
  /// What `memory` was asked for, bytes.
  private var taken = 0

  /// Bytes for one of a message at most: a field of two bytes takes some 40, and blocks double. Samples as
  /// they are sent take a tenth of that.
  private static let growth = 64
  /// What the arena takes for small messages, bytes.
  private static let smallest = 64 << 10

  /// Nil when there is no memory. With an account `permit` is called before each message.
  init?(limit: Int, memory: MemoryAccount? = nil) {
    guard let pointer = unsafe promgate_arena_new(memory == nil ? limit : 0) else { return nil }
    unsafe self.pointer = pointer
    self.limit = limit
    self.memory = memory
  }

  /// Asks for what a message of so many bytes may take, beyond what was asked for earlier ones.
  func permit(_ count: Int) throws(RemoteFormatError) {
    guard let memory else { return }
    let needed = min(limit, max(Self.smallest, min(count, limit) * Self.growth))
    guard needed > taken else { return }
    try memory.takeDecoded(needed - taken)
    taken = needed
    unsafe promgate_arena_raise(pointer, needed)
  }

  deinit { unsafe promgate_arena_free(pointer) }

  /// A series of remote read or of remote write 1.0; valid until the arena is used again.
  func series(_ place: Range<Int>, _ body: ByteBlock) throws(RemoteFormatError) -> Promgate__TimeSeries {
    try permit(place.count)
    let found = unsafe body.reader.withBytes(place) { part, _ in
      unsafe promgate_time_series_decode(
        pointer, part.baseAddress?.assumingMemoryBound(to: UInt8.self), part.count)
    }
    guard let message = unsafe found?.pointee else { throw failure("series", at: place.lowerBound) }
    return unsafe message
  }

  /// Why a message was not decoded.
  func failure(_ message: String, at offset: Int) -> RemoteFormatError {
    unsafe promgate_arena_is_full(pointer) != 0
      ? RemoteFormatError("a \(message) needs more memory than is allowed", at: offset)
      : RemoteFormatError("a \(message) is damaged", at: offset)
  }
}

/// `ReadResponse`: results of queries, each with its series. The outer two levels are walked here, so that
/// only one
/// series at a time is taken apart by libprotobuf-c and the answer never stands in memory twice.
private struct SampleAnswer {
  private let limits: RecordingLimits
  private var builder: DecodedSeriesBuilder

  init(_ limits: RecordingLimits) {
    self.limits = limits
    builder = DecodedSeriesBuilder(memoryLimit: limits.memory)
  }

  consuming func decode(_ body: ByteBlock) throws(RemoteFormatError) -> DecodedSeries {
    guard let arena = MessageArena(limit: limits.memory) else { throw RemoteFormatError("no memory") }
    var reader = body.reader
    while !reader.isAtEnd {
      guard let result = try ProtobufFields.next(1, &reader) else { continue }
      var inner = body.reader(result)
      while !inner.isAtEnd {
        guard let series = try ProtobufFields.next(1, &inner) else { continue }
        try append(series, body, arena)
      }
    }
    return builder.finish()
  }

  private mutating func append(
    _ place: Range<Int>, _ body: ByteBlock, _ arena: MessageArena
  ) throws(RemoteFormatError) {
    let message = try unsafe arena.series(place, body)
    let labels = try unsafe RemoteLabels.labels(message.labels, message.n_labels, at: place.lowerBound)
    try builder.append(labels) { columns throws(RemoteFormatError) in
      columns.reserve(unsafe Int(message.n_samples) + Int(message.n_histograms))
      for i in unsafe 0..<message.n_samples {
        guard let sample = unsafe message.samples[i]?.pointee else { continue }
        unsafe columns.append(timestamp: sample.timestamp, float: sample.value)
      }
      for i in unsafe 0..<message.n_histograms {
        guard let histogram = unsafe message.histograms[i]?.pointee else { continue }
        let value = try unsafe NativeHistogram(histogram, at: place.lowerBound)
        unsafe columns.append(StoredSample(timestamp: histogram.timestamp, .histogram(value)))
      }
    }
    if builder.isFull { throw RemoteFormatError("the answer needs more memory than --data-memory allows") }
  }
}

/// Frames of `ChunkedReadResponse` (remote-storage.md §5).
private struct ChunkFrames {
  private let limits: RecordingLimits
  private var builder: DecodedSeriesBuilder

  /// The longest frame that Prometheus reads.
  private static let frameLimit = 50_000_000

  init(_ limits: RecordingLimits) {
    self.limits = limits
    builder = DecodedSeriesBuilder(memoryLimit: limits.memory)
  }

  consuming func decode(_ body: ByteBlock) throws(RemoteFormatError) -> DecodedSeries {
    guard let arena = MessageArena(limit: limits.memory) else { throw RemoteFormatError("no memory") }
    var reader = body.reader
    while !reader.isAtEnd {
      let start = reader.position
      let frame: Range<Int>
      let checksum: UInt32
      do {
        let size = try reader.uvarint()
        guard size <= Self.frameLimit else {
          throw RemoteFormatError(
            "chunkedReader: message size exceeded the limit \(Self.frameLimit) bytes; got: \(size) bytes",
            at: start)
        }
        checksum = try reader.u32()
        frame = try reader.skip(Int(size))
      } catch let error as RemoteFormatError {
        throw error
      } catch {
        throw RemoteFormatError("unexpected EOF: the answer ends inside a frame", at: start)
      }
      guard body.reader(frame).checksum == checksum else {
        throw RemoteFormatError("chunkedReader: corrupted frame; checksum mismatch", at: start)
      }
      try append(frame, body, arena)
    }
    return builder.finish()
  }

  private mutating func append(
    _ frame: Range<Int>, _ body: ByteBlock, _ arena: MessageArena
  ) throws(RemoteFormatError) {
    let found = unsafe body.reader.withBytes(frame) { part, _ in
      unsafe promgate_chunked_decode(
        arena.pointer, part.baseAddress?.assumingMemoryBound(to: UInt8.self), part.count)
    }
    guard let message = unsafe found?.pointee else { throw arena.failure("frame", at: frame.lowerBound) }
    for i in unsafe 0..<message.n_chunked_series {
      guard let series = unsafe message.chunked_series[i]?.pointee else { continue }
      let labels = try unsafe RemoteLabels.labels(series.labels, series.n_labels, at: frame.lowerBound)
      try builder.append(labels) { columns throws(RemoteFormatError) in
        columns.reserve(unsafe Self.sampleCount(series))
        for j in unsafe 0..<series.n_chunks {
          guard let chunk = unsafe series.chunks[j]?.pointee else { continue }
          try unsafe Self.append(chunk, to: &columns, at: frame.lowerBound)
        }
      }
      if builder.isFull { throw RemoteFormatError("the answer needs more memory than --data-memory allows") }
    }
  }

  /// What the chunks say that they hold, no more than their bytes can.
  private static func sampleCount(_ series: Promgate__ChunkedSeries) -> Int {
    var count = 0
    for j in unsafe 0..<series.n_chunks {
      guard let chunk = unsafe series.chunks[j]?.pointee, unsafe chunk.data.len >= 2 else { continue }
      let said = unsafe Int(chunk.data.data[0]) << 8 | Int(chunk.data.data[1])
      // A sample takes two bits at least.
      count += unsafe min(said, chunk.data.len * 4)
    }
    return count
  }

  private static func append(
    _ chunk: Promgate__Chunk, to columns: inout SampleColumns, at offset: Int
  ) throws(RemoteFormatError) {
    let number = unsafe chunk.type
    guard let raw = UInt8(exactly: number), let encoding = ChunkEncoding(rawValue: raw) else {
      throw RemoteFormatError("a chunk has the unknown encoding \(number)", at: offset)
    }
    let bytes = unsafe UnsafeRawBufferPointer(start: chunk.data.data, count: chunk.data.len)
    do { try unsafe columns.append(chunk: bytes, encoding) } catch {
      throw RemoteFormatError("\(error)", at: offset)
    }
  }
}

/// Labels as remotes send them: sorted or not.
enum RemoteLabels {
  /// Throws Prometheus' texts for names and values that cannot be (remote-storage.md §4.1).
  static func labels(
    _ pointers: UnsafeMutablePointer<UnsafeMutablePointer<Promgate__Label>?>?, _ count: Int, at offset: Int
  ) throws(RemoteFormatError) -> Labels {
    var pairs: [(name: [UInt8], value: [UInt8])] = []
    pairs.reserveCapacity(count)
    for i in 0..<count {
      guard let label = unsafe pointers?[i]?.pointee else { continue }
      let name = unsafe [UInt8](UnsafeBufferPointer(start: label.name.data, count: label.name.len))
      let value = unsafe [UInt8](UnsafeBufferPointer(start: label.value.data, count: label.value.len))
      pairs.append((name, value))
    }
    return try sorted(pairs, at: offset)
  }

  /// Labels in any order, empty values left out. Throws when a name comes twice, is empty or no UTF-8.
  static func sorted(
    _ pairs: [(name: [UInt8], value: [UInt8])], at offset: Int?
  ) throws(RemoteFormatError) -> Labels {
    var pairs = pairs
    for (name, value) in pairs {
      guard max(name.count, value.count) < 1 << 24 else {
        throw RemoteFormatError("a label is longer than \((1 << 24) - 1) bytes", at: offset)
      }
      guard !name.isEmpty, String(validating: name, as: UTF8.self) != nil else {
        throw RemoteFormatError("invalid label name: \(String(decoding: name, as: UTF8.self))", at: offset)
      }
      guard String(validating: value, as: UTF8.self) != nil else {
        throw RemoteFormatError("invalid label value: \(String(decoding: value, as: UTF8.self))", at: offset)
      }
    }
    if !zip(pairs, pairs.dropFirst()).allSatisfy({ $0.name.lexicographicallyPrecedes($1.name) }) {
      pairs.sort { $0.name.lexicographicallyPrecedes($1.name) }
      for (one, next) in zip(pairs, pairs.dropFirst()) where one.name == next.name {
        throw RemoteFormatError(
          "duplicate label with name: \(String(decoding: one.name, as: UTF8.self))", at: offset)
      }
    }
    pairs.removeAll { $0.value.isEmpty }
    return Labels(inOrder: pairs)
  }
}

extension NativeHistogram {
  /// A histogram of a message (remote-storage.md §12); schemas beyond 8 are brought to 8.
  init(_ message: Promgate__Histogram, at offset: Int) throws(RemoteFormatError) {
    self.init()
    schema = unsafe message.schema
    guard schema == Self.customSchema || (-4...52).contains(schema) else {
      throw RemoteFormatError(
        "histogram has an unknown schema, which must be between -9 and 52 for exponential buckets, or -53 "
          + "for "
          + "custom buckets, got schema \(schema)", at: offset)
    }
    sum = unsafe message.sum
    zeroThreshold = unsafe message.zero_threshold
    hint = unsafe ResetHint(rawValue: UInt8(truncatingIfNeeded: message.reset_hint)) ?? .unknown
    let isFloat = unsafe message.count_case == PROMGATE__HISTOGRAM__COUNT_COUNT_FLOAT
    if unsafe message.count_case == PROMGATE__HISTOGRAM__COUNT_COUNT_INT {
      count = unsafe Double(message.count_int)
    }
    if isFloat { count = unsafe message.count_float }
    if unsafe message.zero_count_case == PROMGATE__HISTOGRAM__ZERO_COUNT_ZERO_COUNT_INT {
      zeroCount = unsafe Double(message.zero_count_int)
    }
    if unsafe message.zero_count_case == PROMGATE__HISTOGRAM__ZERO_COUNT_ZERO_COUNT_FLOAT {
      zeroCount = unsafe message.zero_count_float
    }
    customBounds = unsafe (0..<message.n_custom_values).map { unsafe message.custom_values[$0] }
    let above =
      unsafe isFloat
      ? (0..<message.n_positive_counts).map { unsafe message.positive_counts[$0] }
      : Self.absolute((0..<message.n_positive_deltas).map { unsafe message.positive_deltas[$0] })
    let below =
      unsafe isFloat
      ? (0..<message.n_negative_counts).map { unsafe message.negative_counts[$0] }
      : Self.absolute((0..<message.n_negative_deltas).map { unsafe message.negative_deltas[$0] })
    positive = try unsafe buckets(
      message.positive_spans, message.n_positive_spans, above, of: "positive side", at: offset)
    negative = try unsafe buckets(
      message.negative_spans, message.n_negative_spans, below, of: "negative side", at: offset)
    self = withKnownResolution
  }

  private static func absolute(_ deltas: [Int64]) -> [Double] {
    var count: Int64 = 0
    return deltas.map { delta in
      count &+= delta
      return Double(count)
    }
  }

  /// The buckets of one side; throws Prometheus' texts for spans that cannot be.
  private func buckets(
    _ spans: UnsafeMutablePointer<UnsafeMutablePointer<Promgate__BucketSpan>?>?, _ spanCount: Int,
    _ counts: [Double], of side: String, at offset: Int
  ) throws(RemoteFormatError) -> [Bucket] {
    let spans = (0..<spanCount).compactMap { position -> HistogramSpan? in
      guard let span = unsafe spans?[position]?.pointee else { return nil }
      return unsafe HistogramSpan(offset: span.offset, length: span.length)
    }
    do { return try Self.buckets(spans: spans, counts: counts) } catch {
      let place = schema == Self.customSchema ? "custom buckets" : side
      throw RemoteFormatError("\(place): \(error)", at: offset)
    }
  }

  /// The sum of counts that are told as differences.
  private static func total(_ deltas: UnsafeMutablePointer<Int64>?, _ count: Int) -> UInt64 {
    var (bucket, total) = (Int64(0), UInt64(0))
    for i in 0..<count {
      unsafe bucket &+= deltas?[i] ?? 0
      total &+= UInt64(bitPattern: bucket)
    }
    return total
  }

  /// A histogram that is written; throws Prometheus' texts where an integer count is not that of the
  /// buckets (remote-storage.md §12).
  init(written message: Promgate__Histogram, at offset: Int) throws(RemoteFormatError) {
    let schema = unsafe message.schema
    guard schema == Self.customSchema || (-4...52).contains(schema) else {
      var unknown = NativeHistogram()
      unknown.schema = schema
      throw RemoteFormatError(unknown.validationProblem ?? "", at: offset)
    }
    try unsafe self.init(message, at: offset)
    guard unsafe message.count_case == PROMGATE__HISTOGRAM__COUNT_COUNT_INT, !StaleMarker.isStale(sum),
      validationProblem == nil
    else { return }
    // In integers: beyond 2^53 a double is not exact.
    let isZeroCountInteger = unsafe message.zero_count_case == PROMGATE__HISTOGRAM__ZERO_COUNT_ZERO_COUNT_INT
    let atZero = unsafe isZeroCountInteger ? message.zero_count_int : 0
    let above = unsafe Self.total(message.positive_deltas, message.n_positive_deltas)
    let below = unsafe Self.total(message.negative_deltas, message.n_negative_deltas)
    let found = atZero &+ above &+ below
    let said = unsafe message.count_int
    guard sum.isNaN ? found > said : found != said else { return }
    let rule =
      sum.isNaN
      ? "histogram's observation count should be at least the number of observations found in the buckets"
      : "histogram's observation count should equal the number of observations found in the buckets "
        + "(in absence of NaN)"
    throw RemoteFormatError(
      "\(found) observations found in buckets, but the Count field is \(said): \(rule)", at: offset)
  }
}
