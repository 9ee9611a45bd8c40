import Testing
import TimeSeries

@Suite struct HistogramStorageTests {
  private static let labels = Labels([("__name__", "h")])

  /// What a store reads back of a series: each sample's hint, nil for floats and stale markers.
  private func hints(
    _ samples: [(at: Int64, value: StoredSample.Value)]
  ) throws -> [NativeHistogram.ResetHint?] {
    let store = Store()
    for sample in samples {
      try store.append(Self.labels, StoredSample(timestamp: sample.at, sample.value))
    }
    let selection = Selection(matchers: [], after: .min, through: .max)
    let read = try store.snapshot().select(selection).samples(0)
    var result = [NativeHistogram.ResetHint?](repeating: nil, count: read.count)
    for (position, histogram) in zip(
      read.histograms?.positions ?? [], read.histograms?.histograms ?? [])
    {
      result[position] = histogram.hint
    }
    return result
  }

  private func hints(_ histograms: NativeHistogram...) throws -> [NativeHistogram.ResetHint?] {
    try hints(histograms.enumerated().map { (Int64($0.offset) * 1_000, .histogram($0.element)) })
  }

  private let small = exponential(count: 3, sum: 1, offset: 1, [1, 2])
  private let large = exponential(count: 5, sum: 1, offset: 1, [2, 3])

  @Test func `a growing counter is one run`() throws {
    #expect(try hints(small, large, large) == [.unknown, .notReset, .notReset])
  }

  @Test func `what shrinks or changes its shape starts a run`() throws {
    let wider = exponential(count: 5, width: 0.5, offset: 1, [2, 3])
    var fewerZeros = large
    fewerZeros.zeroCount = 1
    var zeros = small
    zeros.zeroCount = 2
    let pairs: [(String, NativeHistogram, NativeHistogram)] = [
      ("count", large, small),
      ("bucket", small, exponential(count: 9, offset: 1, [9])),
      ("smaller bucket", small, exponential(count: 9, offset: 1, [8, 1])),
      ("negative bucket", exponential(count: 1, negative: [1]), exponential(count: 1)),
      ("zero count", zeros, fewerZeros),
      ("schema", small, exponential(schema: 1, count: 5, offset: 1, [2, 3])),
      ("threshold", small, wider),
      ("bounds", custom(bounds: [1], count: 1, [1]), custom(bounds: [2], count: 1, [1])),
      ("written reset", small, exponential(count: 5, offset: 1, [2, 3], hint: .reset)),
    ]
    for (what, first, second) in pairs {
      #expect(try hints(first, second) == [.unknown, .unknown], "\(what)")
    }
  }

  @Test func `an empty bucket may vanish and a new one appear`() throws {
    let before = exponential(count: 3, offset: 1, [1, 0, 2])
    var after = before
    after.positive.remove(at: 1)
    after.positive.append(.init(index: 7, count: 1))
    after.count = 4
    #expect(try hints(before, after) == [.unknown, .notReset])
  }

  @Test func `only the gauge hint is read as written`() throws {
    var gauge = small
    gauge.hint = .gauge
    var notReset = small
    notReset.hint = .notReset
    #expect(try hints(notReset) == [.unknown])
    #expect(try hints(gauge, small, gauge) == [.gauge, .unknown, .gauge])
  }

  @Test func `floats, stale markers and midnight end a run`() throws {
    let day: Int64 = 86_400_000
    let stale = StoredSample.Value.float(StaleMarker.value)
    let here = StoredSample.Value.histogram(small)
    var marker = small
    marker.sum = StaleMarker.value
    #expect(try hints([(0, here), (1, .float(1)), (2, here)]) == [.unknown, nil, .unknown])
    #expect(try hints([(0, here), (1, stale), (2, here)]) == [.unknown, nil, .unknown])
    #expect(
      try hints([(0, here), (1, .histogram(marker)), (2, here)]) == [.unknown, nil, .unknown])
    #expect(try hints([(day - 1, here), (day, here)]) == [.unknown, .unknown])
    #expect(try hints([(-1, here), (0, here)]) == [.unknown, .unknown])
    #expect(try hints([(-day, here), (-1, here)]) == [.unknown, .notReset])
  }

  @Test func `a repeated histogram is ignored and a different one refused`() throws {
    let store = Store()
    let sample = StoredSample(timestamp: 0, .histogram(small))
    try store.append(Self.labels, sample)
    try store.append(Self.labels, sample)
    #expect(throws: StoreError.duplicateTimestamp(Self.labels, timestamp: 0, values: nil)) {
      try store.append(Self.labels, StoredSample(timestamp: 0, .histogram(large)))
    }
  }

  @Test func `invalid histograms are told apart in Prometheus' words`() {
    let negativeText =
      " has observation count of -1: histogram has a bucket whose observation count is negative"
    var bounded = small
    bounded.customBounds = [1]
    var zeroCustom = custom(bounds: [1])
    zeroCustom.zeroCount = 1
    var wideCustom = custom(bounds: [1])
    wideCustom.zeroThreshold = 1
    var negativeCustom = custom(bounds: [1])
    negativeCustom.negative = buckets(0, [1])
    let cases: [(NativeHistogram, String?)] = [
      (small, nil), (custom(bounds: [1, 2], [1, 2, 3]), nil), (custom(bounds: []), nil),
      (exponential(count: .nan, offset: .max, [.infinity]), nil),
      (custom(bounds: [.nan]), "custom buckets: histogram custom bounds must not be NaN"),
      (
        custom(bounds: [5, -5]),
        "custom buckets: previous bound is 5.000000 and current is -5.000000: "
          + "histogram custom bounds must be in strictly increasing order"
      ),
      (
        custom(bounds: [1, .infinity]),
        "custom buckets: last +Inf bound must not be explicitly defined: "
          + "histogram custom bounds must be finite"
      ),
      (
        custom(bounds: [1, 2], offset: -3, [1]),
        "custom buckets: span number 1 with offset -3: histogram has a span whose offset is negative"
      ),
      (
        custom(bounds: [1], offset: 1, [1, 1]),
        "custom buckets: only 1 custom bounds defined which is insufficient to cover total span "
          + "length of 3: histogram custom bounds are too few"
      ),
      (zeroCustom, "custom buckets: must have zero count of 0"),
      (wideCustom, "custom buckets: must have zero threshold of 0"),
      (negativeCustom, "custom buckets: must not have negative spans"),
      (custom(bounds: [1], [0, -1]), "positive side: bucket number 2" + negativeText),
      (exponential(offset: 3, [1, 2, -1]), "positive side: bucket number 3" + negativeText),
      (exponential(negative: [-1]), "negative side: bucket number 1" + negativeText),
      (exponential(zero: -1), "zero bucket" + negativeText),
      (bounded, "histogram with exponential schema must not have custom bounds"),
      (
        exponential(count: -2),
        "observation count is  -2: histogram's observation count is negative"
      ),
      (
        exponential(schema: 9),
        "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, "
          + "or -53 for custom buckets, got schema 9"
      ),
    ]
    for (histogram, problem) in cases { #expect(histogram.validationProblem == problem) }
  }

  @Test func `spans and buckets stand for each other`() throws {
    let spans = [
      HistogramSpan(offset: -2, length: 2), HistogramSpan(offset: 3, length: 1),
    ]
    let buckets = try NativeHistogram.buckets(spans: spans, counts: [1, 2, 3])
    #expect(buckets.map(\.index) == [-2, -1, 3])
    #expect(NativeHistogram.spans(of: buckets) == spans)
    let far: [NativeHistogram.Bucket] = [
      .init(index: .min, count: 1), .init(index: .max, count: 2),
    ]
    #expect(
      try NativeHistogram.buckets(spans: NativeHistogram.spans(of: far), counts: [1, 2]) == far)
  }

  @Test func `spans that do not fit their counts are refused`() {
    let cases: [([HistogramSpan], [Double], SpanProblem)] = [
      (
        [.init(offset: 0, length: 1), .init(offset: -1, length: 1)], [1, 1],
        .negativeOffset(number: 2, offset: -1)
      ),
      ([.init(offset: 0, length: .max)], [1], .mismatch(needed: 4_294_967_295, present: 1)),
      ([.init(offset: .max, length: 2)], [1, 1], .indexOutOfRange(number: 1)),
    ]
    for (spans, counts, problem) in cases {
      #expect(throws: problem) { try NativeHistogram.buckets(spans: spans, counts: counts) }
      #expect(!problem.description.isEmpty)
    }
  }
}
