/// One side of a histogram: buckets ascending by index. Every operation is one pass.
enum BucketList {
  typealias Bucket = NativeHistogram.Bucket

  /// Adds `sign` times the buckets to a sum; buckets that are new there are put in their place.
  static func add<Entry: BucketSum>(
    _ buckets: ArraySlice<Bucket>, times sign: Double, to sums: inout [Entry]
  ) {
    if addAligned(buckets, sign, &sums) { return }
    let missing = countMissing(buckets, in: sums)
    guard missing > 0 else { return addListed(buckets, sign, &sums) }
    var source = sums.count - 1
    sums.append(
      contentsOf: repeatElement(Entry(index: 0, total: CompensatedSum()), count: missing))
    var target = sums.count - 1
    // From the back, so that nothing is overwritten before it has moved.
    for bucket in buckets.reversed() {
      while source >= 0, target >= 0, sums[source].index > bucket.index {
        sums[target] = sums[source]
        source -= 1
        target -= 1
      }
      // Only lists that do not ascend end here.
      guard target >= 0 else { return }
      if source >= 0, sums[source].index == bucket.index {
        sums[target] = sums[source]
        sums[target].add(sign * bucket.count)
        source -= 1
      } else {
        sums[target] = Entry(index: bucket.index, total: CompensatedSum(sign * bucket.count))
      }
      target -= 1
    }
  }

  /// Adds when both list the same indexes, the usual case; false if they do not.
  private static func addAligned<Entry: BucketSum>(
    _ buckets: ArraySlice<Bucket>, _ sign: Double, _ sums: inout [Entry]
  ) -> Bool {
    guard buckets.count == sums.count else { return false }
    let addends = buckets.span
    var totals = sums.mutableSpan
    for i in addends.indices where addends[i].index != totals[i].index { return false }
    for i in addends.indices { totals[i].add(sign * addends[i].count) }
    return true
  }

  private static func countMissing<Entry: BucketSum>(
    _ buckets: ArraySlice<Bucket>, in sums: [Entry]
  ) -> Int {
    var missing = 0
    var position = 0
    for bucket in buckets {
      while position < sums.count, sums[position].index < bucket.index { position += 1 }
      if position < sums.count, sums[position].index == bucket.index {
        position += 1
      } else {
        missing += 1
      }
    }
    return missing
  }

  private static func addListed<Entry: BucketSum>(
    _ buckets: ArraySlice<Bucket>, _ sign: Double, _ sums: inout [Entry]
  ) {
    var position = 0
    for bucket in buckets {
      while position < sums.count, sums[position].index < bucket.index { position += 1 }
      guard position < sums.count else { return }
      sums[position].add(sign * bucket.count)
      position += 1
    }
  }

  /// Moves a side to a schema lower by `difference`: buckets that meet there are merged.
  static func reduce<Entry: BucketSum>(_ entries: inout [Entry], by difference: Int32) {
    guard difference > 0, !entries.isEmpty else { return }
    var last = 0
    entries[0].index = ExponentialBounds.reduced(entries[0].index, by: difference)
    for i in entries.indices.dropFirst() {
      let index = ExponentialBounds.reduced(entries[i].index, by: difference)
      if entries[last].index == index {
        entries[last].merge(entries[i])
      } else {
        last += 1
        entries[last] = entries[i]
        entries[last].index = index
      }
    }
    entries.removeLast(entries.count - last - 1)
  }

  /// Whether a bucket of `previous` counts less in `current`, or is populated there and not listed
  /// here.
  static func loses(_ previous: ArraySlice<Bucket>, _ current: [Bucket]) -> Bool {
    let now = current.span
    var position = 0
    for bucket in previous {
      while position < now.count, now[position].index < bucket.index { position += 1 }
      if position < now.count, now[position].index == bucket.index {
        if now[position].count < bucket.count { return true }
        position += 1
      } else if bucket.count != 0 {
        return true
      }
    }
    return false
  }

  /// Whether both list the same indexes with bitwise equal counts.
  static func isExactlyEqual(_ lhs: [Bucket], _ rhs: [Bucket]) -> Bool {
    guard lhs.count == rhs.count else { return false }
    for i in lhs.indices {
      guard lhs[i].index == rhs[i].index,
        lhs[i].count.bitPattern == rhs[i].count.bitPattern
      else { return false }
    }
    return true
  }
}
