import Testing
import TimeSeries

@Suite struct HistogramBoundsTests {
  /// The upper bound of the positive bucket `index`.
  private func bound(_ index: Int32, _ schema: Int32) -> Double? {
    exponential(schema: schema, offset: index, [1]).buckets.first?.upper
  }

  @Test func `the table of fractions has Prometheus' exact bits`() {
    let all = exponential(schema: 8, offset: 0, [Double](repeating: 1, count: 256))
    // Bucket k of schema 8 ends at twice the fraction k.
    let fractions = all.buckets.map { $0.upper / 2 }
    #expect(fractions.reduce(0) { $0 &+ $1.bitPattern } == 0xe70d_4851_c3a1_0d23)
    let known = [
      1: 0.5013556375251013, 6: 0.5081891574554764, 53: 0.5771552102951081,
      128: 0.7071067811865475, 222: 0.9120516927035263, 255: 0.9972960560854698,
    ]
    for (index, value) in known { #expect(fractions[index] == value, "fraction \(index)") }
  }

  @Test func `a bucket ends at a power of two to its schema`() {
    let cases: [(index: Int32, schema: Int32, bound: Double)] = [
      (0, 0, 1), (3, 0, 8), (-2, 0, 0.25), (1, 1, 1.414213562373095), (1, 2, 1.189207115002721),
      (1, 3, 1.0905077326652577), (-5, 3, 0.6484197773255048), (-300, 8, 0.4438441231316302),
      (1, -1, 4), (1, -4, 65_536), (-1, -4, 1 / 65_536), (1023, 0, 0x1p1023),
      (1024, 0, .greatestFiniteMagnitude), (1025, 0, .infinity), (64, -4, .greatestFiniteMagnitude),
      (65, -4, .infinity), (262_144, 8, .greatestFiniteMagnitude), (-1074, 0, 0x1p-1074),
      (-1076, 0, 0), (.max, 0, .infinity), (.min, 0, 0), (.max, 8, .infinity), (.min, -4, 0),
    ]
    for (index, schema, expected) in cases {
      #expect(bound(index, schema) == expected, "bucket \(index) of schema \(schema)")
    }
  }

  @Test func `schemas that do not exist have bounds all the same`() {
    for schema in [Int32.min, -1_000, -5, 9, 63, 64, 65, Int32.max] {
      for index in [Int32.min, -1, 0, 1, Int32.max] {
        let bucket = exponential(schema: schema, offset: index, [1]).buckets.first
        #expect(bucket?.upper.isNaN == false)
      }
    }
  }

  @Test func `buckets ascend and stop at the zero bucket`() {
    let histogram = exponential(
      count: 9, sum: 1, zero: 2, width: 0.75, offset: 0, [1, 3], negativeOffset: 0,
      negative: [1, 2])
    let clamped = histogram.buckets
    #expect(clamped.map(\.lower) == [-2, -1, -0.75, 0.75, 1])
    #expect(clamped.map(\.upper) == [-1, -0.75, 0.75, 1, 2])
    #expect(clamped.map(\.count) == [2, 1, 2, 1, 3])
    #expect(clamped.map(\.boundaryRule) == [1, 1, 3, 0, 0])
    #expect(clamped.reversed().map(\.count) == [3, 1, 2, 1, 2])
    #expect(histogram.unclampedBuckets.map(\.lower) == [-2, -1, -0.75, 0.5, 1])
    #expect(clamped.indices.map { clamped.count(at: $0) } == clamped.map(\.count))
  }

  @Test func `a negative zero count shows in the text form only`() {
    let histogram = exponential(zero: -1, width: 0.5, offset: 1, [1, 0, 4])
    #expect(histogram.buckets.count == 3)
    #expect(histogram.unclampedBuckets.count == 4)
    #expect(histogram.populatedBuckets.map(\.count) == [1, 4])
  }

  @Test func `custom buckets reach from minus to plus infinity`() {
    let histogram = custom(bounds: [-1, 0.5], count: 6, [1, 2, 3])
    #expect(histogram.buckets.map(\.lower) == [-.infinity, -1, 0.5])
    #expect(histogram.buckets.map(\.upper) == [-1, 0.5, .infinity])
    #expect(histogram.buckets.map(\.boundaryRule) == [3, 0, 0])
  }

  @Test func `custom buckets outside the bounds are read without harm`() {
    let histogram = custom(bounds: [1], offset: -2, [1, 1, 1, 1, 1])
    #expect(
      histogram.buckets.map(\.upper) == [-.infinity, -.infinity, 1, .infinity, .infinity])
  }

  @Test func `text shows populated buckets`() {
    let cases: [(NativeHistogram, String)] = [
      (exponential(), "{count:0, sum:0}"),
      (exponential(count: 4, sum: 5, offset: 0, [1, 0, 2]), "{count:4, sum:5, (0.5,1]:1, (2,4]:2}"),
      (
        exponential(
          schema: 1, count: 1e6, sum: -0.5, zero: 1, width: 0.001, offset: 1, [7],
          negativeOffset: 2, negative: [3]),
        "{count:1e+06, sum:-0.5, [-2,-1.414213562373095):3, [-0.001,0.001]:1, "
          + "(1,1.414213562373095]:7}"
      ),
      (
        custom(bounds: [1, 2], count: 4, sum: .nan, [1, 1, 2]),
        "{count:4, sum:NaN, [-Inf,1]:1, (1,2]:1, (2,+Inf]:2}"
      ),
    ]
    for (histogram, text) in cases { #expect(histogram.description == text) }
  }

  @Test func `the test expression fills gaps in`() {
    let sparse: NativeHistogram = {
      var histogram = exponential(
        schema: 3, count: 7, sum: 2.5, zero: 1, width: 0.25, negativeOffset: 4, negative: [2],
        hint: .notReset)
      histogram.positive = [.init(index: -1, count: 1), .init(index: 2, count: 3)]
      return histogram
    }()
    let cases: [(NativeHistogram, String?)] = [
      (exponential(), "{{}}"),
      (exponential(hint: .gauge), "{{counter_reset_hint:gauge}}"),
      (
        sparse,
        "{{schema:3 count:7 sum:2.5 z_bucket:1 z_bucket_w:0.25 counter_reset_hint:not_reset "
          + "offset:-1 buckets:[1 0 0 3] n_offset:4 n_buckets:[2]}}"
      ),
      (
        custom(bounds: [5, 10], count: 1, offset: 1, [1]),
        "{{schema:-53 count:1 custom_values:[5 10] offset:1 buckets:[1]}}"
      ),
    ]
    for (histogram, text) in cases { #expect(histogram.testExpression == text) }
  }

  @Test func `a test expression of billions of empty buckets is refused`() {
    var histogram = NativeHistogram()
    histogram.positive = [.init(index: .min, count: 1), .init(index: .max, count: 1)]
    #expect(histogram.testExpression == nil)
    // Out of order, which no reader makes.
    histogram.positive = [0, .max, 1].map { .init(index: $0, count: 1) }
    #expect(histogram.testExpression == nil)
  }
}
