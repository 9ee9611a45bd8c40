extension Lowering {
  // MARK: Aggregations

  mutating func aggregate(
    _ written: Expression.Aggregation, _ id: Expression.NodeID
  ) -> AggregationPlan {
    AggregationPlan(operation(written, id), grouping: written.grouping, vector(written.vector))
  }

  private mutating func operation(
    _ written: Expression.Aggregation, _ id: Expression.NodeID
  ) -> AggregationPlan.Operation {
    switch written.operation {
    case .sum: .simple(.sum)
    case .avg: .simple(.avg)
    case .count: .simple(.count)
    case .min: .simple(.min)
    case .max: .simple(.max)
    case .group: .simple(.group)
    case .stddev: .simple(.stddev)
    case .stdvar: .simple(.stdvar)
    case .topk: .topk(parameter(written, id))
    case .bottomk: .bottomk(parameter(written, id))
    case .quantile: .quantile(parameter(written, id))
    case .limitk: .limitk(parameter(written, id))
    case .limitRatio: .limitRatio(parameter(written, id))
    case .countValues: .countValues(label: written.parameter.map { bytes($0) } ?? [])
    }
  }

  private mutating func parameter(
    _ written: Expression.Aggregation, _ id: Expression.NodeID
  ) -> ScalarArgument {
    guard let parameter = written.parameter else {
      return ScalarArgument(site: expression[id].range, .number(.nan))
    }
    return argument(parameter)
  }

  // MARK: Scalars

  /// A scalar node without its pin.
  mutating func scalarForm(_ id: Expression.NodeID) -> ScalarPlan {
    switch expression[id].form {
    case .number(let value, _): return .number(value)
    case .unary(.plus, let inner): return scalar(inner)
    case .unary(.minus, let inner): return .negate(scalar(inner))
    case .binary(let binary):
      let (lhs, rhs) = (scalar(binary.lhs), scalar(binary.rhs))
      switch binary.operation.facts.kind {
      case .arithmetic(let operation): return .arithmetic(operation, lhs, rhs)
      case .comparison(let operation): return .comparison(operation, lhs, rhs)
      case .trim(let operation): return .trim(operation, lhs, rhs)
      // Refused by the checks of types.
      case .set: return .number(.nan)
      }
    case .call(let call): return scalarCall(call)
    case .string, .selector, .matrix, .subquery, .aggregation, .parenthesis: return .number(.nan)
    }
  }

  private mutating func scalarCall(_ call: Expression.Call) -> ScalarPlan {
    let arguments = call.arguments
    switch call.function.facts.family {
    case .time: return .time
    case .pi: return .number(.pi)
    case .query(.start): return .number(Double(context.grid.start) / 1000)
    case .query(.end): return .number(Double(context.grid.end) / 1000)
    case .query(.range): return .number(context.rangeSeconds)
    case .query(.step): return .number(context.stepSeconds)
    case .scalar: return .only(vector(arguments[0]))
    case .larger: return .larger(scalar(arguments[0]), scalar(arguments[1]))
    case .smaller: return .smaller(scalar(arguments[0]), scalar(arguments[1]))
    // Vectors: the checks of types refuse them where a scalar is meant.
    case .point, .bounded, .date, .reading, .window, .absent, .absentOverTime, .vector, .timestamp,
      .startTimestamp, .sort, .sortByLabel, .histogramQuantile, .histogramQuantiles,
      .histogramFraction, .labelReplace, .labelJoin, .info:
      return .number(.nan)
    }
  }

  // MARK: Vectors

  /// A binary operator of which at least one side is a vector.
  mutating func binary(_ written: Expression.Binary) -> VectorForm {
    if expression[written.lhs].type == .scalar {
      return scalarSided(written, vector(written.rhs), scalar(written.lhs), .left)
    }
    if expression[written.rhs].type == .scalar {
      return scalarSided(written, vector(written.lhs), scalar(written.rhs), .right)
    }
    let (lhs, rhs) = (vector(written.lhs), vector(written.rhs))
    let matching = written.matching ?? VectorMatching(labels: .ignoring([]))
    switch written.operation.facts.kind {
    case .arithmetic(let operation): return .arithmetic(operation, lhs, rhs, matching)
    case .comparison(let operation):
      return .comparison(operation, lhs, rhs, matching, returnsBool: written.returnsBool)
    case .trim(let operation): return .trim(operation, lhs, rhs, matching)
    case .set(let operation): return .set(operation, lhs, rhs, matching.labels)
    }
  }

  private func scalarSided(
    _ written: Expression.Binary, _ vector: VectorPlan, _ scalar: ScalarPlan, _ side: Side
  ) -> VectorForm {
    switch written.operation.facts.kind {
    case .arithmetic(let operation):
      .scalarArithmetic(operation, vector, scalar, scalarSide: side)
    case .comparison(let operation):
      .scalarComparison(operation, vector, scalar, scalarSide: side, returnsBool: written.returnsBool)
    case .trim(let operation): .scalarTrim(operation, vector, scalar, scalarSide: side)
    // Never between vector and scalar: the checks of types refuse them.
    case .set: .vector(.number(.nan))
    }
  }
}
