/// Zero buckets of different width (native-histograms.md §4.4).
extension HistogramSum {
  /// The zero bucket's count and threshold if it were widened to `limit` at least: a populated
  /// bucket that the limit cuts is swallowed whole. Exponential buckets only.
  func widenedZero(to limit: Double) -> (count: CompensatedSum, threshold: Double) {
    var limit = limit
    guard limit != zeroThreshold else { return (zero, limit) }
    while true {
      var count = zero
      limit = Self.swallow(positive, schema, to: limit, into: &count)
      let reached = Self.swallow(negative, schema, to: limit, into: &count)
      // Anything but a wider limit, NaN too, ends the search.
      guard reached > limit else { return (count, limit) }
      limit = reached
    }
  }

  /// Adds the buckets of one side that begin below a limit; the limit that it takes to have
  /// swallowed them whole.
  private static func swallow(
    _ entries: [Entry], _ schema: Int32, to limit: Double, into count: inout CompensatedSum
  ) -> Double {
    for entry in entries {
      guard ExponentialBounds.upper(Int(entry.index) - 1, schema: schema) < limit else { break }
      let total = entry.total
      count.add(total.sum)
      if total.compensation != 0 { count.add(total.compensation) }
      let upper = ExponentialBounds.upper(Int(entry.index), schema: schema)
      if upper > limit { return total.sum != 0 ? upper : limit }
    }
    return limit
  }

  /// Widens the zero bucket until it is as wide as the other's may become; the other's count then.
  mutating func reconcileZero(with other: NativeHistogram) -> CompensatedSum {
    var (otherZero, otherThreshold) = (other.zero, other.zeroThreshold)
    // Each round widens one side to the bound of a populated bucket. NaN ends it.
    while true {
      if zeroThreshold > otherThreshold {
        (otherZero, otherThreshold) = other.widenedZero(to: zeroThreshold)
      }
      guard otherThreshold > zeroThreshold else { return otherZero }
      (zero, zeroThreshold) = widenedZero(to: otherThreshold)
      Self.removeInner(&positive, schema, zeroThreshold)
      Self.removeInner(&negative, schema, zeroThreshold)
    }
  }

  private static func removeInner(_ entries: inout [Entry], _ schema: Int32, _ limit: Double) {
    let inner = entries.prefix {
      ExponentialBounds.upper(Int($0.index) - 1, schema: schema) < limit
    }
    entries.removeFirst(inner.count)
  }
}
