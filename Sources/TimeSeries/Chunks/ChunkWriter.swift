/// A chunk of a series as it goes over the wire.
public struct WrittenChunk: Sendable {
  /// The times of the first and the last sample, milliseconds.
  public var timeRange: ClosedRange<Int64>
  public var encoding: ChunkEncoding
  public var bytes: [UInt8]

  public init(timeRange: ClosedRange<Int64>, encoding: ChunkEncoding, bytes: [UInt8]) {
    self.timeRange = timeRange
    self.encoding = encoding
    self.bytes = bytes
  }
}

/// Encodes samples as Prometheus' chunks (chunks-and-blocks.md §1): floats as XOR, native histograms as
/// histograms of floats. Keeps its memory from chunk to chunk.
public struct ChunkWriter {
  /// How many samples a chunk holds at most; Prometheus' own aim.
  static let samplesPerChunk = 120
  /// A float's sample takes 145 bits at most, and the writer steps over the end by eight bytes.
  private static let floatRoom = 32 + samplesPerChunk * 19

  private var scratch: [UInt8] = []

  public init() {}

  /// The samples in first...last as chunks, in order of time; stale markers go along. Start timestamps do
  /// not. Costs some nanoseconds a float.
  public mutating func chunks(_ samples: Samples, first: Int64, last: Int64) -> [WrittenChunk] {
    let times = samples.timeline
    let low = max(0, samples.timeline.firstPosition(after: first == .min ? .min : first - 1) - samples.first)
    let high = min(samples.count, samples.timeline.firstPosition(after: last) - samples.first)
    guard low < high else { return [] }
    var chunks: [WrittenChunk] = []
    chunks.reserveCapacity((high - low) / Self.samplesPerChunk + 1)
    let stale = samples.staleMarkers.isEmpty ? nil : Set(samples.staleMarkers)
    var position = low
    var nextHistogram = samples.histograms?.positions.firstIndex { $0 >= low } ?? .max
    while position < high {
      let histograms = samples.histograms?.positions ?? []
      let stop = nextHistogram < histograms.count ? min(high, histograms[nextHistogram]) : high
      if stop > position {
        // Stale markers stand among the floats by their bits.
        let end = min(stop, position + Self.samplesPerChunk)
        chunks.append(floats(samples, times, position..<end, stale))
        position = end
      } else if let column = samples.histograms {
        let run = HistogramRun(column, from: nextHistogram, before: high)
        chunks.append(
          WrittenChunk(
            timeRange: times[samples.first + position]...times[samples.first + run.end - 1],
            encoding: .floatHistogram, bytes: run.encoded { times[samples.first + $0] }))
        nextHistogram += run.end - position
        position = run.end
      }
    }
    return chunks
  }

  private mutating func floats(
    _ samples: Samples, _ times: Timeline, _ range: Range<Int>, _ stale: Set<Int>?
  ) -> WrittenChunk {
    if scratch.isEmpty { scratch = [UInt8](repeating: 0, count: Self.floatRoom) }
    var length = 0
    unsafe scratch.withUnsafeMutableBufferPointer { memory in
      guard let base = memory.baseAddress else { return }
      unsafe memory[0] = UInt8(range.count >> 8)
      unsafe memory[1] = UInt8(range.count & 255)
      var writer = unsafe BitWriter(base, from: 2)
      unsafe samples.values.withUnsafeBufferPointer { values in
        unsafe times.withUnsafeBufferPointer { times in
          // The range lies inside the run, and the run on the timeline.
          let first = unsafe times[samples.first + range.lowerBound]
          func value(_ position: Int) -> Double {
            if let stale, stale.contains(position) { return StaleMarker.value }
            return unsafe values[position]
          }
          writer.varint(first)
          var state = XORWriter(value(range.lowerBound))
          writer.put64(state.bits)
          var (previous, delta) = (first, Int64(0))
          for position in range.dropFirst() {
            let time = unsafe times[samples.first + position]
            let next = time &- previous
            if position == range.lowerBound + 1 {
              writer.uvarint(UInt64(bitPattern: next))
              state.write(value(position), &writer)
            } else if next == delta {
              state.write(value(position), &writer, behind: 1)
            } else {
              Self.deltaOfDelta(next &- delta, &writer)
              state.write(value(position), &writer)
            }
            (previous, delta) = (time, next)
          }
        }
      }
      length = writer.byteCount
    }
    let span = times[samples.first + range.lowerBound]...times[samples.first + range.upperBound - 1]
    return WrittenChunk(timeRange: span, encoding: .xor, bytes: Array(scratch[..<length]))
  }

  @inline(__always)
  private static func deltaOfDelta(_ value: Int64, _ writer: inout BitWriter) {
    let bits = UInt64(bitPattern: value)
    if value > -8192, value <= 8192 { return writer.put(0b10 << 14 | bits & 0x3FFF, 16) }
    if value > -65536, value <= 65536 { return writer.put(0b110 << 17 | bits & 0x1_FFFF, 20) }
    if value > -524_288, value <= 524_288 { return writer.put(0b1110 << 20 | bits & 0xF_FFFF, 24) }
    writer.put(0b1111, 4)
    writer.put64(bits)
  }
}

/// Histograms that follow one another and can share a chunk: one schema, one zero threshold, no counter
/// reset between them.
private struct HistogramRun {
  private let histograms: ArraySlice<NativeHistogram>
  private let start: Int
  /// The position behind the last.
  let end: Int

  init(_ column: HistogramSamples, from index: Int, before limit: Int) {
    start = column.positions[index]
    var last = index + 1
    while last < column.positions.count, column.positions[last] < limit,
      column.positions[last] == column.positions[last - 1] + 1, last - index < ChunkWriter.samplesPerChunk,
      Self.canFollow(column.histograms[last], column.histograms[last - 1])
    {
      last += 1
    }
    histograms = column.histograms[index..<last]
    end = start + last - index
  }

  /// Readers take all but the first of a chunk for no reset.
  private static func canFollow(_ next: NativeHistogram, _ previous: NativeHistogram) -> Bool {
    guard next.schema == previous.schema, next.zeroThreshold == previous.zeroThreshold,
      next.customBounds == previous.customBounds, (next.hint == .gauge) == (previous.hint == .gauge)
    else { return false }
    return next.hint == .gauge || next.hint == .notReset || !next.showsReset(after: previous)
  }

  func encoded(_ time: (Int) -> Int64) -> [UInt8] {
    let positive = Self.indexes(histograms.map(\.positive))
    let negative = Self.indexes(histograms.map(\.negative))
    guard let first = histograms.first else { return [] }
    let buckets = positive.count + negative.count
    // Every number takes 80 bits at most; spans and bounds twice as much.
    let room = 64 + 20 * (buckets + first.customBounds.count) + histograms.count * (48 + 10 * buckets)
    return unsafe [UInt8](unsafeUninitializedCapacity: room) { memory, count in
      guard let base = memory.baseAddress else { return }
      unsafe memory[0] = UInt8(histograms.count >> 8)
      unsafe memory[1] = UInt8(histograms.count & 255)
      unsafe memory[2] = first.hint == .gauge ? 0xC0 : 0
      var writer = unsafe BitWriter(base, from: 3)
      writer.layout(first, positive, negative)
      write(positive, negative, time, &writer)
      count = writer.byteCount
    }
  }

  private func write(
    _ positive: [Int32], _ negative: [Int32], _ time: (Int) -> Int64, _ writer: inout BitWriter
  ) {
    var (previous, delta) = (Int64(0), Int64(0))
    var states: [XORWriter] = []
    for (offset, histogram) in histograms.enumerated() {
      let now = time(start + offset)
      let numbers =
        [histogram.count, histogram.zeroCount, histogram.sum] + Self.counts(histogram.positive, positive)
        + Self.counts(histogram.negative, negative)
      if offset == 0 {
        writer.signedVariable(now)
        states = numbers.map(XORWriter.init)
        for state in states { writer.put64(state.bits) }
      } else {
        writer.signedVariable(now &- previous &- delta)
        delta = now &- previous
        for index in states.indices { states[index].write(numbers[index], &writer) }
      }
      previous = now
    }
  }

  /// All buckets that any of them lists.
  private static func indexes(_ sides: [[NativeHistogram.Bucket]]) -> [Int32] {
    var all = Set<Int32>()
    for side in sides { for bucket in side { all.insert(bucket.index) } }
    return all.sorted()
  }

  private static func counts(_ side: [NativeHistogram.Bucket], _ indexes: [Int32]) -> [Double] {
    var counts = [Double](repeating: 0, count: indexes.count)
    var place = 0
    for bucket in side {
      while place < indexes.count, indexes[place] < bucket.index { place += 1 }
      if place < indexes.count { counts[place] = bucket.count }
    }
    return counts
  }
}

extension BitWriter {
  fileprivate mutating func layout(_ histogram: NativeHistogram, _ positive: [Int32], _ negative: [Int32]) {
    threshold(histogram.zeroThreshold)
    signedVariable(Int64(histogram.schema))
    spans(positive)
    spans(negative)
    guard histogram.isCustom else { return }
    unsignedVariable(UInt64(histogram.customBounds.count))
    for bound in histogram.customBounds {
      let thousandths = (bound * 1000).rounded()
      if thousandths >= 0, thousandths < 33_554_430, thousandths / 1000 == bound, bound.sign == .plus {
        unsignedVariable(UInt64(thousandths) + 1)
      } else {
        unsignedVariable(0)
        put64(bound.bitPattern)
      }
    }
  }

  private mutating func threshold(_ value: Double) {
    if value == 0 { return put(0, 8) }
    if value.significand == 1, value.sign == .plus, (1...254).contains(value.exponent + 244) {
      return put(UInt64(value.exponent + 244), 8)
    }
    put(255, 8)
    put64(value.bitPattern)
  }

  /// Runs of neighbours: their lengths, and how far each is from the end of the one before.
  private mutating func spans(_ indexes: [Int32]) {
    var runs: [(offset: Int64, length: UInt64)] = []
    var next: Int64 = 0
    for index in indexes {
      if let last = runs.indices.last, Int64(index) == next {
        runs[last].length += 1
      } else {
        runs.append((Int64(index) - next, 1))
      }
      next = Int64(index) + 1
    }
    unsignedVariable(UInt64(runs.count))
    for run in runs {
      unsignedVariable(run.length)
      signedVariable(run.offset)
    }
  }
}
