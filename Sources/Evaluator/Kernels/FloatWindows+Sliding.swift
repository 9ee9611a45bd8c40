import TimeSeries

/// Windows overlap: what neighbours share is computed once (design §1.11). Cost grows with samples +
/// steps, not with the length of the window.
extension FloatWindows {
  /// `max_over_time`, `min_over_time`: a queue of the values that no later one of the window beats.
  @inline(__always)
  func slidingBest(into tile: inout Row, _ beats: (Double, Double) -> Bool) {
    let values = samples.values
    guard tile.steps > 1 else { return reduce(into: &tile) { _, lower, upper in best(lower, upper, beats) } }
    // Positions of candidates, best first; `head` is the first that is still in the window.
    var queue = [Int32](repeating: 0, count: values.count)
    var head = 0
    var tail = 0
    var next = 0
    for step in 0..<tile.steps {
      let window = bounds.window(step, in: samples)
      guard !window.isEmpty else { continue }
      next = max(next, window.lowerBound)
      while next < window.upperBound {
        let value = values[next]
        // NaN is worse than any number and beats nothing.
        if !value.isNaN {
          while tail > head, beats(value, values[Int(queue[tail - 1])]) { tail -= 1 }
          queue[tail] = Int32(next)
          tail += 1
        }
        next += 1
      }
      while head < tail, Int(queue[head]) < window.lowerBound { head += 1 }
      tile.set(step, head < tail ? values[Int(queue[head])] : values[window.upperBound - 1])
    }
  }

  /// The best value of one window, NaN when there is nothing else.
  @inline(__always)
  private func best(_ lower: Int, _ upper: Int, _ beats: (Double, Double) -> Bool) -> Double {
    var best = samples.values[upper - 1]
    var isFound = false
    for position in lower..<upper {
      let value = samples.values[position]
      guard !value.isNaN, !isFound || beats(value, best) else { continue }
      best = value
      isFound = true
    }
    return best
  }

  /// `sum_over_time`, `avg_over_time`: differences of running sums that carry twice the precision.
  ///
  /// A difference that lost too much of it (large values before the window, small ones in it), and
  /// every window of a series with values that are not finite, is summed again directly.
  func slidingSum(into tile: inout Row, averages: Bool) {
    let values = samples.values
    let direct = { (lower: Int, upper: Int) in
      averages ? OverTime.average(values[lower..<upper]) : OverTime.sum(values[lower..<upper])
    }
    // One window alone has nothing to share.
    guard tile.steps > 1,
      let running = RunningSums(count: values.count, { values[$0] })
    else {
      reduce(into: &tile) { _, lower, upper in direct(lower, upper) }
      return
    }
    reduce(into: &tile) { _, lower, upper in
      guard upper - lower > 4, let sum = running.sum(lower, upper) else { return direct(lower, upper) }
      return averages ? sum / Double(upper - lower) : sum
    }
  }
}

extension FloatWindows {
  /// `stdvar_over_time`, `stddev_over_time`: from running sums of the distances to the series' mean
  /// and of their squares. Windows that vary little beside these, as those of a counter do, are put together
  /// from segments with means of their own; what varies little beside these too is computed directly.
  func slidingVariance(into tile: inout Row, isRoot: Bool) {
    let values = samples.values
    let center = tile.steps > 1 ? OverTime.average(values[...]) : 0
    let distance = { (position: Int) in
      let distance = values[position] - center
      return SIMD2(distance, distance * distance)
    }
    guard tile.steps > 1, let running = RunningSums(count: values.count, distance) else {
      reduce(into: &tile) { _, lower, upper in
        let variance = OverTime.variance(values[lower..<upper])
        return isRoot ? variance.squareRoot() : variance
      }
      return
    }
    var segments: SegmentMoments?
    reduce(into: &tile) { _, lower, upper in
      var variance: Double?
      if upper - lower > 8, let sums = running.sum(lower, upper) {
        let (sum, square) = (sums.x, sums.y)
        let count = Double(upper - lower)
        let rest = square - sum * sum / count
        // What is left of the squares must be large enough for twelve digits.
        if rest >= square * 1e-3 {
          variance = rest / count
        } else if upper - lower > SegmentMoments.length / 4 {
          if segments == nil { segments = SegmentMoments(values) }
          variance = segments?.variance(lower, upper)
        }
      }
      let value = variance ?? OverTime.variance(values[lower..<upper])
      return isRoot ? value.squareRoot() : value
    }
  }
}

/// Means and squares of a series by segments, to be merged over any window (Chan, Golub, LeVeque 1979).
private struct SegmentMoments {
  static let length = 256

  /// Of some values: how many, their mean, the squares of their distances to it; and the squares that these
  /// were taken from, which say how much they can be off.
  private struct Moments {
    var count = 0.0
    var mean = 0.0
    var rest = 0.0
    var squares = 0.0

    @inline(__always)
    mutating func merge(_ other: Moments) {
      guard other.count > 0 else { return }
      let total = count + other.count
      let difference = other.mean - mean
      rest += other.rest + difference * difference * (count * other.count / total)
      mean += difference * (other.count / total)
      squares += other.squares
      count = total
    }
  }

  private let centers: [Double]
  /// Before each position, of its segment: the sum of distances to the center, and of their squares.
  private let sums: [Double]
  private let squares: [Double]
  private let totals: [(Double, Double)]
  private let whole: [Moments]

  init(_ values: [Double]) {
    var (centers, sums, squares, whole) = ([Double](), [Double](), [Double](), [Moments]())
    var totals: [(Double, Double)] = []
    sums.reserveCapacity(values.count)
    squares.reserveCapacity(values.count)
    for start in stride(from: 0, to: values.count, by: Self.length) {
      let segment = values[start..<min(start + Self.length, values.count)]
      let center = OverTime.average(segment)
      var (sum, square) = (0.0, 0.0)
      for value in segment {
        sums.append(sum)
        squares.append(square)
        let distance = value - center
        sum += distance
        square += distance * distance
      }
      centers.append(center)
      totals.append((sum, square))
      whole.append(Self.moments(Double(segment.count), sum, square, center))
    }
    (self.centers, self.sums, self.squares) = (centers, sums, squares)
    (self.totals, self.whole) = (totals, whole)
  }

  private static func moments(_ count: Double, _ sum: Double, _ square: Double, _ center: Double) -> Moments {
    Moments(count: count, mean: center + sum / count, rest: square - sum * sum / count, squares: square)
  }

  /// A part of one segment that is not all of it.
  private func part(_ segment: Int, _ lower: Int, _ upper: Int) -> Moments {
    let (first, last) = (segment * Self.length, min((segment + 1) * Self.length, sums.count))
    if lower == first, upper == last { return whole[segment] }
    let (sum, square) = upper == last ? totals[segment] : (sums[upper], squares[upper])
    return Self.moments(
      Double(upper - lower), sum - sums[lower], square - squares[lower], centers[segment])
  }

  /// The variance of a window; nil where too few digits are left.
  func variance(_ lower: Int, _ upper: Int) -> Double? {
    var moments = Moments()
    var place = lower
    while place < upper {
      let segment = place / Self.length
      let end = min(upper, (segment + 1) * Self.length)
      moments.merge(part(segment, place, end))
      place = end
    }
    return moments.rest >= moments.squares * 1e-2 ? moments.rest / moments.count : nil
  }
}

extension FloatWindows {
  /// `deriv`, `predict_linear`: least squares from running sums, taken about the first time and the
  /// mean of the series so that they stay small. `origin`: where x is zero, milliseconds. `answer`: nil asks
  /// for the line that is summed directly.
  @inline(__always)
  func slidingLine(
    into tile: inout Row, origin: (_ step: Int, _ lower: Int) -> Int64,
    _ answer: (_ step: Int, _ line: (slope: Double, intercept: Double), _ isDirect: Bool) -> Double?
  ) {
    let sums = tile.steps > 1 ? LineSums(self) : nil
    reduce(into: &tile, minimum: 2) { step, lower, upper in
      let zero = origin(step, lower)
      if let line = sums?.line(lower, upper, origin: zero), let value = answer(step, line, false) {
        return value
      }
      return answer(step, regression(lower, upper, origin: zero), true)
    }
  }
}

/// What least squares over any window of a series needs.
private struct LineSums {
  /// Of x, y, x·y and x·x.
  private let sums: RunningSums<SIMD4<Double>>
  /// How many values up to a position differ from the one before.
  private let changes: [Int32]
  private let values: [Double]
  private let start: Int64
  private let center: Double

  /// Nil when values are not finite.
  init?(_ windows: borrowing FloatWindows) {
    let values = windows.samples.values
    guard !values.isEmpty else { return nil }
    let start = windows.time(0)
    let center = OverTime.average(values[...])
    let sums = RunningSums<SIMD4<Double>>(count: values.count) { position in
      let x = windows.seconds(start, windows.time(position))
      let y = values[position] - center
      return SIMD4(x, y, x * y, x * x)
    }
    guard let sums else { return nil }
    (self.sums, self.values, self.start, self.center) = (sums, values, start, center)
    var changes = [Int32](repeating: 0, count: values.count)
    for i in values.indices.dropFirst() {
      changes[i] = changes[i - 1] + (values[i] != values[i - 1] ? 1 : 0)
    }
    self.changes = changes
  }

  /// The line through a window; nil when the sums have lost too much precision.
  func line(_ lower: Int, _ upper: Int, origin: Int64) -> (slope: Double, intercept: Double)? {
    if changes[upper - 1] == changes[lower] { return (0, values[lower]) }
    guard upper - lower > 8, let sum = sums.sum(lower, upper) else { return nil }
    let (sx, sy, sxy, sxx) = (sum.x, sum.y, sum.z, sum.w)
    let n = Double(upper - lower)
    let variance = sxx - sx * sx / n
    let covariance = sxy - sx * sy / n
    guard variance >= sxx * 1e-4, covariance.magnitude >= sxy.magnitude * 1e-3 else { return nil }
    let slope = covariance / variance
    let zero = Double(origin &- start) / 1000
    return (slope, center + sy / n - slope * (sx / n - zero))
  }
}
