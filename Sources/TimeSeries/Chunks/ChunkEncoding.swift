/// The encodings of Prometheus' chunks (chunks-and-blocks.md §1); the raw value is the one on disk.
public enum ChunkEncoding: UInt8, Sendable, Hashable, CaseIterable {
  case xor = 1
  case histogram = 2
  case floatHistogram = 3
  case xor2 = 4
  case histogramST = 5
  case floatHistogramST = 6
}

/// Why a chunk cannot be decoded.
public enum ChunkError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The bytes end before the samples that the chunk announces.
  case cut(samples: Int)
  case unknownEncoding(UInt8)
  /// The layout of its histograms is impossible.
  case layout(String)

  public var description: String {
    switch self {
    case .cut(let samples): "the chunk ends before its \(samples) samples do"
    case .unknownEncoding(let number): "unknown chunk encoding \(number)"
    case .layout(let problem): "impossible histogram layout: \(problem)"
    }
  }
}

extension SampleColumns {
  /// Decodes a chunk and appends its samples. Costs a few nanoseconds a float; memory goes to samples
  /// that the bytes can hold. A chunk that throws has appended nothing. `slack` bytes behind the buffer
  /// may be looked at, which is quicker; what they are does not matter.
  public mutating func append(
    chunk bytes: UnsafeRawBufferPointer, _ encoding: ChunkEncoding, slack: Int = 0
  ) throws(ChunkError) {
    let before = count
    let histogramsBefore = histograms.positions.count
    do throws(ChunkError) {
      switch encoding {
      case .xor: try unsafe appendXOR(bytes, slack: slack)
      case .xor2: try unsafe appendXOR2(bytes, slack: slack)
      case .histogram, .histogramST:
        var decoder = try unsafe HistogramChunk(
          bytes, slack: slack, hasStartTimestamps: encoding == .histogramST)
        try decoder.appendIntegers(to: &self)
      case .floatHistogram, .floatHistogramST:
        var decoder = try unsafe HistogramChunk(
          bytes, slack: slack, hasStartTimestamps: encoding == .floatHistogramST)
        try decoder.appendFloats(to: &self)
      }
    } catch {
      truncate(to: before, histograms: histogramsBefore)
      throw error
    }
  }
}
