import PromQL
import TimeSeries

extension NativeHistogram {
  /// A sum or difference, and what there is to say about it.
  struct Merge {
    var histogram: NativeHistogram
    /// "Reset" met "not reset".
    var collided = false
    /// Different custom bounds were reconciled.
    var reconciled = false

    fileprivate init(_ histogram: NativeHistogram, _ facts: HistogramCombination) {
      self.histogram = histogram
      collided = facts.contains(.hintCollision)
      reconciled = facts.contains(.reconciledBounds)
    }
  }

  /// The sum; nil when exponential and custom buckets meet.
  func adding(_ other: NativeHistogram) -> Merge? {
    var sum = self
    guard let facts = try? sum.add(other) else { return nil }
    return Merge(sum, facts)
  }

  /// The difference; nil when exponential and custom buckets meet.
  func subtracting(_ other: NativeHistogram) -> Merge? {
    var difference = self
    guard let facts = try? difference.subtract(other) else { return nil }
    return Merge(difference, facts)
  }

  func multiplied(by factor: Double) -> NativeHistogram {
    var product = self
    product.multiply(by: factor)
    return product
  }

  func divided(by divisor: Double) -> NativeHistogram {
    var quotient = self
    quotient.divide(by: divisor)
    return quotient
  }

  func reduced(to schema: Int32) -> NativeHistogram {
    var reduced = self
    reduced.reduce(toSchema: schema)
    return reduced
  }
}

extension HistogramReading {
  func value(of histogram: NativeHistogram) -> Double {
    switch self {
    case .count: histogram.count
    case .sum: histogram.sum
    case .avg: histogram.mean
    case .stddev: histogram.standardDeviation
    case .stdvar: histogram.standardVariance
    }
  }
}
