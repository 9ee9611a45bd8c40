import PromQL
import TimeSeries

/// A second opinion: evaluates an expression one step and one sample at a time, with dictionaries and
/// no cleverness, reading like the specification. Delayed name removal is on.
struct ReferenceEvaluator {
  /// What a sample is.
  enum Sample {
    case float(Double)
    case histogram(NativeHistogram)
    case stale
  }

  struct Series {
    var labels: Labels
    var samples: [(time: Int64, value: Sample)]
  }

  /// One element of an instant vector.
  struct Element {
    var labels: Labels
    var drops = false
    var value: Sample
    /// The time of the sample that a selector found.
    var time: Int64
  }

  /// One series of a range vector at a step.
  struct Window {
    var labels: Labels
    var drops: Bool
    var samples: [(time: Int64, value: Sample)]
  }

  enum Value {
    case scalar(Double)
    case vector([Element])
    case windows([Window], start: Int64, end: Int64)
    case text(String)
  }

  /// The query fails; why does not matter here.
  struct Failure: Error {}

  let expression: Expression
  let series: [Series]
  /// The query's own steps.
  let grid: Grid
  let lookback: Int64 = 300_000
  let defaultStep: Int64 = 60_000
  let invariant: [Bool]

  init(_ expression: Expression, over series: [Series], grid: Grid) {
    self.expression = expression
    self.series = series.sorted { $0.labels < $1.labels }
    self.grid = grid
    invariant = Self.invariance(expression)
  }

  /// The result at every step, by final labels; histograms as text.
  func matrix() throws -> [Labels: [Int64: Sample]] {
    var result: [Labels: [Int64: Sample]] = [:]
    for index in 0..<grid.count {
      let time = grid.time(index)
      switch try value(expression.root, Step(time: time, first: grid.start)) {
      case .scalar(let number): result[.none, default: [:]][time] = .float(number)
      case .vector(let elements):
        for element in elements {
          let labels = element.drops ? element.labels.droppingMetadata() : element.labels
          if result[labels]?[time] != nil { throw Failure() }
          result[labels, default: [:]][time] = element.value
        }
      case .windows, .text: throw Failure()
      }
    }
    return result
  }

  /// Where an evaluation stands: its time, and the first time of the surrounding grid.
  struct Step {
    var time: Int64
    var first: Int64
  }

  func value(_ node: Expression.NodeID, _ step: Step) throws -> Value {
    let id = expression.unwrapped(node)
    // An invariant part has the value of the first step.
    let step = invariant[id.index] ? Step(time: step.first, first: step.first) : step
    switch expression[id].form {
    case .number(let number, _): return .scalar(number)
    case .string(let bytes): return .text(String(decoding: bytes, as: UTF8.self))
    case .selector(let selector): return .vector(select(selector, at: step.time))
    case .matrix(let inner, let range):
      guard case .selector(let selector) = expression[inner].form else { throw Failure() }
      return windows(selector, range: milliseconds(range) ?? 0, at: step.time)
    case .subquery(let subquery): return try self.subquery(subquery, step)
    case .aggregation(let aggregation): return .vector(try aggregate(aggregation, step))
    case .binary(let binary): return try self.binary(binary, step)
    case .call(let call): return try self.call(call, step)
    case .parenthesis(let inner): return try value(inner, step)
    case .unary(.plus, let inner): return try value(inner, step)
    case .unary(.minus, let inner):
      switch try value(inner, step) {
      case .scalar(let number): return .scalar(-number)
      case .vector(let elements):
        return .vector(
          try unique(
            elements.map { element in
              var copy = element
              copy.drops = true
              copy.value = Self.scaled(element.value, by: -1)
              return copy
            }))
      case .windows, .text: throw Failure()
      }
    }
  }

  func vector(_ node: Expression.NodeID, _ step: Step) throws -> [Element] {
    guard case .vector(let elements) = try value(node, step) else { throw Failure() }
    return elements
  }

  func scalar(_ node: Expression.NodeID, _ step: Step) throws -> Double {
    guard case .scalar(let number) = try value(node, step) else { throw Failure() }
    return number
  }

  func text(_ node: Expression.NodeID) -> String {
    if case .string(let bytes) = expression[expression.unwrapped(node)].form {
      return String(decoding: bytes, as: UTF8.self)
    }
    return ""
  }

  // MARK: Selectors (promql-evaluation.md §2)

  func milliseconds(_ duration: Expression.Duration?) -> Int64? {
    if case .literal(let nanoseconds) = duration { nanoseconds / 1_000_000 } else { nil }
  }

  func reference(_ time: Expression.TimeModifiers, at step: Int64) -> Int64 {
    let base: Int64 =
      switch time.at {
      case nil: step
      case .time(let at): at
      case .start: grid.start
      case .end: grid.end
      }
    return base - (milliseconds(time.offset) ?? 0)
  }

  func matching(_ selector: Expression.Selector) -> [Series] {
    series.filter { series in selector.matchers.allSatisfy { $0.compiled.accepts(series.labels) } }
  }

  func select(_ selector: Expression.Selector, at step: Int64) -> [Element] {
    let time = reference(selector.time, at: step)
    return matching(selector).compactMap { series in
      let found = series.samples.last { $0.time <= time }
      guard let found, found.time > time - lookback else { return nil }
      if case .stale = found.value { return nil }
      return Element(labels: series.labels, value: found.value, time: found.time)
    }
  }

  func windows(_ selector: Expression.Selector, range: Int64, at step: Int64) -> Value {
    let end = reference(selector.time, at: step)
    let found = matching(selector).compactMap { series -> Window? in
      let samples = series.samples.filter { sample in
        if case .stale = sample.value { return false }
        return sample.time > end - range && sample.time <= end
      }
      return samples.isEmpty ? nil : Window(labels: series.labels, drops: false, samples: samples)
    }
    return .windows(found, start: end - range, end: end)
  }

  func subquery(_ subquery: Expression.Subquery, _ step: Step) throws -> Value {
    let range = milliseconds(subquery.range) ?? 0
    let every = milliseconds(subquery.step) ?? defaultStep
    let end = reference(subquery.time, at: step.time)
    // The surrounding grid's first window decides where the inner grid begins.
    let firstEnd = reference(subquery.time, at: step.first)
    var first = (firstEnd - range) / every * every - every
    while first <= firstEnd - range { first += every }
    var found: [Labels: Window] = [:]
    var time = first
    while time <= end {
      if time > end - range {
        for element in try vector(subquery.expression, Step(time: time, first: first)) {
          var window = found[element.labels] ?? Window(labels: element.labels, drops: false, samples: [])
          if window.samples.last?.time == time { throw Failure() }
          window.drops = window.drops || element.drops
          window.samples.append((time, Self.withoutHint(element.value)))
          found[element.labels] = window
        }
      }
      time += every
    }
    return .windows(found.values.sorted { $0.labels < $1.labels }, start: end - range, end: end)
  }

  /// Hints of subquery points are unknown unless they say gauge.
  static func withoutHint(_ sample: Sample) -> Sample {
    guard case .histogram(var histogram) = sample, histogram.hint != .gauge else { return sample }
    histogram.hint = .unknown
    return .histogram(histogram)
  }

  static func scaled(_ sample: Sample, by factor: Double) -> Sample {
    switch sample {
    case .float(let number): return .float(factor == -1 ? -number : number * factor)
    case .histogram(var histogram):
      histogram.multiply(by: factor)
      return .histogram(histogram)
    case .stale: return .stale
    }
  }

  /// Two elements with equal labels at one step are an error of a range query at once, of an instant
  /// query at its end (promql-evaluation.md §7).
  func unique(_ elements: [Element]) throws -> [Element] {
    guard grid.start != grid.end else { return elements }
    return try alwaysUnique(elements)
  }

  func alwaysUnique(_ elements: [Element]) throws -> [Element] {
    if Set(elements.map(\.labels)).count < elements.count { throw Failure() }
    return elements
  }

  /// Which nodes have one value for all steps (promql-evaluation.md §4).
  private static func invariance(_ expression: Expression) -> [Bool] {
    var flags: [Bool] = []
    for (index, node) in expression.nodes.enumerated() {
      let id = expression.children(of: Expression.NodeID(at: index, in: expression))
      switch node.form {
      case .number, .string: flags.append(true)
      case .selector(let selector): flags.append(selector.time.at != nil)
      case .subquery(let subquery): flags.append(subquery.time.at != nil)
      case .aggregation(let aggregation): flags.append(flags[aggregation.vector.index])
      case .matrix, .binary, .parenthesis, .unary: flags.append(id.allSatisfy { flags[$0.index] })
      case .call(let call):
        var isTimestampOfSelector = false
        if call.function == .timestamp,
          case .selector = expression[expression.unwrapped(call.arguments[0])].form
        {
          isTimestampOfSelector = true
        }
        flags.append(
          id.allSatisfy { flags[$0.index] } && (call.function.facts.isPinnable || isTimestampOfSelector))
      }
    }
    return flags
  }
}

extension Expression.NodeID {
  /// The node at a place of the arena.
  init(at index: Int, in expression: Expression) {
    // Identifiers are handed out in order; the root is the last.
    var pending = [expression.root]
    while let id = pending.popLast() {
      if id.index == index {
        self = id
        return
      }
      pending += expression.children(of: id)
    }
    self = expression.root
  }
}
