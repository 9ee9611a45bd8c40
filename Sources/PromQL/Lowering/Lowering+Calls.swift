import TimeSeries

extension Lowering {
  mutating func call(_ call: Expression.Call, _ id: Expression.NodeID) -> VectorForm {
    let arguments = call.arguments
    switch call.function.facts.family {
    case .point(let function): return .point(function, vector(arguments[0]))
    case .bounded(let function):
      let scalars = arguments.dropFirst().map { scalar($0) }
      // `round` alone may be called without: it rounds to whole numbers.
      return .bounded(function, vector(arguments[0]), scalars.isEmpty ? [.number(1)] : scalars)
    case .date(let function): return .date(function, arguments.first.map { vector($0) })
    case .reading(let reading): return .reading(reading, vector(arguments[0]))
    case .window(let function): return window(function, call)
    case .absent: return .absent(vector(arguments[0]), labels: absentLabels(arguments[0]))
    case .absentOverTime:
      return .absentOverTime(windows(arguments[0]), labels: absentLabels(arguments[0]))
    case .vector: return .vector(scalar(arguments[0]))
    case .timestamp: return .timestamp(vector(arguments[0]))
    case .startTimestamp: return .startTimestamp(vector(arguments[0]))
    case .sort(let descending): return .sort(vector(arguments[0]), .value(descending: descending))
    case .sortByLabel(let descending):
      let labels = arguments.dropFirst().map { text($0) }
      return .sort(vector(arguments[0]), .labels(labels, descending: descending))
    case .histogramQuantile:
      return .histogramQuantile(argument(arguments[0]), vector(arguments[1]))
    case .histogramQuantiles:
      let phis = arguments.dropFirst(2).map { argument($0) }
      return .histogramQuantiles(vector(arguments[0]), label: text(arguments[1]), phis)
    case .histogramFraction:
      return .histogramFraction(
        lower: scalar(arguments[0]), upper: scalar(arguments[1]), vector(arguments[2]))
    case .labelReplace:
      return .labelReplace(
        vector(arguments[0]),
        LabelReplacement(
          destination: bytes(arguments[1]), replacement: bytes(arguments[2]),
          source: bytes(arguments[3]), pattern: bytes(arguments[4])))
    case .labelJoin:
      return .labelJoin(
        vector(arguments[0]),
        LabelJoining(
          destination: bytes(arguments[1]), separator: bytes(arguments[2]),
          sources: arguments.dropFirst(3).map { bytes($0) }))
    case .info: return info(call, id)
    // Scalars: the checks of types refuse them where a vector is meant.
    case .scalar, .time, .pi, .larger, .smaller, .query: return .vector(.number(.nan))
    }
  }

  private mutating func window(_ function: WindowFunction, _ call: Expression.Call) -> VectorForm {
    var windows: WindowsPlan?
    var scalars: [ScalarArgument] = []
    for argument in call.arguments {
      switch expression[argument].type {
      case .rangeVector: windows = self.windows(argument)
      case .scalar: scalars.append(self.argument(argument))
      case .string, .instantVector: break
      }
    }
    guard let windows else { return .vector(.number(.nan)) }
    return .window(function, windows, scalars)
  }

  /// The labels of what is absent (promql-functions.md §3.5).
  private func absentLabels(_ argument: Expression.NodeID) -> Labels {
    let id = expression.unwrapped(argument)
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

  private mutating func info(_ call: Expression.Call, _ id: Expression.NodeID) -> VectorForm {
    let vector = vector(call.arguments[0])
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
    let selection = add(names + data, time, places[id], back: context.lookback, ahead: 0)
    return .info(
      vector, InfoPlan(selection: selection, nameMatchers: names, dataMatchers: data, time: time))
  }

  /// The time of info samples is that of the first selector in the vector, subqueries around it
  /// counted until a time is fixed (promql-functions.md §3.9).
  private mutating func infoTime(_ vector: Expression.NodeID) -> TimeReference {
    let leading = leadingSelectors ?? Self.leadingSelectors(of: expression)
    leadingSelectors = leading
    guard let selector = leading[vector.index] else { return TimeReference() }
    var subqueries: [Expression.NodeID] = []
    var id = vector
    while id != selector {
      if case .subquery = expression[id].form { subqueries.append(id) }
      guard let next = expression.children(of: id).first(where: { leading[$0.index] == selector })
      else { break }
      id = next
    }
    var time = places.time(of: selector)
    for subquery in subqueries.reversed() where time.at == nil {
      let outer = places.time(of: subquery)
      time = TimeReference(at: outer.at, offset: time.offset &+ outer.offset)
    }
    return time
  }

  /// Of each node, the first selector in it, depth first.
  private static func leadingSelectors(of expression: Expression) -> [Expression.NodeID?] {
    var leading: [Expression.NodeID?] = []
    leading.reserveCapacity(expression.nodes.count)
    for index in expression.nodes.indices {
      let id = Expression.NodeID(index)
      if case .selector = expression[id].form {
        leading.append(id)
      } else {
        leading.append(expression.children(of: id).lazy.compactMap { leading[$0.index] }.first)
      }
    }
    return leading
  }
}
