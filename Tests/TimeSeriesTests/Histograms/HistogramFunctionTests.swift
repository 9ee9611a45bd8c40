import Testing
import TimeSeries

@Suite struct HistogramFunctionTests {
  private let root = 2.0.squareRoot()

  private func expect(
    _ got: HistogramEstimate, _ value: Double, _ effect: HistogramEstimate.NaNEffect? = nil,
    _ what: String
  ) {
    #expect(got.value.isAlmostEqual(to: value, tolerance: 1e-12), "\(what): \(got.value)")
    #expect(got.nanObservations == effect, "\(what)")
  }

  // MARK: Quantiles

  @Test func `quantiles interpolate between bounds`() {
    let one = exponential(count: 4, sum: 6, offset: 1, [4])
    let mirrored = exponential(count: 4, sum: -6, negativeOffset: 1, negative: [4])
    let zero = exponential(count: 4, sum: 3, zero: 2, width: 1, offset: 1, [2])
    let negativeZero = exponential(count: 4, zero: 2, width: 1, negativeOffset: 1, negative: [2])
    let both = exponential(
      count: 8, zero: 4, width: 1, offset: 1, [2], negativeOffset: 1, negative: [2])
    let cut = exponential(count: 4, zero: 0, width: 1.5, offset: 1, [4])
    let bounded = custom(bounds: [10, 20], count: 10, sum: 120, [4, 4, 2])
    let cases: [(NativeHistogram, Double, Double)] = [
      (one, 0.5, root), (one, 0.25, root.squareRoot()), (one, 0, 1), (one, 1, 2),
      (mirrored, 0.5, -root), (mirrored, 0.25, -2 / root.squareRoot()), (mirrored, 0, -2),
      (zero, 0.25, 0.5), (zero, 0.75, root), (negativeZero, 0.75, -0.5),
      (both, 0.375, -0.5), (both, 0.5, 0), (cut, 1, 2), (cut, 0, 1.5),
      (bounded, 0.1, 2.5), (bounded, 0.6, 15), (bounded, 0.9, 20),
      (custom(bounds: [-5], count: 3, [3]), 0.1, -5),
      (custom(bounds: [-5, 5], count: 3, [0, 3]), 0.5, 0),
    ]
    for (histogram, φ, value) in cases {
      expect(histogram.quantile(φ), value, nil, "\(φ) of \(histogram)")
    }
  }

  @Test func `quantiles outside the observations`() {
    let one = exponential(count: 4, sum: 6, offset: 1, [4])
    let short = exponential(count: 10, sum: 6, offset: 1, [4, 0])
    let none = exponential(count: 2, sum: 1)
    let cases: [(NativeHistogram, Double, Double)] = [
      (one, -0.1, -.infinity), (one, 1.1, .infinity), (one, .nan, .nan),
      (exponential(), 0.5, .nan), (exponential(), -1, -.infinity),
      // More observations than the buckets hold: the end of the last one.
      (short, 0.45, 4), (short, 0.5, 2), (none, 0.5, 0), (none, 0, .nan),
    ]
    for (histogram, φ, value) in cases {
      expect(histogram.quantile(φ), value, nil, "\(φ) of \(histogram)")
    }
  }

  @Test func `NaN observations count as the highest`() {
    let short = exponential(count: 10, sum: .nan, offset: 1, [4])
    expect(short.quantile(0.9), .nan, .resultIsNaN, "beyond the buckets")
    expect(short.quantile(0.1), root.squareRoot(), .skewedHigher, "within")
    let full = exponential(count: 4, sum: .nan, offset: 1, [4])
    expect(full.quantile(0.75), root * root.squareRoot(), nil, "all observations in buckets")
    // Rank 0.8 of 4 in the last bucket, (4,8].
    let several = exponential(count: 8, sum: .nan, offset: 1, [2, 2, 4])
    expect(several.quantile(0.1), 4 * 1.148698354997035, nil, "the last bucket stands in")
  }

  // MARK: Fractions

  @Test func `fractions interpolate between bounds`() {
    let two = exponential(count: 8, sum: 16, offset: 1, [4, 4])
    let mirrored = exponential(count: 4, sum: -6, negativeOffset: 1, negative: [4])
    let both = exponential(
      count: 6, zero: 4, width: 1, offset: 1, [1], negativeOffset: 1, negative: [1])
    let zero = exponential(count: 4, zero: 4, width: 1, offset: 5, [0])
    let bounded = custom(bounds: [10, 20], count: 10, sum: 120, [4, 4, 2])
    let around = custom(bounds: [-10, 10], count: 4, sum: 0, [2, 2])
    let infinite = Double.infinity
    let cases: [(NativeHistogram, Double, Double, Double)] = [
      (two, 1, 4, 1), (two, root, 2 * root, 0.5), (two, -infinite, 2, 0.5), (two, 3, 3, 0),
      (two, 5, 2, 0), (two, 100, 200, 0), (mirrored, -infinite, -root, 0.5),
      (both, -0.5, 0.5, 1.0 / 3), (zero, 0.25, 0.75, 0.5), (bounded, 5, 15, 0.4),
      (bounded, 20, infinite, 0.2), (bounded, 30, infinite, 0.2), (around, -20, 0, 0),
      (around, -infinite, -10, 0.5), (around, 0, 5, 0.25), (two, .nan, 1, .nan),
      (two, 1, .nan, .nan), (exponential(), 0, 1, .nan),
    ]
    for (histogram, lower, upper, value) in cases {
      expect(histogram.fraction(from: lower, to: upper), value, nil, "\(lower)…\(upper) of \(histogram)")
    }
  }

  @Test func `NaN observations are in no fraction`() {
    let short = exponential(count: 8, sum: .nan, offset: 1, [2, 2])
    expect(
      short.fraction(from: -.infinity, to: .infinity), 0.5, .excludedFromFractions, "all buckets")
    expect(short.fraction(from: 1, to: 2), 0.25, .excludedFromFractions, "stopped early")
    let full = exponential(count: 4, sum: .nan, offset: 1, [4])
    expect(full.fraction(from: 0, to: root), 0.5, nil, "all observations in buckets")
  }

  // MARK: Mean and deviation

  @Test func `deviations see observations at the middle of their buckets`() {
    let two = exponential(count: 4, sum: 8, offset: 1, [2, 2])
    let variance = ((2 - root) * (2 - root) + (2 * root - 2) * (2 * root - 2)) / 2
    let negative = exponential(
      count: 4, sum: -4, zero: 2, width: 0.5, negativeOffset: 1, negative: [2])
    let negativeVariance = (1 + (root - 1) * (root - 1)) / 2
    let bounded = custom(bounds: [0, 10, 20], count: 4, sum: 40, [0, 2, 2])
    for (histogram, mean, variance) in [
      (two, 2.0, variance), (negative, -1, negativeVariance), (bounded, 10, 25),
    ] {
      #expect(histogram.mean == mean)
      #expect(histogram.standardVariance.isAlmostEqual(to: variance, tolerance: 1e-12))
      #expect(
        histogram.standardDeviation.isAlmostEqual(to: variance.squareRoot(), tolerance: 1e-12))
    }
    #expect(exponential().mean.isNaN && exponential().standardVariance.isNaN)
  }

  // MARK: Interpolation in time

  @Test func `a histogram between two others`() throws {
    let early = exponential(count: 2, sum: 4, offset: 1, [2])
    let late = exponential(count: 6, sum: 8, offset: 1, [4, 2])
    let quarter = try early.interpolated(from: 1_000, to: late, at: 2_000, time: 1_250, isCounter: true)
    #expect(quarter.histogram.description == "{count:3, sum:5, (1,2]:2.5, (2,4]:0.5}")
    let falling = try late.interpolated(from: 0, to: early, at: 100, time: 50, isCounter: false)
    #expect(falling.histogram.description == "{count:4, sum:6, (1,2]:3, (2,4]:1}")
    let reset = try late.interpolated(from: 0, to: early, at: 100, time: 50, isCounter: true)
    #expect(reset.histogram.description == "{count:1, sum:2, (1,2]:1}")
    let ends = try [0, 100].map { time in
      try late.interpolated(from: 0, to: early, at: 100, time: time, isCounter: true).histogram
    }
    #expect(ends[0].isExactlyEqual(to: late) && ends[1].isExactlyEqual(to: early))
  }

  @Test func `interpolation tells what it noticed`() throws {
    let first = custom(bounds: [1, 2], count: 1, [1])
    let second = custom(bounds: [2], count: 3, [3])
    let between = try first.interpolated(from: 0, to: second, at: 2, time: 1, isCounter: false)
    #expect(between.subtraction == .reconciledBounds && between.addition == .reconciledBounds)
    #expect(between.histogram.description == "{count:2, sum:0, [-Inf,2]:2}")
    #expect(throws: IncompatibleHistograms()) {
      try first.interpolated(from: 0, to: exponential(), at: 2, time: 1, isCounter: false)
    }
  }

  @Test func `an emptied histogram keeps its schema and bounds`() {
    #expect(custom(bounds: [1], count: 1, [1]).emptied.isExactlyEqual(to: custom(bounds: [1])))
    let wide = exponential(schema: 3, count: 5, sum: 2, zero: 1, width: 1, offset: 1, [4], hint: .reset)
    #expect(wide.emptied.isExactlyEqual(to: exponential(schema: 3)) && wide.emptied.hint == .unknown)
  }
}
