import Testing
import TimeSeries

/// What `ChunkWriter` writes is what chunk decoding reads (chunks-and-blocks.md §1).
@Suite struct ChunkWritingTests {
  private func decoded(_ chunks: [WrittenChunk]) throws -> SampleColumns {
    var columns = SampleColumns()
    for chunk in chunks {
      let before = columns.count
      try unsafe chunk.bytes.withUnsafeBytes { try unsafe columns.append(chunk: $0, chunk.encoding) }
      let times = columns.timestamps[before...]
      #expect(times.first == chunk.timeRange.lowerBound && times.last == chunk.timeRange.upperBound)
    }
    return columns
  }

  private func isSame(_ read: SampleColumns, _ times: [Int64], _ values: [Double]) -> Bool {
    read.timestamps == times && read.values.map(\.bitPattern) == values.map(\.bitPattern)
  }

  @Test(arguments: 0..<40) func `floats come back bit for bit`(_ seed: UInt64) throws {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    func random(_ limit: UInt64) -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state % limit
    }
    let count = 1 + Int(random(400))
    var (times, values, stale) = ([Int64](), [Double](), [Int]())
    var time = Int64(bitPattern: random(4_000_000_000_000)) - 2_000_000_000_000
    let steps: [UInt64] = [2, 100, 20_000, 2_000_000, 1 << 50]
    let spread = steps[Int(seed % 5)]
    for position in 0..<count {
      time += 1 + Int64(random(spread))
      times.append(time)
      switch random(7) {
      case 0: values.append(values.last ?? 0)
      case 1: values.append(Double(bitPattern: random(.max)))
      case 2: values.append(-0.0)
      case 3:
        values.append(StaleMarker.value)
        stale.append(position)
      case 4: values.append((values.last ?? 0) + 1)
      case 5: values.append(Double(random(1000)) / 10)
      default: values.append([.infinity, -.infinity, .nan, .leastNonzeroMagnitude, 0][Int(random(5))])
      }
    }
    var held = values
    for position in stale { held[position] = 0 }
    let samples = Samples(timeline: Timeline(times), values: held, staleMarkers: stale)
    var writer = ChunkWriter()
    let whole = writer.chunks(samples, first: .min, last: .max)
    #expect(isSame(try decoded(whole), times, values))
    // A part of it, on a timeline that began earlier.
    let later = Samples(
      timeline: Timeline([times[0] - 5, times[0] - 3] + times), first: 2, values: held, staleMarkers: stale)
    let (low, high) = (count / 3, count - count / 4)
    let part = writer.chunks(later, first: times[low], last: times[high - 1])
    #expect(isSame(try decoded(part), Array(times[low..<high]), Array(values[low..<high])))
    #expect(writer.chunks(samples, first: (times.last ?? 0) + 1, last: .max).isEmpty)
  }

  @Test func `histograms come back, resets between chunks`() throws {
    func histogram(_ schema: Int32, _ counts: [Int32: Double], _ hint: NativeHistogram.ResetHint = .unknown)
      -> NativeHistogram
    {
      var result = NativeHistogram()
      result.schema = schema
      result.zeroThreshold = schema == 2 ? 0.001 : 1 / 1024
      result.positive = counts.sorted { $0.key < $1.key }.map {
        NativeHistogram.Bucket(index: $0.key, count: $0.value)
      }
      result.negative = [NativeHistogram.Bucket(index: -3, count: 1.5)]
      result.count = counts.values.reduce(2.5, +)
      result.zeroCount = 1
      result.sum = 0.1 + result.count
      result.hint = hint
      return result
    }
    var custom = NativeHistogram()
    custom.schema = NativeHistogram.customSchema
    custom.customBounds = [-1, 0.005, 0.1, 2, 1e9]
    custom.positive = [.init(index: 0, count: 3), .init(index: 4, count: 1), .init(index: 5, count: 2)]
    custom.count = 6
    custom.sum = 17
    let all: [NativeHistogram?] = [
      histogram(0, [0: 1, 1: 2, 900: 1]), histogram(0, [0: 2, 1: 2, 5: 1, 900: 1]), nil,
      histogram(0, [0: 3, 1: 3, 5: 1, 900: 1]), histogram(0, [0: 1]), histogram(2, [-40: 1]), custom, custom,
      nil, nil, histogram(0, [1: 4], .gauge), histogram(0, [1: 2], .gauge), histogram(0, [1: 2]),
    ]
    let times = all.indices.map { Int64(1000 + $0 * 15_000) }
    var held = HistogramSamples()
    for (position, histogram) in all.enumerated() {
      guard let histogram else { continue }
      held.positions.append(position)
      held.histograms.append(histogram)
    }
    let samples = Samples(
      timeline: Timeline(times), values: all.map { _ in 7 }, staleMarkers: [2], histograms: held)
    var writer = ChunkWriter()
    let chunks = writer.chunks(samples, first: .min, last: .max)
    let read = try decoded(chunks)
    #expect(read.timestamps == times)
    #expect(read.histograms.positions == held.positions)
    for (written, found) in zip(held.histograms, read.histograms.histograms) {
      // Buckets that only their neighbours have are listed with nothing in them.
      #expect(found.compacted().isExactlyEqual(to: written.compacted()), "\(found) \(written)")
    }
    let hints = read.histograms.histograms.map(\.hint)
    #expect(hints[1] == .notReset && hints[3] == .unknown && hints[7] == .gauge && hints[9] == .unknown)
    #expect(StaleMarker.isStale(read.values[2]) && read.values[8] == 7)
    #expect(chunks.map(\.encoding.rawValue) == [3, 1, 3, 3, 3, 3, 1, 3, 3])
  }
}
