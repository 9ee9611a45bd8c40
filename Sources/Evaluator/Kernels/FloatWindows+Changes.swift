internal import CColumns
import TimeSeries

extension FloatWindows {
  /// `rate`, `increase`, `delta`: the rise between the first and the last sample, extrapolated to
  /// the window's edges (promql-functions.md §4.1). Counters add what was lost at each reset, in
  /// window order, so the sum is bit for bit that of a window computed alone.
  func extrapolate(into tile: inout Row, isCounter: Bool, isRate: Bool) {
    let ascends =
      unsafe isCounter && (samples.neverFalls || promgate_falls(samples.values, samples.count) == 0)
    let resets = isCounter && !ascends ? self.resets : []
    // A table of a few steps costs more than it spares.
    if tile.steps < Self.stepsOfTable {
      for step in 0..<tile.steps { clipped(step, resets, into: &tile, isCounter: isCounter, isRate: isRate) }
      return
    }
    let table = locator.rates(bounds, range: range, isRate: isRate)
    if samples.cover(bounds), resets.isEmpty {
      extrapolateWhole(table, into: &tile, isCounter: isCounter, isRate: isRate, ascends: ascends)
      return
    }
    let values = samples.values
    var nextReset = 0
    for step in 0..<tile.steps {
      let edges = bounds.edges(step)
      let (lower, upper) = (edges.first - samples.first, edges.newest + 1 - samples.first)
      guard lower >= 0, upper <= samples.count else {
        clipped(step, resets, into: &tile, isCounter: isCounter, isRate: isRate)
        continue
      }
      guard upper - lower >= 2 else { continue }
      var rise = values[upper - 1] - values[lower]
      if !resets.isEmpty { rise = corrected(rise, resets, &nextReset, lower, upper) }
      if isCounter, startsNearZero(table, step, values[lower], rise) {
        clipped(step, resets, into: &tile, isCounter: isCounter, isRate: isRate)
      } else {
        tile.set(step, unsafe rise * table.factors[step])
      }
    }
  }

  /// From so many steps on what the windows of a timeline have in common is found once.
  private static let stepsOfTable = 8

  /// A series that has every sample that the windows need and was never reset: the windows are those
  /// of the table, and all steps are computed in one plain loop.
  private func extrapolateWhole(
    _ table: RateTable, into tile: inout Row, isCounter: Bool, isRate: Bool, ascends: Bool
  ) {
    let values = samples.values
    tile.presence.copy(table.presence)
    table.forEachStretch { stretch, steps in
      let start = steps.lowerBound
      // The run has every position that the windows need; all have one element a step.
      let largest = unsafe tile.values.withUnsafeMutableBufferPointer { output in
        guard let output = output.baseAddress else { return 0.0 }
        return unsafe promgate_rises(
          values, Int32(samples.first), bounds.firsts + start, bounds.newest + start, table.factors + start,
          steps.count, output + start)
      }
      let first = values[bounds.edges(start).first - samples.first]
      guard isCounter, !(ascends && table.startsFarFromZero(in: stretch, first, largest)) else { return }
      for step in steps where table.presence[step] {
        let edges = bounds.edges(step)
        let value = values[edges.first - samples.first]
        let rise = values[edges.newest - samples.first] - value
        if startsNearZero(table, step, value, rise) {
          clipped(step, [], into: &tile, isCounter: isCounter, isRate: isRate)
        }
      }
    }
  }

  /// Whether a counter may have been zero inside a window before its first sample. A product tells in nearly
  /// all cases that it was not; the rest is computed exactly.
  @inline(__always)
  private func startsNearZero(_ table: RateTable, _ step: Int, _ value: Double, _ rise: Double) -> Bool {
    guard rise > 0, value >= 0, !table.startsFarFromZero(step, value, rise) else { return false }
    let (first, newest) = bounds.edges(step)
    let times = bounds.timeline
    let span = Extrapolation(
      first: times[first], last: times[newest], count: newest - first + 1, end: ends[step], range: range)
    return span.sampled * value <= span.toStart * rise * 1.000001
  }

  /// Positions at which a counter is lower than before.
  private var resets: [Int] {
    var found: [Int] = []
    let values = samples.values
    unsafe values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return }
      for low in stride(from: 0, to: values.count - 1, by: 64) {
        // Resets are seldom: most stretches hold none.
        let high = min(low + 65, values.count)
        guard unsafe promgate_falls(start + low, high - low) != 0 else { continue }
        for i in low + 1..<high where unsafe values[i] < values[i - 1] { found.append(i) }
      }
    }
    return found
  }

  /// Adds what was lost at the resets inside a window; windows come in order.
  @inline(__always)
  private func corrected(
    _ rise: Double, _ resets: [Int], _ next: inout Int, _ lower: Int, _ upper: Int
  ) -> Double {
    while next < resets.count, resets[next] <= lower { next += 1 }
    var rise = rise
    var reset = next
    while reset < resets.count, resets[reset] < upper {
      rise += samples.values[resets[reset] - 1]
      reset += 1
    }
    return rise
  }

  /// One window computed alone: the series starts or ends in it, or the counter would be zero in it.
  private func clipped(
    _ step: Int, _ resets: [Int], into tile: inout Row, isCounter: Bool, isRate: Bool
  ) {
    let window = bounds.window(step, in: samples)
    guard window.count >= 2 else { return }
    let (lower, upper) = (window.lowerBound, window.upperBound)
    var first = 0
    if !resets.isEmpty {
      var high = resets.count
      while first < high {
        let middle = (first + high) / 2
        if resets[middle] <= lower { first = middle + 1 } else { high = middle }
      }
    }
    let start = samples.values[lower]
    let rise = corrected(samples.values[upper - 1] - start, resets, &first, lower, upper)
    let span = Extrapolation(
      first: time(lower), last: time(upper - 1), count: upper - lower, end: ends[step], range: range)
    var factor = span.factor(
      zeroAt: isCounter && rise > 0 && start >= 0 ? span.sampled * (start / rise) : nil)
    if isRate { factor /= Double(range) / 1000 }
    tile.set(step, rise * factor)
  }

  /// `irate`, `idelta`: the last two samples.
  func lastPair(into tile: inout Row, isCounter: Bool) {
    let values = samples.values
    reduce(into: &tile, minimum: 2) { _, _, upper in
      let previous = values[upper - 2]
      let last = values[upper - 1]
      guard isCounter else { return last - previous }
      let rise = last < previous ? last : last - previous
      return rise / seconds(time(upper - 2), time(upper - 1))
    }
  }

  /// How many neighbouring pairs in each window satisfy a condition: O(1) a window.
  @inline(__always)
  func countPairs(into tile: inout Row, _ condition: (Double, Double) -> Bool) {
    let values = samples.values
    guard tile.steps > 1 else {
      return reduce(into: &tile) { _, lower, upper in
        var count = 0
        for i in lower + 1..<max(lower + 1, upper) where condition(values[i - 1], values[i]) { count += 1 }
        return Double(count)
      }
    }
    // before[i]: how many pairs (j − 1, j) with j ≤ i satisfy the condition.
    var before = [Int32](repeating: 0, count: values.count)
    for i in values.indices.dropFirst() {
      before[i] = before[i - 1] + (condition(values[i - 1], values[i]) ? 1 : 0)
    }
    reduce(into: &tile) { _, lower, upper in Double(before[upper - 1] - before[lower]) }
  }

  /// Least squares over a window; x in seconds from `origin` (promql-functions.md §5).
  func regression(_ lower: Int, _ upper: Int, origin: Int64) -> (slope: Double, intercept: Double) {
    Regression.line(
      count: upper - lower, x: { seconds(origin, time(lower + $0)) }, y: { samples.values[lower + $0] })
  }

  /// Holt's double exponential smoothing (promql-functions.md §5).
  func smooth(_ lower: Int, _ upper: Int, smoothing: Double, trend: Double) -> Double {
    Smoothing.doubleExponential(samples.values[lower..<upper], smoothing: smoothing, trend: trend)
  }
}

/// How far a rise between samples is stretched to the edges of its window.
struct Extrapolation {
  /// Seconds between the first and the last sample.
  let sampled: Double
  private(set) var toStart: Double
  var toEnd: Double
  private let average: Double

  /// Times in milliseconds; `count` at least 2.
  @inline(__always)
  init(first: Int64, last: Int64, count: Int, end: Int64, range: Int64) {
    sampled = Double(last &- first) / 1000
    average = count > 1 ? sampled / Double(count - 1) : 0
    toStart = Double(first &- (end &- range)) / 1000
    toEnd = Double(end &- last) / 1000
    // A gap of 1.1 average distances or more says that the series starts or ends in the window.
    let threshold = average * 1.1
    if toStart >= threshold { toStart = average / 2 }
    if toEnd >= threshold { toEnd = average / 2 }
  }

  /// The factor of the rise; `zeroAt`: seconds before the first sample at which a counter would
  /// have been zero.
  @inline(__always)
  func factor(zeroAt: Double?) -> Double {
    var start = toStart
    if let zeroAt, zeroAt < start { start = zeroAt }
    return sampled != 0 ? (sampled + start + toEnd) / sampled : 1
  }
}

enum Regression {
  /// The line through points, both sums compensated.
  @inline(__always)
  static func line(
    count: Int, x: (Int) -> Double, y: (Int) -> Double
  ) -> (slope: Double, intercept: Double) {
    var sumX = CompensatedSum()
    var sumY = CompensatedSum()
    var sumXY = CompensatedSum()
    var sumX2 = CompensatedSum()
    let first = y(0)
    var isConstant = true
    for i in 0..<count {
      let (x, y) = (x(i), y(i))
      if isConstant, i > 0, y != first { isConstant = false }
      sumX.add(x)
      sumY.add(y)
      sumXY.add(x * y)
      sumX2.add(x * x)
    }
    if isConstant {
      return first.isInfinite ? (.nan, .nan) : (0, first)
    }
    let n = Double(count)
    let (x, y) = (sumX.value, sumY.value)
    let covariance = sumXY.value - x * y / n
    let variance = sumX2.value - x * x / n
    let slope = covariance / variance
    return (slope, y / n - slope * x / n)
  }
}

enum Smoothing {
  /// At least two values.
  static func doubleExponential(
    _ values: some RandomAccessCollection<Double>, smoothing: Double, trend: Double
  ) -> Double {
    let values = Array(values)
    var level = values[0]
    var previous = 0.0
    var slope = values[1] - values[0]
    for i in 1..<values.count {
      let raw = smoothing * values[i]
      if i > 1 { slope = trend * (level - previous) + (1 - trend) * slope }
      (previous, level) = (level, raw + (1 - smoothing) * (level + slope))
    }
    return level
  }
}
