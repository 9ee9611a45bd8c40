/// A bucket with its bounds (native-histograms.md §2).
public struct BoundedBucket: Sendable, Hashable {
  public var lower: Double
  public var upper: Double
  /// Whether an observation equal to the lower bound is in the bucket.
  public var includesLower: Bool
  public var includesUpper: Bool
  /// Observations in the bucket, not cumulative.
  public var count: Double

  /// Which bounds belong to the bucket, as the HTTP API tells it: 0 upper, 1 lower, 2 none, 3 both.
  public var boundaryRule: Int {
    switch (includesLower, includesUpper) {
    case (false, true): 0
    case (true, false): 1
    case (false, false): 2
    case (true, true): 3
    }
  }

  /// Whether zero lies between the bounds or on one.
  var touchesZero: Bool { lower <= 0 && upper >= 0 }

  /// The bucket of a histogram without buckets.
  static let none = BoundedBucket(
    lower: 0, upper: 0, includesLower: false, includesUpper: false, count: 0)
}

/// All buckets of a histogram in ascending order, listed empty ones included: the negative ones,
/// the zero bucket if it counts anything, the positive or custom ones (native-histograms.md §3).
///
/// Bounds are computed when a bucket is read; `reversed()` is the descending order.
public struct BoundedBuckets: Sendable, RandomAccessCollection {
  /// How the buckets stand to the zero bucket.
  public enum Bounds: Sendable {
    /// As the schema has them; the zero bucket is there when its count is not 0.
    case unclamped
    /// Cut at the zero bucket; it is there when its count is above 0.
    case clamped
  }

  private let histogram: NativeHistogram
  private let bounds: Bounds
  private let hasZeroBucket: Bool

  init(_ histogram: NativeHistogram, _ bounds: Bounds) {
    self.histogram = histogram
    self.bounds = bounds
    hasZeroBucket =
      !histogram.isCustom
      && (bounds == .clamped ? histogram.zeroCount > 0 : histogram.zeroCount != 0)
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int {
    histogram.negative.count + (hasZeroBucket ? 1 : 0) + histogram.positive.count
  }

  private enum Place {
    case negative(Int), zero, positive(Int)
  }

  private func place(_ position: Int) -> Place {
    let negatives = histogram.negative.count
    if position < negatives { return .negative(negatives - 1 - position) }
    let rest = position - negatives
    if hasZeroBucket { return rest == 0 ? .zero : .positive(rest - 1) }
    return .positive(rest)
  }

  public subscript(position: Int) -> BoundedBucket {
    switch place(position) {
    case .negative(let i): clamped(negative: histogram.negativeBucket(i))
    case .zero: histogram.zeroBucket
    case .positive(let i): clamped(positive: histogram.positiveBucket(i))
    }
  }

  /// The count of the bucket at a position, without the cost of its bounds.
  public func count(at position: Int) -> Double {
    switch place(position) {
    case .negative(let i): histogram.negative[i].count
    case .zero: histogram.zeroCount
    case .positive(let i): histogram.positive[i].count
    }
  }

  private func clamped(negative bucket: BoundedBucket) -> BoundedBucket {
    var bucket = bucket
    if bounds == .clamped, bucket.upper < 0, bucket.upper > -histogram.zeroThreshold {
      bucket.upper = -histogram.zeroThreshold
    }
    return bucket
  }

  private func clamped(positive bucket: BoundedBucket) -> BoundedBucket {
    var bucket = bucket
    if bounds == .clamped, bucket.lower > 0, bucket.lower < histogram.zeroThreshold {
      bucket.lower = histogram.zeroThreshold
    }
    return bucket
  }
}
