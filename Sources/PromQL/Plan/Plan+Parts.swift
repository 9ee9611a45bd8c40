/// What a node of a plan is made of.
package enum PlanPart: Sendable {
  case scalar(ScalarPlan)
  case vector(VectorPlan)
  case windows(WindowsPlan)
}

extension ScalarPlan {
  /// The nodes directly below, in the order of the text. A pin is one node with what it holds.
  package var parts: [PlanPart] {
    switch self {
    case .number, .time: []
    case .negate(let inner), .pinned(let inner): [.scalar(inner)]
    case .arithmetic(_, let left, let right), .comparison(_, let left, let right),
      .trim(_, let left, let right), .larger(let left, let right),
      .smaller(let left, let right):
      [.scalar(left), .scalar(right)]
    case .only(let vector): [.vector(vector)]
    }
  }
}

extension VectorForm {
  /// The nodes directly below, in the order of the text; what an info function joins is none.
  package var parts: [PlanPart] {
    switch self {
    case .select: []
    case .vector(let scalar): [.scalar(scalar)]
    case .pinned(let inner), .negate(let inner), .plus(let inner), .point(_, let inner),
      .timestamp(let inner),
      .startTimestamp(let inner), .absent(let inner, _), .reading(_, let inner), .labelReplace(let inner, _),
      .labelJoin(let inner, _), .sort(let inner, _), .info(let inner, _):
      [.vector(inner)]
    case .bounded(_, let inner, let scalars): [.vector(inner)] + scalars.map { .scalar($0) }
    case .date(_, let inner): inner.map { [.vector($0)] } ?? []
    case .absentOverTime(let windows, _): [.windows(windows)]
    case .window(_, let windows, let scalars): [.windows(windows)] + scalars.map { .scalar($0.value) }
    case .histogramQuantile(let scalar, let inner): [.scalar(scalar.value), .vector(inner)]
    case .histogramQuantiles(let inner, _, let scalars): [.vector(inner)] + scalars.map { .scalar($0.value) }
    case .histogramFraction(let lower, let upper, let inner):
      [.scalar(lower), .scalar(upper), .vector(inner)]
    case .aggregate(let plan):
      (plan.operation.parameter.map { [.scalar($0.value)] } ?? []) + [.vector(plan.vector)]
    case .scalarArithmetic(_, let vector, let scalar, let side),
      .scalarComparison(_, let vector, let scalar, let side, _),
      .scalarTrim(_, let vector, let scalar, let side):
      side == .left ? [.scalar(scalar), .vector(vector)] : [.vector(vector), .scalar(scalar)]
    case .arithmetic(_, let left, let right, _), .comparison(_, let left, let right, _, _),
      .trim(_, let left, let right, _), .set(_, let left, let right, _):
      [.vector(left), .vector(right)]
    case .foreign(let plan):
      plan.inputs.map { input in
        switch input {
        case .vector(let vector): .vector(vector)
        case .windows(let windows): .windows(windows)
        case .scalar(let scalar): .scalar(scalar)
        }
      }
    }
  }
}
