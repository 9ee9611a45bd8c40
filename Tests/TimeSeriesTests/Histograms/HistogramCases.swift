import TimeSeries

/// A histogram written down briefly; buckets follow each other from an offset.
func exponential(
  schema: Int32 = 0, count: Double = 0, sum: Double = 0, zero: Double = 0, width: Double = 0,
  offset: Int32 = 0, _ counts: [Double] = [], negativeOffset: Int32 = 0,
  negative: [Double] = [], hint: NativeHistogram.ResetHint = .unknown
) -> NativeHistogram {
  var histogram = NativeHistogram()
  histogram.schema = schema
  histogram.count = count
  histogram.sum = sum
  histogram.zeroCount = zero
  histogram.zeroThreshold = width
  histogram.positive = buckets(offset, counts)
  histogram.negative = buckets(negativeOffset, negative)
  histogram.hint = hint
  return histogram
}

func custom(
  bounds: [Double], count: Double = 0, sum: Double = 0, offset: Int32 = 0, _ counts: [Double] = []
) -> NativeHistogram {
  var histogram = exponential(count: count, sum: sum, offset: offset, counts)
  histogram.schema = NativeHistogram.customSchema
  histogram.customBounds = bounds
  return histogram
}

func buckets(_ offset: Int32, _ counts: [Double]) -> [NativeHistogram.Bucket] {
  counts.enumerated().map { .init(index: offset + Int32($0.offset), count: $0.element) }
}
