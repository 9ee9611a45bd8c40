extension NativeHistogram {
  /// The sum over the count (native-histograms.md §6.3); NaN without observations.
  public var mean: Double { sum / count }

  /// The variance, as if all observations of a bucket were at its middle: the geometric one, or the
  /// arithmetic one of custom buckets, or zero where a bucket touches zero.
  public var standardVariance: Double {
    let mean = mean
    var total = CompensatedSum()
    for bucket in buckets where bucket.count != 0 {
      let delta = middle(of: bucket) - mean
      total.add(bucket.count * delta * delta)
    }
    return total.value / count
  }

  /// The root of the variance.
  public var standardDeviation: Double { standardVariance.squareRoot() }

  private func middle(of bucket: BoundedBucket) -> Double {
    if isCustom { return (bucket.upper + bucket.lower) / 2 }
    if bucket.touchesZero { return 0 }
    let middle = (bucket.upper * bucket.lower).squareRoot()
    return bucket.upper < 0 ? -middle : middle
  }
}
