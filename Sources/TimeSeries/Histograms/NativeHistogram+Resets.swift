extension NativeHistogram {
  /// Whether the counter was reset between `previous` and this histogram
  /// (native-histograms.md §5). This one's hint decides where it can; the sum is never looked at.
  /// One pass over the buckets; a copy of one side when the schema fell.
  public func showsReset(after previous: NativeHistogram) -> Bool {
    switch hint {
    case .reset: return true
    case .notReset: return false
    case .unknown, .gauge: break
    }
    if count < previous.count { return true }
    if isCustom {
      guard previous.isCustom else { return true }
      return customBounds == previous.customBounds
        ? BucketList.loses(previous.positive[...], positive) : losesBetweenSharedBounds(previous)
    }
    guard !previous.isCustom, schema <= previous.schema else { return true }
    if zeroThreshold < previous.zeroThreshold { return true }
    let widened = previous.widenedZero(to: zeroThreshold)
    if widened.threshold != zeroThreshold || zeroCount < widened.count.sum { return true }
    return loses(previous.positive, positive, from: previous.schema)
      || loses(previous.negative, negative, from: previous.schema)
  }

  /// Like `BucketList.loses` when `previous` has a higher schema perhaps; what lies inside the zero
  /// bucket was compared there.
  private func loses(
    _ previous: [Bucket], _ current: [Bucket], from previousSchema: Int32
  ) -> Bool {
    var reduced = previous
    BucketList.reduce(&reduced, by: previousSchema &- schema)
    let inner = reduced.prefix {
      ExponentialBounds.upper(Int($0.index), schema: schema) <= zeroThreshold
    }
    return BucketList.loses(reduced[inner.count...], current)
  }

  /// Whether fewer observations lie between two neighbouring bounds that both histograms have.
  private func losesBetweenSharedBounds(_ previous: NativeHistogram) -> Bool {
    let shared = CustomBounds.shared(customBounds, previous.customBounds)
    var (i, j) = (0, 0)
    var walk = CustomBounds.Walk(from: customBounds, to: shared)
    var previousWalk = CustomBounds.Walk(from: previous.customBounds, to: shared)
    for target in 0...shared.count {
      var (now, before) = (0.0, 0.0)
      while i < positive.count, walk.target(of: positive[i].index) == target {
        now += positive[i].count
        i += 1
      }
      while j < previous.positive.count,
        previousWalk.target(of: previous.positive[j].index) == target
      {
        before += previous.positive[j].count
        j += 1
      }
      if now < before { return true }
    }
    return false
  }
}
