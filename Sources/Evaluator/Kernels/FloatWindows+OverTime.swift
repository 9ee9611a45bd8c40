internal import CColumns
import TimeSeries

/// `*_over_time` (promql-functions.md §5).
extension FloatWindows {
  /// The time in seconds of the last value that no other beats.
  @inline(__always)
  func timeOfLastBest(_ lower: Int, _ upper: Int, _ matches: (Double, Double) -> Bool) -> Double {
    var best = lower
    for i in lower + 1..<max(upper, lower + 1)
    where matches(samples.values[i], samples.values[best]) || samples.values[best].isNaN {
      best = i
    }
    return Double(time(best)) / 1000
  }
}

/// The same over plain values: windows with histograms among them use these too.
enum OverTime {
  static func sum(_ values: ArraySlice<Double>) -> Double {
    if let sum = finiteSum(CompensatedSum(), values) { return sum.value }
    var sum = CompensatedSum()
    for value in values { sum.add(value) }
    return sum.sum.isInfinite ? sum.sum : sum.value
  }

  /// Falls back to an incremental mean when the sum would overflow (promql-evaluation.md §5.3).
  static func average(_ values: ArraySlice<Double>) -> Double {
    let count = Double(values.count)
    if let sum = finiteSum(CompensatedSum(values.first ?? 0), values.dropFirst()) {
      return sum.sum / count + sum.compensation / count
    }
    var average = Average()
    for value in values { average.add(value) }
    return average.value
  }

  /// A sum that goes on; nil where values are no numbers or a sum overflows, which needs a look at each.
  private static func finiteSum(_ start: CompensatedSum, _ values: ArraySlice<Double>) -> CompensatedSum? {
    var result = start
    unsafe values.withUnsafeBufferPointer { values in
      guard let first = values.baseAddress else { return }
      unsafe promgate_sum_compensated(&result.sum, &result.compensation, first, values.count)
    }
    return result.sum.isFinite ? result : nil
  }

  static func variance(_ values: ArraySlice<Double>) -> Double {
    var count = 0.0
    var mean = CompensatedSum()
    var squares = CompensatedSum()
    for value in values {
      count += 1
      let delta = value - mean.value
      mean.add(delta / count)
      squares.add(delta * (value - mean.value))
    }
    return squares.value / count
  }

  static func medianDeviation(_ values: ArraySlice<Double>) -> Double {
    if values.contains(where: \.isNaN) { return .nan }
    let median = Quantile.of(values, 0.5)
    return Quantile.of(values.map { ($0 - median).magnitude }, 0.5)
  }
}

/// A mean that sums directly until the sum would overflow, then goes on incrementally
/// (promql-evaluation.md §5.3).
struct Average {
  private var count = 0.0
  private var sum = CompensatedSum()
  private var isIncremental = false

  init() {}

  /// Goes on from a sum of `count` values.
  init(count: Double, sum: CompensatedSum) {
    self.count = count
    self.sum = sum
  }

  mutating func add(_ value: Double) {
    count += 1
    if count == 1 {
      sum = CompensatedSum(value)
      return
    }
    if !isIncremental {
      var next = sum
      next.add(value)
      if !next.sum.isInfinite {
        sum = next
        return
      }
      isIncremental = true
      sum = CompensatedSum(sum.sum / (count - 1), compensation: sum.compensation / (count - 1))
    }
    let share = (count - 1) / count
    sum = CompensatedSum(share * sum.sum, compensation: share * sum.compensation)
    sum.add(value / count)
  }

  var value: Double {
    isIncremental ? sum.value : sum.sum / count + sum.compensation / count
  }
}
