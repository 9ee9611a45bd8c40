/// A native histogram with float counts (native-histograms.md §1): a plain value.
///
/// Buckets are sorted by index, one entry a bucket. Explicit empty buckets are kept until `compact`
/// removes them, as some comparisons look at which buckets are listed. Indexes and counts may come
/// from hostile input: no operation traps or needs more memory than its operands.
public struct NativeHistogram: Sendable {
  /// Whether the counter behind the histogram was reset before it.
  public enum ResetHint: UInt8, Sendable {
    case unknown, reset, notReset, gauge
  }

  /// One bucket: its index in the schema, and its count (not cumulative).
  public struct Bucket: Sendable, Hashable {
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
  /// The zero bucket reaches from −`zeroThreshold` to `zeroThreshold`.
  public var zeroThreshold = 0.0
  /// Observations in the zero bucket.
  public var zeroCount = 0.0
  /// All observations, NaN ones included, which are in no bucket.
  public var count = 0.0
  /// The sum of all observations; a stale marker's bits make the histogram a stale marker.
  public var sum = 0.0
  /// Ascending by index, no two alike.
  public var positive: [Bucket] = []
  /// Ascending by index, no two alike; index i is the mirror image of the positive bucket i.
  public var negative: [Bucket] = []
  /// Upper bounds of custom buckets, strictly increasing and finite; empty for exponential ones.
  public var customBounds: [Double] = []

  /// The histogram of no observation, schema 0.
  public init() {}

  /// The schema of histograms with custom bounds.
  public static let customSchema: Int32 = -53
  /// The schemas with exponential buckets: 2^schema buckets a power of two.
  public static let exponentialSchemas: ClosedRange<Int32> = -4...8

  /// Whether the buckets have custom bounds.
  public var isCustom: Bool { schema == Self.customSchema }

  /// No observation, with this one's schema and bounds.
  public var emptied: NativeHistogram {
    var result = NativeHistogram()
    result.schema = schema
    result.customBounds = customBounds
    return result
  }
}
