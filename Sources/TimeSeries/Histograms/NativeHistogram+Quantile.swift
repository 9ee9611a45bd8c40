extension NativeHistogram {
  /// `histogram_quantile` of one histogram (native-histograms.md §6.1).
  ///
  /// −Inf and +Inf for a φ outside [0, 1]; NaN for a NaN φ or no observation. The buckets are
  /// walked from the nearer end.
  public func quantile(_ φ: Double) -> HistogramEstimate {
    if φ < 0 { return HistogramEstimate(-.infinity) }
    if φ > 1 { return HistogramEstimate(.infinity) }
    if count == 0 || φ.isNaN { return HistogramEstimate(.nan) }
    let isForward = sum.isNaN || φ < 0.5
    let wanted = isForward ? φ * count : (1 - φ) * count
    var walk = BucketWalk(buckets, isForward: isForward)
    walk.advance(to: wanted)
    var bucket = narrowed(walk.bucket)
    if isCustom {
      if bucket.lower == -.infinity {
        if bucket.upper <= 0 { return HistogramEstimate(bucket.upper) }
        bucket.lower = 0
      } else if bucket.upper == .infinity {
        return HistogramEstimate(bucket.lower)
      }
    }
    let reached = walk.reached > count ? count : walk.reached
    if reached < wanted {
      return sum.isNaN
        ? HistogramEstimate(.nan, .resultIsNaN) : HistogramEstimate(bucket.upper)
    }
    let rank = isForward ? wanted - (reached - bucket.count) : reached - wanted
    var effect: HistogramEstimate.NaNEffect?
    if sum.isNaN {
      walk.reached = reached
      // Prometheus takes the bucket that this ends at for the one that it found before.
      if walk.finish() { bucket = walk.bucket }
      if walk.reached < count { effect = .skewedHigher }
    }
    let isLinear = isCustom || bucket.touchesZero
    return HistogramEstimate(bucket.value(at: rank / bucket.count, isLinear: isLinear), effect)
  }

  /// The zero bucket without the side on which no bucket is listed.
  private func narrowed(_ bucket: BoundedBucket) -> BoundedBucket {
    guard !isCustom, bucket.lower < 0, bucket.upper > 0 else { return bucket }
    var bucket = bucket
    if negative.isEmpty, !positive.isEmpty {
      bucket.lower = 0
    } else if positive.isEmpty, !negative.isEmpty {
      bucket.upper = 0
    }
    return bucket
  }
}

/// Counts up buckets from one end.
private struct BucketWalk {
  private let all: BoundedBuckets
  private let isForward: Bool
  /// The bucket that was counted last, as steps from the end where the walk began.
  private var steps = -1
  /// The observations counted so far.
  var reached = 0.0

  init(_ all: BoundedBuckets, isForward: Bool) {
    self.all = all
    self.isForward = isForward
  }

  private func position(_ step: Int) -> Int { isForward ? step : all.count - 1 - step }

  /// Counts until a rank is reached, or all buckets.
  mutating func advance(to rank: Double) {
    while steps + 1 < all.count {
      steps += 1
      let count = all.count(at: position(steps))
      guard count != 0 else { continue }
      reached += count
      if reached >= rank { return }
    }
  }

  /// Counts the rest; false if there is none.
  mutating func finish() -> Bool {
    guard steps + 1 < all.count else { return false }
    while steps + 1 < all.count {
      steps += 1
      reached += all.count(at: position(steps))
    }
    return true
  }

  /// The bucket that was counted last.
  var bucket: BoundedBucket {
    steps < 0 ? .none : all[position(steps)]
  }
}
