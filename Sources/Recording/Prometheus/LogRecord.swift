internal import TimeSeries

/// A record of a log (chunks-and-blocks.md §7), as far as reading needs it.
enum LogRecord {
  case series([(reference: UInt64, labels: Labels)])
  /// Floats without start timestamps: nearly all of a log.
  case floats([(reference: UInt64, timestamp: Int64, value: Double)])
  case samples([(reference: UInt64, sample: StoredSample)], unreadable: Int)
  case tombstones([(reference: UInt64, from: Int64, through: Int64)])
  /// In a write-behind log: all samples of the series so far are in this chunk and those before it.
  case markers([(reference: UInt64, chunk: UInt64)])
  case metadata([(reference: UInt64, type: UInt8, unit: String, help: String)])
  case exemplars
  /// A kind that is not known; a later server may write it.
  case unknown

  init(_ reader: inout ByteReader) throws(BytesEnded) {
    switch try reader.u8() {
    case 1: self = .series(try Self.series(&reader))
    case 2: self = .floats(try Self.floats(&reader))
    case 3: self = .tombstones(try Self.tombstones(&reader))
    case 4: self = .exemplars
    case 5: self = .markers(try Self.markers(&reader))
    case 6: self = .metadata(try Self.metadata(&reader))
    case 7, 9: self = try Self.samples(&reader, HistogramRecord.integers)
    case 8, 10: self = try Self.samples(&reader, HistogramRecord.floats)
    case 11:
      self = try Self.started(&reader) { reader throws(BytesEnded) in .float(try reader.f64()) }
    case 12: self = try Self.started(&reader, HistogramRecord.integers)
    case 13: self = try Self.started(&reader, HistogramRecord.floats)
    default: self = .unknown
    }
  }

  private static func series(
    _ reader: inout ByteReader
  ) throws(BytesEnded) -> [(reference: UInt64, labels: Labels)] {
    var series: [(reference: UInt64, labels: Labels)] = []
    while !reader.isAtEnd { series.append((try reader.u64(), try reader.labels())) }
    return series
  }

  /// Reads a sample's value; nil for a histogram of an unknown schema.
  typealias ValueReader = (inout ByteReader) throws(BytesEnded) -> StoredSample.Value?

  private static func floats(
    _ reader: inout ByteReader
  ) throws(BytesEnded) -> [(reference: UInt64, timestamp: Int64, value: Double)] {
    var samples: [(reference: UInt64, timestamp: Int64, value: Double)] = []
    guard !reader.isAtEnd else { return [] }
    let (reference, time) = (try reader.u64(), try reader.i64())
    // A sample takes ten bytes at least.
    samples.reserveCapacity(reader.left / 10)
    while !reader.isAtEnd {
      let own = reference &+ UInt64(bitPattern: try reader.varint())
      let ownTime = time &+ (try reader.varint())
      samples.append((own, ownTime, try reader.f64()))
    }
    return samples
  }

  private static func samples(
    _ reader: inout ByteReader, _ value: ValueReader
  ) throws(BytesEnded) -> LogRecord {
    var samples: [(reference: UInt64, sample: StoredSample)] = []
    var unreadable = 0
    guard !reader.isAtEnd else { return .samples([], unreadable: 0) }
    let (reference, time) = (try reader.u64(), try reader.i64())
    while !reader.isAtEnd {
      let own = reference &+ UInt64(bitPattern: try reader.varint())
      let ownTime = time &+ (try reader.varint())
      if let value = try value(&reader) {
        samples.append((own, StoredSample(timestamp: ownTime, value)))
      } else {
        unreadable += 1
      }
    }
    return .samples(samples, unreadable: unreadable)
  }

  /// The second form, with start timestamps.
  private static func started(
    _ reader: inout ByteReader, _ value: ValueReader
  ) throws(BytesEnded) -> LogRecord {
    var samples: [(reference: UInt64, sample: StoredSample)] = []
    var unreadable = 0
    var first: (time: Int64, start: Int64)?
    var (reference, start): (Int64, Int64) = (0, 0)
    while !reader.isAtEnd {
      let time: Int64
      if let first {
        reference &+= try reader.varint()
        time = first.time &+ (try reader.varint())
        switch try reader.u8() {
        case 0: start = 0
        case 1: break
        default: start = first.start &+ (try reader.varint())
        }
      } else {
        reference = try reader.varint()
        time = try reader.varint()
        start = try reader.varint()
        first = (time, start)
      }
      if let value = try value(&reader) {
        samples.append(
          (UInt64(bitPattern: reference), StoredSample(timestamp: time, value, startTimestamp: start)))
      } else {
        unreadable += 1
      }
    }
    return .samples(samples, unreadable: unreadable)
  }

  private static func tombstones(
    _ reader: inout ByteReader
  ) throws(BytesEnded) -> [(reference: UInt64, from: Int64, through: Int64)] {
    var tombstones: [(reference: UInt64, from: Int64, through: Int64)] = []
    while !reader.isAtEnd {
      tombstones.append((try reader.u64(), try reader.varint(), try reader.varint()))
    }
    return tombstones
  }

  private static func markers(
    _ reader: inout ByteReader
  ) throws(BytesEnded) -> [(reference: UInt64, chunk: UInt64)] {
    var markers: [(reference: UInt64, chunk: UInt64)] = []
    while !reader.isAtEnd { markers.append((try reader.u64(), try reader.u64())) }
    return markers
  }

  private static func metadata(
    _ reader: inout ByteReader
  ) throws(BytesEnded) -> [(reference: UInt64, type: UInt8, unit: String, help: String)] {
    var found: [(reference: UInt64, type: UInt8, unit: String, help: String)] = []
    while !reader.isAtEnd {
      let (reference, type) = (try reader.uvarint(), try reader.u8())
      var (unit, help) = ("", "")
      for _ in 0..<(try reader.count(of: 2)) {
        let key = String(decoding: reader.array(try reader.text()), as: UTF8.self)
        let value = String(decoding: reader.array(try reader.text()), as: UTF8.self)
        if key == "UNIT" { unit = value }
        if key == "HELP" { help = value }
      }
      found.append((reference, type, unit, help))
    }
    return found
  }
}

/// Histograms as logs have them (chunks-and-blocks.md §7).
enum HistogramRecord {
  /// Counts are integers, buckets differ from the ones beside them.
  static func integers(_ reader: inout ByteReader) throws(BytesEnded) -> StoredSample.Value? {
    var head = try Head(&reader)
    head.histogram.zeroCount = Double(try reader.uvarint())
    head.histogram.count = Double(try reader.uvarint())
    head.histogram.sum = try reader.f64()
    return try value(&head, &reader) { reader throws(BytesEnded) in
      var counts: [Double] = []
      var running: Int64 = 0
      for _ in 0..<(try reader.count()) {
        running &+= try reader.varint()
        counts.append(Double(running))
      }
      return counts
    }
  }

  /// Counts are floats.
  static func floats(_ reader: inout ByteReader) throws(BytesEnded) -> StoredSample.Value? {
    var head = try Head(&reader)
    head.histogram.zeroCount = try reader.f64()
    head.histogram.count = try reader.f64()
    head.histogram.sum = try reader.f64()
    return try value(&head, &reader) { reader throws(BytesEnded) in
      var counts: [Double] = []
      for _ in 0..<(try reader.count(of: 8)) { counts.append(try reader.f64()) }
      return counts
    }
  }

  /// What comes before the counts.
  private struct Head {
    var histogram = NativeHistogram()
    var schema: Int64

    init(_ reader: inout ByteReader) throws(BytesEnded) {
      histogram.hint = NativeHistogram.ResetHint(rawValue: try reader.u8()) ?? .unknown
      schema = try reader.varint()
      histogram.zeroThreshold = try reader.f64()
    }
  }

  private static func value(
    _ head: inout Head, _ reader: inout ByteReader,
    _ counts: (inout ByteReader) throws(BytesEnded) -> [Double]
  ) throws(BytesEnded) -> StoredSample.Value? {
    let positive = try spans(&reader)
    let negative = try spans(&reader)
    let positiveCounts = try counts(&reader)
    let negativeCounts = try counts(&reader)
    let isCustom = head.schema == Int64(NativeHistogram.customSchema)
    if isCustom {
      for _ in 0..<(try reader.count(of: 8)) { head.histogram.customBounds.append(try reader.f64()) }
    }
    // A later server's schema is left out, like the samples of an impossible layout.
    guard isCustom || (-4...52).contains(head.schema) else { return nil }
    head.histogram.schema = Int32(head.schema)
    guard let above = try? NativeHistogram.buckets(spans: positive, counts: positiveCounts),
      let below = try? NativeHistogram.buckets(spans: negative, counts: negativeCounts)
    else { return nil }
    head.histogram.positive = above
    head.histogram.negative = below
    return .histogram(head.histogram.withKnownResolution)
  }

  private static func spans(_ reader: inout ByteReader) throws(BytesEnded) -> [HistogramSpan] {
    var spans: [HistogramSpan] = []
    for _ in 0..<(try reader.count(of: 2)) {
      let offset = try reader.varint()
      let length = try reader.uvarint()
      spans.append(
        HistogramSpan(offset: Int32(clamping: offset), length: UInt32(clamping: length)))
    }
    return spans
  }
}
