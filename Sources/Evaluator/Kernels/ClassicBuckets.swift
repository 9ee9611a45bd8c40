import TimeSeries

/// A classic histogram at one step: cumulative counts by upper bound (promql-functions.md §3.10).
struct ClassicBuckets {
  struct Bucket {
    var bound: Double
    var count: Double
  }

  private(set) var buckets: [Bucket] = []

  var isEmpty: Bool { buckets.isEmpty }

  /// Starts anew with the room that there is.
  mutating func removeAll() { buckets.removeAll(keepingCapacity: true) }

  /// Adds a bucket with a bound no lower than the last one; equal bounds are merged.
  mutating func append(bound: Double, count: Double) {
    if let last = buckets.last, last.bound == bound {
      buckets[buckets.count - 1].count += count
    } else {
      buckets.append(Bucket(bound: bound, count: count))
    }
  }

  private var endsWithInfinity: Bool { buckets.last?.bound == .infinity }

  /// How far counts had to be raised to be cumulative.
  struct Forced {
    var first: Double
    var last: Double
    var largestDifference: Double
  }

  /// Raises counts that decrease; reports those that decreased beyond rounding.
  mutating func forceMonotonicity() -> Forced? {
    guard endsWithInfinity, var previous = buckets.first?.count else { return nil }
    var forced: Forced?
    for i in buckets.indices.dropFirst() {
      let count = buckets[i].count
      if count == previous { continue }
      // Much larger than what rounding makes: nearly all.
      if previous >= 0, count - previous > 1e-11 * count, count > 1e-290 {
        previous = count
        continue
      }
      if previous.isAlmostEqual(to: count, tolerance: 1e-12) {
        buckets[i].count = previous
      } else if count < previous {
        let bound = buckets[i].bound
        var all = forced ?? Forced(first: bound, last: bound, largestDifference: 0)
        all.first = min(all.first, bound)
        all.last = max(all.last, bound)
        all.largestDifference = max(all.largestDifference, previous - count)
        forced = all
        buckets[i].count = previous
      } else {
        previous = count
      }
    }
    return forced
  }

  /// The φ-quantile of monotonic buckets.
  func quantile(_ phi: Double) -> Double {
    if phi.isNaN { return .nan }
    if phi < 0 { return -.infinity }
    if phi > 1 { return .infinity }
    guard endsWithInfinity, buckets.count >= 2, let total = buckets.last?.count, total != 0 else {
      return .nan
    }
    let rank = phi * total
    var found = 0
    while found < buckets.count - 1, !(buckets[found].count >= rank) { found += 1 }
    if found == buckets.count - 1 { return buckets[found - 1].bound }
    if found == 0, buckets[0].bound <= 0 { return buckets[0].bound }
    let start = found == 0 ? 0 : buckets[found - 1].bound
    let below = found == 0 ? 0 : buckets[found - 1].count
    return start + (buckets[found].bound - start) * ((rank - below) / (buckets[found].count - below))
  }

  /// The share of observations between two values.
  func fraction(_ lower: Double, _ upper: Double) -> Double {
    guard endsWithInfinity, let total = buckets.last?.count, total != 0 else { return .nan }
    if lower.isNaN || upper.isNaN { return .nan }
    if lower >= upper { return 0 }
    var low = buckets[0].bound > 0 ? 0 : -Double.infinity
    var rank = 0.0
    var lowerRank: Double?
    var upperRank: Double?
    for bucket in buckets {
      if lowerRank == nil, low >= lower { lowerRank = rank }
      if upperRank == nil, low >= upper { upperRank = rank }
      if lowerRank != nil, upperRank != nil { break }
      let interpolate = { (value: Double) in
        low == -.infinity
          ? bucket.count : rank + (bucket.count - rank) * (value - low) / (bucket.bound - low)
      }
      if lowerRank == nil, low < lower, lower < bucket.bound { lowerRank = interpolate(lower) }
      if upperRank == nil, low < upper, upper < bucket.bound { upperRank = interpolate(upper) }
      if lowerRank != nil, upperRank != nil { break }
      rank = bucket.count
      low = bucket.bound
    }
    let bounded = { (rank: Double?) in rank.map { $0 > total ? total : $0 } ?? total }
    return (bounded(upperRank) - bounded(lowerRank)) / total
  }
}
