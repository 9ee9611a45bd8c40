import PromQL
import TimeSeries

/// A smoothed instant selector: between two samples the line that joins them
/// (promql-evaluation.md §2.5).
struct SmoothedRows: RowSource {
  let keys: RowKeys
  private let selected: any Selected
  private let locator: WindowLocator
  private let site: SourceRange
  private let notes: Notes

  /// The locator's windows reach one lookback to either side.
  init(
    _ selected: any Selected, _ locator: WindowLocator, keys: RowKeys, site: SourceRange,
    notes: Notes
  ) {
    self.selected = selected
    self.locator = locator
    self.keys = keys
    self.site = site
    self.notes = notes
  }

  var mayHoldHistograms: Bool { selected.mayHoldHistograms }

  func read(_ row: Int, into tile: inout Row) throws(EvaluationError) {
    tile.clear()
    var samples = try Evaluation.samples(selected, row)
    if !samples.staleMarkers.isEmpty { samples = samples.withoutStaleMarkers() }
    guard samples.count > 0 else { return }
    let bounds = locator.bounds(samples.timeline)
    var histograms = [NativeHistogram?](repeating: nil, count: samples.count)
    if let column = samples.histograms {
      for (position, histogram) in zip(column.positions, column.histograms) {
        histograms[position] = histogram
      }
    }
    for step in 0..<tile.steps {
      let window = bounds.window(step, in: samples)
      guard !window.isEmpty else { continue }
      let isHistogram = histograms[window.lowerBound] != nil
      if window.contains(where: { (histograms[$0] != nil) != isHistogram }) {
        notes.add(.mixedWindow, GoText.quoted(keys[row].labels.metricName ?? ""), at: site)
        continue
      }
      value(samples, histograms, window, at: locator.ends[step], row: row)?.store(in: &tile, at: step)
    }
  }

  private func value(
    _ samples: Samples, _ histograms: [NativeHistogram?], _ window: Range<Int>, at time: Int64, row: Int
  ) -> SamplePairs.Outcome? {
    guard let before = window.last(where: { samples.timestamp($0) <= time }) else { return nil }
    let after = before + 1
    let isExact = samples.timestamp(before) == time
    guard var histogram = histograms[before] else {
      if isExact || after >= window.upperBound { return .float(samples.values[before]) }
      return .float(
        Interpolation.float(
          .init(time: samples.timestamp(before), start: 0, value: samples.values[before]),
          .init(time: samples.timestamp(after), start: 0, value: samples.values[after]), at: time,
          isCounter: false))
    }
    if isExact { return .histogram(histogram) }
    guard after < window.upperBound, let next = histograms[after] else {
      histogram.hint = .unknown
      return .histogram(histogram)
    }
    let result =
      histogram.isCustom != next.isCustom
      ? nil
      : Interpolation.histogram(
        .init(time: samples.timestamp(before), start: 0, value: histogram),
        .init(time: samples.timestamp(after), start: 0, value: next), at: time,
        isCounter: !(histogram.hint == .gauge && next.hint == .gauge))
    guard let result else {
      notes.add(.mixedSchemas, GoText.quoted(keys[row].labels.metricName ?? ""), at: site)
      return nil
    }
    for (facts, operation) in [(result.subtraction, "subtraction"), (result.addition, "addition")]
    where facts.contains(.reconciledBounds) {
      notes.add(.reconciledBounds, operation, at: site)
    }
    return .histogram(result.histogram)
  }
}

extension MatrixSeries {
  /// Appends the points of an `anchored` or `smoothed` range selector at the top of a query: one at
  /// each edge, the samples between them (promql-evaluation.md §2.5).
  mutating func takeExtended(
    _ samples: Samples, _ fetched: Range<Int>, plan: WindowsPlan, end: Int64
  ) throws(EvaluationError) {
    guard !fetched.isEmpty else { return }
    if let column = samples.histograms, column.positions.contains(where: { fetched.contains($0) }) {
      throw .extendedSelectorWithHistograms(plan.edges)
    }
    let start = end &- plan.range
    let isSmoothed = plan.edges == .smoothed
    let time = { samples.timestamp($0) }
    let sample = { (position: Int) in
      MixedWindow.Sample(time: time(position), start: 0, value: samples.values[position])
    }
    let first = fetched.last { time($0) <= start } ?? fetched.lowerBound
    let newest = fetched.upperBound - 1
    let last = isSmoothed ? fetched.first { time($0) >= end } ?? newest : newest
    if time(last) <= start { return }
    var left = samples.values[first]
    if isSmoothed, time(first) < start, first + 1 < fetched.upperBound {
      left = Interpolation.float(sample(first), sample(first + 1), at: start, isCounter: false)
    }
    var right = samples.values[last]
    if isSmoothed, time(last) > end, last > fetched.lowerBound {
      right = Interpolation.float(sample(last - 1), sample(last), at: end, isCounter: false)
    }
    let inside = fetched.filter { time($0) > start && time($0) < end }
    timestamps = [start] + inside.map { time($0) } + [end]
    values = [left] + inside.map { samples.values[$0] } + [right]
  }
}
