/// Where a node stands: over which steps it is evaluated, and what its ancestors make of histograms.
struct NodeContext {
  /// The first and last step at which the node is evaluated, milliseconds; no step when the last is
  /// before the first.
  var first: Int64
  var last: Int64
  var histograms = HistogramUse.unknown

  /// Whether an ancestor needs only count and sum of histograms (promql-evaluation.md §2.6).
  enum HistogramUse { case unknown, statistics, buckets }

  var isEmpty: Bool { last < first }

  /// Evaluated at the first step only.
  var pinned: NodeContext {
    NodeContext(first: first, last: min(first, last), histograms: histograms)
  }

  /// Below a node that uses histograms in a certain way; whoever needs buckets prevails.
  func using(_ use: HistogramUse) -> NodeContext {
    var inner = self
    if histograms != .buckets { inner.histograms = use }
    return inner
  }
}

/// What the nodes of an expression inherit from their ancestors, found from the root down.
struct Places {
  /// Whether the node is the topmost of those that do not depend on the step.
  private(set) var isPinned: [Bool]
  /// Whether the node is read together with its parent and has no plan of its own: the selector of a
  /// range vector, the label selector of `info`.
  private(set) var isPartOfParent: [Bool]

  private let expression: Expression
  private let context: QueryContext
  private let durations: ResolvedDurations
  private var surroundings: [NodeContext]
  private let isInvariant: [Bool]
  /// Whether the node is inside of one that does not depend on the step.
  private var isInsideInvariant: [Bool]

  /// Linear in the size of the expression.
  init(of expression: Expression, in context: QueryContext, _ durations: ResolvedDurations) {
    self.expression = expression
    self.context = context
    self.durations = durations
    let count = expression.nodes.count
    isInvariant = Invariance.nodes(of: expression)
    isPinned = [Bool](repeating: false, count: count)
    isPartOfParent = isPinned
    isInsideInvariant = isPinned
    let steps = context.grid.count
    let last = steps > 0 ? context.grid.time(steps - 1) : context.grid.start &- 1
    let whole = NodeContext(first: context.grid.start, last: last)
    surroundings = [NodeContext](repeating: whole, count: count)
    // Parents come after their children.
    for index in expression.nodes.indices.reversed() { place(Expression.NodeID(index)) }
  }

  subscript(_ id: Expression.NodeID) -> NodeContext { surroundings[id.index] }

  /// The time that a selector or subquery looks at.
  func time(of id: Expression.NodeID) -> TimeReference {
    let written: Expression.TimeModifiers =
      switch expression[id].form {
      case .selector(let selector): selector.time
      case .subquery(let subquery): subquery.time
      case .number, .string, .matrix, .aggregation, .binary, .call, .parenthesis, .unary: .init()
      }
    let at: Int64? =
      switch written.at {
      case nil: nil
      case .time(let time): time
      case .start: context.grid.start
      case .end: context.grid.end
      }
    return TimeReference(at: at, offset: durations.offsets[id.index] ?? 0)
  }

  /// The step of a subquery, milliseconds, positive.
  func step(ofSubquery id: Expression.NodeID) -> Int64 {
    if let step = durations.steps[id.index], step > 0 { return step }
    return max(1, context.defaultSubqueryStep)
  }

  /// Settles a node and hands on to its children.
  private mutating func place(_ id: Expression.NodeID) {
    let node = expression[id]
    if case .parenthesis(let inner) = node.form {
      surroundings[inner.index] = surroundings[id.index]
      isInsideInvariant[inner.index] = isInsideInvariant[id.index]
      return
    }
    let isValue = node.type == .scalar || node.type == .instantVector
    if isValue, isInvariant[id.index], !isInsideInvariant[id.index] {
      isPinned[id.index] = true
      surroundings[id.index] = surroundings[id.index].pinned
    }
    let here = surroundings[id.index]
    for child in expression.children(of: id) {
      surroundings[child.index] = here
      isInsideInvariant[child.index] = isInvariant[id.index]
    }
    switch node.form {
    case .matrix(let selector, _): isPartOfParent[selector.index] = true
    case .subquery(let subquery):
      surroundings[subquery.expression.index] = inner(of: id, here)
      // Whatever a subquery does, what is inside is pinned at its first inner step.
      isInsideInvariant[subquery.expression.index] = false
    case .call(let call): place(call, here)
    case .binary(let binary):
      if case .trim = binary.operation.facts.kind {
        // Trimming looks at the buckets of histograms.
        surroundings[binary.lhs.index] = here.using(.buckets)
        surroundings[binary.rhs.index] = here.using(.buckets)
      }
    case .number, .string, .selector, .aggregation, .parenthesis, .unary: break
    }
  }

  private mutating func place(_ call: Expression.Call, _ here: NodeContext) {
    let use: NodeContext.HistogramUse? =
      switch call.function.facts.family {
      case .reading(.count), .reading(.sum), .reading(.avg): .statistics
      case .histogramQuantile, .histogramQuantiles, .histogramFraction: .buckets
      case .info, .point, .bounded, .date, .reading(.stddev), .reading(.stdvar), .window, .absent,
        .absentOverTime, .scalar, .vector, .time, .pi, .larger, .smaller, .query, .timestamp,
        .startTimestamp, .sort, .sortByLabel, .labelReplace, .labelJoin:
        nil
      }
    if let use {
      for argument in call.arguments { surroundings[argument.index] = here.using(use) }
    }
    if call.function.facts.family == .info, call.arguments.count > 1 {
      isPartOfParent[call.arguments[1].index] = true
    }
  }

  /// The inner steps of a subquery: all lie in the windows of the outer steps.
  private func inner(of id: Expression.NodeID, _ outer: NodeContext) -> NodeContext {
    let time = time(of: id)
    let step = step(ofSubquery: id)
    let first = SubqueryPlan.firstStep(
      after: time.reference(step: outer.first), range: durations.ranges[id.index] ?? 0, step: step)
    var last = SubqueryPlan.lastStep(through: time.reference(step: outer.last), step: step)
    if outer.isEmpty { last = min(last, first &- 1) }
    return NodeContext(first: first, last: last, histograms: .buckets)
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
