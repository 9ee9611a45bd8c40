import TimeSeries

/// From what was written to what it means, for the steps of one query (promql-evaluation.md §1–§4).
///
/// Works in two passes over the arena and never recurses: from the root down it finds out over which
/// steps each node is evaluated (`Places`), from the leaves up it builds the plan.
public struct Lowering {
  let expression: Expression
  let context: QueryContext
  let durations: ResolvedDurations
  let places: Places
  private(set) var selections: [Selection] = []
  /// Of each node the first selector in it; nil until somebody asks.
  var leadingSelectors: [Expression.NodeID?]?
  /// The plans of nodes whose parents have not been built yet.
  private var built: [Built]

  /// How many levels of an expression can be evaluated, and its plan released, on an ordinary thread;
  /// parentheses are free. Evaluating recurses: a level costs up to 2 KB of stack, ten times as much
  /// without optimisation, and a thread has 8 MB. Deeper plans need a stack of their own.
  public static let depthLimit: Int = {
    #if DEBUG
      250
    #else
      1000
    #endif
  }()

  /// Plans an expression. Linear in its size; throws `LoweringError` in Prometheus' words.
  ///
  /// Who allows more levels than `depthLimit` has to keep the plan on a thread with room for them.
  public static func plan(
    _ expression: Expression, in context: QueryContext, features: LanguageFeatures = .all,
    depthLimit: Int = Lowering.depthLimit
  ) throws(LoweringError) -> Plan {
    if !context.isInstant {
      switch expression[expression.root].type {
      case .scalar, .instantVector: break
      case .string, .rangeVector:
        throw .invalidRangeQueryType(expression[expression.root].type)
      }
    }
    if depth(of: expression) > depthLimit { throw .tooDeep(limit: depthLimit) }
    let durations = try ResolvedDurations(expression, context)
    try checkFeatures(expression, durations, features)
    var lowering = Lowering(expression, context, durations)
    return lowering.run()
  }

  private init(_ expression: Expression, _ context: QueryContext, _ durations: ResolvedDurations) {
    self.expression = expression
    self.context = context
    self.durations = durations
    places = Places(of: expression, in: context, durations)
    built = [Built](repeating: .nothing, count: expression.nodes.count)
  }

  /// How many levels an expression has, parentheses not counted. Linear in its size.
  public static func depth(of expression: Expression) -> Int {
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
    }
    return depths.max() ?? 0
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

  // MARK: Building

  /// What has been built of a node.
  private enum Built {
    case nothing
    case scalar(ScalarPlan)
    case vector(VectorPlan)
    case windows(WindowsPlan)
  }

  private mutating func run() -> Plan {
    for index in expression.nodes.indices where !places.isPartOfParent[index] {
      built[index] = build(Expression.NodeID(index))
    }
    let root: Plan.Root =
      switch expression[expression.root].type {
      case .scalar: .scalar(scalar(expression.root))
      case .instantVector: .vector(vector(expression.root))
      case .rangeVector: .windows(windows(expression.root))
      case .string: .string(text(expression.root))
      }
    return Plan(root: root, selections: selections, text: expression.text)
  }

  private mutating func build(_ id: Expression.NodeID) -> Built {
    let node = expression[id]
    if case .parenthesis(let inner) = node.form { return take(inner) }
    switch node.type {
    case .string: return .nothing
    case .rangeVector: return .windows(WindowsPlan(site: node.range, windowsForm(id)))
    case .scalar:
      let plan = scalarForm(id)
      if case .number = plan { return .scalar(plan) }
      return .scalar(places.isPinned[id.index] ? .pinned(plan) : plan)
    case .instantVector:
      let plan = vectorPlan(id)
      return .vector(places.isPinned[id.index] ? VectorPlan(site: plan.site, .pinned(plan)) : plan)
    }
  }

  private mutating func take(_ id: Expression.NodeID) -> Built {
    let plan = built[id.index]
    built[id.index] = .nothing
    return plan
  }

  /// The plan of a scalar operand. The checks of types promise that it is one.
  mutating func scalar(_ id: Expression.NodeID) -> ScalarPlan {
    if case .scalar(let plan) = take(id) { plan } else { .number(.nan) }
  }

  /// A scalar argument and where it was written, parentheses left out.
  mutating func argument(_ id: Expression.NodeID) -> ScalarArgument {
    ScalarArgument(site: expression[expression.unwrapped(id)].range, scalar(id))
  }

  /// The plan of a vector operand.
  mutating func vector(_ id: Expression.NodeID) -> VectorPlan {
    if case .vector(let plan) = take(id) { return plan }
    return VectorPlan(site: expression[id].range, .vector(.number(.nan)))
  }

  /// The plan of a range vector operand.
  mutating func windows(_ id: Expression.NodeID) -> WindowsPlan {
    if case .windows(let plan) = take(id) { return plan }
    let nothing = VectorPlan(site: expression[id].range, .vector(.number(.nan)))
    let subquery = SubqueryPlan(vector: nothing, range: 1, step: 1, time: TimeReference())
    return WindowsPlan(site: expression[id].range, .subquery(subquery))
  }

  /// The bytes of a string literal, parentheses around it or not.
  func bytes(_ id: Expression.NodeID) -> [UInt8] {
    if case .string(let bytes) = expression[expression.unwrapped(id)].form { bytes } else { [] }
  }

  func text(_ id: Expression.NodeID) -> String { String(decoding: bytes(id), as: UTF8.self) }

  // MARK: Selectors

  private mutating func vectorPlan(_ id: Expression.NodeID) -> VectorPlan {
    let site = expression[id].range
    switch expression[id].form {
    case .selector(let written):
      let time = places.time(of: id)
      let reach = context.lookback
      let selector = select(written, id, time, back: reach, ahead: written.edges == .smoothed ? reach : 0)
      return VectorPlan(site: site, .select(selector))
    case .aggregation(let aggregation):
      return VectorPlan(site: site, .aggregate(aggregate(aggregation, id)))
    case .binary(let binary): return VectorPlan(site: site, self.binary(binary))
    case .call(let call): return VectorPlan(site: site, self.call(call, id))
    case .unary(.plus, let inner):
      let operand = vector(inner)
      // `timestamp(+v)` does not see the samples of the selector `v`.
      if case .select = operand.form { return VectorPlan(site: site, .plus(operand)) }
      return operand
    case .unary(.minus, let inner): return VectorPlan(site: site, .negate(vector(inner)))
    // No vectors: the checks of types refuse them here.
    case .number, .string, .matrix, .subquery, .parenthesis:
      return VectorPlan(site: site, .vector(.number(.nan)))
    }
  }

  private mutating func windowsForm(_ id: Expression.NodeID) -> WindowsForm {
    let range = durations.ranges[id.index] ?? 0
    if case .matrix(let selector, _) = expression[id].form,
      case .selector(let written) = expression[selector].form
    {
      let reach = written.edges == .none ? 0 : context.lookback
      let plan = select(
        written, id, places.time(of: selector), back: range &+ reach,
        ahead: written.edges == .smoothed ? reach : 0)
      return .select(plan, range: range)
    }
    guard case .subquery(let written) = expression[id].form else { return windows(id).form }
    let step = places.step(ofSubquery: id)
    let plan = SubqueryPlan(
      vector: vector(written.expression), range: range, step: step, time: places.time(of: id))
    return .subquery(plan)
  }

  /// `place` is the node over whose steps the selector is evaluated.
  private mutating func select(
    _ written: Expression.Selector, _ place: Expression.NodeID, _ time: TimeReference, back: Int64,
    ahead: Int64
  ) -> SelectorPlan {
    let matchers = written.matchers.map(\.compiled)
    let name = written.matchers.first { $0.isAboutName && $0.compiled.operation == .equal }
    return SelectorPlan(
      selection: add(matchers, time, places[place], back: back, ahead: ahead),
      metricName: name?.compiled.value, time: time, edges: written.edges,
      readsStatisticsOnly: places[place].histograms == .statistics)
  }

  /// Adds what a selector needs: samples later than `back` before its first time, and up to `ahead`
  /// after its last one, milliseconds.
  mutating func add(
    _ matchers: [LabelMatcher], _ time: TimeReference, _ place: NodeContext, back: Int64, ahead: Int64
  ) -> Int {
    let (after, early) = time.reference(step: place.first).subtractingReportingOverflow(back)
    let (through, late) = time.reference(step: place.last).addingReportingOverflow(ahead)
    let start = early ? .min : after
    // Without steps nothing is needed.
    let end = place.isEmpty ? start : late ? .max : through
    selections.append(Selection(matchers: matchers, after: start, through: end))
    return selections.count - 1
  }
}
