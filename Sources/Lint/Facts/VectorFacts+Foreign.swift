import PromQL

extension VectorFacts {
  /// What a function of another language makes of some vectors. It may always drop series.
  static func foreign(_ plan: ForeignPlan, _ inputs: [VectorFacts]) -> VectorFacts {
    var given = inputs.first ?? VectorFacts(labels: .any)
    for other in inputs.dropFirst() {
      given.labels = given.labels.union(other.labels)
      given.count = .many
      given.empty.formUnion(other.empty)
    }
    let empty = given.empty.union(.noSeries)
    let labels: LabelFacts
    switch plan.effect {
    case .unchanged: labels = given.labels
    case .series: labels = given.labels.withoutName
    case .relabelled: labels = .any
    case .dropping(let names): labels = given.labels.removing(names).withoutName
    case .grouped:
      switch plan.grouping {
      case .by(let names)?: labels = given.labels.keeping(names)
      case .without(let names)?: labels = given.labels.removing(names).withoutName
      case nil: labels = .none
      }
    case .single: return VectorFacts(labels: .none, empty: empty, values: .unbounded)
    case .several: return VectorFacts(labels: .any, count: .many, empty: empty, values: .unbounded)
    }
    let count = plan.effect == .relabelled ? given.count : given.counted(labels)
    return VectorFacts(labels: labels, count: count, empty: empty, values: .unbounded)
  }
}
