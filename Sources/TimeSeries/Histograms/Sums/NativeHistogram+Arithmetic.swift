extension NativeHistogram {
  /// Multiplies every count and the sum; a negative factor makes it a gauge
  /// (native-histograms.md §4.1).
  public mutating func multiply(by factor: Double) {
    zeroCount *= factor
    count *= factor
    sum *= factor
    for i in positive.indices { positive[i].count *= factor }
    for i in negative.indices { negative[i].count *= factor }
    if factor < 0 { hint = .gauge }
  }

  /// Divides every count and the sum; a negative divisor makes it a gauge, zero removes all
  /// buckets.
  public mutating func divide(by divisor: Double) {
    zeroCount /= divisor
    count /= divisor
    sum /= divisor
    if divisor == 0 {
      positive = []
      negative = []
    }
    for i in positive.indices { positive[i].count /= divisor }
    for i in negative.indices { negative[i].count /= divisor }
    if divisor < 0 { hint = .gauge }
  }

  /// Adds another histogram (native-histograms.md §4.2); the result has the lower schema, the wider
  /// zero bucket and the shared custom bounds. Not compacted.
  public mutating func add(
    _ other: NativeHistogram
  ) throws(IncompatibleHistograms) -> HistogramCombination {
    try combine(other, sign: 1)
  }

  /// Subtracts another histogram like `add`. The hint is folded; callers for whom a difference is a
  /// gauge say so themselves.
  public mutating func subtract(
    _ other: NativeHistogram
  ) throws(IncompatibleHistograms) -> HistogramCombination {
    try combine(other, sign: -1)
  }

  /// Moves exponential buckets to a lower schema; a higher one changes nothing.
  public mutating func reduce(toSchema lower: Int32) {
    guard !isCustom, lower != Self.customSchema, lower < schema else { return }
    BucketList.reduce(&positive, by: schema &- lower)
    BucketList.reduce(&negative, by: schema &- lower)
    schema = lower
  }

  /// Removes empty buckets (native-histograms.md §4.5).
  public mutating func compact() {
    if positive.contains(where: { $0.count == 0 }) { positive.removeAll { $0.count == 0 } }
    if negative.contains(where: { $0.count == 0 }) { negative.removeAll { $0.count == 0 } }
  }

  /// Without empty buckets.
  public func compacted() -> NativeHistogram {
    var result = self
    result.compact()
    return result
  }

  /// Whether any count, the sum or a custom bound is infinite (native-histograms.md §4.6).
  public var hasOverflow: Bool {
    count.isInfinite || sum.isInfinite || zeroCount.isInfinite
      || positive.contains { $0.count.isInfinite } || negative.contains { $0.count.isInfinite }
      || customBounds.contains { $0.isInfinite }
  }
}
