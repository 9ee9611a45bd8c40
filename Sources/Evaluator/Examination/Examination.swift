public import PromQL
public import TimeSeries

/// Finds out why a query has no value: evaluates its parts against the same data, from the outside in,
/// until one is found that is empty or NaN for a reason of its own.
///
/// Pure; costs at most `budget` evaluations and a look at the labels that the selectors could match.
public struct Examination {
  let engine: QueryEngine
  let source: any SeriesSource
  /// Milliseconds since the epoch.
  let time: Int64
  let expression: Expression
  /// Evaluations and levels of nesting that are left.
  var budget = 60

  /// Nil when the text is no query.
  public init?(of query: String, at time: Int64, over source: any SeriesSource, engine: QueryEngine) {
    guard let expression = try? Expression.parse(query, features: engine.features) else { return nil }
    self.init(expression, at: time, over: source, engine: engine)
  }

  /// An examination of what is known to be a query.
  public init(
    _ expression: Expression, at time: Int64, over source: any SeriesSource, engine: QueryEngine
  ) {
    self.expression = expression
    self.engine = engine
    self.source = source
    self.time = time
  }

  /// The reasons, the most telling first; empty when the query has a value.
  public mutating func findings() -> [DataFinding] {
    findings(expression.root)
  }

  /// The reasons of a part of the query.
  mutating func findings(_ node: Expression.NodeID) -> [DataFinding] {
    switch answer(of: node) {
    case .empty: return reasons(node, isNaN: false)
    case .nan: return reasons(node, isNaN: true)
    case .failed(let problem): return [.failure(problem)]
    case .scalar, .series: return []
    }
  }

  /// What a part of the query evaluates to.
  private enum PartAnswer {
    case empty
    /// All series, or the scalar, are NaN.
    case nan
    case scalar(Double)
    case series([VectorSample])
    case failed(String)

    var isEmpty: Bool { if case .empty = self { true } else { false } }
    var isNaN: Bool { if case .nan = self { true } else { false } }

    /// Whether every value is zero.
    var isZero: Bool {
      switch self {
      case .scalar(let value): value == 0
      case .series(let samples): samples.allSatisfy { $0.number == 0 }
      case .empty, .nan, .failed: false
      }
    }

    var samples: [VectorSample] { if case .series(let samples) = self { samples } else { [] } }
  }

  private mutating func answer(of node: Expression.NodeID) -> PartAnswer {
    guard budget > 0 else { return .failed("the query has too many parts to examine") }
    budget -= 1
    let value: QueryValue
    do {
      value = try engine.instant(Array(expression.source(of: node)), at: time, over: source).value
    } catch {
      return .failed("\(error)")
    }
    switch value {
    case .scalar(_, let value): return value.isNaN ? .nan : .scalar(value)
    case .string: return .failed("a string")
    case .matrix(let series): return series.isEmpty ? .empty : .series([])
    case .vector(_, let samples):
      if samples.isEmpty { return .empty }
      return samples.allSatisfy({ $0.number?.isNaN ?? false }) ? .nan : .series(samples)
    }
  }

  /// Why a part that is known to be empty (or NaN) is so.
  private mutating func reasons(_ node: Expression.NodeID, isNaN: Bool) -> [DataFinding] {
    let unknown = DataFinding.emptyPart(expression: text(node), isNaN: isNaN)
    // Nesting costs too, so that no depth of parentheses can exhaust the stack.
    guard budget > 0 else { return [unknown] }
    budget -= 1
    switch expression[node].form {
    case .number, .string: return [unknown]
    case .subquery(let subquery):
      var inner = Examination(
        expression, at: reference(subquery.time) ?? time, over: source, engine: engine)
      inner.budget = budget
      let found = inner.findings(subquery.expression)
      budget = inner.budget
      return found.isEmpty ? [unknown] : found
    case .parenthesis(let inner): return reasons(expression.unwrapped(inner), isNaN: isNaN)
    case .unary(_, let inner): return reasons(inner, isNaN: isNaN)
    case .selector(let selector):
      return reasons(selector, node, range: nil, needs: 1, isNaN: isNaN) ?? [unknown]
    case .matrix(let inner, let range):
      return windowReasons(inner, range, needs: 1, isNaN: isNaN) ?? [unknown]
    case .aggregation(let aggregation):
      return argumentReasons([aggregation.vector], isNaN: isNaN) ?? [unknown]
    case .call(let call): return reasons(call, node, isNaN: isNaN) ?? [unknown]
    case .binary(let binary): return reasons(binary, node, isNaN: isNaN) ?? [unknown]
    }
  }

  // MARK: Calls

  private mutating func reasons(
    _ call: Expression.Call, _ node: Expression.NodeID, isNaN: Bool
  ) -> [DataFinding]? {
    let windows = call.arguments.compactMap { argument -> (Expression.NodeID, Expression.Duration)? in
      guard case .matrix(let selector, let range) = expression[expression.unwrapped(argument)].form
      else { return nil }
      return (selector, range)
    }
    if let (selector, range) = windows.first {
      return windowReasons(selector, range, needs: call.function.samplesNeeded, isNaN: isNaN)
    }
    if let found = argumentReasons(call.arguments, isNaN: isNaN) { return found }
    guard call.function == .histogramQuantile, let buckets = call.arguments.last else {
      return nil
    }
    return [bucketReason(buckets)]
  }

  /// The buckets have values and still there is no quantile.
  private mutating func bucketReason(_ buckets: Expression.NodeID) -> DataFinding {
    guard case .series(let samples) = answer(of: buckets) else {
      return .noBuckets(expression: text(buckets))
    }
    let bounds = samples.compactMap { $0.labels[LabelName.upperBound] }
    guard bounds.contains("+Inf"), Set(bounds).count > 1 else {
      return .noBuckets(expression: text(buckets))
    }
    return .emptyHistogram(expression: text(buckets))
  }

  /// The reasons of the first argument that is itself empty or NaN; nil when none is.
  private mutating func argumentReasons(
    _ arguments: [Expression.NodeID], isNaN: Bool
  ) -> [DataFinding]? {
    for argument in arguments where expression[argument].type != .string {
      let found = answer(of: argument)
      if found.isEmpty || found.isNaN { return reasons(argument, isNaN: found.isNaN) }
      // One NaN among many is enough for a sum.
      if isNaN, case .series(let samples) = found, samples.contains(where: { $0.number?.isNaN ?? false }) {
        return reasons(argument, isNaN: true)
      }
    }
    return nil
  }

  // MARK: Operators

  private mutating func reasons(
    _ binary: Expression.Binary, _ node: Expression.NodeID, isNaN: Bool
  ) -> [DataFinding]? {
    let left = answer(of: binary.lhs)
    let right = answer(of: binary.rhs)
    if isNaN, case .arithmetic(.divide) = binary.operation.facts.kind, left.isZero, right.isZero {
      return [.zeroByZero(divisor: text(binary.rhs))]
    }
    if case .set(.unless) = binary.operation.facts.kind, !left.isEmpty, !isNaN {
      return [.removedBySet(operation: binary.operation.rawValue, expression: text(binary.lhs))]
    }
    for (side, found) in [(binary.lhs, left), (binary.rhs, right)] where found.isEmpty || found.isNaN {
      return reasons(side, isNaN: found.isNaN)
    }
    guard !isNaN else { return argumentReasons([binary.lhs, binary.rhs], isNaN: true) }
    switch binary.operation.facts.kind {
    case .set:
      return [.removedBySet(operation: binary.operation.rawValue, expression: text(binary.lhs))]
    case .comparison:
      if let matching = binary.matching, let finding = unmatched(binary, matching, left, right) {
        return [finding]
      }
      let filtered = left.samples.isEmpty ? right.samples : left.samples
      let values = filtered.compactMap(\.number).filter { !$0.isNaN }
      let range = values.min().flatMap { low in values.max().map { low...$0 } }
      return [.filteredOut(expression: text(node), series: filtered.count, values: range)]
    case .arithmetic, .trim:
      guard let matching = binary.matching else { return nil }
      return unmatched(binary, matching, left, right).map { [$0] }
    }
  }

  /// What keeps the series of the sides from meeting; nil when some do meet.
  private func unmatched(
    _ binary: Expression.Binary, _ matching: VectorMatching, _ left: PartAnswer, _ right: PartAnswer
  ) -> DataFinding? {
    let projection = matching.labels.projection(nil)
    let keys = Set(left.samples.map { RowKey($0.labels).projected(projection) })
    guard keys.isDisjoint(with: right.samples.map { RowKey($0.labels).projected(projection) }) else {
      return nil
    }
    let examination = MatchExamination(
      left: left.samples.map(\.labels), right: right.samples.map(\.labels), matching: matching.labels)
    return .unmatchedSides(
      left: text(binary.lhs), right: text(binary.rhs), examination.difference())
  }

  // MARK: Selectors

  private func windowReasons(
    _ node: Expression.NodeID, _ range: Expression.Duration, needs: Int, isNaN: Bool
  ) -> [DataFinding]? {
    guard case .selector(let selector) = expression[node].form, case .literal(let nanoseconds) = range
    else { return nil }
    return reasons(selector, node, range: nanoseconds / 1_000_000, needs: needs, isNaN: isNaN)
  }

  /// Nil when the selector's time is computed, or nothing is wrong with what it selects.
  private func reasons(
    _ selector: Expression.Selector, _ node: Expression.NodeID, range: Int64?, needs: Int,
    isNaN: Bool
  ) -> [DataFinding]? {
    guard let end = reference(selector.time) else { return nil }
    let examined = SelectorExamination(
      selector: selector, text: text(node), source: source, end: end,
      window: range ?? engine.options.lookback)
    return examined.finding(needs: needs, isNaN: isNaN).map { [$0] }
  }

  /// The time that a selector or subquery looks at; nil when it is computed.
  func reference(_ modifiers: Expression.TimeModifiers) -> Int64? {
    var reference = time
    switch modifiers.at {
    case .time(let milliseconds): reference = milliseconds
    case .start, .end, nil: break
    }
    switch modifiers.offset {
    case nil: return reference
    case .literal(let nanoseconds): return reference &- nanoseconds / 1_000_000
    case .expression: return nil
    }
  }

  /// A part of the query, cut to a length that fits a sentence.
  private func text(_ node: Expression.NodeID) -> String {
    let text = String(decoding: expression.source(of: node), as: UTF8.self)
    return text.count > 120 ? text.prefix(117) + "…" : text
  }
}

extension VectorSample {
  fileprivate var number: Double? {
    switch value {
    case .float(let value): value
    case .histogram: nil
    }
  }
}

extension Function {
  /// How many samples of a window the function needs for an answer; 1 for functions without a window.
  fileprivate var samplesNeeded: Int {
    switch facts.family {
    case .window(.rate), .window(.increase), .window(.delta), .window(.irate), .window(.idelta),
      .window(.deriv), .window(.predictLinear), .window(.doubleExponentialSmoothing):
      2
    default: 1
    }
  }
}
