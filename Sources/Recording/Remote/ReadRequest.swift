internal import CRemote
public import TimeSeries

/// What a client of remote read asks for, decoded, and its answer (remote-storage.md §3).
public struct ReadRequest: Sendable {
  /// Why there is no answer, and the status that says so.
  public struct Problem: Error, Sendable, CustomStringConvertible {
    public var status: Int
    public var description: String

    public init(status: Int, description: String) {
      self.status = status
      self.description = description
    }
  }

  /// One query: matchers and a closed interval, milliseconds.
  public struct Query: Sendable {
    public var matchers: [LabelMatcher]
    public var start: Int64
    public var end: Int64

    var selection: Selection {
      Selection(matchers: matchers, after: start == .min ? .min : start - 1, through: end)
    }
  }

  public var queries: [Query] = []
  /// What the client wants: the first type of answer that it lists and that there is; samples when it
  /// lists none.
  public private(set) var encoding = RemoteEncoding.samples

  /// The most samples in the answer to one query.
  public static let sampleLimit = 50_000_000
  private static let sizeLimit = 32 << 20

  /// Decodes a snappy block. Throws with a status when it is damaged, asks with an invalid matcher, or
  /// accepts no type of answer that there is. `memory` is asked for what is decoded, before it is.
  public init(_ body: [UInt8], memory: MemoryAccount = MemoryAccount(.unlimited)) throws(Problem) {
    let block: ByteBlock
    let arena: MessageArena
    do {
      block = try SnappyBlock.decompressed(body, limit: Self.sizeLimit, memory: memory)
      guard let new = MessageArena(limit: 4 * Self.sizeLimit, memory: memory) else {
        throw Problem(status: 500, description: "no memory")
      }
      arena = new
      try arena.permit(block.reader.left)
    } catch let error as RemoteFormatError {
      let status = error.shortage.map { $0.isShared ? 503 : 422 }
      throw Problem(status: status ?? 400, description: error.reason)
    } catch let problem as Problem {
      throw problem
    } catch {
      throw Problem(status: 500, description: "\(error)")
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
    guard let encoding = types.isEmpty ? .samples : types.lazy.compactMap(RemoteEncoding.init(number:)).first
    else {
      throw Problem(
        status: 400,
        description: "server does not support any of the requested response types: "
          + "[\(types.map(String.init).joined(separator: " "))]; "
          + "supported: map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]")
    }
    self.encoding = encoding
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
  /// Throws a problem of status 422 or 503 where `memory` has no room for it, and what `check` throws, which
  /// is called before each query and now and then within one.
  public func answer(
    over source: any SeriesSource, memory: MemoryAccount = MemoryAccount(.unlimited),
    check: () throws(Problem) -> Void = {}
  ) throws(Problem) -> [UInt8] {
    var writer = ProtobufWriter()
    for query in queries {
      let result = try Self.result(query, source, memory, check)
      writer.bytes(1, result)
    }
    guard writer.count <= Int(UInt32.max) else {
      throw Problem(status: 400, description: "the answer is larger than a snappy block can be")
    }
    return SnappyBlock.compressed(writer.finish())
  }

  private static func result(
    _ query: Query, _ source: any SeriesSource, _ memory: MemoryAccount, _ check: () throws(Problem) -> Void
  ) throws(Problem) -> [UInt8] {
    try check()
    var writer = ProtobufWriter()
    var count = 0
    do {
      let selected = try source.select(query.selection)
      for (row, labels) in selected.labels.enumerated() {
        if row % 256 == 0 { try check() }
        let samples = try selected.samples(row)
        let series = Self.series(labels, samples, query, &count)
        // In this result, in the answer, and compressed.
        if let series {
          try memory.take(3 * series.count)
          writer.bytes(1, series)
        }
        if count > sampleLimit {
          throw Problem(status: 400, description: "exceeded sample limit (\(sampleLimit))")
        }
      }
    } catch let problem as Problem {
      throw problem
    } catch let shortage as MemoryShortage {
      throw Problem(status: shortage.isShared ? 503 : 422, description: shortage.description)
    } catch {
      throw Problem(status: 500, description: "\(error)")
    }
    return writer.finish()
  }

  /// Nil for a series without samples in the interval.
  private static func series(
    _ labels: Labels, _ samples: Samples, _ query: Query, _ count: inout Int
  ) -> [UInt8]? {
    var writer = ProtobufWriter(capacity: labels.bytes.count * 2 + samples.count * 18)
    writer.labels(1, labels)
    let stale = samples.staleMarkers.isEmpty ? nil : Set(samples.staleMarkers)
    var written = 0
    var nextHistogram = 0
    var behind = ProtobufWriter()
    for position in 0..<samples.count {
      var histogram: NativeHistogram?
      if let column = samples.histograms, nextHistogram < column.positions.count,
        column.positions[nextHistogram] == position
      {
        histogram = column.histograms[nextHistogram]
        nextHistogram += 1
      }
      let time = samples.timestamp(position)
      guard time >= query.start, time <= query.end else { continue }
      written += 1
      if let histogram {
        behind.bytes(4, ProtobufWriter.histogram(histogram, at: time))
      } else {
        let isStale = stale?.contains(position) ?? false
        writer.sample(2, isStale ? StaleMarker.value : samples.values[position], at: time)
      }
    }
    guard written > 0 else { return nil }
    count += written
    return writer.finish() + behind.finish()
  }
}

extension RemoteEncoding {
  /// By the protocol's number of the type of answer.
  fileprivate init?(number: UInt32) {
    switch number {
    case 0: self = .samples
    case 1: self = .chunks
    default: return nil
    }
  }
}
