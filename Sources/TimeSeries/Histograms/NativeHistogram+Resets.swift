extension NativeHistogram {
  /// Whether the counter was reset between `previous` and this histogram
  /// (native-histograms.md §5). This one's hint decides where it can; the sum is never looked at.
  /// One pass over the buckets, no allocation.
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
        ? BucketList.loses(previous.positive, positive) : losesBetweenSharedBounds(previous)
    }
    guard !previous.isCustom, schema <= previous.schema else { return true }
    if zeroThreshold < previous.zeroThreshold { return true }
    let widened = previous.widenedZero(to: zeroThreshold)
    if widened.threshold != zeroThreshold || zeroCount < widened.count.sum { return true }
    return loses(previous.positive, positive, by: previous.schema &- schema)
      || loses(previous.negative, negative, by: previous.schema &- schema)
  }

  /// Like `BucketList.loses` when `previous` has a schema higher by `difference`; what lies inside
  /// the zero bucket was compared there.
  private func loses(_ previous: [Bucket], _ current: [Bucket], by difference: Int32) -> Bool {
    var position = 0
    var next = 0
    var isOutside = false
    while next < previous.count {
      let index = ExponentialBounds.reduced(previous[next].index, by: difference)
      var count = previous[next].count
      next += 1
      while next < previous.count,
        ExponentialBounds.reduced(previous[next].index, by: difference) == index
      {
        count += previous[next].count
        next += 1
      }
      if !isOutside {
        guard ExponentialBounds.upper(Int(index), schema: schema) > zeroThreshold else { continue }
        isOutside = true
      }
      while position < current.count, current[position].index < index { position += 1 }
      if position < current.count, current[position].index == index {
        if current[position].count < count { return true }
      } else if count != 0 {
        return true
      }
    }
    return false
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
