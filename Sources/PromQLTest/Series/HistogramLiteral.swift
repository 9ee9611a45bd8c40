import TimeSeries

/// Why a histogram literal or a series of them stands for nothing.
struct HistogramSeriesProblem: Error {
  var message: String
}

/// `{{schema:1 sum:5 buckets:[1 2]}}` while it is read (promqltest.md §2.3).
struct HistogramLiteral {
  /// The histogram; its buckets are filled in by `finish`.
  var histogram = NativeHistogram()
  /// The keys that were written.
  var given: Set<HistogramKey> = []
  /// The index of the first bucket.
  var offset: Int32 = 0
  var negativeOffset: Int32 = 0
  var buckets: [Double] = []
  var negativeBuckets: [Double] = []

  /// Whether a comparison has to look at the hint.
  var statesHint: Bool { given.contains(.hint) }

  /// Places the buckets at their indexes. Throws when an index leaves 32 bits.
  mutating func finish() throws(HistogramSeriesProblem) {
    histogram.positive = try Self.placed(buckets, from: offset)
    histogram.negative = try Self.placed(negativeBuckets, from: negativeOffset)
  }

  private static func placed(
    _ counts: [Double], from offset: Int32
  ) throws(HistogramSeriesProblem) -> [NativeHistogram.Bucket] {
    guard Int64(offset) + Int64(counts.count) <= Int64(Int32.max) else {
      throw HistogramSeriesProblem(message: "bucket offset \(offset) is out of range")
    }
    return counts.enumerated().map { .init(index: offset + Int32($0.offset), count: $0.element) }
  }
}

extension NativeHistogram {
  /// The next histogram of `H+KxN` or `H-KxN` (promqltest.md §2.2): not compacted, hints folded.
  mutating func advance(
    by step: NativeHistogram, subtracting: Bool
  ) throws(HistogramSeriesProblem) {
    guard schema <= step.schema else {
      throw HistogramSeriesProblem(
        message: "error combining histograms: cannot merge from schema \(step.schema) to \(schema)")
    }
    do {
      _ = subtracting ? try subtract(step) : try add(step)
    } catch { throw HistogramSeriesProblem(message: error.description) }
  }
}
