import TimeSeries

extension MetricsLowering {
  mutating func call(
    _ function: MetricsFunction, _ arguments: [MetricsNode], _ aggregation: MetricsNode.Aggregation?,
    _ site: SourceRange
  ) throws(MetricsProblem) -> Meaning {
    guard let wanted = function.arguments(arguments.count) else {
      throw MetricsProblem(
        "\(function.name) takes \(function.wanted), not \(arguments.count) arguments", site)
    }
    for (argument, kind) in zip(arguments, wanted) {
      guard kind == .text else { continue }
      guard case .text = argument.form else {
        throw MetricsProblem("\(function.name) wants a text in quotes here", argument.range)
      }
    }
    let shared = Function(rawValue: Self.aliases[function.name] ?? function.name)
    // Older versions of Prometheus have `holt_winters`.
    if Function(rawValue: function.name) == nil, AggregationOperator(rawValue: function.name) == nil,
      function.name != "holt_winters"
    {
      features.append(MetricsFeature(name: function.name, range: site))
    }
    if let aggregation {
      return .vector(try aggregate(function, arguments, aggregation, site))
    }
    switch function.family {
    case .rollup: return .vector(try rollup(function, shared, arguments, wanted, site))
    case .transform, .aggregate: return try transform(function, shared, arguments, wanted, site)
    }
  }

  /// Functions that are PromQL's under another name, as far as series and kinds of values go.
  private static let aliases = [
    "rate_prometheus": "rate", "increase_prometheus": "increase", "increase_pure": "increase",
    "delta_prometheus": "delta", "changes_prometheus": "changes", "default_rollup": "last_over_time",
    "holt_winters": "double_exponential_smoothing", "tfirst_over_time": "ts_of_first_over_time",
    "tlast_over_time": "ts_of_last_over_time", "tmax_over_time": "ts_of_max_over_time",
    "tmin_over_time": "ts_of_min_over_time", "now": "time",
  ]

  private func text(_ node: MetricsNode) -> [UInt8] {
    if case .text(let bytes) = node.form { bytes } else { [] }
  }

  // MARK: Windows

  private mutating func rollup(
    _ function: MetricsFunction, _ shared: Function?, _ arguments: [MetricsNode],
    _ wanted: [MetricsFunction.Argument], _ site: SourceRange
  ) throws(MetricsProblem) -> VectorPlan {
    var windows: [WindowsPlan] = []
    var scalars: [ScalarArgument] = []
    var isOneText = false
    for (argument, kind) in zip(arguments, wanted) {
      switch kind {
      case .windows: windows = try self.windows(argument)
      case .number: scalars.append(try self.argument(argument))
      case .text: isOneText = true
      case .any: isOneText = text(argument) != []
      }
    }
    var found: [VectorPlan] = []
    for window in windows {
      let family = shared?.facts.family
      let form: VectorForm
      if case .window(let plain)? = family {
        form = .window(plain, window, scalars)
      } else if case .absentOverTime? = family {
        form = .absentOverTime(window, labels: absentLabels(window))
      } else if case .timestamp? = family, case .select(let selector, _) = window.form {
        form = .timestamp(VectorPlan(site: window.site, .select(selector)))
      } else if function.name == "median_over_time" {
        form = .window(.quantileOverTime, window, [ScalarArgument(site: site, .number(0.5))])
      } else {
        let effect: ForeignPlan.Effect = function.effect == .several && isOneText ? .series : function.effect
        let numbers = scalars.map { ForeignPlan.Input.scalar($0.value) }
        form = note(function.name, effect, [.windows(window)] + numbers, site).form
      }
      found.append(VectorPlan(site: site, form))
    }
    if let plan = Self.union(found, site) { return plan }
    return note(function.name, .several, [], site)
  }

  /// What `absent_over_time` makes of its selector: a label for each equality.
  private func absentLabels(_ windows: WindowsPlan) -> Labels {
    guard case .select(let selector, _) = windows.form, selections.indices.contains(selector.selection) else {
      return absentLabels([])
    }
    return absentLabels(selections[selector.selection].matchers)
  }

  private func absentLabels(_ matchers: [LabelMatcher]) -> Labels {
    let equal = matchers.filter { $0.operation == .equal && $0.name != "__name__" && !$0.value.isEmpty }
    return Labels(equal.map { (name: $0.name, value: $0.value) })
  }

  // MARK: Series

  private mutating func transform(
    _ function: MetricsFunction, _ shared: Function?, _ arguments: [MetricsNode],
    _ wanted: [MetricsFunction.Argument], _ site: SourceRange
  ) throws(MetricsProblem) -> Meaning {
    switch function.name {
    case "union": return .vector(try union(arguments, site))
    case "vector": return .vector(try vector(arguments[0]))
    case "start", "end", "step", "rand", "rand_normal", "rand_exponential", "timezone_offset":
      return .scalar(.time)
    case "label_set", "label_del": return .vector(try relabelled(function, arguments, site))
    case "label_keep":
      let inner = try vector(arguments[0])
      let names = arguments.dropFirst().map { String(decoding: text($0), as: UTF8.self) }
      return .vector(
        VectorPlan(
          site: site,
          .foreign(
            ForeignPlan(function.name, .grouped, grouping: .by(names), [.vector(inner)]))))
    case "limit_offset":
      let inner = try vector(arguments[2])
      let limit = try argument(arguments[0])
      _ = try scalar(arguments[1])
      return .vector(
        VectorPlan(site: site, .aggregate(AggregationPlan(.limitk(limit), grouping: .by([]), inner))))
    default: break
    }
    if let shared, let form = try plain(shared, arguments, site) { return form }
    var inputs: [ForeignPlan.Input] = []
    for (argument, kind) in zip(arguments, wanted) {
      switch kind {
      case .windows, .any: inputs.append(.vector(try vector(argument)))
      case .number: inputs.append(.scalar(try scalar(argument)))
      case .text: break
      }
    }
    return .vector(note(function.name, function.effect, inputs, site))
  }

  /// `label_set` and `label_del` are `label_replace`, a label at a time.
  private mutating func relabelled(
    _ function: MetricsFunction, _ arguments: [MetricsNode], _ site: SourceRange
  ) throws(MetricsProblem) -> VectorPlan {
    var plan = try vector(arguments[0])
    let texts = arguments.dropFirst().map(text)
    let width = function.name == "label_set" ? 2 : 1
    for index in stride(from: 0, to: texts.count, by: width) {
      let value = width == 2 ? texts[index + 1] : []
      let replacement = LabelReplacement(
        destination: texts[index], replacement: value, source: [], pattern: [])
      plan = VectorPlan(site: site, .labelReplace(plan, replacement))
    }
    return plan
  }

  /// A function that PromQL has too; nil where it is another one there.
  private mutating func plain(
    _ function: Function, _ arguments: [MetricsNode], _ site: SourceRange
  ) throws(MetricsProblem) -> Meaning? {
    let form: VectorForm
    switch function.facts.family {
    case .point(let function): form = .point(function, try vector(arguments[0]))
    case .bounded(let function):
      var bounds: [ScalarPlan] = []
      for argument in arguments.dropFirst() { bounds.append(try scalar(argument)) }
      form = .bounded(function, try vector(arguments[0]), bounds.isEmpty ? [.number(1)] : bounds)
    case .date(let function):
      var inner: VectorPlan?
      if let argument = arguments.first { inner = try vector(argument) }
      form = .date(function, inner)
    case .scalar: return .scalar(.only(try vector(arguments[0])))
    case .time: return .scalar(.time)
    case .pi: return .scalar(.number(.pi))
    case .absent:
      let inner = try vector(arguments[0])
      var labels = absentLabels([])
      if case .select(let selector) = inner.form, selections.indices.contains(selector.selection) {
        labels = absentLabels(selections[selector.selection].matchers)
      }
      form = .absent(inner, labels: labels)
    case .sort(let descending): form = .sort(try vector(arguments[0]), .value(descending: descending))
    case .sortByLabel(let descending):
      let names = arguments.dropFirst().map { String(decoding: text($0), as: UTF8.self) }
      form = .sort(try vector(arguments[0]), .labels(names, descending: descending))
    case .histogramQuantile where arguments.count == 2:
      form = .histogramQuantile(try argument(arguments[0]), try vector(arguments[1]))
    case .labelReplace:
      form = .labelReplace(
        try vector(arguments[0]),
        LabelReplacement(
          destination: text(arguments[1]), replacement: text(arguments[2]), source: text(arguments[3]),
          pattern: text(arguments[4])))
    case .labelJoin:
      form = .labelJoin(
        try vector(arguments[0]),
        LabelJoining(
          destination: text(arguments[1]), separator: text(arguments[2]),
          sources: arguments.dropFirst(3).map(text)))
    // Functions of windows are not looked up here; those of histograms read buckets in VictoriaMetrics.
    case .window, .absentOverTime, .vector, .larger, .smaller, .query, .timestamp, .startTimestamp,
      .reading, .histogramQuantile, .histogramQuantiles, .histogramFraction, .info:
      return nil
    }
    return .vector(VectorPlan(site: site, form))
  }

  // MARK: Aggregations

  private mutating func aggregate(
    _ function: MetricsFunction, _ arguments: [MetricsNode], _ aggregation: MetricsNode.Aggregation,
    _ site: SourceRange
  ) throws(MetricsProblem) -> VectorPlan {
    let grouping = aggregation.grouping
    let operation: AggregationPlan.Operation
    var plan: VectorPlan
    switch function.name {
    case "median": operation = .quantile(ScalarArgument(site: site, .number(0.5)))
    case "quantile": operation = .quantile(try argument(arguments[0]))
    case "count_values": operation = .countValues(label: text(arguments[0]))
    case "limitk": operation = .limitk(try argument(arguments[0]))
    case _ where function.name.hasPrefix("topk"): operation = .topk(try argument(arguments[0]))
    case _ where function.name.hasPrefix("bottomk"): operation = .bottomk(try argument(arguments[0]))
    default:
      guard let simple = SimpleAggregation(rawValue: function.name) else {
        var inputs: [ForeignPlan.Input] = []
        for argument in arguments where text(argument) == [] {
          inputs.append(.vector(try vector(argument)))
        }
        plan = note(function.name, function.effect, grouping: grouping, inputs, site)
        return limited(plan, aggregation, site)
      }
      operation = .simple(simple)
    }
    let operands: ArraySlice<MetricsNode>
    switch operation {
    case .simple: operands = arguments[...]
    case .quantile where function.name == "median": operands = arguments[...]
    case .quantile, .topk, .bottomk, .limitk, .limitRatio, .countValues: operands = arguments[1..<2]
    }
    let inner =
      operands.count == 1
      ? try vector(operands[operands.startIndex]) : try union(Array(operands), site)
    plan = VectorPlan(site: site, .aggregate(AggregationPlan(operation, grouping: grouping, inner)))
    return limited(plan, aggregation, site)
  }

  private func limited(
    _ plan: VectorPlan, _ aggregation: MetricsNode.Aggregation, _ site: SourceRange
  ) -> VectorPlan {
    guard let limit = aggregation.limit else { return plan }
    let count = ScalarArgument(site: site, .number(Double(limit)))
    return VectorPlan(site: site, .aggregate(AggregationPlan(.limitk(count), grouping: .by([]), plan)))
  }

  // MARK: Operators

  mutating func binary(_ written: MetricsNode.Binary, _ site: SourceRange) throws(MetricsProblem) -> Meaning {
    let lhs = try meaning(written.lhs)
    let rhs = try meaning(written.rhs)
    var labels = written.labels ?? .ignoring([])
    switch written.operation {
    case .fallback:
      // A number stands in where there is nothing at all.
      if case .scalar = rhs { labels = .on([]) }
      return .vector(
        VectorPlan(
          site: site, .set(.or, vector(lhs, written.lhs), vector(rhs, written.rhs), labels)))
    case .condition(let isNegated):
      if case .scalar = rhs { labels = .on([]) }
      let operation: SetOperator = isNegated ? .unless : .and
      return .vector(
        VectorPlan(
          site: site, .set(operation, vector(lhs, written.lhs), vector(rhs, written.rhs), labels)))
    case .shared(let operation):
      switch operation.facts.kind {
      case .set(let set):
        return .vector(
          VectorPlan(site: site, .set(set, vector(lhs, written.lhs), vector(rhs, written.rhs), labels)))
      case .arithmetic(let arithmetic):
        switch (lhs, rhs) {
        case (.scalar(let one), .scalar(let two)): return .scalar(.arithmetic(arithmetic, one, two))
        case (.scalar(let number), _):
          return .vector(
            VectorPlan(
              site: site,
              .scalarArithmetic(arithmetic, vector(rhs, written.rhs), number, scalarSide: .left)))
        case (_, .scalar(let number)):
          return .vector(
            VectorPlan(
              site: site,
              .scalarArithmetic(arithmetic, vector(lhs, written.lhs), number, scalarSide: .right)))
        case (.vector, _), (.text, _):
          let (left, right) = (vector(lhs, written.lhs), vector(rhs, written.rhs))
          return .vector(
            labelled(VectorPlan(site: site, .arithmetic(arithmetic, left, right, matching(written))), written)
          )
        }
      case .comparison(let comparison):
        return .vector(
          labelled(VectorPlan(site: site, self.comparison(comparison, lhs, rhs, written)), written))
      case .trim: return .scalar(.number(.nan))
      }
    }
  }

  private func comparison(
    _ operation: ComparisonOperator, _ lhs: Meaning, _ rhs: Meaning, _ written: MetricsNode.Binary
  ) -> VectorForm {
    switch (lhs, rhs) {
    case (_, .scalar(let number)):
      .scalarComparison(
        operation, vector(lhs, written.lhs), number, scalarSide: .right, returnsBool: written.returnsBool)
    case (.scalar(let number), _):
      .scalarComparison(
        operation, vector(rhs, written.rhs), number, scalarSide: .left, returnsBool: written.returnsBool)
    case (.vector, _), (.text, _):
      .comparison(
        operation, vector(lhs, written.lhs), vector(rhs, written.rhs), matching(written),
        returnsBool: written.returnsBool)
    }
  }

  private func vector(_ meaning: Meaning, _ node: MetricsNode) -> VectorPlan {
    switch meaning {
    case .vector(let vector): vector
    case .scalar(let scalar): VectorPlan(site: node.range, .vector(scalar))
    case .text: VectorPlan(site: node.range, .vector(.number(.nan)))
    }
  }

  private func matching(_ written: MetricsNode.Binary) -> VectorMatching {
    VectorMatching(
      labels: written.labels ?? .ignoring([]), cardinality: written.cardinality,
      fillLeft: written.fillLeft, fillRight: written.fillRight)
  }

  /// `group_left (*)` takes all labels of the other side.
  private func labelled(_ plan: VectorPlan, _ written: MetricsNode.Binary) -> VectorPlan {
    guard written.takesAllLabels else { return plan }
    return VectorPlan(
      site: plan.site, .foreign(ForeignPlan("group_left (*)", .relabelled, [.vector(plan)])))
  }
}
