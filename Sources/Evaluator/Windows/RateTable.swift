import TimeSeries

/// What `rate`, `increase` and `delta` need to know of each step's window, and no series changes:
/// found once a timeline (design §1.10).
final class RateTable {
  /// Seconds between the first and the last sample of the window.
  let sampled: [Double]
  /// Seconds by which the start is extrapolated unless a counter would be zero before.
  let toStart: [Double]
  /// What a rise is multiplied by when the start is extrapolated in full; for rates per second.
  let factors: [Double]
  /// The position of each window's first sample, within what the windows need.
  let firsts: [Int32]
  /// The windows with at least two samples.
  let presence: Presence
  /// The least of `sampled` and the most of `toStart`, of those windows.
  private let leastSampled: Double
  private let mostToStart: Double

  /// Whether a counter may have been zero inside the stretch before its first sample. A product tells
  /// in nearly all cases that it was not; the rest is computed exactly.
  @inline(__always)
  func startsNearZero(_ step: Int, _ value: Double, _ rise: Double) -> Bool {
    rise > 0 && value >= 0 && sampled[step] * value <= toStart[step] * rise * 1.000001
  }

  /// Whether no window of a counter that never falls starts near zero, by its first value and the largest
  /// rise in a window.
  func startsFarFromZero(_ first: Double, _ largestRise: Double) -> Bool {
    first >= 0 && leastSampled * first > mostToStart * largestRise * 1.00001
  }

  /// `ends`: each step's reference time; `range`: the window; milliseconds.
  init(_ bounds: WindowBounds, _ timestamps: [Int64], ends: [Int64], range: Int64, isRate: Bool) {
    var sampled = [Double](repeating: 0, count: ends.count)
    var toStart = sampled
    var factors = sampled
    var presence = Presence(count: ends.count)
    let rangeSeconds = Double(range) / 1000
    for step in ends.indices {
      let (low, high) = (Int(bounds.lows[step]), Int(bounds.highs[step]))
      guard high - low >= 2 else { continue }
      let window = Extrapolation(
        first: timestamps[low], last: timestamps[high - 1], count: high - low, end: ends[step],
        range: range)
      sampled[step] = window.sampled
      toStart[step] = window.toStart
      factors[step] = window.factor(zeroAt: nil)
      if isRate { factors[step] /= rangeSeconds }
      presence[step] = true
    }
    self.sampled = sampled
    self.toStart = toStart
    self.factors = factors
    firsts = bounds.lows.map { min($0, Int32(max(bounds.needed.upperBound - 1, 0))) }
    var (least, most) = (Double.infinity, 0.0)
    presence.forEachStep { step in
      least = min(least, sampled[step])
      most = max(most, toStart[step])
    }
    leastSampled = least
    mostToStart = most
    self.presence = presence
  }
}
