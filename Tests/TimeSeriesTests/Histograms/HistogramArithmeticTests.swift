import Testing
import TimeSeries

@Suite struct HistogramArithmeticTests {
  private func sum(_ lhs: NativeHistogram, _ rhs: NativeHistogram) throws -> NativeHistogram {
    var result = lhs
    _ = try result.add(rhs)
    return result
  }

  /// Index and count of each bucket.
  private func pairs(_ buckets: [NativeHistogram.Bucket]) -> [[Double]] {
    buckets.map { [Double($0.index), $0.count] }
  }

  @Test func `scaling touches every count and the sum`() {
    var histogram = exponential(
      count: 8, sum: 6, zero: 2, width: 0.1, offset: 1, [1, 2], negative: [3], hint: .reset)
    histogram.multiply(by: 2)
    #expect(histogram.description == "{count:16, sum:12, [-1,-0.5):6, [-0.1,0.1]:4, (1,2]:2, (2,4]:4}")
    #expect(histogram.hint == .reset)
    histogram.divide(by: 4)
    #expect(histogram.description == "{count:4, sum:3, [-1,-0.5):1.5, [-0.1,0.1]:1, (1,2]:0.5, (2,4]:1}")
    histogram.multiply(by: -1)
    #expect(histogram.hint == .gauge)
    #expect(histogram.count == -4)
    var divided = exponential(count: 1, hint: .notReset)
    divided.divide(by: -2)
    #expect(divided.hint == .gauge)
  }

  @Test func `dividing by zero leaves no buckets`() {
    var histogram = exponential(
      count: 3, sum: -1, zero: 0, offset: 1, [3], negative: [0], hint: .reset)
    histogram.divide(by: 0)
    #expect(histogram.count == .infinity && histogram.sum == -.infinity)
    #expect(histogram.zeroCount.isNaN)
    #expect(histogram.positive.isEmpty && histogram.negative.isEmpty)
    #expect(histogram.hint == .reset)
  }

  @Test func `addition merges buckets in order`() throws {
    let cases: [(lhs: [[Double]], rhs: [[Double]], sum: [[Double]])] = [
      ([], [], []),
      ([], [[3, 1]], [[3, 1]]),
      ([[3, 1]], [], [[3, 1]]),
      ([[1, 1], [2, 2]], [[1, 10], [2, 20]], [[1, 11], [2, 22]]),
      ([[2, 1], [5, 2]], [[1, 3], [2, 4], [7, 5]], [[1, 3], [2, 5], [5, 2], [7, 5]]),
      ([[1, 1], [3, 1], [5, 1]], [[2, 1], [4, 1]], [[1, 1], [2, 1], [3, 1], [4, 1], [5, 1]]),
      ([[4, 1]], [[-9, 1], [0, 0]], [[-9, 1], [0, 0], [4, 1]]),
    ]
    func histogram(_ pairs: [[Double]]) -> NativeHistogram {
      var result = NativeHistogram()
      result.positive = pairs.map { .init(index: Int32($0[0]), count: $0[1]) }
      result.negative = result.positive
      return result
    }
    for (lhs, rhs, expected) in cases {
      let plain = try sum(histogram(lhs), histogram(rhs))
      #expect(pairs(plain.positive) == expected)
      #expect(pairs(plain.negative) == expected)
      var compensated = CompensatedHistogram(histogram(lhs))
      _ = try compensated.add(histogram(rhs))
      #expect(pairs(compensated.value.positive) == expected)
    }
  }

  @Test func `subtraction keeps the buckets that cancel until compacted`() throws {
    var histogram = exponential(count: 4, sum: 9, zero: 3, offset: 1, [1, 2])
    _ = try histogram.subtract(exponential(count: 5, sum: 2, zero: 1, offset: 1, [1, 0.5, 1]))
    #expect(histogram.count == -1 && histogram.sum == 7 && histogram.zeroCount == 2)
    #expect(pairs(histogram.positive) == [[1, 0], [2, 1.5], [3, -1]])
    #expect(pairs(histogram.compacted().positive) == [[2, 1.5], [3, -1]])
  }

  @Test func `hints fold symmetrically`() throws {
    let table: [(NativeHistogram.ResetHint, NativeHistogram.ResetHint, NativeHistogram.ResetHint)] =
      [
        (.unknown, .unknown, .unknown), (.unknown, .reset, .unknown),
        (.unknown, .notReset, .unknown), (.unknown, .gauge, .gauge), (.reset, .reset, .reset),
        (.reset, .notReset, .unknown), (.reset, .gauge, .gauge),
        (.notReset, .notReset, .notReset), (.notReset, .gauge, .gauge), (.gauge, .gauge, .gauge),
      ]
    for (first, second, expected) in table {
      for (a, b) in [(first, second), (second, first)] {
        var histogram = exponential(hint: a)
        let facts = try histogram.add(exponential(hint: b))
        #expect(histogram.hint == expected)
        let collides = (a == .reset && b == .notReset) || (a == .notReset && b == .reset)
        #expect(facts == (collides ? .hintCollision : []))
      }
    }
  }

  @Test func `the lower schema wins`() throws {
    // Schema 1 buckets −1, 0 | 1, 2 | 3 lie in schema 0 buckets 0, 1 and 2.
    let fine = exponential(schema: 1, offset: -1, [1, 2, 4, 8, 16], negativeOffset: 2, negative: [5])
    let coarse = exponential(schema: 0, offset: 1, [100])
    for histogram in [try sum(fine, coarse), try sum(coarse, fine)] {
      #expect(histogram.schema == 0)
      #expect(pairs(histogram.positive) == [[0, 3], [1, 112], [2, 16]])
      #expect(pairs(histogram.negative) == [[1, 5]])
    }
    var reduced = fine
    reduced.reduce(toSchema: -4)
    #expect(pairs(reduced.positive) == [[0, 3], [1, 28]])
    reduced.reduce(toSchema: 3)
    #expect(reduced.schema == -4)
  }

  @Test func `schemas and indexes at their limits do not trap`() throws {
    let ends: [NativeHistogram.Bucket] = [
      .init(index: .min, count: 1), .init(index: 0, count: 1), .init(index: .max, count: 1),
    ]
    for schema in [Int32.min, -54, -4, 0, 8, Int32.max] {
      for other in [Int32.min, -54, -4, 0, 8, Int32.max] {
        var lhs = exponential(schema: schema, zero: 1, width: 0.5)
        lhs.positive = ends
        lhs.negative = ends
        var rhs = exponential(schema: other, zero: 1, width: 3)
        rhs.positive = ends
        let result = try sum(lhs, rhs)
        #expect(result.positive.count <= 6)
        _ = lhs.showsReset(after: rhs)
        _ = result.description
      }
    }
  }

  @Test func `the narrower zero bucket is widened`() throws {
    // (0.5,1] lies inside the wider zero bucket.
    let narrow = exponential(
      count: 9, zero: 1, width: 0.25, offset: 0, [2, 4], negativeOffset: -1, negative: [1, 1])
    let wide = exponential(count: 3, zero: 3, width: 1)
    let expected = "{count:12, sum:0, [-1,1]:8, (1,2]:4}"
    #expect(try sum(narrow, wide).description == expected)
    #expect(try sum(wide, narrow).description == expected)
  }

  @Test func `a populated bucket that the threshold cuts is swallowed whole`() throws {
    let narrow = exponential(
      count: 7, zero: 1, width: 0.25, offset: 1, [2, 4], negativeOffset: 1, negative: [8])
    let wide = exponential(count: 3, zero: 3, width: 1.5, offset: 2, [1])
    for histogram in [try sum(narrow, wide), try sum(wide, narrow)] {
      #expect(histogram.zeroThreshold == 2)
      #expect(histogram.zeroCount == 14)
      #expect(pairs(histogram.positive) == [[2, 5]])
      #expect(histogram.negative.isEmpty)
    }
    // An empty one is cut without a trace.
    let empty = exponential(zero: 1, width: 0.25, offset: 1, [0, 4])
    #expect(try sum(empty, wide).zeroThreshold == 1.5)
  }

  @Test func `widening one zero bucket may widen the other`() throws {
    let lhs = exponential(zero: 1, width: 3, offset: 4, [1])
    // Schema −1: bucket 1 is (1,4], cut by 3; the threshold 4 then swallows nothing more.
    let rhs = exponential(schema: -1, zero: 1, width: 0.5, offset: 1, [1, 1])
    let result = try sum(lhs, rhs)
    #expect(result.zeroThreshold == 4 && result.zeroCount == 3)
    #expect(pairs(result.positive) == [[2, 2]])
  }

  @Test func `thresholds that are no numbers end the reconciliation`() throws {
    let odd = exponential(zero: 1, width: .nan, offset: 1, [1])
    #expect(try sum(odd, exponential(zero: 2, width: 1)).zeroCount == 3)
    #expect(try sum(exponential(zero: 2, width: 1), odd).zeroThreshold == 1)
    #expect(
      try sum(exponential(zero: 2, width: .infinity), exponential(offset: 1, [1])).zeroCount == 3)
  }

  @Test func `equal custom bounds add bucket by bucket`() throws {
    var histogram = custom(bounds: [1, 2], count: 3, [1, 2])
    let facts = try histogram.add(custom(bounds: [1, 2], count: 5, offset: 1, [2, 3]))
    #expect(facts == [])
    #expect(histogram.description == "{count:8, sum:0, [-Inf,1]:1, (1,2]:4, (2,+Inf]:3}")
  }

  @Test func `different custom bounds are reconciled to the shared ones`() throws {
    var histogram = custom(bounds: [1, 2, 5], count: 15, [1, 2, 4, 8])
    let other = custom(bounds: [2, 4, 5, 9], count: 31, [1, 2, 4, 8, 16])
    #expect(try histogram.add(other) == .reconciledBounds)
    #expect(histogram.customBounds == [2, 5])
    #expect(pairs(histogram.positive) == [[0, 4], [1, 10], [2, 32]])

    var nothingShared = custom(bounds: [1], count: 1, [1])
    #expect(try nothingShared.subtract(custom(bounds: [2], count: 1, [0, 1])) == .reconciledBounds)
    #expect(nothingShared.customBounds.isEmpty && nothingShared.positive.isEmpty)
  }

  @Test func `exponential and custom buckets do not add up`() {
    #expect(throws: IncompatibleHistograms()) {
      _ = try sum(exponential(), custom(bounds: [1]))
    }
    #expect(throws: IncompatibleHistograms()) {
      var total = CompensatedHistogram(custom(bounds: [1]))
      _ = try total.add(exponential())
    }
  }

  @Test func `compensation brings small counts back`() throws {
    func histogram(_ value: Double) -> NativeHistogram {
      exponential(count: value, sum: value, zero: value, offset: 1, [value], negative: [value])
    }
    var total = CompensatedHistogram(histogram(1))
    for value in [1e100, 1, -1e100] { _ = try total.add(histogram(value)) }
    let result = total.value
    #expect(result.count == 2 && result.sum == 2 && result.zeroCount == 2)
    #expect(result.positive[0].count == 2 && result.negative[0].count == 2)

    var plain = histogram(1)
    for value in [1e100, 1, -1e100] { _ = try plain.add(histogram(value)) }
    #expect(plain.count == 0)
  }

  @Test func `compensation survives a change of schema, of threshold and of bounds`() throws {
    // Two buckets of schema 1 that meet in bucket 1 of schema 0.
    var merged = CompensatedHistogram(exponential(schema: 0, offset: 1, [-1e100]))
    _ = try merged.add(exponential(schema: 1, offset: 1, [1e100, 3]))
    #expect(merged.value.positive[0].count == 3)
    var own = CompensatedHistogram(exponential(schema: 1, offset: 1, [1e100, 3]))
    _ = try own.add(exponential(schema: 0, offset: 1, [-1e100]))
    #expect(own.value.positive[0].count == 3)
    var zero = CompensatedHistogram(exponential(zero: -1e100, width: 4))
    _ = try zero.add(exponential(zero: 1e100, width: 1, offset: 1, [3]))
    #expect(zero.value.zeroCount == 3)
    var bounds = CompensatedHistogram(custom(bounds: [1, 2], [1e100, 3]))
    _ = try bounds.add(custom(bounds: [2], [-1e100]))
    #expect(bounds.value.positive.map(\.count) == [3])
  }

  @Test func `the mean of huge histograms does not overflow`() throws {
    func histogram(_ value: Double) -> NativeHistogram {
      exponential(count: value, sum: value, offset: 1, [value])
    }
    var mean = HistogramMean(histogram(2))
    for value in [4.0, 9] { _ = try mean.add(histogram(value)) }
    #expect(mean.value.count == 5 && mean.value.positive[0].count == 5)

    let huge = Double.greatestFiniteMagnitude
    var running = HistogramMean(histogram(huge))
    for _ in 0..<3 { _ = try running.add(histogram(huge)) }
    #expect(running.value.isAlmostEqual(to: histogram(huge), tolerance: 1e-12))
  }

  @Test func `an overflow anywhere is noticed`() {
    let infinite = Double.infinity
    #expect(!exponential(count: 1e308, sum: .nan, zero: 1, [1]).hasOverflow)
    let cases = [
      exponential(count: infinite), exponential(sum: -infinite), exponential(zero: infinite),
      exponential([1, infinite]), exponential(negative: [infinite]), custom(bounds: [infinite]),
    ]
    for histogram in cases { #expect(histogram.hasOverflow) }
  }

  @Test func `exact equality looks at bits and listed buckets`() {
    let base = exponential(count: 1, sum: 0, width: 0.5, offset: 1, [1])
    var hinted = base
    hinted.hint = .gauge
    #expect(base.isExactlyEqual(to: hinted))
    let others: [NativeHistogram] = [
      exponential(count: 1, sum: -0.0, width: 0.5, offset: 1, [1]),
      exponential(count: 1, sum: 0, width: 0.5, offset: 1, [1, 0]),
      exponential(count: 1, sum: 0, width: 0.5, offset: 2, [1]),
      exponential(count: 1, sum: 0, width: 0.25, offset: 1, [1]),
      exponential(schema: 1, count: 1, sum: 0, width: 0.5, offset: 1, [1]),
      exponential(count: 1, sum: 0, zero: 1, width: 0.5, offset: 1, [1]),
      exponential(count: 1, sum: 0, width: 0.5, offset: 1, [1], negative: [1]),
    ]
    for other in others { #expect(!base.isExactlyEqual(to: other)) }
    let stale = exponential(sum: StaleMarker.value)
    #expect(!stale.isExactlyEqual(to: exponential(sum: StaleMarker.ordinaryNaN)))
    #expect(stale.isExactlyEqual(to: stale))
  }

  @Test func `tests compare up to a relative difference`() {
    let base = exponential(count: 1e6, sum: 2, width: 0.5, offset: 1, [1e6])
    var near = exponential(count: 1e6 + 0.5, sum: 2, width: 0.5, offset: 1, [1e6, 0])
    #expect(base.isAlmostEqual(to: near, tolerance: 1e-6))
    near.positive[0].count = 1e6 + 5
    #expect(!base.isAlmostEqual(to: near, tolerance: 1e-6))
    near = base
    near.positive[0].index = 2
    #expect(!base.isAlmostEqual(to: near, tolerance: 1e-6))
    let numbers: [(Double, Double, Bool)] = [
      (1, 1 + 1e-7, true), (1, 1.001, false), (0, 1e-300, false), (0, -0.0, true),
      (.nan, StaleMarker.ordinaryNaN, true), (.nan, StaleMarker.value, false),
      (StaleMarker.value, StaleMarker.value, true), (.infinity, .infinity, true),
      (.infinity, -.infinity, false), (1, .nan, false), (0, .leastNonzeroMagnitude, true),
      (.greatestFiniteMagnitude, -.greatestFiniteMagnitude, false),
    ]
    for (a, b, expected) in numbers {
      #expect(a.isAlmostEqual(to: b, tolerance: 1e-6) == expected, "\(a) and \(b)")
    }
  }
}
