internal import CRemote
public import TimeSeries

/// What a client of remote read asks for, decoded, and its answer (remote-storage.md §3).
public struct ReadRequest: Sendable {
  /// Why there is no answer, and the status that says so.
  public struct Problem: Error, Sendable, CustomStringConvertible {
    public var status: Int
    public var description: String
  }

  /// One query: matchers and a closed interval, milliseconds.
  public struct Query: Sendable {
    public var matchers: [LabelMatcher]
    public var start: Int64
    public var end: Int64
  }

  public var queries: [Query] = []

  /// The most samples in the answer to one query.
  public static let sampleLimit = 50_000_000
  private static let sizeLimit = 32 << 20

  /// Decodes a snappy block. Throws with a status when it is damaged, asks with an invalid matcher, or
  /// accepts no type of answer that there is.
  public init(_ body: [UInt8]) throws(Problem) {
    let block: ByteBlock
    do { block = try SnappyBlock.decompressed(body, limit: Self.sizeLimit) } catch {
      throw Problem(status: 400, description: error.reason)
    }
    guard let arena = MessageArena(limit: 4 * Self.sizeLimit) else {
      throw Problem(status: 500, description: "no memory")
    }
    let found = unsafe block.reader.withBytes(0..<block.reader.left) { part, _ in
      unsafe promgate_read_request_decode(
        arena.pointer, part.baseAddress?.assumingMemoryBound(to: UInt8.self), part.count)
    }
    guard let message = unsafe found?.pointee else {
      throw Problem(status: 400, description: "the request is damaged")
    }
    let types = unsafe (0..<message.n_accepted_response_types).map {
      unsafe message.accepted_response_types[$0]
    }
    // Samples are what every client takes; those that accept only chunks are told.
    guard types.isEmpty || types.contains(0) else {
      throw Problem(
        status: 400,
        description: "server does not support any of the requested response types: "
          + "[\(types.map(String.init).joined(separator: " "))]; supported: map[SAMPLES:{}]")
    }
    for i in unsafe 0..<message.n_queries {
      guard let query = unsafe message.queries[i]?.pointee else { continue }
      queries.append(try unsafe Self.query(query))
    }
  }

  private static func query(_ message: Promgate__Query) throws(Problem) -> Query {
    var matchers: [LabelMatcher] = []
    for i in unsafe 0..<message.n_matchers {
      guard let matcher = unsafe message.matchers[i]?.pointee else { continue }
      let operations: [LabelMatcher.Operation] = [.equal, .notEqual, .matches, .matchesNot]
      guard unsafe matcher.type < 4 else { throw Problem(status: 500, description: "invalid matcher type") }
      let operation = unsafe operations[Int(matcher.type)]
      let (name, value) = unsafe (String(cString: matcher.name), String(cString: matcher.value))
      do { matchers.append(try LabelMatcher(name, operation, value)) } catch {
        throw Problem(status: 500, description: "\(error)")
      }
    }
    return unsafe Query(
      matchers: matchers, start: message.start_timestamp_ms, end: message.end_timestamp_ms)
  }

  /// The answer as samples: one snappy block. Stale markers go along; histograms beside floats.
  public func answer(over source: any SeriesSource) throws(Problem) -> [UInt8] {
    var writer = ProtobufWriter()
    for query in queries {
      let result = try Self.result(query, source)
      writer.bytes(1, result)
    }
    guard writer.count <= Int(UInt32.max) else {
      throw Problem(status: 400, description: "the answer is larger than a snappy block can be")
    }
    return SnappyBlock.compressed(writer.finish())
  }

  private static func result(_ query: Query, _ source: any SeriesSource) throws(Problem) -> [UInt8] {
    var writer = ProtobufWriter()
    var count = 0
    do {
      let selected = try source.select(
        Selection(
          matchers: query.matchers, after: query.start == .min ? .min : query.start - 1, through: query.end))
      for (row, labels) in selected.labels.enumerated() {
        let samples = try selected.samples(row)
        let series = Self.series(labels, samples, query, &count)
        if let series { writer.bytes(1, series) }
        if count > sampleLimit {
          throw Problem(status: 400, description: "exceeded sample limit (\(sampleLimit))")
        }
      }
    } catch let problem as Problem {
      throw problem
    } catch {
      throw Problem(status: 500, description: "\(error)")
    }
    return writer.finish()
  }

  /// Nil for a series without samples in the interval.
  private static func series(
    _ labels: Labels, _ samples: Samples, _ query: Query, _ count: inout Int
  ) -> [UInt8]? {
    var writer = ProtobufWriter()
    for (name, value) in labels.pairs {
      var label = ProtobufWriter()
      label.text(1, name)
      label.text(2, value)
      writer.bytes(1, label.finish())
    }
    let stale = Set(samples.staleMarkers)
    let histograms =
      samples.histograms.map { histograms in
        Dictionary(zip(histograms.positions, histograms.histograms)) { first, _ in first }
      } ?? [:]
    var written = 0
    var behind = ProtobufWriter()
    for position in 0..<samples.count {
      let time = samples.timestamp(position)
      guard time >= query.start, time <= query.end else { continue }
      written += 1
      if let histogram = histograms[position] {
        behind.bytes(4, ProtobufWriter.histogram(histogram, at: time))
      } else {
        var sample = ProtobufWriter()
        sample.double(1, stale.contains(position) ? StaleMarker.value : samples.values[position])
        sample.integer(2, time)
        writer.bytes(2, sample.finish())
      }
    }
    guard written > 0 else { return nil }
    count += written
    return writer.finish() + behind.finish()
  }
}

/// Writes a message's fields; zeros are left out as proto3 does.
struct ProtobufWriter {
  private var output: [UInt8] = []

  var count: Int { output.count }

  consuming func finish() -> [UInt8] { output }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      output.append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    output.append(UInt8(rest))
  }

  mutating func unsigned(_ field: UInt64, _ value: UInt64) {
    guard value != 0 else { return }
    varint(field << 3)
    varint(value)
  }

  mutating func integer(_ field: UInt64, _ value: Int64) { unsigned(field, UInt64(bitPattern: value)) }

  mutating func zigzag(_ field: UInt64, _ value: Int64) {
    unsigned(field, UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  /// - Parameter always: writes zeros too, as for members of a oneof.
  mutating func double(_ field: UInt64, _ value: Double, always: Bool = false) {
    guard always || value != 0 else { return }
    varint(field << 3 | 1)
    fixed(value)
  }

  mutating func text(_ field: UInt64, _ value: String) {
    guard !value.isEmpty else { return }
    bytes(field, Array(value.utf8))
  }

  mutating func bytes(_ field: UInt64, _ value: [UInt8]) {
    varint(field << 3 | 2)
    varint(UInt64(value.count))
    output += value
  }

  /// Buckets as spans of neighbours and their counts.
  private mutating func buckets(
    _ spanField: UInt64, _ countField: UInt64, _ buckets: [NativeHistogram.Bucket]
  ) {
    var start = 0
    var next: Int32 = 0
    while start < buckets.count {
      var end = start + 1
      while end < buckets.count, buckets[end].index == buckets[end - 1].index + 1 { end += 1 }
      var span = ProtobufWriter()
      span.zigzag(1, Int64(buckets[start].index - next))
      span.unsigned(2, UInt64(end - start))
      bytes(spanField, span.finish())
      next = buckets[end - 1].index + 1
      start = end
    }
    packed(countField, buckets.map(\.count))
  }

  private mutating func packed(_ field: UInt64, _ values: [Double]) {
    guard !values.isEmpty else { return }
    varint(field << 3 | 2)
    varint(UInt64(values.count * 8))
    for value in values { fixed(value) }
  }

  private mutating func fixed(_ value: Double) {
    var bits = value.bitPattern
    for _ in 0..<8 {
      output.append(UInt8(truncatingIfNeeded: bits))
      bits >>= 8
    }
  }

  /// A histogram as floats, which every reader takes (remote-storage.md §12).
  static func histogram(_ histogram: NativeHistogram, at time: Int64) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.double(2, histogram.count, always: true)
    writer.double(3, histogram.sum)
    writer.zigzag(4, Int64(histogram.schema))
    writer.double(5, histogram.zeroThreshold)
    writer.double(7, histogram.zeroCount, always: true)
    writer.buckets(8, 10, histogram.negative)
    writer.buckets(11, 13, histogram.positive)
    writer.unsigned(14, UInt64(histogram.hint.rawValue))
    writer.integer(15, time)
    writer.packed(16, histogram.customBounds)
    return writer.finish()
  }
}
