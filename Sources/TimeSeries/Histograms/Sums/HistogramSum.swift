/// What a running sum of buckets needs to know of an entry: plain `Bucket` or one that carries the
/// rounding error of its sum along.
protocol BucketSum: Sendable {
  var index: Int32 { get set }
  /// What was summed so far, and its rounding error (0 for a plain bucket).
  var total: CompensatedSum { get }

  init(index: Int32, total: CompensatedSum)
  mutating func add(_ increment: Double)
}

extension BucketSum {
  /// Adds what another entry summed, then its rounding error.
  @inline(__always)
  mutating func merge(_ other: Self) {
    let total = other.total
    add(total.sum)
    if total.compensation != 0 { add(total.compensation) }
  }
}

extension NativeHistogram.Bucket: BucketSum {
  var total: CompensatedSum { CompensatedSum(count) }

  init(index: Int32, total: CompensatedSum) { self.init(index: index, count: total.sum) }

  @inline(__always)
  mutating func add(_ increment: Double) { count += increment }
}

/// A bucket whose count is a Kahan sum.
struct CompensatedBucket: BucketSum {
  var index: Int32
  var total: CompensatedSum

  @inline(__always)
  mutating func add(_ increment: Double) { total.add(increment) }
}

/// A histogram to which others are added (native-histograms.md §4.2, §4.3): plain, or with the
/// rounding errors of its sums. The algorithm is in `combine`.
protocol HistogramSum: Sendable {
  associatedtype Entry: BucketSum

  var hint: NativeHistogram.ResetHint { get set }
  var schema: Int32 { get set }
  var zeroThreshold: Double { get set }
  var customBounds: [Double] { get set }
  var positive: [Entry] { get set }
  var negative: [Entry] { get set }
  /// The zero bucket's count; a plain histogram drops the compensation when it is set.
  var zero: CompensatedSum { get set }

  mutating func addTotals(count: Double, sum: Double)
  mutating func addToZero(_ increment: Double)
}

extension HistogramSum {
  var isCustom: Bool { schema == NativeHistogram.customSchema }
}

extension NativeHistogram: HistogramSum {
  var zero: CompensatedSum {
    get { CompensatedSum(zeroCount) }
    set { zeroCount = newValue.sum }
  }

  mutating func addTotals(count: Double, sum: Double) {
    self.count += count
    self.sum += sum
  }

  mutating func addToZero(_ increment: Double) { zeroCount += increment }
}
