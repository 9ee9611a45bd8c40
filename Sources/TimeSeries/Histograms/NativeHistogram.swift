/// A native histogram with float counts (native-histograms.md §1).
///
/// Buckets are kept in canonical form: sorted by index, one entry a bucket.
public struct NativeHistogram: Sendable {
  /// Whether the counter behind the histogram was reset before it.
  public enum ResetHint: UInt8, Sendable {
    case unknown, reset, notReset, gauge
  }

  /// One bucket: its index in the schema, and its count (not cumulative).
  public struct Bucket: Sendable {
    public var index: Int32
    public var count: Double

    public init(index: Int32, count: Double) {
      self.index = index
      self.count = count
    }
  }

  public var hint: ResetHint = .unknown
  /// −4…8 exponential, −53 custom bounds.
  public var schema: Int32 = 0
  public var zeroThreshold = 0.0
  public var zeroCount = 0.0
  public var count = 0.0
  public var sum = 0.0
  /// Ascending by index.
  public var positive: [Bucket] = []
  /// Ascending by index; index i is the mirror image of the positive bucket i.
  public var negative: [Bucket] = []
  /// Upper bounds of custom buckets, strictly increasing and finite; empty for exponential ones.
  public var customBounds: [Double] = []

  public init() {}
}
