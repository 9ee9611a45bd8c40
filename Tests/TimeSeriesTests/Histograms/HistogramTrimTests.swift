import Testing
import TimeSeries

@Suite struct HistogramTrimTests {
  private enum Keep { case below, above }

  /// What a cut leaves: count, sum, and the counts of the positive, negative and zero buckets.
  private typealias Case = (
    histogram: NativeHistogram, keep: Keep, limit: Double, count: Double, sum: Double,
    positive: [Double], negative: [Double], zero: Double
  )

  private func check(_ cases: [Case]) {
    for item in cases {
      let result =
        item.keep == .below
        ? item.histogram.trimmed(keepingBelow: item.limit)
        : item.histogram.trimmed(keepingAbove: item.limit)
      let what = "\(item.histogram) \(item.keep) \(item.limit): \(result)"
      let got =
        [result.count, result.sum, result.zeroCount]
        + result.positive.map(\.count) + result.negative.map(\.count)
      let expected = [item.count, item.sum, item.zero] + item.positive + item.negative
      #expect(result.positive.count == item.positive.count, "\(what)")
      #expect(got.count == expected.count, "\(what)")
      for (a, b) in zip(got, expected) {
        #expect(a.isAlmostEqual(to: b, tolerance: 1e-12), "\(what)")
      }
    }
  }

  private let root = 2.0.squareRoot()

  @Test func `exponential buckets are cut by logarithm`() {
    let two = exponential(count: 8, sum: 20, offset: 1, [4, 4])
    let mirrored = exponential(count: 8, sum: -20, negativeOffset: 1, negative: [4, 4])
    let middle = (8 * root).squareRoot()
    check([
      (two, .below, 2, 4, 4 * root, [4], [], 0),
      (two, .below, 4, 8, 20, [4, 4], [], 0),
      (two, .above, 1, 8, 20, [4, 4], [], 0),
      (two, .below, 0, 0, 0, [], [], 0),
      (two, .above, 2 * root, 2, 2 * middle, [2], [], 0),
      (two, .below, root, 2, 2 * root.squareRoot(), [2], [], 0),
      (mirrored, .above, -root, 2, -2 * root.squareRoot(), [], [2], 0),
      (mirrored, .below, -2, 4, -8 * root, [], [4], 0),
      (mirrored, .below, -2 * root, 2, -2 * middle, [], [2], 0),
      (mirrored, .above, -4, 8, -20, [], [4, 4], 0),
    ])
  }

  @Test func `custom buckets are cut evenly`() {
    let bounded = custom(bounds: [10, 20], count: 10, sum: 100, [4, 4, 2])
    let negative = custom(bounds: [-10], count: 6, sum: -100, [4, 2])
    let boundless = custom(bounds: [], count: 2, sum: 7, [2])
    check([
      (bounded, .below, 15, 6, 45, [4, 2], [], 0),
      (bounded, .below, 4, 1.6, 3.2, [1.6], [], 0),
      (bounded, .below, 25, 8, 80, [4, 4], [], 0),
      (bounded, .below, .infinity, 10, 100, [4, 4, 2], [], 0),
      (bounded, .below, -1, 0, 0, [], [], 0),
      (bounded, .above, 5, 8, 115, [2, 4, 2], [], 0),
      (bounded, .above, 25, 2, 50, [2], [], 0),
      (bounded, .above, -1, 6, 100, [4, 2], [], 0),
      (bounded, .above, -.infinity, 10, 100, [4, 4, 2], [], 0),
      (negative, .below, -20, 4, -80, [4], [], 0),
      (negative, .above, -20, 2, -20, [2], [], 0),
      (boundless, .below, 3, 0, 0, [], [], 0),
      (boundless, .above, 3, 0, 0, [], [], 0),
    ])
  }

  @Test func `the zero bucket is cut evenly`() {
    let right = exponential(count: 6, sum: 5, zero: 4, width: 1, offset: 1, [2])
    let left = exponential(count: 6, sum: -5, zero: 4, width: 1, negativeOffset: 1, negative: [2])
    let alone = exponential(count: 4, sum: 1, zero: 4, width: 1)
    check([
      (right, .below, 0.5, 2, 0.5, [], [], 2),
      (right, .above, 0.5, 4, 1.5 + 2 * root, [2], [], 2),
      (right, .below, 0, 0, 0, [], [], 0),
      (right, .above, 0, 6, 5, [2], [], 4),
      (left, .above, -0.5, 2, -0.5, [], [], 2),
      (left, .below, -0.5, 4, -1.5 - 2 * root, [], [2], 2),
      (alone, .below, 0.5, 3, -0.75, [], [], 3),
      (alone, .above, 1, 0, 0, [], [], 0),
      (alone, .above, .nan, .nan, .nan, [], [], .nan),
    ])
  }

  @Test func `the bucket above the largest number is cut too`() {
    let huge = exponential(count: 3, sum: 1, offset: 1025, [3])
    #expect(huge.trimmed(keepingBelow: .infinity).isExactlyEqual(to: huge))
    let kept = huge.trimmed(keepingAbove: 1)
    #expect(kept.isExactlyEqual(to: huge))
    #expect(huge.trimmed(keepingBelow: 5).count == 0)
  }

  @Test func `what is not cut keeps its empty buckets and its hint`() {
    let histogram = exponential(count: 1, sum: 9, offset: 1, [0, 1], hint: .gauge)
    let same = histogram.trimmed(keepingBelow: 4)
    #expect(same.isExactlyEqual(to: histogram) && same.hint == .gauge)
    let cut = histogram.trimmed(keepingBelow: 1)
    #expect(cut.positive.isEmpty && cut.hint == .gauge)
  }
}
