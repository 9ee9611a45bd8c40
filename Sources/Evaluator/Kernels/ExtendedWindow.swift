import PromQL
import TimeSeries

/// The rise over one window of an `anchored` or `smoothed` selector (promql-functions.md §4.5).
struct ExtendedWindow {
  private let window: MixedWindow
  private let owner: MixedWindows
  private let isCounter: Bool
  private let isRate: Bool
  private var isSmoothed: Bool { owner.reduction.edges == .smoothed }

  init(_ window: MixedWindow, _ owner: MixedWindows, isCounter: Bool, isRate: Bool) {
    self.window = window
    self.owner = owner
    self.isCounter = isCounter
    self.isRate = isRate
  }

  func rise() -> SamplePairs.Sample? {
    window.histograms.isEmpty
      ? floatRise().map { .float($0) } : histogramRise().map { .histogram($0) }
  }

  /// The first and the last sample that count; nil when the window has no answer.
  private func ends(_ times: [Int64]) -> (first: Int, last: Int)? {
    let (a, b) = (window.start, window.end)
    let first = times.lastIndex { $0 <= a } ?? 0
    let last = isSmoothed ? times.firstIndex { $0 >= b } ?? times.count - 1 : times.count - 1
    guard times[last] > a else { return nil }
    if isSmoothed, times[first] > b { return nil }
    return (first, last)
  }

  private func floatRise() -> Double? {
    let floats = window.floats
    let (a, b) = (window.start, window.end)
    guard let (first, last) = ends(floats.map(\.time)) else { return nil }
    let left =
      isSmoothed && floats[first].time < a && first + 1 < floats.count
      ? Interpolation.float(floats[first], floats[first + 1], at: a, isCounter: isCounter)
      : floats[first].value
    let right =
      isSmoothed && floats[last].time > b && last > 0
      ? Interpolation.float(floats[last - 1], floats[last], at: b, isCounter: isCounter)
      : floats[last].value
    var rise = right - left
    if isCounter {
      var previous = left
      for sample in floats[first...last] where sample.time > a && sample.time < b {
        if sample.value < previous { rise += previous }
        previous = sample.value
      }
      if right < previous { rise += previous }
    }
    return isRate ? rise / (Double(owner.reduction.range) / 1000) : rise
  }

  private func histogramRise() -> NativeHistogram? {
    let all = window.histograms
    guard let (first, last) = ends(all.map(\.time)) else { return nil }
    let used = all[first...last].map(\.value)
    if used.contains(where: { $0.isCustom != used[0].isCustom }) {
      owner.noteSchemas()
      return nil
    }
    if isCounter, used.contains(where: { $0.hint == .gauge }) { owner.noteNotCounter() }
    guard let left = edge(all, first, at: window.start, isLeft: true),
      let right = edge(all, last, at: window.end, isLeft: false),
      let difference = right.subtracting(left)
    else {
      owner.noteSchemas()
      return nil
    }
    if !isCounter, left.hint != .gauge || right.hint != .gauge { owner.noteNotGauge() }
    if difference.reconciled { owner.noteReconciled("subtraction") }
    var rise = difference.histogram
    if isCounter {
      guard let corrected = corrected(rise, all, first, last, left: left, right: right) else {
        owner.noteSchemas()
        return nil
      }
      rise = corrected
    }
    if isRate { rise = rise.divided(by: Double(owner.reduction.range) / 1000) }
    rise.hint = .gauge
    return rise.compacted()
  }

  /// The histogram at an edge of the window; nil when two schemas cannot be combined.
  private func edge(
    _ all: [MixedWindow.Sample<NativeHistogram>], _ position: Int, at time: Int64, isLeft: Bool
  ) -> NativeHistogram? {
    let sample = all[position]
    let needsMore = isLeft ? sample.time < time : sample.time > time
    guard isSmoothed, needsMore, isLeft ? position + 1 < all.count : position > 0 else {
      return sample.value
    }
    let (from, to) = isLeft ? (sample, all[position + 1]) : (all[position - 1], sample)
    guard let result = Interpolation.histogram(from, to, at: time, isCounter: isCounter) else {
      return nil
    }
    if result.subtraction.contains(.reconciledBounds) { owner.noteReconciled("subtraction") }
    if result.addition.contains(.reconciledBounds) { owner.noteReconciled("addition") }
    return result.histogram
  }

  /// Adds what was lost at each reset between the edges.
  private func corrected(
    _ rise: NativeHistogram, _ all: [MixedWindow.Sample<NativeHistogram>], _ first: Int, _ last: Int,
    left: NativeHistogram, right: NativeHistogram
  ) -> NativeHistogram? {
    var rise = rise
    var previous = left
    var next = first + 1
    if isSmoothed, all[first].time < window.start, first + 1 < all.count,
      all[first + 1].value.showsReset(after: all[first].value)
    {
      // The interpolation at the left edge covers this reset already.
      previous = all[first + 1].value
      next = first + 2
      if next > last { return rise }
    }
    var lost: [NativeHistogram] = []
    for position in next..<max(next, last) {
      if all[position].value.showsReset(after: previous) { lost.append(previous) }
      previous = all[position].value
    }
    if right.showsReset(after: previous) { lost.append(previous) }
    for histogram in lost {
      guard let sum = rise.adding(histogram) else { return nil }
      if sum.reconciled { owner.noteReconciled("addition") }
      rise = sum.histogram
    }
    return rise
  }
}

/// Values between two samples (promql-evaluation.md §2.5).
enum Interpolation {
  static func float(
    _ from: MixedWindow.Sample<Double>, _ to: MixedWindow.Sample<Double>, at time: Int64,
    isCounter: Bool
  ) -> Double {
    // A counter that fell was reset: it rose from zero.
    let start = isCounter && to.value < from.value ? 0 : from.value
    return start + (to.value - start) * Double(time &- from.time) / Double(to.time &- from.time)
  }

  /// Nil when exponential and custom buckets meet.
  static func histogram(
    _ from: MixedWindow.Sample<NativeHistogram>, _ to: MixedWindow.Sample<NativeHistogram>,
    at time: Int64, isCounter: Bool
  ) -> InterpolatedHistogram? {
    try? from.value.interpolated(
      from: from.time, to: to.value, at: to.time, time: time, isCounter: isCounter)
  }
}
