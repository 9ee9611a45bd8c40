extension NativeHistogram {
  /// `h </ limit`: the observations below a value (native-histograms.md §7). Where the limit cuts a
  /// bucket, a share is kept; count and sum are estimated anew when anything was removed.
  public func trimmed(keepingBelow limit: Double) -> NativeHistogram {
    trimmed(HistogramTrim(limit: limit, keepsBelow: true, isCustom: isCustom))
  }

  /// `h >/ limit`: the observations above a value.
  public func trimmed(keepingAbove limit: Double) -> NativeHistogram {
    trimmed(HistogramTrim(limit: limit, keepsBelow: false, isCustom: isCustom))
  }

  private func trimmed(_ trim: HistogramTrim) -> NativeHistogram {
    var trim = trim
    var result = self
    for i in positive.indices where positive[i].count != 0 {
      result.positive[i].count = trim.keep(positiveBucket(i), isNegative: false)
    }
    for i in negative.indices where negative[i].count != 0 {
      result.negative[i].count = trim.keep(negativeBucket(i), isNegative: true)
    }
    if zeroCount > 0 { result.zeroCount = trim.keepZero(narrowedZeroBucket) }
    guard trim.hasChanged else { return self }
    result.count = trim.count
    result.sum = trim.sum
    result.compact()
    return result
  }

  /// The zero bucket without the side on which nothing was observed.
  private var narrowedZeroBucket: BoundedBucket {
    var bucket = zeroBucket
    let hasPositive = positive.contains { $0.count != 0 }
    let hasNegative = negative.contains { $0.count != 0 }
    if hasPositive, !hasNegative { bucket.lower = 0 }
    if hasNegative, !hasPositive { bucket.upper = 0 }
    return bucket
  }
}

/// Cuts buckets at a limit and counts what is kept.
private struct HistogramTrim {
  let limit: Double
  let keepsBelow: Bool
  let isCustom: Bool
  /// What was kept so far, and the sum that it is worth.
  private(set) var count = 0.0
  private(set) var sum = 0.0
  private(set) var hasChanged = false

  /// A part of a bucket: how many observations, and the value that stands for them.
  private typealias Part = (count: Double, middle: Double)

  init(limit: Double, keepsBelow: Bool, isCustom: Bool) {
    self.limit = limit
    self.keepsBelow = keepsBelow
    self.isCustom = isCustom
  }

  /// The count that a bucket keeps.
  mutating func keep(_ bucket: BoundedBucket, isNegative: Bool) -> Double {
    let (isWhole, isCut) =
      keepsBelow
      ? (bucket.upper <= limit, bucket.lower < limit)
      : (bucket.lower >= limit, bucket.upper > limit)
    if isWhole {
      return take((bucket.count, middle(bucket.lower, bucket.upper, isNegative)), of: bucket)
    }
    guard isCut else { return take((0, 0), of: bucket) }
    return take(
      bucket.lower.isInfinite || bucket.upper.isInfinite
        ? unboundedPart(bucket) : part(bucket, isNegative), of: bucket)
  }

  /// The count that the zero bucket keeps: its observations are spread evenly.
  mutating func keepZero(_ bucket: BoundedBucket) -> Double {
    let (lower, upper) = (bucket.lower, bucket.upper)
    let whole: Part = (bucket.count, (lower + upper) / 2)
    if limit <= lower { return take(keepsBelow ? (0, 0) : whole, of: bucket) }
    if limit >= upper { return take(keepsBelow ? whole : (0, 0), of: bucket) }
    let part: Part =
      keepsBelow
      ? (bucket.count * ((limit - lower) / (upper - lower)), (lower + limit) / 2)
      : (bucket.count * ((upper - limit) / (upper - lower)), (limit + upper) / 2)
    return take(part, of: bucket)
  }

  private mutating func take(_ part: Part, of bucket: BoundedBucket) -> Double {
    count += part.count
    sum += part.middle * part.count
    if part.count != bucket.count { hasChanged = true }
    return part.count
  }

  private func part(_ bucket: BoundedBucket, _ isNegative: Bool) -> Part {
    let below = bucket.count * bucket.share(below: limit, isLinear: isCustom)
    return keepsBelow
      ? (below, middle(bucket.lower, limit, isNegative))
      : (bucket.count - below, middle(limit, bucket.upper, isNegative))
  }

  /// The part of a bucket that has no end and is cut.
  private func unboundedPart(_ bucket: BoundedBucket) -> Part {
    let upper = bucket.upper
    guard bucket.lower == -.infinity else {
      return keepsBelow ? (0, 0) : (bucket.count, limit)
    }
    if keepsBelow {
      if limit > 0, upper > 0, upper.isFinite { return (bucket.count * limit / upper, limit / 2) }
      return upper <= 0 ? (bucket.count, limit) : (0, 0)
    }
    return limit >= 0 && upper.isFinite
      ? (bucket.count * (1 - limit / upper), (limit + upper) / 2) : (0, 0)
  }

  /// The value that stands for observations between two others.
  private func middle(_ lower: Double, _ upper: Double, _ isNegative: Bool) -> Double {
    switch (lower.isInfinite, upper.isInfinite) {
    case (true, true): return 0
    case (true, false): return upper > 0 ? upper / 2 : upper
    case (false, true): return lower
    case (false, false): break
    }
    if isCustom { return (lower + upper) / 2 }
    let middle = (lower * upper).magnitude.squareRoot()
    return isNegative ? -middle : middle
  }
}
