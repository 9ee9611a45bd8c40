/// Tells the hint with which each histogram of a series is read (promqltest.md §7).
///
/// Prometheus stores the histograms of a series in runs. The first of a run reads as `unknown`,
/// the others as `notReset`, whatever was written; only `gauge` reads as written. Feed the reader
/// every sample of one series in time order.
public struct HistogramHintReader: Sendable {
  /// The preceding sample, if it was a histogram and no stale marker: anything else ends the run.
  private var previous: (histogram: NativeHistogram, day: Int64)?

  public init() {}

  /// Notes that the next sample of the series is a float.
  public mutating func readFloat() { previous = nil }

  /// Notes that the series ends for now, at a time in milliseconds.
  public mutating func readStaleMarker(at timestamp: Int64) { previous = nil }

  /// The hint with which the next sample is read: a histogram at a time in milliseconds, with the
  /// hint that was written. Costs one pass over the buckets.
  public mutating func hint(
    of histogram: NativeHistogram, at timestamp: Int64
  ) -> NativeHistogram.ResetHint {
    let day = Self.day(timestamp)
    let continues = previous.map { $0.day == day && Self.continues($0.histogram, histogram) }
    previous = (histogram, day)
    if histogram.hint == .gauge { return .gauge }
    return continues == true ? .notReset : .unknown
  }

  /// The UTC day of a time, counted from the epoch.
  private static func day(_ timestamp: Int64) -> Int64 {
    let length: Int64 = 86_400_000
    let (quotient, remainder) = timestamp.quotientAndRemainder(dividingBy: length)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// Whether `next` stays in the run of `last`.
  private static func continues(_ last: NativeHistogram, _ next: NativeHistogram) -> Bool {
    let isGauge = next.hint == .gauge
    guard (last.hint == .gauge) == isGauge, next.hint != .reset,
      last.schema == next.schema, last.zeroThreshold == next.zeroThreshold,
      last.customBounds == next.customBounds
    else { return false }
    if isGauge { return true }
    return !(next.count < last.count) && !(next.zeroCount < last.zeroCount)
      && !BucketList.loses(last.positive[...], next.positive)
      && !BucketList.loses(last.negative[...], next.negative)
  }
}
