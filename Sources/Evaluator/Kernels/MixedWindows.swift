import PromQL
import TimeSeries

/// Windows of a series that holds native histograms, has start timestamps, or is read by an extended
/// selector: one window at a time, every sample looked at (promql-functions.md §4, §5).
struct MixedWindows {
  let samples: Samples
  let bounds: WindowBounds
  /// The reference time of each step ("b"), milliseconds.
  let ends: [Int64]
  let key: RowKey
  let reduction: WindowReduction
  /// The histogram at each position; nil where there is a float.
  private let histograms: [NativeHistogram?]

  init(
    _ samples: Samples, bounds: WindowBounds, ends: [Int64], key: RowKey, reduction: WindowReduction
  ) {
    self.samples = samples
    self.bounds = bounds
    self.ends = ends
    self.key = key
    self.reduction = reduction
    var histograms = [NativeHistogram?](repeating: nil, count: samples.count)
    if let column = samples.histograms {
      for (position, histogram) in zip(column.positions, column.histograms) {
        histograms[position] = histogram
      }
    }
    self.histograms = histograms
  }

  var notes: Notes { reduction.evaluation.notes }
  var site: SourceRange { reduction.site }
  /// The metric's name as messages show it.
  var name: String { GoText.quoted(key.labels.metricName ?? "") }

  func apply(into tile: inout Row) {
    let cancellation = reduction.evaluation.cancellation
    for step in 0..<tile.steps where cancellation?.reason == nil {
      let positions = bounds.window(step, in: samples)
      guard !positions.isEmpty else { continue }
      let window = window(positions, step)
      switch result(window, step) {
      case nil: break
      case .float(let value): tile.set(step, value)
      case .histogram(let histogram): tile.histograms.append(step, histogram)
      }
    }
  }

  private func window(_ positions: Range<Int>, _ step: Int) -> MixedWindow {
    var window = MixedWindow(start: ends[step] &- reduction.range, end: ends[step])
    for position in positions {
      let time = samples.timestamp(position)
      let start = samples.startTimestamps?[position] ?? 0
      if let histogram = histograms[position] {
        window.places.append((isHistogram: true, index: window.histograms.count))
        window.histograms.append(.init(time: time, start: start, value: histogram))
      } else {
        window.places.append((isHistogram: false, index: window.floats.count))
        window.floats.append(.init(time: time, start: start, value: samples.values[position]))
      }
    }
    return window
  }

  private func result(_ window: MixedWindow, _ step: Int) -> SamplePairs.Sample? {
    switch reduction.function {
    case .rate: return rise(window, isCounter: true, isRate: true)
    case .increase: return rise(window, isCounter: true, isRate: false)
    case .delta: return rise(window, isCounter: false, isRate: false)
    case .irate: return lastPair(window, isCounter: true)
    case .idelta: return lastPair(window, isCounter: false)
    case .resets: return resets(window)
    case .changes: return changes(window)
    case .countOverTime: return .float(Double(window.count))
    case .presentOverTime: return .float(1)
    case .firstOverTime: return window.sample(0)
    case .lastOverTime: return window.sample(window.count - 1)
    case .tsOfFirstOverTime: return window.time(0).map { .float(Double($0) / 1000) }
    case .tsOfLastOverTime: return window.time(window.count - 1).map { .float(Double($0) / 1000) }
    case .sumOverTime, .avgOverTime: return sumOrAverage(window)
    case .deriv, .predictLinear, .doubleExponentialSmoothing:
      return floatsOnly(window, minimum: 2, step)
    case .maxOverTime, .minOverTime, .stddevOverTime, .stdvarOverTime, .madOverTime,
      .tsOfMaxOverTime, .tsOfMinOverTime, .quantileOverTime:
      return floatsOnly(window, minimum: 1, step)
    }
  }

  /// Functions that use floats only; histograms beside them are noted (I6).
  private func floatsOnly(_ window: MixedWindow, minimum: Int, _ step: Int) -> SamplePairs.Sample? {
    let floats = window.floats
    guard !floats.isEmpty else { return nil }
    if !window.histograms.isEmpty {
      let site = reduction.function == .quantileOverTime ? reduction.argumentSites[0] : site
      notes.add(.ignoredInWindow, name, at: site)
    }
    guard floats.count >= minimum else { return nil }
    var tile = Row(steps: 1)
    let run = Samples(timeline: Timeline(floats.map(\.time)), values: floats.map(\.value))
    let time = TimeReference(at: window.end)
    let locator = WindowLocator(
      Grid(instant: window.end), time, back: window.end &- window.start,
      memory: reduction.evaluation.memory)
    var kernel = FloatWindows(locator: locator, range: reduction.range, cancellation: nil)
    kernel.samples = run
    kernel.locate()
    kernel.apply(
      reduction.function, reduction.arguments.map { .constant($0[step]) },
      grid: Grid(instant: reduction.grid.time(step)), into: &tile)
    return tile.sample(0)
  }

  /// W4.
  func noteMixed() {
    notes.add(.mixedWindow, name, at: site)
  }

  /// W9.
  func noteSchemas() {
    notes.add(.mixedSchemas, name, at: site)
  }

  /// I10.
  func noteReconciled(_ operation: String) {
    notes.add(.reconciledBounds, operation, at: site)
  }

  func noteNotCounter() {
    notes.add(.notCounter, name, at: site)
  }

  func noteNotGauge() {
    notes.add(.notGauge, name, at: site)
  }

  private func sumOrAverage(_ window: MixedWindow) -> SamplePairs.Sample? {
    if !window.histograms.isEmpty, !window.floats.isEmpty {
      noteMixed()
      return nil
    }
    let averages = reduction.function == .avgOverTime
    if window.histograms.isEmpty {
      let values = window.floats.map(\.value)[...]
      return .float(averages ? OverTime.average(values) : OverTime.sum(values))
    }
    var total = HistogramTotal(window.histograms[0].value, averages: averages)
    for sample in window.histograms.dropFirst() { total.add(sample.value) }
    if total.isIncompatible {
      noteSchemas()
      return nil
    }
    if total.collides {
      notes.add(.conflictingResets, "aggregation", at: site)
    }
    if total.isReconciled { noteReconciled("aggregation") }
    return .histogram(total.value)
  }
}

/// The samples of one window, floats and histograms apart, each in time order.
struct MixedWindow {
  struct Sample<Value> {
    /// Milliseconds.
    var time: Int64
    /// Start timestamp, milliseconds; 0 = none.
    var start: Int64
    var value: Value
  }

  /// The window's edges (start, end], milliseconds.
  var start: Int64
  var end: Int64
  var floats: [Sample<Double>] = []
  var histograms: [Sample<NativeHistogram>] = []
  /// Where each sample is, in time order.
  var places: [(isHistogram: Bool, index: Int)] = []

  var count: Int { places.count }

  func sample(_ position: Int) -> SamplePairs.Sample? {
    guard places.indices.contains(position) else { return nil }
    let place = places[position]
    return place.isHistogram
      ? .histogram(histograms[place.index].value) : .float(floats[place.index].value)
  }

  func time(_ position: Int) -> Int64? {
    guard places.indices.contains(position) else { return nil }
    let place = places[position]
    return place.isHistogram ? histograms[place.index].time : floats[place.index].time
  }

  func startTime(_ position: Int) -> Int64 {
    let place = places[position]
    return place.isHistogram ? histograms[place.index].start : floats[place.index].start
  }
}

/// What start timestamps say of neighbouring samples (promql-functions.md §4.3).
enum StartTimestamps {
  /// Whether the counter was reset between two samples.
  static func showReset(
    _ previous: (start: Int64, time: Int64), _ current: (start: Int64, time: Int64)
  ) -> Bool {
    if current.start == 0 || current.start >= current.time { return false }
    if current.start < previous.time { return false }
    if current.start > previous.time { return true }
    if previous.start > previous.time { return false }
    return previous.start != 0 && previous.start != previous.time
  }

  /// Whether a sample claims to have started before its predecessor was taken (W13).
  static func overlap(
    _ previous: (start: Int64, time: Int64), _ current: (start: Int64, time: Int64)
  ) -> Bool {
    current.start != 0 && current.start < previous.time && current.start != previous.start
  }
}

extension MixedWindow.Sample {
  var span: (start: Int64, time: Int64) { (start, time) }
}
