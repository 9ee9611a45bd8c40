import PromQL
import TimeSeries

/// Functions of windows (promql-functions.md §4, §5), plain selectors only.
extension ReferenceEvaluator {
  func window(_ function: WindowFunction, _ call: Expression.Call, _ step: Step) throws -> [Element] {
    var numbers: [Double] = []
    var found: ([Window], Int64, Int64)?
    for argument in call.arguments {
      switch try value(argument, step) {
      case .scalar(let number): numbers.append(number)
      case .windows(let windows, let start, let end): found = (windows, start, end)
      case .vector, .text: throw Failure()
      }
    }
    guard let (windows, start, end) = found else { throw Failure() }
    let keepsName = function == .firstOverTime || function == .lastOverTime
    let elements = try windows.compactMap { window -> Element? in
      guard let value = try reduce(function, window, start, end, numbers, step) else { return nil }
      return Element(
        labels: window.labels, drops: keepsName ? window.drops : true, value: value, time: step.time)
    }
    return try unique(elements)
  }

  private func reduce(
    _ function: WindowFunction, _ window: Window, _ start: Int64, _ end: Int64, _ numbers: [Double],
    _ step: Step
  ) throws -> Sample? {
    let floats = window.samples.compactMap { sample -> (time: Int64, value: Double)? in
      if case .float(let number) = sample.value { (sample.time, number) } else { nil }
    }
    let histograms = window.samples.compactMap { sample -> (time: Int64, value: NativeHistogram)? in
      if case .histogram(let histogram) = sample.value { (sample.time, histogram) } else { nil }
    }
    let values = floats.map(\.value)
    let isMixed = !floats.isEmpty && !histograms.isEmpty
    switch function {
    case .countOverTime: return .float(Double(window.samples.count))
    case .presentOverTime: return .float(1)
    case .firstOverTime: return window.samples.first?.value
    case .lastOverTime: return window.samples.last?.value
    case .tsOfFirstOverTime: return window.samples.first.map { .float(Double($0.time) / 1000) }
    case .tsOfLastOverTime: return window.samples.last.map { .float(Double($0.time) / 1000) }
    case .resets: return .float(Double(pairs(window) { self.isReset($0, $1) }))
    case .changes: return .float(Double(pairs(window) { self.isChange($0, $1) }))
    case .rate, .increase, .delta:
      if isMixed { return nil }
      return rise(function, floats, histograms, start, end)
    case .irate, .idelta: return lastPair(function, window)
    case .sumOverTime, .avgOverTime:
      if isMixed { return nil }
      if histograms.isEmpty {
        return .float(function == .sumOverTime ? Naive.sum(values) : Naive.mean(values))
      }
      guard var total = Naive.sum(histograms.map(\.value)) else { return nil }
      if function == .avgOverTime { total.divide(by: Double(histograms.count)) }
      return .histogram(total)
    case .deriv, .predictLinear:
      guard floats.count >= 2 else { return nil }
      let origin = function == .deriv ? floats[0].time : step.time
      let line = Naive.line(floats.map { (Double($0.time - origin) / 1000, $0.value) })
      return .float(function == .deriv ? line.slope : line.slope * numbers[0] + line.intercept)
    case .doubleExponentialSmoothing:
      if numbers[0] <= 0 || numbers[0] >= 1 || numbers[1] <= 0 || numbers[1] >= 1 { throw Failure() }
      return smooth(values, numbers[0], numbers[1]).map { .float($0) }
    default: return values.isEmpty ? nil : .float(floatsOnly(function, floats, numbers))
    }
  }

  private func floatsOnly(
    _ function: WindowFunction, _ floats: [(time: Int64, value: Double)], _ numbers: [Double]
  ) -> Double {
    let values = floats.map(\.value)
    switch function {
    case .maxOverTime: return Naive.best(values) { $0 > $1 }
    case .minOverTime: return Naive.best(values) { $0 < $1 }
    case .tsOfMaxOverTime, .tsOfMinOverTime:
      let best = Naive.best(values) { function == .tsOfMaxOverTime ? $0 > $1 : $0 < $1 }
      let last = floats.last { best.isNaN ? true : $0.value == best }
      return Double(last?.time ?? 0) / 1000
    case .stdvarOverTime: return Naive.variance(values)
    case .stddevOverTime: return Naive.variance(values).squareRoot()
    case .quantileOverTime: return Naive.quantile(values, numbers[0])
    case .madOverTime:
      if values.contains(where: \.isNaN) { return .nan }
      let median = Naive.quantile(values, 0.5)
      return Naive.quantile(values.map { abs($0 - median) }, 0.5)
    default: return .nan
    }
  }

  private func pairs(_ window: Window, _ condition: (Sample, Sample) -> Bool) -> Int {
    zip(window.samples, window.samples.dropFirst()).count { condition($0.value, $1.value) }
  }

  private func isReset(_ a: Sample, _ b: Sample) -> Bool {
    switch (a, b) {
    case (.float(let p), .float(let q)): q < p
    case (.histogram(let p), .histogram(let q)): q.showsReset(after: p)
    default: true
    }
  }

  private func isChange(_ a: Sample, _ b: Sample) -> Bool {
    switch (a, b) {
    case (.float(let p), .float(let q)): p != q && !(p.isNaN && q.isNaN)
    case (.histogram(let p), .histogram(let q)): !q.isExactlyEqual(to: p)
    default: true
    }
  }

  private func rise(
    _ function: WindowFunction, _ floats: [(time: Int64, value: Double)],
    _ histograms: [(time: Int64, value: NativeHistogram)], _ start: Int64, _ end: Int64
  ) -> Sample? {
    let isCounter = function != .delta
    let times = floats.isEmpty ? histograms.map(\.time) : floats.map(\.time)
    guard times.count >= 2 else { return nil }
    var rise = 0.0
    var first = 0.0
    var histogramRise: NativeHistogram?
    if floats.isEmpty {
      guard let found = self.histogramRise(histograms.map(\.value), isCounter) else { return nil }
      histogramRise = found
      rise = found.count
      first = histograms[0].value.count
    } else {
      first = floats[0].value
      rise = floats[floats.count - 1].value - first
      if isCounter {
        for i in 1..<floats.count where floats[i].value < floats[i - 1].value { rise += floats[i - 1].value }
      }
    }
    var toStart = Double(times[0] - start) / 1000
    var toEnd = Double(end - times[times.count - 1]) / 1000
    let sampled = Double(times[times.count - 1] - times[0]) / 1000
    let average = sampled / Double(times.count - 1)
    if toStart >= 1.1 * average { toStart = average / 2 }
    if isCounter, rise > 0, first >= 0 { toStart = min(toStart, sampled * (first / rise)) }
    if toEnd >= 1.1 * average { toEnd = average / 2 }
    var factor = (sampled + toStart + toEnd) / sampled
    if function == .rate { factor /= Double(end - start) / 1000 }
    if var histogram = histogramRise {
      histogram.multiply(by: factor)
      return .histogram(histogram)
    }
    return .float(rise * factor)
  }

  private func histogramRise(_ given: [NativeHistogram], _ isCounter: Bool) -> NativeHistogram? {
    var all = given
    let last = all[all.count - 1]
    if isCounter, all[1].showsReset(after: all[0]) {
      var empty = NativeHistogram()
      empty.schema = all[1].schema
      empty.customBounds = all[1].customBounds
      all[0] = empty
    }
    let checked = isCounter ? all : [all[0], last]
    if checked.contains(where: { $0.isCustom != last.isCustom }) { return nil }
    var rise = last
    rise.reduce(toSchema: checked.map(\.schema).min() ?? last.schema)
    guard (try? rise.subtract(all[0])) != nil else { return nil }
    if isCounter {
      for i in 1..<all.count where all[i].showsReset(after: all[i - 1]) {
        guard (try? rise.add(all[i - 1])) != nil else { return nil }
      }
    }
    rise.hint = .gauge
    return rise.compacted()
  }

  private func lastPair(_ function: WindowFunction, _ window: Window) -> Sample? {
    guard window.samples.count >= 2 else { return nil }
    let (p, q) = (window.samples[window.samples.count - 2], window.samples[window.samples.count - 1])
    let seconds = Double(q.time - p.time) / 1000
    switch (p.value, q.value) {
    case (.float(let a), .float(let b)):
      return .float(function == .idelta ? b - a : (b < a ? b : b - a) / seconds)
    case (.histogram(let a), .histogram(let b)):
      var result = b
      if function == .idelta || !b.showsReset(after: a) {
        guard (try? result.subtract(a)) != nil else { return nil }
      }
      result.hint = .gauge
      result.compact()
      if function == .irate { result.divide(by: seconds) }
      return .histogram(result)
    default: return nil
    }
  }

  private func smooth(_ values: [Double], _ smoothing: Double, _ trend: Double) -> Double? {
    guard values.count >= 2 else { return nil }
    var (level, before, slope) = (values[0], 0.0, values[1] - values[0])
    for i in 1..<values.count {
      if i > 1 { slope = trend * (level - before) + (1 - trend) * slope }
      let next = smoothing * values[i] + (1 - smoothing) * (level + slope)
      (before, level) = (level, next)
    }
    return level
  }
}
