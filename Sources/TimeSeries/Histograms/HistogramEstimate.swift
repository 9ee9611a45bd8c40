/// What a function estimated from the buckets of one histogram, and what NaN observations did to it.
public struct HistogramEstimate: Sendable, Hashable {
  public var value: Double
  /// What NaN observations did to the value; nil if nothing.
  public var nanObservations: NaNEffect?

  init(_ value: Double, _ nanObservations: NaNEffect? = nil) {
    self.value = value
    self.nanObservations = nanObservations
  }

  /// NaN observations are counted and are in no bucket.
  public enum NaNEffect: Sendable, Hashable {
    /// The quantile falls among them: it is NaN.
    case resultIsNaN
    /// They count as the highest observations: the quantile is skewed higher.
    case skewedHigher
    /// They are in no fraction.
    case excludedFromFractions
  }
}

extension BoundedBucket {
  /// The share of the bucket's observations at or below a value between its finite bounds: as if
  /// they were spread evenly, or evenly by their logarithm.
  func share(below value: Double, isLinear: Bool) -> Double {
    if isLinear { return (value - lower) / (upper - lower) }
    let (low, high) = boundLogarithms
    let place = ElementaryFunction.log2(value.magnitude)
    return value > 0 ? (place - low) / (high - low) : 1 - (place - high) / (low - high)
  }

  /// The value below which a share of the bucket's observations lies.
  func value(at share: Double, isLinear: Bool) -> Double {
    if isLinear { return lower + (upper - lower) * share }
    let (low, high) = boundLogarithms
    return lower > 0
      ? ElementaryFunction.exp2(low + (high - low) * share)
      : -ElementaryFunction.exp2(high + (low - high) * (1 - share))
  }

  private var boundLogarithms: (Double, Double) {
    ElementaryFunction.log2.both(lower.magnitude, upper.magnitude)
  }
}
