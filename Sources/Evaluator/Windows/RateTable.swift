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
  /// The windows with at least two samples.
  let presence: Presence
  /// The least of `sampled` and the most of `toStart` in each stretch of steps.
  private let extremes: [(leastSampled: Double, mostToStart: Double)]

  /// How many steps make a stretch.
  private static let stretch = 256

  /// Stretches of steps, in order.
  @inline(__always)
  func forEachStretch(_ body: (_ stretch: Int, _ steps: Range<Int>) -> Void) {
    for (index, start) in stride(from: 0, to: factors.count, by: Self.stretch).enumerated() {
      body(index, start..<min(start + Self.stretch, factors.count))
    }
  }

  /// Whether a counter may have been zero inside the stretch before its first sample. A product tells
  /// in nearly all cases that it was not; the rest is computed exactly.
  @inline(__always)
  func startsNearZero(_ step: Int, _ value: Double, _ rise: Double) -> Bool {
    rise > 0 && value >= 0 && sampled[step] * value <= toStart[step] * rise * 1.000001
  }

  /// Whether no window in a stretch starts near zero, of a counter that never falls: by its first value there
  /// and the largest rise in a window.
  @inline(__always)
  func startsFarFromZero(in stretch: Int, _ first: Double, _ largestRise: Double) -> Bool {
    let (leastSampled, mostToStart) = extremes[stretch]
    return first >= 0 && leastSampled * first > mostToStart * largestRise * 1.00001
  }

  /// `ends`: each step's reference time; `range`: the window; milliseconds.
  init(_ bounds: WindowBounds, ends: [Int64], range: Int64, isRate: Bool) {
    let timestamps = bounds.timeline.timestamps
    var sampled = [Double](repeating: 0, count: ends.count)
    var toStart = [Double](repeating: 0, count: ends.count)
    var factors = [Double](repeating: 0, count: ends.count)
    var presence = Presence(count: ends.count)
    unsafe sampled.withUnsafeMutableBufferPointer { sampled in
      unsafe toStart.withUnsafeMutableBufferPointer { toStart in
        unsafe factors.withUnsafeMutableBufferPointer { factors in
          // All have one element a step. Scrapes are regular: most windows lie about their samples as the one
          // before did.
          var last: (first: Int64, last: Int64, count: Int) = (0, 0, 0)
          var known = (sampled: 0.0, toStart: 0.0, factor: 0.0)
          presence.setEach { step in
            let (low, high) = bounds.edges(step)
            let end = ends[step]
            guard low < high else { return false }
            let (first, newest) = (timestamps[low], timestamps[high])
            let shape = (first: first &- end, last: newest &- end, count: high - low + 1)
            if shape != last {
              let window = Extrapolation(
                first: first, last: newest, count: shape.count, end: end, range: range)
              let factor = window.factor(zeroAt: nil)
              known = (window.sampled, window.toStart, isRate ? factor / (Double(range) / 1000) : factor)
              last = shape
            }
            unsafe sampled[step] = known.sampled
            unsafe toStart[step] = known.toStart
            unsafe factors[step] = known.factor
            return true
          }
        }
      }
    }
    self.sampled = sampled
    self.toStart = toStart
    self.factors = factors
    extremes = stride(from: 0, to: ends.count, by: Self.stretch).map { start in
      var (least, most) = (Double.infinity, 0.0)
      for step in start..<min(start + Self.stretch, ends.count) where presence[step] {
        least = min(least, sampled[step])
        most = max(most, toStart[step])
      }
      return (least, most)
    }
    self.presence = presence
  }
}
