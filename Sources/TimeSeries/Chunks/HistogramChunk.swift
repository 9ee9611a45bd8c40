/// Decodes chunks of native histograms, with integer or float counts (chunks-and-blocks.md §1.4–1.6).
@safe
struct HistogramChunk {
  private var reader: BitReader
  private let total: Int
  private let header: UInt8
  /// Nil for encodings without start timestamps.
  private var starts: StartTimestampReader?
  private var layout = HistogramLayout()

  /// Sets out; memory for `total` samples is not taken before they are there.
  init(
    _ bytes: UnsafeRawBufferPointer, slack: Int, hasStartTimestamps: Bool
  ) throws(ChunkError) {
    guard bytes.count >= 3 else { throw .cut(samples: 0) }
    let flags = unsafe hasStartTimestamps ? bytes[0] : bytes[2]
    header = flags & 0xC0
    let high = unsafe hasStartTimestamps ? bytes[0] & 0x3F : bytes[0]
    let count = unsafe Int(UInt16(high) << 8 | UInt16(bytes[1]))
    total = count
    if hasStartTimestamps { starts = unsafe StartTimestampReader(bytes[2]) }
    reader = unsafe BitReader(bytes, slack: slack, from: 3)
    // A sample takes four bits at least.
    guard bytes.count * 2 >= count else { throw .cut(samples: count) }
    if count > 0 { layout = try HistogramLayout(&reader, limit: bytes.count * 8) }
  }

  private static let gauge: UInt8 = 0xC0

  private func hint(_ sample: Int) -> NativeHistogram.ResetHint {
    if header == Self.gauge { return .gauge }
    return sample == 0 ? .unknown : .notReset
  }

  /// A number that changes by steps which change.
  private struct Stepping {
    var value: Int64 = 0
    private var delta: Int64 = 0

    init(_ value: Int64) { self.value = value }

    @inline(__always)
    mutating func read(_ reader: inout BitReader) {
      delta &+= reader.signedVariable()
      value &+= delta
    }
  }

  /// Counts are integers; buckets differ from the ones beside them.
  mutating func appendIntegers(to columns: inout SampleColumns) throws(ChunkError) {
    guard total > 0 else { return }
    var time = Stepping(reader.signedVariable())
    var count = Stepping(Int64(bitPattern: reader.unsignedVariable()))
    var zeroCount = Stepping(Int64(bitPattern: reader.unsignedVariable()))
    var sum = XORState(Double(bitPattern: reader.bits(64)))
    let (positive, negative) = (layout.positive.count, layout.negative.count)
    var buckets: [Stepping] = []
    for _ in 0..<positive + negative { buckets.append(Stepping(reader.signedVariable())) }
    var counts = [Double](repeating: 0, count: positive + negative)
    var previous = time.value
    for i in 0..<total {
      if i > 0 {
        previous = time.value
        time.read(&reader)
        count.read(&reader)
        zeroCount.read(&reader)
        sum.read(&reader)
      }
      let isStale = StaleMarker.isStale(sum.value)
      if i > 0, !isStale { for bucket in buckets.indices { buckets[bucket].read(&reader) } }
      let start = starts?.read(&reader, i, previous: previous) ?? 0
      if reader.isPastEnd { throw .cut(samples: total) }
      var running: Int64 = 0
      for bucket in buckets.indices {
        // The negative side starts anew.
        running = bucket == positive ? buckets[bucket].value : running &+ buckets[bucket].value
        counts[bucket] = Double(running)
      }
      append(
        to: &columns, i, time.value, start, isStale, count: Double(UInt64(bitPattern: count.value)),
        zeroCount: Double(UInt64(bitPattern: zeroCount.value)), sum: sum.value, counts)
    }
  }

  /// Counts are floats, each with a state of its own.
  mutating func appendFloats(to columns: inout SampleColumns) throws(ChunkError) {
    guard total > 0 else { return }
    var time = Stepping(reader.signedVariable())
    var count = XORState(Double(bitPattern: reader.bits(64)))
    var zeroCount = XORState(Double(bitPattern: reader.bits(64)))
    var sum = XORState(Double(bitPattern: reader.bits(64)))
    let size = layout.positive.count + layout.negative.count
    var buckets: [XORState] = []
    for _ in 0..<size { buckets.append(XORState(Double(bitPattern: reader.bits(64)))) }
    var previous = time.value
    for i in 0..<total {
      if i > 0 {
        previous = time.value
        time.read(&reader)
        count.read(&reader)
        zeroCount.read(&reader)
        sum.read(&reader)
      }
      let isStale = StaleMarker.isStale(sum.value)
      if i > 0, !isStale { for bucket in buckets.indices { buckets[bucket].read(&reader) } }
      let start = starts?.read(&reader, i, previous: previous) ?? 0
      if reader.isPastEnd { throw .cut(samples: total) }
      append(
        to: &columns, i, time.value, start, isStale, count: count.value, zeroCount: zeroCount.value,
        sum: sum.value, buckets.map(\.value))
    }
  }

  private func append(
    to columns: inout SampleColumns, _ sample: Int, _ time: Int64, _ start: Int64, _ isStale: Bool,
    count: Double, zeroCount: Double, sum: Double, _ counts: [Double]
  ) {
    var histogram = NativeHistogram()
    histogram.sum = sum
    if !isStale {
      histogram = layout.histogram(counts)
      histogram.hint = hint(sample)
      histogram.count = count
      histogram.zeroCount = zeroCount
      histogram.sum = sum
    }
    columns.append(StoredSample(timestamp: time, .histogram(histogram), startTimestamp: start))
  }
}

/// What all histograms of a chunk share: schema, zero threshold, the buckets' places, custom bounds.
struct HistogramLayout: Sendable {
  private(set) var schema: Int32 = 0
  private(set) var zeroThreshold = 0.0
  /// The index of each bucket, ascending.
  private(set) var positive: [Int32] = []
  private(set) var negative: [Int32] = []
  private(set) var customBounds: [Double] = []

  init() {}

  /// `limit`: how many buckets and bounds the bytes could hold at most.
  init(_ reader: inout BitReader, limit: Int) throws(ChunkError) {
    zeroThreshold = Self.threshold(&reader)
    let schema = reader.signedVariable()
    guard let schema = Int32(exactly: schema),
      schema == NativeHistogram.customSchema || (-4...52).contains(schema)
    else { throw .layout("schema \(schema)") }
    self.schema = schema
    positive = try Self.indexes(&reader, limit: limit)
    negative = try Self.indexes(&reader, limit: limit)
    guard schema == NativeHistogram.customSchema else { return }
    let count = reader.unsignedVariable()
    guard count <= UInt64(limit) else { throw .layout("\(count) custom bounds") }
    for _ in 0..<count {
      let code = reader.unsignedVariable()
      let bound =
        code == 0 ? Double(bitPattern: reader.bits(64)) : Double(code - 1) / 1000
      customBounds.append(bound)
    }
  }

  private static func threshold(_ reader: inout BitReader) -> Double {
    switch reader.bits(8) {
    case 0: 0
    case 255: Double(bitPattern: reader.bits(64))
    case let code: Double(sign: .plus, exponent: Int(code) - 244, significand: 1)
    }
  }

  private static func indexes(_ reader: inout BitReader, limit: Int) throws(ChunkError) -> [Int32] {
    var indexes: [Int32] = []
    let spans = reader.unsignedVariable()
    guard spans <= UInt64(limit) else { throw .layout("\(spans) spans") }
    var next: Int64 = 0
    for _ in 0..<spans {
      let length = reader.unsignedVariable()
      next &+= reader.signedVariable()
      guard length <= UInt64(limit - indexes.count) else { throw .layout("a span of \(length) buckets") }
      for _ in 0..<length {
        guard let index = Int32(exactly: next), indexes.last.map({ $0 < index }) ?? true else {
          throw .layout("bucket \(next)")
        }
        indexes.append(index)
        next += 1
      }
    }
    return indexes
  }

  /// A histogram with these counts, the positive buckets' first.
  func histogram(_ counts: [Double]) -> NativeHistogram {
    var result = NativeHistogram()
    result.schema = schema
    result.zeroThreshold = zeroThreshold
    result.customBounds = customBounds
    result.positive = zip(positive, counts).map { NativeHistogram.Bucket(index: $0, count: $1) }
    result.negative = zip(negative, counts.dropFirst(positive.count)).map {
      NativeHistogram.Bucket(index: $0, count: $1)
    }
    return result.withKnownResolution
  }
}

extension NativeHistogram {
  /// Schemas beyond 8, which a later writer may use, brought to 8 by merging buckets.
  public var withKnownResolution: NativeHistogram {
    guard schema > Self.exponentialSchemas.upperBound else { return self }
    let shift = schema - Self.exponentialSchemas.upperBound
    var result = self
    result.schema = Self.exponentialSchemas.upperBound
    result.positive = Self.merged(positive, shift)
    result.negative = Self.merged(negative, shift)
    return result
  }

  private static func merged(_ buckets: [Bucket], _ shift: Int32) -> [Bucket] {
    var result: [Bucket] = []
    for bucket in buckets {
      let index = ((bucket.index &- 1) >> shift) &+ 1
      if result.last?.index == index {
        result[result.count - 1].count += bucket.count
      } else {
        result.append(Bucket(index: index, count: bucket.count))
      }
    }
    return result
  }
}
