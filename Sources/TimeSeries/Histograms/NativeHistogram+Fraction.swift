extension NativeHistogram {
  /// `histogram_fraction` of one histogram: the share of observations between two values
  /// (native-histograms.md §6.2). NaN for a NaN bound or no observation, 0 for an empty interval.
  public func fraction(from lower: Double, to upper: Double) -> HistogramEstimate {
    if count == 0 || lower.isNaN || upper.isNaN { return HistogramEstimate(.nan) }
    if lower >= upper { return HistogramEstimate(0) }
    let all = buckets
    var low = RankSearch(value: lower)
    var high = RankSearch(value: upper)
    var rank = 0.0
    for position in all.indices {
      let bucket = narrowedAtZero(all[position])
      let isLinear = isCustom || bucket.touchesZero
      low.reach(bucket, at: rank, isLinear: isLinear)
      high.reach(bucket, at: rank, isLinear: isLinear)
      if low.rank != nil, high.rank != nil { break }
      rank += bucket.count
    }
    var total = count
    var effect: HistogramEstimate.NaNEffect?
    if sum.isNaN {
      total = all.indices.reduce(0) { $0 + all.count(at: $1) }
      if total < count { effect = .excludedFromFractions }
    }
    let (from, to) = (low.rank(within: total), high.rank(within: total))
    return HistogramEstimate((to - from) / count, effect)
  }

  /// A bucket around zero without the side on which no bucket is listed.
  private func narrowedAtZero(_ bucket: BoundedBucket) -> BoundedBucket {
    guard bucket.touchesZero else { return bucket }
    var bucket = bucket
    if negative.isEmpty, !positive.isEmpty {
      bucket.lower = 0
    } else if positive.isEmpty, !negative.isEmpty {
      bucket.upper = 0
    }
    return bucket
  }
}

/// Looks for the rank of a value: how many observations lie below it.
private struct RankSearch {
  let value: Double
  var rank: Double?

  init(value: Double) { self.value = value }

  /// Looks at a bucket before which `below` observations lie.
  mutating func reach(_ bucket: BoundedBucket, at below: Double, isLinear: Bool) {
    guard rank == nil else { return }
    if bucket.lower >= value {
      rank = below
    } else if value < bucket.upper {
      let share = bucket.share(below: value, isLinear: isLinear)
      rank = isLinear && bucket.lower == -.infinity ? bucket.count : below + bucket.count * share
    }
  }

  func rank(within total: Double) -> Double {
    guard let rank, rank <= total else { return total }
    return rank
  }
}
