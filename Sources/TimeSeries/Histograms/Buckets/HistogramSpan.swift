/// A run of adjacent buckets, the form in which histograms travel (native-histograms.md §1).
public struct HistogramSpan: Sendable, Hashable {
  /// For the first span the index of its first bucket, else the gap after the span before.
  public var offset: Int32
  /// How many buckets the span has.
  public var length: UInt32

  public init(offset: Int32, length: UInt32) {
    self.offset = offset
    self.length = length
  }
}

/// Why spans and counts do not make buckets; `description` is Prometheus' text, without the prefix
/// that names the side.
public enum SpanProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// A span lies before the one that precedes it.
  case negativeOffset(number: Int, offset: Int32)
  /// The spans speak of another number of buckets than there are counts.
  case mismatch(needed: Int64, present: Int)
  /// A bucket's index leaves 32 bits.
  case indexOutOfRange(number: Int)

  public var description: String {
    switch self {
    case .negativeOffset(let number, let offset):
      "span number \(number) with offset \(offset): histogram has a span whose offset is negative"
    case .mismatch(let needed, let present):
      "spans need \(needed) buckets, have \(present) buckets: "
        + "histogram spans specify different number of buckets than provided"
    case .indexOutOfRange(let number):
      "span number \(number) reaches beyond the bucket indexes that 32 bits can hold"
    }
  }
}

extension NativeHistogram {
  /// The buckets of one side, from spans and the counts of their buckets in order. Memory is
  /// bounded by `counts`, whatever the spans claim.
  public static func buckets(
    spans: [HistogramSpan], counts: [Double]
  ) throws(SpanProblem) -> [Bucket] {
    var needed: Int64 = 0
    for (i, span) in spans.enumerated() {
      if i > 0, span.offset < 0 { throw .negativeOffset(number: i + 1, offset: span.offset) }
      needed = needed &+ Int64(span.length)
    }
    guard needed == Int64(counts.count) else {
      throw .mismatch(needed: needed, present: counts.count)
    }
    var buckets: [Bucket] = []
    buckets.reserveCapacity(counts.count)
    var index: Int64 = 0
    for (i, span) in spans.enumerated() {
      index = index &+ Int64(span.offset)
      for _ in 0..<span.length {
        guard let fitting = Int32(exactly: index) else { throw .indexOutOfRange(number: i + 1) }
        buckets.append(Bucket(index: fitting, count: counts[buckets.count]))
        index += 1
      }
    }
    return buckets
  }

  /// The spans that describe where the buckets of one side lie.
  public static func spans(of buckets: [Bucket]) -> [HistogramSpan] {
    var spans: [HistogramSpan] = []
    var next: Int64 = 0
    for bucket in buckets {
      let gap = Int64(bucket.index) - next
      if let last = spans.indices.last, gap == 0 {
        spans[last].length += 1
      } else if !spans.isEmpty, gap > Int64(Int32.max) {
        // A gap that one span cannot express: an empty span reaches half of it.
        spans.append(HistogramSpan(offset: .max, length: 0))
        spans.append(HistogramSpan(offset: Int32(clamping: gap - Int64(Int32.max)), length: 1))
      } else {
        spans.append(HistogramSpan(offset: Int32(clamping: gap), length: 1))
      }
      next = Int64(bucket.index) + 1
    }
    return spans
  }
}
