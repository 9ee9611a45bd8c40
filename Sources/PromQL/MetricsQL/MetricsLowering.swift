import TimeSeries

/// From MetricsQL to a plan: the same plan as PromQL's where the meaning is the same, as far as series and
/// labels go; `VectorForm.foreign` elsewhere.
struct MetricsLowering {
  /// What a part means.
  enum Meaning {
    case scalar(ScalarPlan)
    case vector(VectorPlan)
    case text([UInt8])
  }

  private(set) var selections: [Selection] = []
  /// Functions that PromQL has not.
  var features: [MetricsFeature] = []
  /// Functions whose values are not known.
  var foreign: [MetricsFeature] = []
  private let time: Int64
  /// The offset and `@` of what is around.
  private var moved = TimeReference()

  init(time: Int64) { self.time = time }

  // MARK: Parts

  mutating func root(_ node: MetricsNode) throws(MetricsProblem) -> Plan.Root {
    // A selector with a window is answered with its samples.
    if case .timed(let inner, let timing) = node.form, case .selector(let selector) = inner.form,
      let window = timing.window, !timing.isSubquery, selector.alternatives.count == 1
    {
      let range = window.milliseconds(step: MetricsReading.defaultStep)
      let around = moved
      move(by: timing)
      defer { moved = around }
      return .windows(
        WindowsPlan(
          site: node.range, .select(try select(selector, selector.alternatives[0], inner.range), range: range)
        ))
    }
    switch try meaning(node) {
    case .scalar(let scalar): return .scalar(scalar)
    case .vector(let vector): return .vector(vector)
    case .text(let bytes): return .string(String(decoding: bytes, as: UTF8.self))
    }
  }

  mutating func meaning(_ node: MetricsNode) throws(MetricsProblem) -> Meaning {
    switch node.form {
    case .number(let number): return .scalar(.number(number))
    case .duration(let duration):
      return .scalar(.number(Double(duration.milliseconds(step: MetricsReading.defaultStep)) / 1000))
    case .text(let bytes): return .text(bytes)
    case .parameter(let name):
      throw MetricsProblem("nothing stands for \(name)", node.range)
    case .selector(let selector): return .vector(try vector(selector, node.range))
    case .union(let parts): return .vector(try union(parts, node.range))
    case .negate(let inner):
      switch try meaning(inner) {
      case .scalar(let scalar): return .scalar(.negate(scalar))
      case .vector(let vector): return .vector(VectorPlan(site: node.range, .negate(vector)))
      case .text: return .scalar(.number(.nan))
      }
    case .timed(let inner, let timing): return .vector(try timed(inner, timing, node.range))
    case .binary(let binary): return try self.binary(binary, node.range)
    case .call(let function, let arguments, let aggregation):
      return try call(function, arguments, aggregation, node.range)
    }
  }

  mutating func vector(_ node: MetricsNode) throws(MetricsProblem) -> VectorPlan {
    switch try meaning(node) {
    case .scalar(let scalar): return VectorPlan(site: node.range, .vector(scalar))
    case .vector(let vector): return vector
    case .text: return VectorPlan(site: node.range, .vector(.number(.nan)))
    }
  }

  mutating func scalar(_ node: MetricsNode) throws(MetricsProblem) -> ScalarPlan {
    switch try meaning(node) {
    case .scalar(let scalar): return scalar
    case .vector(let vector): return .only(vector)
    case .text: return .number(.nan)
    }
  }

  mutating func argument(_ node: MetricsNode) throws(MetricsProblem) -> ScalarArgument {
    ScalarArgument(site: node.range, try scalar(node))
  }

  /// The series of all.
  mutating func union(_ parts: [MetricsNode], _ site: SourceRange) throws(MetricsProblem) -> VectorPlan {
    var vectors: [VectorPlan] = []
    for part in parts { vectors.append(try vector(part)) }
    if let plan = Self.union(vectors, site) { return plan }
    return note("union", .several, [], site)
  }

  static func union(_ vectors: [VectorPlan], _ site: SourceRange) -> VectorPlan? {
    guard let first = vectors.first else { return nil }
    return vectors.dropFirst().reduce(first) { whole, next in
      VectorPlan(site: site, .set(.or, whole, next, .ignoring([])))
    }
  }

  /// A part whose values are not known.
  mutating func note(
    _ name: String, _ effect: ForeignPlan.Effect, grouping: AggregationPlan.Grouping? = nil,
    _ inputs: [ForeignPlan.Input], _ site: SourceRange
  ) -> VectorPlan {
    foreign.append(MetricsFeature(name: name, range: site))
    return VectorPlan(site: site, .foreign(ForeignPlan(name, effect, grouping: grouping, inputs)))
  }

  // MARK: Selectors

  private mutating func vector(_ selector: MetricsSelector, _ site: SourceRange) throws(MetricsProblem)
    -> VectorPlan
  {
    var found: [VectorPlan] = []
    for alternative in selector.alternatives {
      found.append(VectorPlan(site: site, .select(try select(selector, alternative, site))))
    }
    return Self.union(found, site) ?? VectorPlan(site: site, .vector(.number(.nan)))
  }

  private mutating func select(
    _ selector: MetricsSelector, _ filters: [MetricsSelector.Filter], _ site: SourceRange
  ) throws(MetricsProblem) -> SelectorPlan {
    var matchers: [LabelMatcher] = []
    var name = selector.name
    for filter in filters {
      guard let operation = filter.operation else {
        throw MetricsProblem("the label \(filter.label) has no condition", filter.range)
      }
      var value: [UInt8] = []
      for part in filter.value {
        guard case .text(let bytes) = part.form else {
          throw MetricsProblem("a label is compared with a text only", filter.range)
        }
        value += bytes
      }
      do {
        let matcher = try LabelMatcher(filter.label, operation, String(decoding: value, as: UTF8.self))
        if matcher.name == "__name__", operation == .equal {
          if let name, filter.isName, name != matcher.value {
            throw MetricsProblem("the metric has two names: \(name) and \(matcher.value)", filter.range)
          }
          name = name ?? matcher.value
        }
        matchers.append(matcher)
      } catch let problem as MetricsProblem {
        throw problem
      } catch {
        throw MetricsProblem("the pattern cannot be read: \(error)", filter.range)
      }
    }
    if let own = selector.name { matchers.append(LabelMatcher("__name__", equals: own)) }
    selections.append(Selection(matchers: matchers, after: time &- 300_000, through: time))
    return SelectorPlan(selection: selections.count - 1, metricName: name, time: moved)
  }

  // MARK: Times

  private mutating func move(by timing: MetricsNode.Timing) {
    let offset = timing.offset?.milliseconds(step: MetricsReading.defaultStep) ?? 0
    moved.offset = min(max(moved.offset.addingReportingOverflow(offset).partialValue, -(1 << 50)), 1 << 50)
    switch timing.at?.form {
    case .number(let seconds)?: moved.at = Int64(exactly: (seconds * 1000).rounded()) ?? moved.at
    case .call(let function, _, _)? where ["start", "end", "now"].contains(function.name): moved.at = time
    case nil: break
    case .some: moved.at = time
    }
  }

  /// A window where no function reads it is read by the newest sample in it.
  private mutating func timed(
    _ inner: MetricsNode, _ timing: MetricsNode.Timing, _ site: SourceRange
  ) throws(MetricsProblem) -> VectorPlan {
    if let at = timing.at { _ = try scalar(at) }
    guard timing.hasBrackets else {
      let around = moved
      move(by: timing)
      defer { moved = around }
      return try vector(inner)
    }
    let found = try windows(MetricsNode(form: .timed(inner, timing), range: site))
    let plans = found.map { VectorPlan(site: site, .window(.lastOverTime, $0, [])) }
    return Self.union(plans, site) ?? VectorPlan(site: site, .vector(.number(.nan)))
  }

  /// The windows that a function of windows reads: of each alternative of a selector its own.
  mutating func windows(_ node: MetricsNode) throws(MetricsProblem) -> [WindowsPlan] {
    let around = moved
    defer { moved = around }
    var inner = node
    var timing = MetricsNode.Timing()
    if case .timed(let expression, let written) = node.form {
      inner = expression
      timing = written
      if let at = timing.at { _ = try scalar(at) }
      move(by: timing)
    }
    let step = timing.step?.milliseconds(step: MetricsReading.defaultStep) ?? MetricsReading.defaultStep
    let range = timing.window?.milliseconds(step: MetricsReading.defaultStep) ?? MetricsReading.defaultStep
    if case .selector(let selector) = inner.form, !timing.isSubquery {
      var found: [WindowsPlan] = []
      for alternative in selector.alternatives {
        let plan = try select(selector, alternative, inner.range)
        found.append(WindowsPlan(site: node.range, .select(plan, range: max(1, range))))
      }
      return found
    }
    let subquery = SubqueryPlan(
      vector: try vector(inner), range: max(1, range), step: max(1, step), time: TimeReference())
    return [WindowsPlan(site: node.range, .subquery(subquery))]
  }
}
