import TimeSeries

extension Lowering {
  mutating func call(
    _ call: Expression.Call, _ id: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> VectorForm {
    let arguments = call.arguments
    switch call.function.facts.family {
    case .point(let function): return .point(function, try part(arguments[0], of: id, place))
    case .bounded(let function):
      let vector = try part(arguments[0], of: id, place)
      var scalars = try scalars(arguments.dropFirst(), of: id, place)
      if function == .round, scalars.isEmpty { scalars = [.number(1)] }
      return .bounded(function, vector, scalars)
    case .date(let function):
      guard let argument = arguments.first else { return .date(function, nil) }
      return .date(function, try part(argument, of: id, place))
    case .reading(let reading):
      let use: Surroundings.HistogramUse =
        switch reading {
        case .count, .sum, .avg: .statistics
        case .stddev, .stdvar: place.histograms
        }
      return .reading(reading, try part(arguments[0], of: id, place.using(use)))
    case .window(let function): return try window(function, call, id, place)
    case .absent:
      return .absent(
        try part(arguments[0], of: id, place), labels: absentLabels(expression.unwrapped(arguments[0])))
    case .absentOverTime:
      try checkEdges(arguments[0], call.function)
      return .absentOverTime(
        try windows(arguments[0], place), labels: absentLabels(expression.unwrapped(arguments[0])))
    case .vector: return .vector(try scalars(arguments, of: id, place)[0])
    case .timestamp: return .timestamp(try part(arguments[0], of: id, place))
    case .startTimestamp: return .startTimestamp(try part(arguments[0], of: id, place))
    case .sort(let descending):
      return .sort(try part(arguments[0], of: id, place), .value(descending: descending))
    case .sortByLabel(let descending):
      return .sort(
        try part(arguments[0], of: id, place),
        .labels(arguments.dropFirst().map { text($0) }, descending: descending))
    case .histogramQuantile:
      let place = place.using(.buckets)
      return .histogramQuantile(
        try argument(arguments[0], of: id, place), try part(arguments[1], of: id, place))
    case .histogramQuantiles:
      let place = place.using(.buckets)
      let vector = try part(arguments[0], of: id, place)
      var phis: [ScalarArgument] = []
      for phi in arguments.dropFirst(2) { phis.append(try argument(phi, of: id, place)) }
      return .histogramQuantiles(vector, label: text(arguments[1]), phis)
    case .histogramFraction:
      let place = place.using(.buckets)
      let bounds = try scalars(arguments[..<2], of: id, place)
      return .histogramFraction(
        lower: bounds[0], upper: bounds[1], try part(arguments[2], of: id, place))
    case .labelReplace:
      return .labelReplace(
        try part(arguments[0], of: id, place),
        LabelReplacement(
          destination: bytes(arguments[1]), replacement: bytes(arguments[2]),
          source: bytes(arguments[3]), pattern: bytes(arguments[4])))
    case .labelJoin:
      return .labelJoin(
        try part(arguments[0], of: id, place),
        LabelJoining(
          destination: bytes(arguments[1]), separator: bytes(arguments[2]),
          sources: arguments.dropFirst(3).map { bytes($0) }))
    case .info: return try info(call, id, place)
    // Scalars: the checks of types refuse them where a vector is meant.
    case .scalar, .time, .pi, .larger, .smaller, .query: return .vector(.number(.nan))
    }
  }

  private mutating func window(
    _ function: WindowFunction, _ call: Expression.Call, _ id: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> VectorForm {
    var windows: WindowsPlan?
    var scalars: [ScalarArgument] = []
    for argument in call.arguments {
      switch expression[argument].type {
      case .rangeVector:
        try checkEdges(argument, call.function)
        windows = try self.windows(argument, place)
      case .scalar: scalars.append(try self.argument(argument, of: id, place))
      case .string, .instantVector: break
      }
    }
    guard let windows else { return .vector(.number(.nan)) }
    return .window(function, windows, scalars)
  }

  /// `anchored` and `smoothed` mean something to a few functions only.
  private func checkEdges(_ argument: Expression.NodeID, _ function: Function) throws(LoweringError) {
    guard case .matrix(let selector, _) = expression[expression.unwrapped(argument)].form,
      case .selector(let written) = expression[selector].form, written.edges != .none
    else { return }
    if !function.facts.edges.contains(written.edges) {
      throw .misplacedEdges(written.edges, function)
    }
  }

  /// The labels of what is absent (promql-functions.md §3.5).
  private func absentLabels(_ id: Expression.NodeID) -> Labels {
    var selector = id
    if case .matrix(let inner, _) = expression[id].form { selector = inner }
    guard case .selector(let written) = expression[selector].form else { return .none }
    // By bytes: strings that differ may be equal to Swift.
    var values: [[UInt8]: String] = [:]
    var wasSet = Set<[UInt8]>()
    for matcher in written.matchers where !matcher.isAboutName {
      if matcher.compiled.operation == .equal, wasSet.insert(matcher.name).inserted {
        values[matcher.name] = matcher.compiled.value
      } else {
        values[matcher.name] = nil
      }
    }
    return Labels(values.map { (name: String(decoding: $0.key, as: UTF8.self), value: $0.value) })
  }

  // MARK: info

  private mutating func info(
    _ call: Expression.Call, _ id: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> VectorForm {
    let vector = try part(call.arguments[0], of: id, place)
    var written: [Expression.Matcher] = []
    if call.arguments.count > 1,
      case .selector(let selector) = expression[expression.unwrapped(call.arguments[1])].form
    {
      written = selector.matchers
    }
    let data = written.filter { !$0.isAboutName }.map(\.compiled)
    var names = written.filter(\.isAboutName).map(\.compiled)
    if names.isEmpty {
      names = [LabelMatcher(LabelName.metric, equals: "target_info")]
    } else if !names.contains(where: { $0.operation == .equal || $0.operation == .matches }),
      let any = try? LabelMatcher(LabelName.metric, .matches, ".+_info")
    {
      names.append(any)
    }
    let time = infoTime(call.arguments[0])
    let selection = add(names + data, time, place, back: context.lookback, ahead: 0)
    return .info(
      vector, InfoPlan(selection: selection, nameMatchers: names, dataMatchers: data, time: time))
  }

  /// The time of info samples is that of the first selector in the vector, enclosing subqueries
  /// counted (promql-functions.md §3.9).
  private func infoTime(_ node: Expression.NodeID) -> TimeReference {
    var pending: [(id: Expression.NodeID, subqueries: [Expression.NodeID])] = [(node, [])]
    while let (id, subqueries) = pending.popLast() {
      switch expression[id].form {
      case .selector(let selector):
        var time = timeReference(selector.time, offset: durations.offsets[id.index])
        for subquery in subqueries.reversed() where time.at == nil {
          guard case .subquery(let written) = expression[subquery].form else { continue }
          let outer = timeReference(written.time, offset: durations.offsets[subquery.index])
          time = TimeReference(at: outer.at, offset: time.offset &+ outer.offset)
        }
        return time
      case .subquery(let subquery):
        pending.append((subquery.expression, subqueries + [id]))
      case .number, .string, .matrix, .aggregation, .binary, .call, .parenthesis, .unary:
        pending += expression.children(of: id).reversed().map { ($0, subqueries) }
      }
    }
    return TimeReference()
  }
}
