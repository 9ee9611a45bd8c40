/// A classic histogram of durations with the buckets that Prometheus' client libraries use by
/// default, as podinfo and ingress-nginx do.
package struct DurationHistogram: Sendable, Hashable {
  /// Upper bounds in seconds, without the last one, which is infinite.
  package static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  /// How many observations each bound holds that the one before it does not; the last is +Inf's.
  private var counts = [Int](repeating: 0, count: bounds.count + 1)
  /// Seconds.
  package private(set) var sum = 0.0

  package init() {}

  package var count: Int { counts.reduce(0, +) }

  /// Counts a duration of so many seconds.
  package mutating func observe(_ seconds: Double) {
    counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
    sum += seconds
  }

  /// The bounds in order, +Inf last, each with the number of observations up to it.
  package var buckets: [(bound: Double, count: Int)] {
    var total = 0
    return zip(Self.bounds + [.infinity], counts).map { bound, count in
      total += count
      return (bound, total)
    }
  }
}
