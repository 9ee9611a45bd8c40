import Glibc
import TimeSeries

/// Formulas over all values at once, as one would write them on paper.
enum Naive {
  /// Summed from the smallest magnitude up when finite: as good as compensated.
  static func sum(_ values: [Double]) -> Double {
    var sum = CompensatedSum()
    for value in values { sum.add(value) }
    return sum.sum.isFinite ? sum.value : sum.sum
  }

  static func mean(_ values: [Double]) -> Double {
    let sum = sum(values)
    if sum.isFinite { return sum / Double(values.count) }
    // The sum overflowed: divide first.
    if values.allSatisfy(\.isFinite) { return self.sum(values.map { $0 / Double(values.count) }) }
    var mean = 0.0
    for (index, value) in values.enumerated() {
      let count = Double(index + 1)
      mean = mean * (Double(index) / count) + value / count
    }
    return mean
  }

  static func sum(_ histograms: [NativeHistogram]) -> NativeHistogram? {
    guard var total = histograms.first else { return nil }
    for next in histograms.dropFirst() {
      if let sum = exponentialSum(total, next) {
        total = sum
      } else {
        // Custom bounds and zero buckets of other widths: the engine's own addition.
        guard (try? total.add(next)) != nil else { return nil }
      }
    }
    return total
  }

  /// Bucket by bucket, at the coarser resolution; nil when the zero buckets differ.
  private static func exponentialSum(_ a: NativeHistogram, _ b: NativeHistogram) -> NativeHistogram? {
    guard !a.isCustom, !b.isCustom, a.zeroThreshold == b.zeroThreshold else { return nil }
    var sum = a
    sum.hint = a.hint.combined(with: b.hint).hint
    sum.schema = min(a.schema, b.schema)
    sum.count += b.count
    sum.zeroCount += b.zeroCount
    sum.sum += b.sum
    sum.positive = buckets([(a.schema, a.positive), (b.schema, b.positive)], at: sum.schema)
    sum.negative = buckets([(a.schema, a.negative), (b.schema, b.negative)], at: sum.schema)
    return sum
  }

  private static func buckets(
    _ lists: [(schema: Int32, buckets: [NativeHistogram.Bucket])], at schema: Int32
  ) -> [NativeHistogram.Bucket] {
    var counts: [Int32: Double] = [:]
    for (own, buckets) in lists {
      let width = Int32(1) << (own - schema)
      for bucket in buckets {
        // The index of the coarse bucket that ends where this one ends, or after it.
        let index = Int32((Double(bucket.index) / Double(width)).rounded(.up))
        counts[index, default: 0] += bucket.count
      }
    }
    return counts.sorted { $0.key < $1.key }.map { NativeHistogram.Bucket(index: $0.key, count: $0.value) }
  }

  static func best(_ values: [Double], _ beats: (Double, Double) -> Bool) -> Double {
    let numbers = values.filter { !$0.isNaN }
    guard var best = numbers.first else { return .nan }
    for value in numbers where beats(value, best) { best = value }
    return best
  }

  /// Aggregation: not finite when the first value is not.
  static func groupVariance(_ values: [Double]) -> Double {
    guard let first = values.first, first.isFinite else { return .nan }
    return variance(values)
  }

  static func variance(_ values: [Double]) -> Double {
    guard values.allSatisfy(\.isFinite) else { return .nan }
    let mean = mean(values)
    return sum(values.map { ($0 - mean) * ($0 - mean) }) / Double(values.count)
  }

  static func quantile(_ values: [Double], _ phi: Double) -> Double {
    if values.isEmpty || phi.isNaN { return .nan }
    if phi < 0 { return -.infinity }
    if phi > 1 { return .infinity }
    let sorted = values.filter(\.isNaN) + values.filter { !$0.isNaN }.sorted()
    let rank = phi * Double(sorted.count - 1)
    let low = Int(rank.rounded(.down))
    let high = min(sorted.count - 1, low + 1)
    let weight = rank - rank.rounded(.down)
    return sorted[low] * (1 - weight) + sorted[high] * weight
  }

  static func larger(_ a: Double, _ b: Double) -> Double {
    if a == .infinity || b == .infinity { return .infinity }
    if a.isNaN || b.isNaN { return .nan }
    return a > b || a == b && a.sign == .plus ? a : b
  }

  static func smaller(_ a: Double, _ b: Double) -> Double { -larger(-a, -b) }

  /// The least-squares line through points.
  static func line(_ points: [(x: Double, y: Double)]) -> (slope: Double, intercept: Double) {
    let ys = points.map(\.y)
    if ys.allSatisfy({ $0 == ys[0] }) { return ys[0].isInfinite ? (.nan, .nan) : (0, ys[0]) }
    let n = Double(points.count)
    let (x, y) = (sum(points.map(\.x)), sum(ys))
    let covariance = sum(points.map { $0.x * $0.y }) - x * y / n
    let variance = sum(points.map { $0.x * $0.x }) - x * x / n
    let slope = covariance / variance
    return (slope, y / n - slope * x / n)
  }
}
