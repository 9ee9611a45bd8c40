extension Lowering {
  mutating func aggregate(
    _ written: Expression.Aggregation, _ id: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> AggregationPlan {
    let vector = try part(written.vector, of: id, place)
    return AggregationPlan(
      try operation(written, id, place), grouping: written.grouping, vector)
  }

  private mutating func operation(
    _ written: Expression.Aggregation, _ id: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> AggregationPlan.Operation {
    switch written.operation {
    case .sum: return .simple(.sum)
    case .avg: return .simple(.avg)
    case .count: return .simple(.count)
    case .min: return .simple(.min)
    case .max: return .simple(.max)
    case .group: return .simple(.group)
    case .stddev: return .simple(.stddev)
    case .stdvar: return .simple(.stdvar)
    case .topk: return .topk(try parameter(written, id, place))
    case .bottomk: return .bottomk(try parameter(written, id, place))
    case .quantile: return .quantile(try parameter(written, id, place))
    case .limitk: return .limitk(try parameter(written, id, place))
    case .limitRatio: return .limitRatio(try parameter(written, id, place))
    case .countValues: return .countValues(label: written.parameter.map { bytes($0) } ?? [])
    }
  }

  private mutating func parameter(
    _ written: Expression.Aggregation, _ id: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> ScalarArgument {
    guard let parameter = written.parameter else {
      return ScalarArgument(site: expression[id].range, .number(.nan))
    }
    return try argument(parameter, of: id, place)
  }

  /// A binary operator of which at least one side is a vector.
  mutating func binary(
    _ written: Expression.Binary, _ id: Expression.NodeID, _ place: Surroundings
  ) throws(LoweringError) -> VectorForm {
    let place = operandPlace(written, place)
    let left = expression[written.lhs].type
    let right = expression[written.rhs].type
    switch (left, right) {
    case (.scalar, _):
      let scalar = try scalars([written.lhs], of: id, place)[0]
      return scalarForm(written, try part(written.rhs, of: id, place), scalar, .left)
    case (_, .scalar):
      let vector = try part(written.lhs, of: id, place)
      return scalarForm(written, vector, try scalars([written.rhs], of: id, place)[0], .right)
    case (.string, _), (.instantVector, _), (.rangeVector, _):
      let lhs = try part(written.lhs, of: id, place)
      let rhs = try part(written.rhs, of: id, place)
      let matching = written.matching ?? VectorMatching(labels: .ignoring([]))
      switch written.operation.facts.kind {
      case .arithmetic(let operation): return .arithmetic(operation, lhs, rhs, matching)
      case .comparison(let operation):
        return .comparison(operation, lhs, rhs, matching, returnsBool: written.returnsBool)
      case .trim(let operation): return .trim(operation, lhs, rhs, matching)
      case .set(let operation): return .set(operation, lhs, rhs, matching.labels)
      }
    }
  }

  /// Trimming looks at the buckets of histograms.
  private func operandPlace(_ written: Expression.Binary, _ place: Surroundings) -> Surroundings {
    if case .trim = written.operation.facts.kind { place.using(.buckets) } else { place }
  }

  private func scalarForm(
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
