extension NativeHistogram {
  /// All buckets ascending, cut at the zero bucket: what quantiles and the HTTP API see.
  public var buckets: BoundedBuckets { BoundedBuckets(self, .clamped) }

  /// All buckets ascending with the schema's own bounds: what the text form and trimming see.
  public var unclampedBuckets: BoundedBuckets { BoundedBuckets(self, .unclamped) }

  /// The buckets that the HTTP API lists: ascending, without empty ones (promql.md §4.5).
  public var populatedBuckets: [BoundedBucket] { buckets.filter { $0.count != 0 } }

  /// The upper bound of the positive or custom bucket `index`; any index has one.
  func upperBound(_ index: Int) -> Double {
    guard isCustom else { return ExponentialBounds.upper(index, schema: schema) }
    if index < 0 { return -.infinity }
    return index < customBounds.count ? customBounds[index] : .infinity
  }

  /// The bucket at a position of `positive`.
  func positiveBucket(_ position: Int) -> BoundedBucket {
    let bucket = positive[position]
    let index = Int(bucket.index)
    let lower = upperBound(index - 1)
    let upper = upperBound(index)
    return BoundedBucket(
      lower: lower, upper: upper, includesLower: isCustom ? index == 0 : lower < 0,
      includesUpper: isCustom || upper > 0, count: bucket.count)
  }

  /// The bucket at a position of `negative`.
  func negativeBucket(_ position: Int) -> BoundedBucket {
    let bucket = negative[position]
    let lower = -upperBound(Int(bucket.index))
    let upper = -upperBound(Int(bucket.index) - 1)
    return BoundedBucket(
      lower: lower, upper: upper, includesLower: lower < 0, includesUpper: upper > 0,
      count: bucket.count)
  }

  /// [−zeroThreshold, zeroThreshold].
  var zeroBucket: BoundedBucket {
    BoundedBucket(
      lower: -zeroThreshold, upper: zeroThreshold, includesLower: true, includesUpper: true,
      count: zeroCount)
  }
}
