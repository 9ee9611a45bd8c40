import TimeSeries

/// What `rate`, `increase` and `delta` need to know of each step's window, and no series changes:
/// found once a timeline (design §1.10).
@safe
final class RateTable {
  /// What a rise is multiplied by when the start is extrapolated in full; for rates per second. One number a
  /// step, in the memory of the bounds.
  let factors: UnsafePointer<Double>
  private let steps: Int
  /// The windows with at least two samples.
  let presence: Presence
  /// The shortest time between a window's first and last sample, and the longest extrapolation of a start, in
  /// each stretch of steps; seconds. A table has a number a step and no more: many targets have many tables.
  private let extremes: [(leastSampled: Double, mostToStart: Double)]

  /// How many steps make a stretch.
  private static let stretch = 256

  /// Stretches of steps, in order.
  @inline(__always)
  func forEachStretch(_ body: (_ stretch: Int, _ steps: Range<Int>) -> Void) {
    for (index, start) in stride(from: 0, to: steps, by: Self.stretch).enumerated() {
      body(index, start..<min(start + Self.stretch, steps))
    }
  }

  /// Whether it is sure that a counter was not zero inside a window before its first sample, by the window's
  /// first value and its rise.
  @inline(__always)
  func startsFarFromZero(_ step: Int, _ first: Double, _ rise: Double) -> Bool {
    startsFarFromZero(in: step / Self.stretch, first, rise)
  }

  /// The same of all windows in a stretch, of a counter that never falls: by its first value there and the
  /// largest rise in a window.
  @inline(__always)
  func startsFarFromZero(in stretch: Int, _ first: Double, _ largestRise: Double) -> Bool {
    let (leastSampled, mostToStart) = extremes[stretch]
    return first >= 0 && leastSampled * first > mostToStart * largestRise * 1.00001
  }

  /// `ends`: each step's reference time; `range`: the window; milliseconds.
  init(_ bounds: WindowBounds, ends: [Int64], range: Int64, isRate: Bool) {
    let timestamps = bounds.timeline
    let seconds = Double(range) / 1000
    var presence = Presence(count: ends.count)
    var extremes = [(leastSampled: Double, mostToStart: Double)](
      repeating: (.infinity, 0), count: (ends.count + Self.stretch - 1) / Self.stretch)
    let factors = unsafe bounds.memory.allocate(Double.self, count: ends.count)
    // Scrapes are regular: most windows lie about their samples as the one before did.
    var last: (first: Int64, last: Int64, count: Int) = (0, 0, 0)
    var factor = 0.0
    var stretch = -1
    unsafe factors.update(repeating: 0, count: ends.count)
    presence.setEach(in: bounds.reach) { step in
      let (low, high) = bounds.edges(step)
      let end = ends[step]
      guard low < high else { return false }
      let (first, newest) = (timestamps[low], timestamps[high])
      let shape = (first: first &- end, last: newest &- end, count: high - low + 1)
      if shape != last || stretch != step / Self.stretch {
        let window = Extrapolation(first: first, last: newest, count: shape.count, end: end, range: range)
        factor = isRate ? window.factor(zeroAt: nil) / seconds : window.factor(zeroAt: nil)
        last = shape
        stretch = step / Self.stretch
        extremes[stretch].leastSampled = min(extremes[stretch].leastSampled, window.sampled)
        extremes[stretch].mostToStart = max(extremes[stretch].mostToStart, window.toStart)
      }
      unsafe factors[step] = factor
      return true
    }
    unsafe self.factors = unsafe UnsafePointer(factors)
    steps = ends.count
    self.extremes = extremes
    self.presence = presence
  }
}
