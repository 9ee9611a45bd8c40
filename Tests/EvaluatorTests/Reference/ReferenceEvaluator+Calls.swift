import Glibc
import PromQL
import TimeSeries

/// Functions (promql-functions.md §3).
extension ReferenceEvaluator {
  func call(_ call: Expression.Call, _ step: Step) throws -> Value {
    let arguments = call.arguments
    switch call.function.facts.family {
    case .point(let function): return .vector(try map(arguments[0], step) { self.point(function, $0) })
    case .bounded(let function):
      var numbers: [Double] = []
      for argument in arguments.dropFirst() { numbers.append(try scalar(argument, step)) }
      return .vector(try bounded(function, numbers, arguments[0], step))
    case .date(let function):
      let part = { (value: Double) in self.part(function, value) }
      guard let argument = arguments.first else {
        let now = Double(step.time / 1000)
        return .vector([Element(labels: .none, value: .float(part(now)), time: step.time)])
      }
      return .vector(try map(argument, step, part))
    case .reading(let reading):
      return .vector(
        try unique(
          vector(arguments[0], step).compactMap { element in
            guard case .histogram(let histogram) = element.value else { return nil }
            return dropped(element, .float(read(reading, histogram)))
          }))
    case .window(let function): return .vector(try window(function, call, step))
    case .absent:
      let elements = try vector(arguments[0], step)
      return .vector(elements.isEmpty ? [absent(arguments[0], step)] : [])
    case .absentOverTime:
      guard case .windows(let windows, _, _) = try value(arguments[0], step) else { throw Failure() }
      return .vector(windows.isEmpty ? [absent(arguments[0], step)] : [])
    case .scalar:
      let floats = try vector(arguments[0], step).compactMap { element in
        if case .float(let number) = element.value { number } else { nil }
      }
      return .scalar(floats.count == 1 ? floats[0] : .nan)
    case .vector:
      return .vector(
        [Element(labels: .none, value: .float(try scalar(arguments[0], step)), time: step.time)])
    case .time: return .scalar(Double(step.time) / 1000)
    case .pi: return .scalar(.pi)
    case .larger: return .scalar(Naive.larger(try scalar(arguments[0], step), try scalar(arguments[1], step)))
    case .smaller:
      return .scalar(Naive.smaller(try scalar(arguments[0], step), try scalar(arguments[1], step)))
    case .query(let property):
      switch property {
      case .start: return .scalar(Double(grid.start) / 1000)
      case .end: return .scalar(Double(grid.end) / 1000)
      case .range: return .scalar(Double(grid.end - grid.start) / 1000)
      case .step: return .scalar(grid.start == grid.end ? 0 : Double(grid.step) / 1000)
      }
    case .timestamp:
      var isSelector = false
      if case .selector = expression[expression.unwrapped(arguments[0])].form { isSelector = true }
      return .vector(
        try unique(
          vector(arguments[0], step).map { element in
            dropped(element, .float(Double(isSelector ? element.time : step.time) / 1000))
          }))
    case .sort, .sortByLabel: return .vector(try sorted(call, step))
    case .histogramQuantile, .histogramFraction: return .vector(try unique(try buckets(call, step)))
    case .labelReplace, .labelJoin: return .vector(try alwaysUnique(try relabelled(call, step)))
    // Not generated.
    case .startTimestamp, .histogramQuantiles, .info: throw Failure()
    }
  }

  private func dropped(_ element: Element, _ value: Sample) -> Element {
    var copy = element
    copy.drops = true
    copy.value = value
    return copy
  }

  private func map(
    _ node: Expression.NodeID, _ step: Step, _ formula: (Double) -> Double
  ) throws -> [Element] {
    try unique(
      vector(node, step).compactMap { element in
        guard case .float(let number) = element.value else { return nil }
        return dropped(element, .float(formula(number)))
      })
  }

  private func point(_ function: PointFunction, _ x: Double) -> Double {
    switch function {
    case .abs: Swift.abs(x)
    case .ceil: Glibc.ceil(x)
    case .floor: Glibc.floor(x)
    case .exp: ElementaryFunction.exp(x)
    case .sqrt: Glibc.sqrt(x)
    case .ln: ElementaryFunction.ln(x)
    case .log2: ElementaryFunction.log2(x)
    case .log10: ElementaryFunction.log10(x)
    case .sgn: x < 0 ? -1 : x > 0 ? 1 : x
    case .sin: ElementaryFunction.sin(x)
    case .cos: ElementaryFunction.cos(x)
    case .tan: ElementaryFunction.tan(x)
    case .asin: ElementaryFunction.asin(x)
    case .acos: ElementaryFunction.acos(x)
    case .atan: ElementaryFunction.atan(x)
    case .sinh: ElementaryFunction.sinh(x)
    case .cosh: ElementaryFunction.cosh(x)
    case .tanh: ElementaryFunction.tanh(x)
    case .asinh: ElementaryFunction.asinh(x)
    case .acosh: ElementaryFunction.acosh(x)
    case .atanh: ElementaryFunction.atanh(x)
    case .deg: x * 180 / .pi
    case .rad: x * .pi / 180
    }
  }

  private func bounded(
    _ function: BoundedFunction, _ numbers: [Double], _ node: Expression.NodeID, _ step: Step
  ) throws -> [Element] {
    switch function {
    case .round:
      let inverse = 1 / (numbers.first ?? 1)
      return try map(node, step) { Glibc.floor($0 * inverse + 0.5) / inverse }
    case .clamp:
      let elements = try map(node, step) { Naive.larger(numbers[0], Naive.smaller(numbers[1], $0)) }
      return numbers[1] < numbers[0] ? [] : elements
    case .clampMin: return try map(node, step) { Naive.larger(numbers[0], $0) }
    case .clampMax: return try map(node, step) { Naive.smaller(numbers[0], $0) }
    }
  }

  /// From the C library's calendar.
  private func part(_ function: DateFunction, _ value: Double) -> Double {
    let inRange = value > -0x1p63 && value < 0x1p63
    // Go counts unsigned from the year −292277022399, which has the calendar of 2001; the calendar
    // repeats every 400 years, so that the C library need not know of far ones.
    let absolute = UInt64(bitPattern: inRange ? Int64(value) : .min) &+ 9_223_372_028_715_321_600
    let cycle: UInt64 = 86_400 * 146_097
    var seconds = time_t(978_307_200 + Int64(absolute % cycle))
    let years = Int(absolute / cycle) * 400 - 292_277_022_399 - 2001
    var parts = unsafe tm()
    unsafe gmtime_r(&seconds, &parts)
    let year = unsafe Int(parts.tm_year) + 1900
    let month = unsafe Int(parts.tm_mon)
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    switch function {
    case .minute: return unsafe Double(parts.tm_min)
    case .hour: return unsafe Double(parts.tm_hour)
    case .dayOfWeek: return unsafe Double(parts.tm_wday)
    case .dayOfMonth: return unsafe Double(parts.tm_mday)
    case .dayOfYear: return unsafe Double(parts.tm_yday + 1)
    case .daysInMonth: return Double([31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month])
    case .month: return Double(month + 1)
    case .year: return Double(year + years)
    }
  }

  private func read(_ reading: HistogramReading, _ histogram: NativeHistogram) -> Double {
    switch reading {
    case .count: histogram.count
    case .sum: histogram.sum
    case .avg: histogram.sum / histogram.count
    case .stddev: histogram.standardVariance.squareRoot()
    case .stdvar: histogram.standardVariance
    }
  }

  private func absent(_ node: Expression.NodeID, _ step: Step) -> Element {
    var id = expression.unwrapped(node)
    if case .matrix(let selector, _) = expression[id].form { id = selector }
    var labels: [String: String] = [:]
    var seen = Set<String>()
    if case .selector(let selector) = expression[id].form {
      for matcher in selector.matchers.map(\.compiled) where matcher.name != LabelName.metric {
        if matcher.operation == .equal, seen.insert(matcher.name).inserted {
          labels[matcher.name] = matcher.value
        } else {
          labels[matcher.name] = nil
        }
      }
    }
    return Element(labels: Labels(labels.map { ($0.key, $0.value) }), value: .float(1), time: step.time)
  }

  private func sorted(_ call: Expression.Call, _ step: Step) throws -> [Element] {
    let elements = try vector(call.arguments[0], step)
    // Order is compared elsewhere; what matters here is that histograms go with their values.
    guard case .sort = call.function.facts.family else { return elements }
    return elements.filter { if case .float = $0.value { true } else { false } }
  }

  private func relabelled(_ call: Expression.Call, _ step: Step) throws -> [Element] {
    let elements = try vector(call.arguments[0], step)
    let texts = call.arguments.dropFirst().map { text($0) }
    if call.function.facts.family == .labelJoin {
      return elements.map { element in
        var copy = element
        var builder = LabelsBuilder(element.labels)
        builder.set(texts[0], texts[2...].map { element.labels[$0] ?? "" }.joined(separator: texts[1]))
        copy.labels = builder.labels()
        if texts[0] == LabelName.metric { copy.drops = false }
        return copy
      }
    }
    let pattern = try RE2("^(?s:\(texts[3]))$")
    return elements.map { element in
      let value = Array((element.labels[texts[2]] ?? "").utf8)
      guard let groups = pattern.captures(value) else { return element }
      var expanded = texts[1]
      // Generated replacements use `$1` only.
      let first = groups.count > 1 ? groups[1].map { String(decoding: value[$0], as: UTF8.self) } ?? "" : ""
      expanded = expanded.replacing("$1", with: first)
      var copy = element
      var builder = LabelsBuilder(element.labels)
      builder.set(texts[0], expanded)
      copy.labels = builder.labels()
      if texts[0] == LabelName.metric { copy.drops = false }
      return copy
    }
  }

  // MARK: Buckets

  private func buckets(_ call: Expression.Call, _ step: Step) throws -> [Element] {
    let numbers = try call.arguments.dropLast().map { try scalar($0, step) }
    guard let argument = call.arguments.last else { throw Failure() }
    var classic: [Labels: (element: Element, buckets: [(bound: Double, count: Double)])] = [:]
    var native: [Element] = []
    var drops: [Labels: Bool] = [:]
    for element in try vector(argument, step) {
      switch element.value {
      case .histogram: native.append(element)
      case .float(let count):
        guard let text = element.labels[LabelName.upperBound], let bound = try? GoNumber.float(text.utf8)
        else {
          continue
        }
        let labels = Labels(element.labels.pairs.filter { $0.name != LabelName.upperBound })
        classic[labels, default: (element, [])].buckets.append((bound, count))
        drops[labels] = true
      case .stale: continue
      }
    }
    var result: [Element] = []
    for element in native {
      if classic.removeValue(forKey: element.labels) != nil { continue }
      guard case .histogram(let histogram) = element.value else { continue }
      let estimate =
        numbers.count == 1
        ? histogram.quantile(numbers[0]).value : histogram.fraction(from: numbers[0], to: numbers[1]).value
      result.append(dropped(element, .float(estimate)))
    }
    for (labels, group) in classic {
      let estimate =
        numbers.count == 1
        ? Self.quantile(numbers[0], group.buckets) : Self.fraction(numbers[0], numbers[1], group.buckets)
      result.append(Element(labels: labels, drops: true, value: .float(estimate), time: step.time))
    }
    return result
  }

  private static func merged(
    _ buckets: [(bound: Double, count: Double)]
  ) -> [(bound: Double, count: Double)] {
    var merged: [(bound: Double, count: Double)] = []
    for bucket in buckets.sorted(by: { $0.bound < $1.bound }) {
      if let last = merged.last, last.bound == bucket.bound {
        merged[merged.count - 1].count += bucket.count
      } else {
        merged.append(bucket)
      }
    }
    return merged
  }

  private static func quantile(_ phi: Double, _ given: [(bound: Double, count: Double)]) -> Double {
    if phi.isNaN { return .nan }
    if phi < 0 { return -.infinity }
    if phi > 1 { return .infinity }
    var buckets = merged(given)
    guard buckets.last?.bound == .infinity, buckets.count >= 2 else { return .nan }
    for i in 1..<buckets.count
    where buckets[i].count < buckets[i - 1].count
      || abs(buckets[i].count - buckets[i - 1].count) < 1e-12
        * (abs(buckets[i].count) + abs(buckets[i - 1].count))
    {
      buckets[i].count = buckets[i - 1].count
    }
    let total = buckets[buckets.count - 1].count
    if total == 0 { return .nan }
    let rank = phi * total
    let b = buckets.dropLast().firstIndex { $0.count >= rank } ?? buckets.count - 1
    if b == buckets.count - 1 { return buckets[b - 1].bound }
    if b == 0, buckets[0].bound <= 0 { return buckets[0].bound }
    let start = b == 0 ? 0 : buckets[b - 1].bound
    let below = b == 0 ? 0 : buckets[b - 1].count
    return start + (buckets[b].bound - start) * ((rank - below) / (buckets[b].count - below))
  }

  private static func fraction(
    _ lower: Double, _ upper: Double, _ given: [(bound: Double, count: Double)]
  ) -> Double {
    let buckets = merged(given)
    guard buckets.last?.bound == .infinity, let total = buckets.last?.count, total != 0 else { return .nan }
    if lower.isNaN || upper.isNaN { return .nan }
    if lower >= upper { return 0 }
    /// How many observations lie at or below a value.
    let rank = { (value: Double) -> Double in
      var low = buckets[0].bound > 0 ? 0 : -Double.infinity
      var below = 0.0
      for bucket in buckets {
        if low >= value { return below }
        if value < bucket.bound {
          return low == -.infinity
            ? bucket.count : below + (bucket.count - below) * (value - low) / (bucket.bound - low)
        }
        below = bucket.count
        low = bucket.bound
      }
      return total
    }
    return (min(rank(upper), total) - min(rank(lower), total)) / total
  }
}
