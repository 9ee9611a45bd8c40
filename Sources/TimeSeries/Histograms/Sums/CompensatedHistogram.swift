/// A running sum of histograms that carries its rounding errors along (native-histograms.md §4.3):
/// how `sum`, `avg`, `sum_over_time` and `avg_over_time` add.
public struct CompensatedHistogram: Sendable, HistogramSum {
  public internal(set) var hint: NativeHistogram.ResetHint
  public internal(set) var schema: Int32
  public internal(set) var zeroThreshold: Double
  public internal(set) var customBounds: [Double]
  var positive: [CompensatedBucket]
  var negative: [CompensatedBucket]
  var zero: CompensatedSum
  private var count: CompensatedSum
  private var sum: CompensatedSum

  /// Starts with a copy of the first histogram.
  public init(_ first: NativeHistogram) {
    hint = first.hint
    schema = first.schema
    zeroThreshold = first.zeroThreshold
    customBounds = first.customBounds
    zero = first.zero
    count = CompensatedSum(first.count)
    sum = CompensatedSum(first.sum)
    positive = first.positive.map { CompensatedBucket(index: $0.index, total: $0.total) }
    negative = first.negative.map { CompensatedBucket(index: $0.index, total: $0.total) }
  }

  /// Adds another histogram.
  public mutating func add(
    _ other: NativeHistogram
  ) throws(IncompatibleHistograms) -> HistogramCombination {
    try combine(other, sign: 1)
  }

  mutating func addTotals(count: Double, sum: Double) {
    self.count.add(count)
    self.sum.add(sum)
  }

  mutating func addToZero(_ increment: Double) { zero.add(increment) }

  /// Multiplies sums and errors by a factor that is not negative.
  mutating func multiply(by factor: Double) {
    map { CompensatedSum($0.sum * factor, compensation: $0.compensation * factor) }
  }

  /// Divides sums and errors by a positive number.
  mutating func divide(by divisor: Double) {
    map { CompensatedSum($0.sum / divisor, compensation: $0.compensation / divisor) }
  }

  @inline(__always)
  private mutating func map(_ transform: (CompensatedSum) -> CompensatedSum) {
    zero = transform(zero)
    count = transform(count)
    sum = transform(sum)
    for i in positive.indices { positive[i].total = transform(positive[i].total) }
    for i in negative.indices { negative[i].total = transform(negative[i].total) }
  }

  /// Whether any of the sums is infinite (native-histograms.md §4.6); errors are not looked at.
  public var hasOverflow: Bool {
    count.sum.isInfinite || sum.sum.isInfinite || zero.sum.isInfinite
      || positive.contains { $0.total.sum.isInfinite }
      || negative.contains { $0.total.sum.isInfinite }
      || customBounds.contains { $0.isInfinite }
  }

  /// The sum with its errors added. Not compacted.
  public var value: NativeHistogram {
    var result = NativeHistogram()
    result.hint = hint
    result.schema = schema
    result.zeroThreshold = zeroThreshold
    result.customBounds = customBounds
    result.zeroCount = zero.value
    result.count = count.value
    result.sum = sum.value
    result.positive = positive.map { .init(index: $0.index, count: $0.total.value) }
    result.negative = negative.map { .init(index: $0.index, count: $0.total.value) }
    return result
  }
}
