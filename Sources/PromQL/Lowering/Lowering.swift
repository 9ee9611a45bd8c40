import TimeSeries

/// From what was written to what it means, for the steps of one query (promql-evaluation.md §1–§4).
public struct Lowering {
  let expression: Expression
  let context: QueryContext
  let durations: ResolvedDurations
  /// Whether each node has the same value at every step (promql-evaluation.md §4).
  let isInvariant: [Bool]
  private(set) var selections: [Selection] = []

  /// How many levels of an expression can be evaluated: evaluating recurses. Parentheses are free.
  public static let depthLimit = 2000

  /// Plans an expression. Linear in its size; throws `LoweringError` in Prometheus' words.
  public static func plan(
    _ expression: Expression, in context: QueryContext, features: LanguageFeatures = .all
  ) throws(LoweringError) -> Plan {
    if !context.isInstant {
      switch expression[expression.root].type {
      case .scalar, .instantVector: break
      case .string, .rangeVector:
        throw .invalidRangeQueryType(expression[expression.root].type)
      }
    }
    try checkDepth(expression)
    let durations = try ResolvedDurations(expression, context)
    try checkFeatures(expression, durations, features)
    var lowering = Lowering(expression, context, durations: durations)
    let root = try lowering.root()
    return Plan(root: root, selections: lowering.selections, text: expression.text)
  }

  private init(_ expression: Expression, _ context: QueryContext, durations: ResolvedDurations) {
    self.expression = expression
    self.context = context
    self.durations = durations
    isInvariant = Invariance.nodes(of: expression)
  }

  private static func checkDepth(_ expression: Expression) throws(LoweringError) {
    var depths = [Int](repeating: 1, count: expression.nodes.count)
    for index in expression.nodes.indices {
      let id = Expression.NodeID(index)
      if case .parenthesis(let inner) = expression[id].form {
        depths[index] = depths[inner.index]
        continue
      }
      for child in expression.children(of: id) {
        depths[index] = max(depths[index], depths[child.index] + 1)
      }
      if depths[index] > depthLimit { throw .tooDeep(limit: depthLimit) }
    }
  }

  /// `@` and offsets into the future can be switched off.
  private static func checkFeatures(
    _ expression: Expression, _ durations: ResolvedDurations, _ features: LanguageFeatures
  ) throws(LoweringError) {
    if features.contains(.atModifier), features.contains(.negativeOffset) { return }
    for (index, node) in expression.nodes.enumerated() {
      let at: Expression.At? =
        switch node.form {
        case .selector(let selector): selector.time.at
        case .subquery(let subquery): subquery.time.at
        case .number, .string, .matrix, .aggregation, .binary, .call, .parenthesis, .unary: nil
        }
      if at != nil, !features.contains(.atModifier) { throw .disabled(.atModifier) }
      if let offset = durations.offsets[index], offset < 0, !features.contains(.negativeOffset) {
        throw .disabled(.negativeOffset)
      }
    }
  }

  /// Where a node stands: over which steps it is evaluated, and what its ancestors make of histograms.
  struct Surroundings {
    /// The first and last step at which the node is evaluated, milliseconds; no step when the last
    /// is before the first.
    var first: Int64
    var last: Int64
    var histograms = HistogramUse.unknown

    /// Whether an ancestor needs only count and sum of histograms (promql-evaluation.md §2.6).
    enum HistogramUse { case unknown, statistics, buckets }

    /// Evaluated at the first step only.
    var pinned: Surroundings {
      Surroundings(first: first, last: min(first, last), histograms: histograms)
    }

    func using(_ use: HistogramUse) -> Surroundings {
      var inner = self
      if histograms != .buckets { inner.histograms = use }
      return inner
    }
  }

  private mutating func root() throws(LoweringError) -> Plan.Root {
    let steps = context.grid.count
    let last = steps > 0 ? context.grid.time(steps - 1) : context.grid.start &- 1
    let place = Surroundings(first: context.grid.start, last: last)
    let id = expression.unwrapped(expression.root)
    switch expression[id].type {
    case .scalar: return .scalar(try scalar(id, place))
    case .instantVector: return .vector(try vector(id, place))
    case .rangeVector: return .windows(try windows(id, place))
    case .string: return .string(text(id))
    }
  }

  /// The bytes of a string literal, parentheses around it or not.
  func bytes(_ id: Expression.NodeID) -> [UInt8] {
    if case .string(let bytes) = expression[expression.unwrapped(id)].form { bytes } else { [] }
  }

  func text(_ id: Expression.NodeID) -> String { String(decoding: bytes(id), as: UTF8.self) }

  // MARK: Scalars

  mutating func scalar(
    _ node: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> ScalarPlan {
    let id = expression.unwrapped(node)
    if case .number(let value, _) = expression[id].form { return .number(value) }
    if isInvariant[id.index] { return .pinned(try scalarForm(id, place.pinned)) }
    return try scalarForm(id, place)
  }

  /// A part of a node: pins belong to the topmost invariant node only.
  private mutating func scalarPart(
    _ node: Expression.NodeID, of parent: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> ScalarPlan {
    isInvariant[parent.index]
      ? try scalarForm(expression.unwrapped(node), place) : try scalar(node, place)
  }

  private mutating func scalarForm(
    _ id: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> ScalarPlan {
    switch expression[id].form {
    case .number(let value, _): return .number(value)
    case .unary(.plus, let inner): return try scalarPart(inner, of: id, place)
    case .unary(.minus, let inner): return .negate(try scalarPart(inner, of: id, place))
    case .binary(let binary):
      let left = try scalarPart(binary.lhs, of: id, place)
      let right = try scalarPart(binary.rhs, of: id, place)
      switch binary.operation.facts.kind {
      case .arithmetic(let operation): return .arithmetic(operation, left, right)
      case .comparison(let operation): return .comparison(operation, left, right)
      // Never between scalars: the checks of types refuse them.
      case .trim, .set: return .number(.nan)
      }
    case .call(let call): return try scalarCall(call, id, place)
    case .parenthesis(let inner): return try scalarForm(expression.unwrapped(inner), place)
    case .string, .selector, .matrix, .subquery, .aggregation: return .number(.nan)
    }
  }

  private mutating func scalarCall(
    _ call: Expression.Call, _ id: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> ScalarPlan {
    switch call.function.facts.family {
    case .time: return .time
    case .pi: return .number(.pi)
    case .query(let value):
      switch value {
      case .start: return .number(Double(context.grid.start) / 1000)
      case .end: return .number(Double(context.grid.end) / 1000)
      case .range: return .number(context.rangeSeconds)
      case .step: return .number(context.stepSeconds)
      }
    case .scalar: return .only(try part(call.arguments[0], of: id, place))
    case .larger:
      return .larger(
        try scalarPart(call.arguments[0], of: id, place), try scalarPart(call.arguments[1], of: id, place))
    case .smaller:
      return .smaller(
        try scalarPart(call.arguments[0], of: id, place), try scalarPart(call.arguments[1], of: id, place))
    case .point, .bounded, .date, .reading, .window, .absent, .absentOverTime, .vector, .timestamp,
      .startTimestamp, .sort, .sortByLabel, .histogramQuantile, .histogramQuantiles,
      .histogramFraction, .labelReplace, .labelJoin, .info:
      return .number(.nan)
    }
  }

  /// A scalar argument of a vector node, and where it was written.
  mutating func argument(
    _ node: Expression.NodeID, of parent: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> ScalarArgument {
    let id = expression.unwrapped(node)
    return ScalarArgument(site: expression[id].range, try scalarPart(id, of: parent, place))
  }

  mutating func scalars(
    _ nodes: some Sequence<Expression.NodeID>, of parent: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> [ScalarPlan] {
    var plans: [ScalarPlan] = []
    for node in nodes { plans.append(try scalarPart(node, of: parent, place)) }
    return plans
  }

  // MARK: Vectors

  mutating func vector(
    _ node: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> VectorPlan {
    let id = expression.unwrapped(node)
    guard isInvariant[id.index] else { return try vectorForm(id, place) }
    let inner = try vectorForm(id, place.pinned)
    return VectorPlan(site: inner.site, .pinned(inner))
  }

  /// A vector that is part of a node: pins belong to the topmost invariant node only.
  mutating func part(
    _ node: Expression.NodeID, of parent: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> VectorPlan {
    isInvariant[parent.index]
      ? try vectorForm(expression.unwrapped(node), place) : try vector(node, place)
  }

  private mutating func vectorForm(
    _ id: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> VectorPlan {
    let site = expression[id].range
    switch expression[id].form {
    case .selector(let written):
      let time = timeReference(written.time, offset: durations.offsets[id.index])
      let reach = context.lookback
      let selector = select(
        written, time, place, back: reach, ahead: written.edges == .smoothed ? reach : 0)
      return VectorPlan(site: site, .select(selector))
    case .aggregation(let aggregation):
      return VectorPlan(site: site, .aggregate(try aggregate(aggregation, id, place)))
    case .binary(let binary): return VectorPlan(site: site, try self.binary(binary, id, place))
    case .call(let call): return VectorPlan(site: site, try self.call(call, id, place))
    case .parenthesis(let inner): return try vectorForm(expression.unwrapped(inner), place)
    case .unary(.plus, let inner):
      let operand = try part(inner, of: id, place)
      // `timestamp(+v)` does not see the samples of the selector `v`.
      if case .select = operand.form { return VectorPlan(site: site, .plus(operand)) }
      return operand
    case .unary(.minus, let inner):
      return VectorPlan(site: site, .negate(try part(inner, of: id, place)))
    // No vectors: the checks of types refuse them here.
    case .number, .string, .matrix, .subquery: return VectorPlan(site: site, .vector(.number(.nan)))
    }
  }

  // MARK: Range vectors

  mutating func windows(
    _ node: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> WindowsPlan {
    let id = expression.unwrapped(node)
    let site = expression[id].range
    let range = durations.ranges[id.index] ?? 0
    switch expression[id].form {
    case .matrix(let selector, _):
      guard case .selector(let written) = expression[selector].form else { break }
      let time = timeReference(written.time, offset: durations.offsets[selector.index])
      let reach = written.edges == .none ? 0 : context.lookback
      let plan = select(
        written, time, place, back: range &+ reach,
        ahead: written.edges == .smoothed ? reach : 0)
      return WindowsPlan(site: site, .select(plan, range: range))
    case .subquery(let written):
      let time = timeReference(written.time, offset: durations.offsets[id.index])
      let step = durations.steps[id.index].flatMap { $0 > 0 ? $0 : nil } ?? context.defaultSubqueryStep
      // All inner steps lie in the windows of the outer steps.
      let first = SubqueryPlan.firstStep(after: time.reference(step: place.first), range: range, step: step)
      var last = SubqueryPlan.lastStep(through: time.reference(step: place.last), step: step)
      if place.last < place.first { last = min(last, first &- 1) }
      let inner = Surroundings(first: first, last: last, histograms: .buckets)
      let plan = SubqueryPlan(
        vector: try vector(written.expression, inner), range: range, step: step, time: time)
      return WindowsPlan(site: site, .subquery(plan))
    case .number, .string, .selector, .aggregation, .binary, .call, .parenthesis, .unary: break
    }
    let nothing = VectorPlan(site: site, .vector(.number(.nan)))
    return WindowsPlan(
      site: site,
      .subquery(SubqueryPlan(vector: nothing, range: 1, step: 1, time: TimeReference())))
  }

  func timeReference(_ written: Expression.TimeModifiers, offset: Int64?) -> TimeReference {
    let at: Int64? =
      switch written.at {
      case nil: nil
      case .time(let time): time
      case .start: context.grid.start
      case .end: context.grid.end
      }
    return TimeReference(at: at, offset: offset ?? 0)
  }

  private mutating func select(
    _ written: Expression.Selector, _ time: TimeReference, _ place: Surroundings, back: Int64,
    ahead: Int64
  ) -> SelectorPlan {
    let matchers = written.matchers.map(\.compiled)
    let name = matchers.first { $0.operation == .equal && $0.name == LabelName.metric }?.value
    return SelectorPlan(
      selection: add(matchers, time, place, back: back, ahead: ahead), metricName: name, time: time,
      edges: written.edges, readsStatisticsOnly: place.histograms == .statistics)
  }

  mutating func add(
    _ matchers: [LabelMatcher], _ time: TimeReference, _ place: Surroundings, back: Int64,
    ahead: Int64
  ) -> Int {
    let (after, early) = time.reference(step: place.first).subtractingReportingOverflow(back)
    let (through, late) = time.reference(step: place.last).addingReportingOverflow(ahead)
    let start = early ? .min : after
    // Without steps nothing is needed.
    let end = place.last < place.first ? start : late ? .max : through
    selections.append(Selection(matchers: matchers, after: start, through: end))
    return selections.count - 1
  }
}

extension SubqueryPlan {
  /// The first multiple of the step that is later than `reference − range`, milliseconds.
  public static func firstStep(after reference: Int64, range: Int64, step: Int64) -> Int64 {
    let (start, overflow) = reference.subtractingReportingOverflow(range)
    let floor = overflow ? Int64.min / 2 : start
    let multiple = floor / step * step
    // Division truncates toward zero: the multiple is at or before a positive floor, at or after a
    // negative one.
    return multiple > floor ? multiple : multiple &+ step
  }

  /// The last multiple of the step at or before a time, milliseconds.
  public static func lastStep(through reference: Int64, step: Int64) -> Int64 {
    let multiple = reference / step * step
    return multiple > reference ? multiple &- step : multiple
  }
}
