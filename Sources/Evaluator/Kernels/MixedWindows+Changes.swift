import PromQL
import TimeSeries

extension MixedWindows {
  // MARK: rate, increase, delta (promql-functions.md §4.1, §4.4, §4.5)

  func rise(_ window: MixedWindow, isCounter: Bool, isRate: Bool) -> SamplePairs.Sample? {
    if !window.floats.isEmpty, !window.histograms.isEmpty {
      noteMixed()
      return nil
    }
    if reduction.edges != .none {
      return ExtendedWindow(window, self, isCounter: isCounter, isRate: isRate).rise()
    }
    if isCounter { noteOverlap(window) }
    return window.histograms.isEmpty
      ? floatRise(window, isCounter: isCounter, isRate: isRate).map { .float($0) }
      : histogramRise(window, isCounter: isCounter, isRate: isRate).map { .histogram($0) }
  }

  /// W13, once a window.
  private func noteOverlap(_ window: MixedWindow) {
    let spans = window.floats.map(\.span) + window.histograms.map(\.span)
    for (previous, current) in zip(spans, spans.dropFirst())
    where StartTimestamps.overlap(previous, current) {
      notes.warnOverlap(metricName: key.labels.metricName ?? "", at: site)
      return
    }
  }

  private func floatRise(_ window: MixedWindow, isCounter: Bool, isRate: Bool) -> Double? {
    let floats = window.floats
    guard let first = floats.first, let last = floats.last else { return nil }
    var rise = last.value - first.value
    if isCounter {
      for (previous, current) in zip(floats, floats.dropFirst())
      where current.value < previous.value || StartTimestamps.showReset(previous.span, current.span) {
        rise += previous.value
      }
    }
    let starts = isCounter && startsInside(window, first.span)
    if !starts, floats.count < 2 { return nil }
    if starts { rise += first.value }
    let factor = factor(
      window, first.span, last.time, count: floats.count, starts: starts, isCounter: isCounter,
      isRate: isRate, rise: rise, first: first.value)
    return rise * factor
  }

  private func startsInside(_ window: MixedWindow, _ first: (start: Int64, time: Int64)) -> Bool {
    first.start != 0 && window.start < first.start && first.start < first.time
  }

  /// What the rise is multiplied by; `rise` and `first` are counts for histograms.
  private func factor(
    _ window: MixedWindow, _ first: (start: Int64, time: Int64), _ last: Int64, count: Int,
    starts: Bool, isCounter: Bool, isRate: Bool, rise: Double, first value: Double
  ) -> Double {
    let extrapolation = Extrapolation(
      first: first.time, last: last, count: count, end: window.end, range: reduction.range)
    var factor: Double
    if starts {
      factor = extrapolation.factor(startingAt: first.start, last: last)
    } else {
      factor = extrapolation.factor(
        zeroAt: isCounter && rise > 0 && value >= 0 ? extrapolation.sampled * (value / rise) : nil)
    }
    if isRate { factor /= Double(reduction.range) / 1000 }
    return factor
  }

  private func histogramRise(
    _ window: MixedWindow, isCounter: Bool, isRate: Bool
  ) -> NativeHistogram? {
    let histograms = window.histograms
    guard let first = histograms.first, let last = histograms.last else { return nil }
    let starts = isCounter && startsInside(window, first.span)
    var rise: NativeHistogram
    if histograms.count >= 2 {
      guard let difference = difference(histograms, isCounter: isCounter) else { return nil }
      rise = difference
      if starts {
        guard let sum = rise.adding(first.value) else {
          noteSchemas()
          return nil
        }
        if sum.reconciled { noteReconciled("addition") }
        rise = sum.histogram
        rise.hint = .gauge
      }
    } else {
      guard starts else { return nil }
      rise = first.value
    }
    let factor = factor(
      window, first.span, last.time, count: histograms.count, starts: starts, isCounter: isCounter,
      isRate: isRate, rise: rise.count, first: first.value.count)
    return rise.multiplied(by: factor)
  }

  /// The rise between the first and the last histogram, resets added (§4.4).
  private func difference(
    _ histograms: [MixedWindow.Sample<NativeHistogram>], isCounter: Bool
  ) -> NativeHistogram? {
    let last = histograms[histograms.count - 1].value
    var values = histograms.map(\.value)
    var found = Found()
    if isCounter, values[0].hint == .gauge || last.hint == .gauge { found.notCounter = true }
    let isReset = { (i: Int) in
      StartTimestamps.showReset(histograms[i - 1].span, histograms[i].span)
        || values[i].showsReset(after: values[i - 1])
    }
    if isCounter, isReset(1) { values[0] = values[1].emptied }
    if values[0].isCustom != last.isCustom { noteSchemas(); return nil }
    var schema = min(last.schema, values[0].schema)
    if isCounter {
      for inner in values.dropFirst().dropLast() {
        if inner.isCustom != last.isCustom { noteSchemas(); return nil }
        if inner.hint == .gauge { found.notCounter = true }
        schema = min(schema, inner.schema)
      }
    }
    guard let difference = last.reduced(to: schema).subtracting(values[0]) else {
      noteSchemas()
      return nil
    }
    var rise = difference.histogram
    if difference.reconciled { found.reconciledSubtraction = true }
    if isCounter {
      for i in 1..<values.count {
        // The pair (0, 1) counts with the first histogram as it may have been replaced.
        let reset =
          i == 1
          ? values[1].showsReset(after: values[0])
            || StartTimestamps.showReset(histograms[0].span, histograms[1].span) : isReset(i)
        guard reset else { continue }
        guard let sum = rise.adding(values[i - 1]) else { noteSchemas(); return nil }
        if sum.reconciled { found.reconciledAddition = true }
        rise = sum.histogram
      }
    } else if values[0].hint != .gauge || last.hint != .gauge {
      found.notGauge = true
    }
    report(found)
    rise.hint = .gauge
    return rise.compacted()
  }

  /// What is reported only when there is a result.
  private struct Found {
    var notCounter = false
    var notGauge = false
    var reconciledSubtraction = false
    var reconciledAddition = false
  }

  private func report(_ found: Found) {
    if found.notCounter { noteNotCounter() }
    if found.notGauge { noteNotGauge() }
    if found.reconciledSubtraction { noteReconciled("subtraction") }
    if found.reconciledAddition { noteReconciled("addition") }
  }

  // MARK: irate, idelta (§4.6)

  func lastPair(_ window: MixedWindow, isCounter: Bool) -> SamplePairs.Sample? {
    guard window.count >= 2, let previous = window.sample(window.count - 2),
      let last = window.sample(window.count - 1), let from = window.time(window.count - 2),
      let to = window.time(window.count - 1), to != from
    else { return nil }
    let seconds = Double(to &- from) / 1000
    let startReset = StartTimestamps.showReset(
      (window.startTime(window.count - 2), from), (window.startTime(window.count - 1), to))
    switch (previous, last) {
    case (.float(let p), .float(let q)):
      guard isCounter else { return .float(q - p) }
      return .float((q < p || startReset ? q : q - p) / seconds)
    case (.histogram(let p), .histogram(let q)):
      return lastPair(p, q, isCounter: isCounter, startReset: startReset, seconds: seconds)
    case (.float, .histogram), (.histogram, .float):
      noteMixed()
      return nil
    }
  }

  private func lastPair(
    _ p: NativeHistogram, _ q: NativeHistogram, isCounter: Bool, startReset: Bool, seconds: Double
  ) -> SamplePairs.Sample? {
    if isCounter, p.hint == .gauge || q.hint == .gauge { noteNotCounter() }
    if !isCounter, p.hint != .gauge || q.hint != .gauge { noteNotGauge() }
    var result = q
    if !isCounter || !(startReset || q.showsReset(after: p)) {
      guard let difference = q.subtracting(p) else {
        noteSchemas()
        return nil
      }
      if difference.reconciled { noteReconciled("subtraction") }
      result = difference.histogram
    }
    result.hint = .gauge
    result = result.compacted()
    return .histogram(isCounter ? result.divided(by: seconds) : result)
  }

  // MARK: resets, changes (§4.7)

  func resets(_ window: MixedWindow) -> SamplePairs.Sample? {
    countPairs(window) { previous, current, startReset in
      switch (previous, current) {
      case (.float(let p), .float(let q)): q < p || startReset
      case (.histogram(let p), .histogram(let q)): startReset || q.showsReset(after: p)
      case (.float, .histogram), (.histogram, .float): true
      }
    }
  }

  func changes(_ window: MixedWindow) -> SamplePairs.Sample? {
    countPairs(window) { previous, current, _ in
      switch (previous, current) {
      case (.float(let p), .float(let q)): p != q && !(p.isNaN && q.isNaN)
      case (.histogram(let p), .histogram(let q)): !q.isExactlyEqual(to: p)
      case (.float, .histogram), (.histogram, .float): true
      }
    }
  }

  private func countPairs(
    _ window: MixedWindow,
    _ condition: (SamplePairs.Sample, SamplePairs.Sample, _ startReset: Bool) -> Bool
  ) -> SamplePairs.Sample? {
    var first = 0
    if reduction.edges == .anchored {
      guard let newest = window.time(window.count - 1), newest > window.start else { return nil }
      for position in 0..<window.count {
        if let time = window.time(position), time <= window.start { first = position }
      }
    }
    var count = 0
    for position in first + 1..<max(first + 1, window.count) {
      guard let previous = window.sample(position - 1), let current = window.sample(position),
        let from = window.time(position - 1), let to = window.time(position)
      else { continue }
      let startReset = StartTimestamps.showReset(
        (window.startTime(position - 1), from), (window.startTime(position), to))
      if condition(previous, current, startReset) { count += 1 }
    }
    return .float(Double(count))
  }
}

extension Extrapolation {
  /// The factor when the counter is known to have started inside the window.
  func factor(startingAt start: Int64, last: Int64) -> Double {
    let sampled = Double(last &- start) / 1000
    return sampled != 0 ? (sampled + toEnd) / sampled : 1
  }
}
