import PromQL
import TimeSeries

/// Windows of one series of floats after the other, and where their results go.
///
/// Positions count from the start of the run; a window is `lower..<upper`, never empty. What a series needs
/// lies in the memory of the one before, and no reference is counted for it while both share a timeline.
struct FloatWindows: ~Copyable {
  /// Those of the series that is worked on. Whoever changes them calls `locate` before any function.
  var samples = Samples.none
  private(set) var bounds: WindowBounds
  let locator: WindowLocator
  /// The reference time of each step ("b"), milliseconds.
  var ends: [Int64] { locator.ends }
  /// The length of the window, milliseconds.
  let range: Int64

  /// Ends functions that look at every sample of every window; what they leave is nobody's answer.
  private let cancellation: Cancellation?

  init(locator: WindowLocator, range: Int64, cancellation: Cancellation?) {
    self.cancellation = cancellation
    bounds = WindowBounds(.empty, WindowTimes(ends: [], back: 0, ahead: 0))
    self.locator = locator
    self.range = range
  }

  /// Finds the windows on the timeline of the samples.
  mutating func locate() {
    if bounds.timeline !== samples.timeline { bounds = locator.bounds(samples.timeline) }
  }

  /// The timestamp at a position, milliseconds.
  @inline(__always)
  func time(_ position: Int) -> Int64 { samples.timeline[samples.first + position] }

  /// The seconds between two times in milliseconds.
  @inline(__always)
  func seconds(_ from: Int64, _ to: Int64) -> Double { Double(to &- from) / 1000 }

  /// Reduces each window that holds at least `minimum` samples; nil leaves the step absent.
  @inline(__always)
  func reduce(
    into tile: inout Row, minimum: Int = 1,
    _ formula: (_ step: Int, _ lower: Int, _ upper: Int) -> Double?
  ) {
    if minimum == 1, samples.cover(bounds) {
      let first = samples.first
      tile.presence.copy(bounds.presence)
      let (firsts, newest) = unsafe (bounds.firsts, bounds.newest)
      bounds.presence.forEachStep { step in
        let (lower, upper) = unsafe (Int(firsts[step]) - first, Int(newest[step]) + 1 - first)
        if let value = formula(step, lower, upper) {
          tile.values[step] = value
        } else {
          tile.presence[step] = false
        }
      }
      return
    }
    bounds.presence.forEachStep { step in
      let window = bounds.window(step, in: samples)
      guard window.count >= minimum else { return }
      if let value = formula(step, window.lowerBound, window.upperBound) { tile.set(step, value) }
    }
  }

  /// The same for what takes time that grows with the window.
  private func reduceSlowly(
    into tile: inout Row, minimum: Int = 1, _ formula: (_ step: Int, _ lower: Int, _ upper: Int) -> Double?
  ) {
    reduce(into: &tile, minimum: minimum) { step, lower, upper in
      cancellation?.reason == nil ? formula(step, lower, upper) : nil
    }
  }

  /// Reduces each window with one number a step as argument.
  func apply(_ function: WindowFunction, _ arguments: [ScalarColumn], grid: Grid, into tile: inout Row) {
    switch function {
    case .rate: extrapolate(into: &tile, isCounter: true, isRate: true)
    case .increase: extrapolate(into: &tile, isCounter: true, isRate: false)
    case .delta: extrapolate(into: &tile, isCounter: false, isRate: false)
    case .irate: lastPair(into: &tile, isCounter: true)
    case .idelta: lastPair(into: &tile, isCounter: false)
    case .resets: countPairs(into: &tile) { $1 < $0 }
    case .changes: countPairs(into: &tile) { $0 != $1 && !($0.isNaN && $1.isNaN) }
    case .deriv:
      slidingLine(into: &tile, origin: { _, lower in time(lower) }) { _, line, _ in line.slope }
    case .predictLinear:
      slidingLine(into: &tile, origin: { step, _ in grid.time(step) }) { step, line, isDirect in
        let value = line.slope * arguments[0][step] + line.intercept
        // Where the line comes close to zero, little is left of the digits of both.
        return isDirect || value.magnitude >= 1e-2 * line.intercept.magnitude ? value : nil
      }
    case .doubleExponentialSmoothing:
      reduceSlowly(into: &tile, minimum: 2) { step, lower, upper in
        smooth(lower, upper, smoothing: arguments[0][step], trend: arguments[1][step])
      }
    case .countOverTime: reduce(into: &tile) { _, lower, upper in Double(upper - lower) }
    case .presentOverTime: reduce(into: &tile) { _, _, _ in 1 }
    case .firstOverTime: reduce(into: &tile) { _, lower, _ in samples.values[lower] }
    case .lastOverTime: reduce(into: &tile) { _, _, upper in samples.values[upper - 1] }
    case .tsOfFirstOverTime: reduce(into: &tile) { _, lower, _ in Double(time(lower)) / 1000 }
    case .tsOfLastOverTime: reduce(into: &tile) { _, _, upper in Double(time(upper - 1)) / 1000 }
    case .sumOverTime: slidingSum(into: &tile, averages: false)
    case .avgOverTime: slidingSum(into: &tile, averages: true)
    case .maxOverTime: slidingBest(into: &tile) { $0 > $1 }
    case .minOverTime: slidingBest(into: &tile) { $0 < $1 }
    case .tsOfMaxOverTime:
      reduceSlowly(into: &tile) { _, lower, upper in timeOfLastBest(lower, upper) { $0 >= $1 } }
    case .tsOfMinOverTime:
      reduceSlowly(into: &tile) { _, lower, upper in timeOfLastBest(lower, upper) { $0 <= $1 } }
    case .stdvarOverTime: slidingVariance(into: &tile, isRoot: false)
    case .stddevOverTime: slidingVariance(into: &tile, isRoot: true)
    case .madOverTime:
      reduceSlowly(into: &tile) { _, lower, upper in OverTime.medianDeviation(samples.values[lower..<upper]) }
    case .quantileOverTime:
      let values = samples.values
      var window = SortedWindow()
      reduceSlowly(into: &tile) { step, lower, upper in
        window.move(to: lower..<upper, of: values)
        return Quantile.of(sorted: window.sorted, arguments[0][step])
      }
    }
  }
}
