public import PromQL
public import TimeSeries

/// What is known of every part of a plan without data: one pass, read by all rules.
public struct PlanFacts: Sendable {
  /// A part of a plan with what is known of it.
  public struct Node: Sendable {
    /// Where it was written; nil for scalars, which plans do not place.
    public var site: SourceRange?
    public var content: Content
    /// Of the parts directly below, as indexes into `nodes`.
    public var children: [Int]
    /// Of the part directly above; nil at the root.
    public var parent: Int?
  }

  public enum Content: Sendable {
    case vector(VectorPlan, VectorFacts)
    /// A range vector, with what is known of the series whose samples it holds.
    case windows(WindowsPlan, VectorFacts)
    case scalar(ScalarPlan, ValueFacts)
    case string
  }

  /// In post-order: parts before what they are parts of, the root last.
  public private(set) var nodes: [Node] = []
  /// Of the plan.
  public let selections: [Selection]
  /// The query's.
  let text: [UInt8]
  /// Of metrics that rules write, by name.
  private let recorded: [String: VectorFacts]

  /// Costs one visit a part. Recurses as deep as the plan, which lowering bounds.
  ///
  /// - Parameter recorded: what is known of the metrics that rules write, by name.
  public init(_ plan: Plan, recorded: [String: VectorFacts] = [:]) {
    selections = plan.selections
    text = plan.text
    self.recorded = recorded
    switch plan.root {
    case .scalar(let scalar): _ = add(scalar)
    case .vector(let vector): _ = add(vector)
    case .windows(let windows): _ = add(windows)
    case .string: _ = append(Node(site: SourceRange(0, plan.text.count), content: .string, children: []))
    }
  }

  /// The whole plan.
  public var root: Node { nodes[nodes.count - 1] }

  /// What is known of the whole, when it is an instant vector.
  public var rootVector: VectorFacts? {
    if case .vector(_, let facts) = root.content { facts } else { nil }
  }

  /// The matchers of a selector.
  func matchers(_ selector: SelectorPlan) -> [LabelMatcher] {
    selections.indices.contains(selector.selection) ? selections[selector.selection].matchers : []
  }

  private mutating func append(_ node: Node) -> Int {
    let index = nodes.count
    for child in node.children { nodes[child].parent = index }
    nodes.append(node)
    return index
  }

  private mutating func add(_ plan: VectorPlan) -> Int {
    var children: [Int] = []
    var facts = facts(plan, &children)
    // What never has a series because a part of it never has one is that part's fault.
    if facts.impossibility != nil, children.contains(where: { vectorFacts($0).impossibility != nil }) {
      facts.count = .none(.part)
    }
    return append(Node(site: plan.site, content: .vector(plan, facts), children: children))
  }

  private mutating func add(_ plan: WindowsPlan) -> Int {
    switch plan.form {
    case .select(let selector, _):
      return append(Node(site: plan.site, content: .windows(plan, selected(selector)), children: []))
    case .subquery(let subquery):
      let child = add(subquery.vector)
      return append(
        Node(site: plan.site, content: .windows(plan, vectorFacts(child)), children: [child]))
    }
  }

  private mutating func add(_ plan: ScalarPlan) -> Int {
    var children: [Int] = []
    let values = values(plan, &children)
    return append(Node(site: nil, content: .scalar(plan, values), children: children))
  }

  private func vectorFacts(_ index: Int) -> VectorFacts {
    switch nodes[index].content {
    case .vector(_, let facts), .windows(_, let facts): facts
    case .scalar(_, let values): VectorFacts(labels: .none, empty: [], values: values)
    case .string: VectorFacts(labels: .none)
    }
  }

  private mutating func vector(_ plan: VectorPlan, _ children: inout [Int]) -> VectorFacts {
    let child = add(plan)
    children.append(child)
    return vectorFacts(child)
  }

  private mutating func windows(_ plan: WindowsPlan, _ children: inout [Int]) -> VectorFacts {
    let child = add(plan)
    children.append(child)
    return vectorFacts(child)
  }

  private mutating func scalar(_ plan: ScalarPlan, _ children: inout [Int]) -> ValueFacts {
    let child = add(plan)
    children.append(child)
    if case .scalar(_, let values) = nodes[child].content { return values }
    return .anything
  }

  // MARK: Scalars

  private mutating func values(_ plan: ScalarPlan, _ children: inout [Int]) -> ValueFacts {
    switch plan {
    case .number(let value): return .constant(value)
    case .time: return .unbounded
    case .negate(let inner): return scalar(inner, &children).negated
    case .arithmetic(let operation, let lhs, let rhs):
      let left = scalar(lhs, &children)
      let right = scalar(rhs, &children)
      return .arithmetic(operation, left, right)
    case .comparison(_, let lhs, let rhs):
      _ = scalar(lhs, &children)
      _ = scalar(rhs, &children)
      return .zeroToOne
    case .trim(_, let lhs, let rhs):
      _ = scalar(lhs, &children)
      _ = scalar(rhs, &children)
      return .anything
    case .larger(let lhs, let rhs):
      let left = scalar(lhs, &children)
      let right = scalar(rhs, &children)
      return left.union(right).with(max(left.lower, right.lower), max(left.upper, right.upper))
    case .smaller(let lhs, let rhs):
      let left = scalar(lhs, &children)
      let right = scalar(rhs, &children)
      return left.union(right).with(min(left.lower, right.lower), min(left.upper, right.upper))
    case .only(let inner):
      let facts = vector(inner, &children)
      return facts.isExactlyOne ? facts.values : facts.values.adding(.notOneSeries)
    case .pinned(let inner): return scalar(inner, &children)
    }
  }

  // MARK: Vectors

  private func selected(_ selector: SelectorPlan) -> VectorFacts {
    let matchers = matchers(selector)
    var facts = VectorFacts(labels: LabelFacts(matchers: matchers), histograms: .possible)
    if let name = selector.metricName {
      let name = MetricNameFacts(name)
      facts.unit = name.unit
      if name.nature != .unknown {
        facts.values = ValueFacts(0, .infinity)
        facts.histograms = .never
      }
    }
    switch selector.metricName {
    // What Prometheus itself writes.
    case "up"?: facts.values = .zeroToOne
    case "ALERTS"?: facts.values = .constant(1)
    case let name?:
      guard let known = recorded[name] else { break }
      facts.labels = known.labels.narrowed(by: matchers)
      facts.count = facts.labels.tellNothingApart ? .atMostOne : .many
      (facts.values, facts.share, facts.histograms) = (known.values, known.share, known.histograms)
      facts.unit = known.unit ?? facts.unit
    case nil: break
    }
    if let label = Contradiction.label(in: matchers) { facts.count = .none(.contradiction(label: label)) }
    return facts
  }

  private mutating func facts(_ plan: VectorPlan, _ children: inout [Int]) -> VectorFacts {
    switch plan.form {
    case .select(let selector): return selected(selector)
    case .vector(let inner):
      return VectorFacts(labels: .none, empty: [], values: scalar(inner, &children))
    case .pinned(let inner), .plus(let inner): return vector(inner, &children)
    case .negate(let inner):
      return vector(inner, &children).computed { $0.negated }
    case .point(let function, let inner):
      let facts = vector(inner, &children)
      var result = facts.computed { function.values($0) }
      if function == .abs || function == .ceil || function == .floor { result.share = facts.share }
      return result
    case .bounded(let function, let inner, let arguments):
      let facts = vector(inner, &children)
      let bounds = arguments.map { scalar($0, &children) }
      return facts.bounded(function, bounds)
    case .date(let function, let inner):
      let facts = inner.map { vector($0, &children) } ?? VectorFacts(labels: .none, empty: [])
      return facts.read(function.values)
    case .timestamp(let inner), .startTimestamp(let inner):
      var facts = vector(inner, &children).read(.unbounded)
      facts.unit = MetricUnit(.time)
      return facts
    case .absent(let inner, let labels):
      _ = vector(inner, &children)
      return .absent(labels)
    case .absentOverTime(let inner, let labels):
      _ = windows(inner, &children)
      return .absent(labels)
    case .window(let function, let inner, let arguments):
      let facts = windows(inner, &children)
      for argument in arguments { _ = scalar(argument.value, &children) }
      return function.facts(facts)
    case .reading(let reading, let inner):
      var facts = vector(inner, &children).read(
        reading == .avg || reading == .sum ? .unbounded : .notNegative)
      // Floats have nothing to read.
      facts.empty.formUnion(.noSeries)
      return facts
    case .histogramQuantile(let phi, let inner):
      let facts = vector(inner, &children)
      return facts.quantile(
        scalar(phi.value, &children), observed: observedUnit(children.last(where: isVector)))
    case .histogramQuantiles(let inner, let label, let phis):
      let facts = vector(inner, &children)
      for phi in phis { _ = scalar(phi.value, &children) }
      var result = facts.quantile(.zeroToOne, observed: observedUnit(children.first))
      result.labels = result.labels.setting(label, .certain)
      result.count = phis.count > 1 ? .many : result.count
      return result
    case .histogramFraction(let lower, let upper, let inner):
      let facts = vector(inner, &children)
      _ = scalar(lower, &children)
      _ = scalar(upper, &children)
      var result = facts.quantile(.zeroToOne, observed: nil)
      result.values = ValueFacts(0, 1, nan: .noObservations)
      result.unit = .share
      return result
    case .labelReplace(let inner, let replacement):
      return vector(inner, &children).labelled(replacement.destination)
    case .labelJoin(let inner, let joining):
      return vector(inner, &children).labelled(joining.destination)
    case .sort(let inner, _): return vector(inner, &children)
    case .info(let inner, _):
      var facts = vector(inner, &children)
      facts.labels = facts.labels.union(.any)
      return facts
    case .aggregate(let aggregation):
      let facts = vector(aggregation.vector, &children)
      let parameter = aggregation.parameter.map { scalar($0.value, &children) }
      return facts.aggregated(aggregation, parameter: parameter)
    case .scalarArithmetic(let operation, let inner, let number, let side):
      let facts = vector(inner, &children)
      let values = scalar(number, &children)
      var result = facts.combined(operation, with: values, on: side)
      if operation == .divide, side == .right, case .only(let divisor) = number.unpinned {
        // scalar(…) of the whole makes the same share.
        RatioFacts(inner, divisor, selections, .scalar).refine(&result)
        if ZeroDivisor(divisor, selections, .scalar, text).isHarmless(below: inner) {
          result.values.mayDivideByZero = facts.values.mayDivideByZero
        }
      }
      return result
    case .scalarComparison(let operation, let inner, let number, let side, let returnsBool):
      let facts = vector(inner, &children)
      let values = scalar(number, &children)
      return facts.compared(operation, with: values, on: side, returnsBool: returnsBool)
    case .scalarTrim(_, let inner, let number, _):
      let facts = vector(inner, &children)
      _ = scalar(number, &children)
      return facts.filtered
    case .arithmetic(let operation, let lhs, let rhs, let matching):
      let left = vector(lhs, &children)
      let right = vector(rhs, &children)
      var facts = VectorFacts.matched(left, right, matching, keepsName: false)
      facts.values = .arithmetic(operation, left.values, right.values)
      facts.histograms = left.histograms == .possible || right.histograms == .possible ? .possible : .never
      switch operation {
      case .divide:
        facts.unit = .quotient(left.unit, right.unit)
        RatioFacts(lhs, rhs, selections, matching).refine(&facts)
        if ZeroDivisor(rhs, selections, matching, text).isHarmless(below: lhs) {
          facts.values.mayDivideByZero = left.values.mayDivideByZero || right.values.mayDivideByZero
        }
        if facts.values.nan.contains(.division), let divisor = children.last, isRate(divisor) {
          facts.values.nan.formUnion(.idle)
        }
      case .add, .subtract: facts.unit = left.unit == right.unit ? left.unit : nil
      case .multiply, .modulo, .power, .atan2: facts.unit = nil
      }
      return facts
    case .comparison(let operation, let lhs, let rhs, let matching, let returnsBool):
      let left = vector(lhs, &children)
      let right = vector(rhs, &children)
      var facts = VectorFacts.matched(left, right, matching, keepsName: !returnsBool)
      if returnsBool {
        facts.values = .zeroToOne
      } else {
        facts.values = left.values
        facts.unit = left.unit
        facts.share = left.share
        facts.histograms = left.histograms
        facts.empty.formUnion(.filtered)
        let isUnequal = isSame(lhs, rhs, matching) && (operation == .less || operation == .greater)
        if facts.impossibility == nil, isUnequal || operation.neverHolds(left.values, right.values) {
          facts.count = .none(.neverHolds)
        }
      }
      return facts
    case .trim(_, let lhs, let rhs, let matching):
      let left = vector(lhs, &children)
      let right = vector(rhs, &children)
      return VectorFacts.matched(left, right, matching, keepsName: false)
    case .set(let operation, let lhs, let rhs, let labels):
      let left = vector(lhs, &children)
      let right = vector(rhs, &children)
      var facts = VectorFacts.combined(operation, left, right, labels)
      if facts.impossibility == nil, leavesNothing(operation, lhs, rhs, labels, left) {
        facts.count = .none(.neverHolds)
      }
      return facts
    case .foreign(let foreign): return facts(foreign, &children)
    }
  }

  /// The values of a function of another language are unknown; how many series it makes is not.
  private mutating func facts(_ foreign: ForeignPlan, _ children: inout [Int]) -> VectorFacts {
    var inputs: [VectorFacts] = []
    for input in foreign.inputs {
      switch input {
      case .vector(let plan): inputs.append(vector(plan, &children))
      case .windows(let plan): inputs.append(windows(plan, &children))
      case .scalar(let plan): _ = scalar(plan, &children)
      }
    }
    return .foreign(foreign, inputs)
  }

  /// Whether a part measures what happens in a window: it is 0 when nothing does.
  private func isRate(_ index: Int) -> Bool {
    if case .vector(let plan, _) = nodes[index].content, case .window(let function, _, _) = plan.form,
      [.rate, .irate, .increase].contains(function)
    {
      return true
    }
    return nodes[index].children.contains { isRate($0) }
  }

  private func isVector(_ index: Int) -> Bool {
    if case .vector = nodes[index].content { true } else { false }
  }

  /// What the buckets below a part observe: the unit of the only metric in it.
  private func observedUnit(_ index: Int?) -> MetricUnit? {
    guard let index else { return nil }
    var units: [MetricUnit?] = []
    var open = [index]
    while let next = open.popLast() {
      open += nodes[next].children
      let selector: SelectorPlan
      switch nodes[next].content {
      case .vector(let plan, _):
        guard case .select(let found) = plan.form else { continue }
        selector = found
      case .windows(let plan, _):
        guard case .select(let found, _) = plan.form else { continue }
        selector = found
      case .scalar, .string: continue
      }
      units.append(selector.metricName.flatMap { MetricNameFacts($0).observedUnit })
    }
    return units.count == 1 ? units[0] : nil
  }
}

extension AggregationPlan {
  /// The parameter in front of the vector.
  var parameter: ScalarArgument? {
    switch operation {
    case .quantile(let parameter), .topk(let parameter), .bottomk(let parameter), .limitk(let parameter),
      .limitRatio(let parameter):
      parameter
    case .simple, .countValues: nil
    }
  }
}
