import Glibc

/// A latency histogram's increase over a tick, as counts of requests slower than a bound: the form in which a
/// sequential test compares latencies. Where a bound is a bucket's edge nothing is interpolated.
package enum LatencyCounts {
  /// A classic bucket's increase: requests up to `bound`, smaller buckets' included. The last is +Inf.
  package struct ClassicBucket: Sendable, Hashable {
    package var bound: Double
    package var count: Double

    package init(bound: Double, count: Double) {
      self.bound = bound
      self.count = count
    }
  }

  /// Observations in (edge(index − 1), edge(index)], edge(i) = 2^(i·2^-schema).
  package struct NativeBucket: Sendable, Hashable {
    package var index: Int
    package var count: Double

    package init(index: Int, count: Double) {
      self.index = index
      self.count = count
    }
  }

  /// A native histogram's increase with exponential buckets.
  package struct NativeBuckets: Sendable, Hashable {
    /// -4 to 8: an edge is 2^(2^-schema) times the one before.
    package var schema: Int
    /// In any order, without those that are empty.
    package var buckets: [NativeBucket]
    /// Observations at most so large, and how many.
    package var zeroThreshold: Double
    package var zeroCount: Double

    package init(schema: Int, buckets: [NativeBucket], zeroThreshold: Double = 0, zeroCount: Double = 0) {
      self.schema = schema
      self.buckets = buckets
      self.zeroThreshold = zeroThreshold
      self.zeroCount = zeroCount
    }
  }

  /// Why histograms cannot be compared at a bound.
  package enum Fault: Error, Sendable, Hashable, Codable {
    /// Sides have different bounds: those that only one of them has, sorted.
    case differentBounds(onlyCanary: [Double], onlyPrimary: [Double])
    /// No bucket ends at the bound; the next ones that do.
    case noBucket(bound: Double, below: Double?, above: Double?)
    /// Without a last bucket, +Inf, the number of requests is not known.
    case noInfiniteBucket
    /// A larger bucket has less in it: its parts were not scraped at one time.
    case fallingCounts(bound: Double)
    /// Counts or bounds that are no numbers or negative, or a bound that is there twice.
    case impossible
    /// Not from -4 to 8: custom buckets are classic ones.
    case schema(Int)
    /// What is near zero is not told apart below this.
    case belowZeroThreshold(Double)

    package var text: String {
      switch self {
      case .differentBounds(let canary, let primary):
        let sides = [("canary", canary), ("primary", primary)].filter { !$0.1.isEmpty }
        return "the buckets differ: "
          + sides.map { "only the \($0.0) has \($0.1.map { "\($0)" }.joined(separator: ", "))" }
          .joined(separator: "; ")
      case .noBucket(let bound, let below, let above):
        let near = [below, above].compactMap { $0 }.map { "\($0)" }.joined(separator: " and ")
        return "no bucket ends at \(bound)" + (near.isEmpty ? "" : "; the nearest end at \(near)")
      case .noInfiniteBucket: return "there is no bucket +Inf"
      case .fallingCounts(let bound): return "the bucket up to \(bound) has less in it than a smaller one"
      case .impossible: return "the buckets are no counts"
      case .schema(let schema): return "a schema of \(schema) has no exponential buckets"
      case .belowZeroThreshold(let threshold): return "the zero bucket reaches up to \(threshold)"
      }
    }
  }

  /// Requests, and those slower than a bucket's bound.
  package static func slower(than bound: Double, _ buckets: [ClassicBucket]) throws(Fault) -> RequestCounts {
    let sorted = buckets.sorted { $0.bound < $1.bound }
    guard sorted.allSatisfy({ !$0.bound.isNaN && $0.count.isFinite && $0.count >= 0 }) else {
      throw .impossible
    }
    guard let last = sorted.last, last.bound == .infinity else { throw .noInfiniteBucket }
    for (lower, upper) in zip(sorted, sorted.dropFirst()) {
      if lower.bound == upper.bound { throw .impossible }
      if upper.count < lower.count { throw .fallingCounts(bound: upper.bound) }
    }
    guard bound.isFinite, let at = sorted.first(where: { $0.bound == bound }) else {
      throw .noBucket(
        bound: bound, below: sorted.last { $0.bound < bound }?.bound,
        above: sorted.first { $0.bound > bound && $0.bound.isFinite }?.bound)
    }
    return RequestCounts(errors: last.count - at.count, requests: last.count)
  }

  /// Both sides at a bound that both have. Bounds that differ elsewhere are no matter: buckets are
  /// cumulative.
  package static func slower(
    than bound: Double, canary: [ClassicBucket], primary: [ClassicBucket]
  ) throws(Fault) -> TickCounts {
    let (ours, theirs) = (Set(canary.map(\.bound)), Set(primary.map(\.bound)))
    if ours.contains(bound) != theirs.contains(bound) {
      throw .differentBounds(
        onlyCanary: ours.subtracting(theirs).sorted(), onlyPrimary: theirs.subtracting(ours).sorted())
    }
    return TickCounts(canary: try slower(than: bound, canary), primary: try slower(than: bound, primary))
  }

  /// Requests, and those slower than the edge nearest to a bound, at the coarser of both schemas: exact at
  /// that edge, which is at most a factor of 2^(2^-schema / 2) from the bound.
  package static func slower(
    than bound: Double, canary: NativeBuckets, primary: NativeBuckets
  ) throws(Fault) -> (counts: TickCounts, edge: Double) {
    let (counts, edge) = try slower(than: bound, [canary, primary])
    return (TickCounts(canary: counts[0], primary: counts[1]), edge)
  }

  /// The same of any number of histograms, such as the canary's pods and the primary: all at the coarsest
  /// schema, in their order.
  package static func slower(
    than bound: Double, _ histograms: [NativeBuckets]
  ) throws(Fault) -> (counts: [RequestCounts], edge: Double) {
    for buckets in histograms { try check(buckets) }
    guard bound.isFinite, bound > 0, let schema = histograms.map(\.schema).min() else {
      throw .noBucket(bound: bound, below: nil, above: nil)
    }
    let scale = exp2(Double(schema))
    let index = Int((log2(bound) * scale).rounded())
    let edge = exp2(Double(index) / scale)
    let zero = histograms.map(\.zeroThreshold).max() ?? 0
    if edge < zero { throw .belowZeroThreshold(zero) }
    return (histograms.map { $0.slower(thanIndex: index, schema: schema) }, edge)
  }

  private static func check(_ buckets: NativeBuckets) throws(Fault) {
    if !(-4...8).contains(buckets.schema) { throw .schema(buckets.schema) }
    let counts = buckets.buckets.map(\.count) + [buckets.zeroCount, buckets.zeroThreshold]
    // No double has an edge farther out.
    let indices = -(1 << 20)...(1 << 20)
    guard counts.allSatisfy({ $0.isFinite && $0 >= 0 }),
      buckets.buckets.allSatisfy({ indices.contains($0.index) })
    else { throw .impossible }
  }
}

extension LatencyCounts.NativeBuckets {
  /// Merged down to a coarser schema, bucket i lies in ⌈i / 2^difference⌉.
  fileprivate func slower(thanIndex index: Int, schema coarser: Int) -> RequestCounts {
    let shift = schema - coarser
    var (slower, all) = (0.0, zeroCount)
    for bucket in buckets {
      all += bucket.count
      if ((bucket.index - 1) >> shift) + 1 > index { slower += bucket.count }
    }
    return RequestCounts(errors: slower, requests: all)
  }
}
