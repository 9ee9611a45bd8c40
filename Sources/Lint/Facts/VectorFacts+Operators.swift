import PromQL
import TimeSeries

extension VectorFacts {
  /// After a function of each value: the name is gone, and what the value meant with it.
  func computed(_ change: (ValueFacts) -> ValueFacts) -> VectorFacts {
    var result = self
    result.labels = labels.withoutName
    result.count = counted(labels)
    result.values = change(values)
    result.share = nil
    result.histograms = histograms
    return result
  }

  /// After a function that yields numbers of its own.
  func read(_ values: ValueFacts) -> VectorFacts {
    var result = computed { _ in values }
    result.unit = nil
    result.histograms = .never
    return result
  }

  func bounded(_ function: BoundedFunction, _ bounds: [ValueFacts]) -> VectorFacts {
    var result = computed { $0 }
    result.histograms = .never
    result.share = share
    switch function {
    case .round:
      let to = bounds.first?.constant.map(abs) ?? .infinity
      result.values = values.with(values.lower - to, values.upper + to)
    case .clamp where bounds.count == 2: result.clamp(bounds[0], bounds[1])
    case .clampMin where bounds.count == 1: result.clamp(bounds[0], .unbounded)
    case .clampMax where bounds.count == 1: result.clamp(.unbounded, bounds[0])
    case .clamp, .clampMin, .clampMax: result.values = .unbounded.adding(.data)
    }
    return result
  }

  private mutating func clamp(_ low: ValueFacts, _ high: ValueFacts) {
    values = values.with(
      min(max(values.lower, low.lower), high.upper), max(min(values.upper, high.upper), low.lower))
    values.nan.formUnion(low.nan.union(high.nan))
    if values.isBounded { values.mayDivideByZero = false }
    // An upper bound below a lower one empties the vector.
    if low.upper > high.lower { empty.formUnion(.filtered) }
  }

  /// A quantile over classic or native buckets. Native histograms need no `le`.
  func quantile(_ phi: ValueFacts, observed: MetricUnit?) -> VectorFacts {
    let rest = labels.removing(["le", "vmrange"]).withoutName
    var result = VectorFacts(labels: rest, empty: empty, unit: observed)
    result.count = rest.tellNothingApart ? .atMostOne : (count == .atMostOne ? .atMostOne : .many)
    result.values = ValueFacts(-.infinity, .infinity, nan: .noObservations)
    // VictoriaMetrics has buckets of its own, by `vmrange`.
    if labels["le"] == .absent, labels["vmrange"] == .absent, histograms == .never {
      result.count = .none(.noBuckets)
    }
    if let impossibility { result.count = .none(impossibility) }
    return result
  }

  func labelled(_ destination: [UInt8]) -> VectorFacts {
    var result = self
    result.labels = labels.setting(String(decoding: destination, as: UTF8.self), .possible)
    return result
  }

  static func absent(_ labels: Labels) -> VectorFacts {
    var facts = LabelFacts.none
    for (name, value) in labels.pairs { facts = facts.setting(name, .fixed(value)) }
    return VectorFacts(labels: facts, count: .atMostOne, empty: .present, values: ValueFacts(1, 1))
  }

  /// What a comparison or a trim leaves.
  var filtered: VectorFacts {
    var result = self
    result.empty.formUnion(.filtered)
    return result
  }

  // MARK: Aggregation

  func aggregated(_ plan: AggregationPlan, parameter: ValueFacts?) -> VectorFacts {
    let grouped: LabelFacts =
      switch plan.grouping {
      case .by(let names): labels.keeping(names)
      case .without(let names): labels.removing(names).withoutName
      }
    var result = VectorFacts(labels: grouped, count: counted(grouped), empty: empty)
    result.unit = unit
    switch plan.operation {
    case .simple(let operation):
      result.values = operation.values(values)
      result.histograms = operation == .sum || operation == .avg ? histograms : .never
      if operation == .count || operation == .group { result.unit = nil }
      // One of several shares, or their mean, says what they say.
      if operation == .max || operation == .min || operation == .avg { result.share = share }
    case .quantile:
      result.share = share
      result.values = parameter.map { $0.lower >= 0 && $0.upper <= 1 } ?? false ? values : .anything
    case .topk, .bottomk, .limitk, .limitRatio:
      return selected(plan, grouped, parameter)
    case .countValues(let label):
      result.labels = grouped.setting(String(decoding: label, as: UTF8.self), .certain)
      result.count = impossibility == nil ? .many : .none(.part)
      result.values = ValueFacts(1, .infinity)
      result.unit = nil
    }
    return result
  }

  /// `topk` and its kind pass series on as they are.
  private func selected(
    _ plan: AggregationPlan, _ grouped: LabelFacts, _ parameter: ValueFacts?
  ) -> VectorFacts {
    var result = self
    let isByCount: Bool =
      switch plan.operation {
      case .topk, .bottomk, .limitk: true
      case .simple, .quantile, .limitRatio, .countValues: false
      }
    if isByCount, let upper = parameter?.upper, upper < 2, grouped.tellNothingApart, count == .many {
      result.count = .atMostOne
    }
    if !(isByCount && parameter?.lower ?? 0 >= 1) { result.empty.formUnion(.filtered) }
    return result
  }

  // MARK: A vector and a number

  func combined(
    _ operation: ArithmeticOperator, with number: ValueFacts, on side: Side
  ) -> VectorFacts {
    let (lhs, rhs) = side == .left ? (number, values) : (values, number)
    var result = computed { _ in .arithmetic(operation, lhs, rhs) }
    let factor = number.constant
    switch operation {
    case .multiply:
      result.unit = factor.flatMap { unit?.times($0) }
      result.share = factor.flatMap { share?.times($0) }
    case .divide where side == .right:
      result.unit = factor.flatMap { unit?.times(1 / $0) }
      result.share = factor.flatMap { share?.times(1 / $0) }
    case .subtract where side == .left:
      result.share = factor.flatMap { share?.rest(of: $0) }
      let isWhole = unit.map { $0.dimension == .share && abs((factor ?? 0) * $0.scale - 1) < 1e-9 } ?? false
      result.unit = result.share == nil && !isWhole ? nil : unit
    case .add where factor == 0, .subtract where factor == 0: result.share = share
    case .add, .subtract, .divide, .modulo, .power, .atan2: result.unit = nil
    }
    return result
  }

  func compared(
    _ operation: ComparisonOperator, with number: ValueFacts, on side: Side, returnsBool: Bool
  ) -> VectorFacts {
    if returnsBool {
      var result = read(.zeroToOne)
      result.histograms = .never
      return result
    }
    var result = filtered
    result.histograms = .never
    guard let constant = number.constant else { return result }
    switch (operation, side) {
    case (.equal, _): result.values = ValueFacts(constant, constant)
    case (.less, .right), (.greater, .left):
      result.values = ValueFacts(min(values.lower, constant.nextDown), min(values.upper, constant.nextDown))
    case (.lessOrEqual, .right), (.greaterOrEqual, .left):
      result.values = ValueFacts(min(values.lower, constant), min(values.upper, constant))
    case (.greater, .right), (.less, .left):
      result.values = ValueFacts(max(values.lower, constant.nextUp), max(values.upper, constant.nextUp))
    case (.greaterOrEqual, .right), (.lessOrEqual, .left):
      result.values = ValueFacts(max(values.lower, constant), max(values.upper, constant))
    case (.notEqual, _): break
    }
    // A comparison that always holds filters nothing but NaN.
    if operation.alwaysHolds(side == .right ? values : number, side == .right ? number : values),
      values.nan.isEmpty
    {
      result.empty = empty
    }
    if operation.neverHolds(side == .right ? values : number, side == .right ? number : values) {
      result.count = .none(.neverHolds)
    }
    return result
  }

  // MARK: Two vectors

  static func matched(
    _ lhs: VectorFacts, _ rhs: VectorFacts, _ matching: VectorMatching, keepsName: Bool
  ) -> VectorFacts {
    let (many, one) =
      switch matching.cardinality {
      case .oneToOne, .manyToOne: (lhs, rhs)
      case .oneToMany: (rhs, lhs)
      }
    let fills = matching.fillLeft != nil || matching.fillRight != nil
    var labels = fills ? many.labels : many.labels.agreeing(with: one.labels, by: matching.labels)
    switch (matching.cardinality, matching.labels) {
    case (.oneToOne, .on(let names)): labels = labels.keeping(names)
    case (.oneToOne, .ignoring(let names)): labels = labels.removing(names)
    case (.manyToOne(let include), _), (.oneToMany(let include), _):
      for name in include { labels = labels.copying(name, from: one.labels) }
    }
    if !keepsName { labels = labels.withoutName }
    var result = VectorFacts(
      labels: labels, count: many.counted(labels), empty: lhs.empty.union(rhs.empty))
    if matching.cardinality == .oneToOne, !fills, one.count == .atMostOne, result.count == .many {
      result.count = .atMostOne
    }
    if fills {
      result.labels = .any
      result.count =
        lhs.count == .atMostOne && rhs.count == .atMostOne && labels.tellNothingApart
        ? .atMostOne : .many
      result.empty = matching.fillLeft != nil ? rhs.empty : lhs.empty
      return result
    }
    if lhs.impossibility != nil || rhs.impossibility != nil {
      result.count = .none(.part)
    } else if let label = unmatchable(lhs.labels, rhs.labels, matching.labels) {
      result.count = .none(.unmatchable(label: label))
    }
    if !alwaysMeet(lhs.labels, rhs.labels, matching.labels) { result.empty.formUnion(.unmatched) }
    return result
  }

  /// A label by which the sides meet and of which they never agree.
  static func unmatchable(
    _ lhs: LabelFacts, _ rhs: LabelFacts, _ matching: MatchLabels
  ) -> String? {
    meeting(lhs, rhs, matching).first { label in
      let (left, right) = (lhs.conditions(of: label), rhs.conditions(of: label))
      return !left.isEmpty && !right.isEmpty && Contradiction.label(in: left + right) != nil
    }
  }

  /// The labels by which the sides meet that are known by name.
  private static func meeting(
    _ lhs: LabelFacts, _ rhs: LabelFacts, _ matching: MatchLabels
  ) -> [String] {
    switch matching {
    case .on(let names): names
    case .ignoring(let names):
      Set(lhs.known.keys).union(rhs.known.keys).subtracting(names).subtracting([LabelFacts.metricName])
        .sorted()
    }
  }

  /// Whether both sides have one signature only, and the same.
  static func alwaysMeet(
    _ lhs: LabelFacts, _ rhs: LabelFacts, _ matching: MatchLabels
  ) -> Bool {
    if case .ignoring = matching, lhs.hasOthers || rhs.hasOthers { return false }
    return meeting(lhs, rhs, matching).allSatisfy { label in
      switch (lhs[label], rhs[label]) {
      case (.absent, .absent): true
      case (.fixed(let one), .fixed(let two)): one.utf8.elementsEqual(two.utf8)
      case (.absent, _), (.fixed, _), (.certain, _), (.possible, _): false
      }
    }
  }

  static func combined(
    _ operation: SetOperator, _ lhs: VectorFacts, _ rhs: VectorFacts, _ matching: MatchLabels
  ) -> VectorFacts {
    var result = lhs
    switch operation {
    case .and:
      result.empty = lhs.empty.union(rhs.empty)
      if rhs.impossibility != nil {
        result.count = .none(.part)
      } else if let label = unmatchable(lhs.labels, rhs.labels, matching) {
        result.count = lhs.impossibility == nil ? .none(.unmatchable(label: label)) : .none(.part)
      }
      if !alwaysMeet(lhs.labels, rhs.labels, matching) { result.empty.formUnion(.unmatched) }
      result.labels = lhs.labels.agreeing(with: rhs.labels, by: matching)
      if result.count == .many { result.count = lhs.counted(result.labels) }
    case .unless:
      if rhs.impossibility == nil { result.empty.formUnion(.present) }
    case .or:
      result = VectorFacts(labels: lhs.labels.union(rhs.labels), count: .many)
      result.empty = lhs.empty.isEmpty || rhs.empty.isEmpty ? [] : lhs.empty.union(rhs.empty)
      result.values = lhs.values.union(rhs.values)
      result.unit = lhs.unit
      result.share = lhs.share
      result.histograms = lhs.histograms == .possible || rhs.histograms == .possible ? .possible : .never
      switch (lhs.count, rhs.count) {
      case (.none, _): result.count = rhs.count
      case (_, .none): result.count = lhs.count
      case (.atMostOne, .atMostOne) where alwaysMeet(lhs.labels, rhs.labels, matching):
        result.count = .atMostOne
      case (.atMostOne, _), (.many, _): break
      }
    }
    return result
  }
}

extension ComparisonOperator {
  /// Whether the comparison holds for all numbers of both sides.
  func alwaysHolds(_ lhs: ValueFacts, _ rhs: ValueFacts) -> Bool {
    switch self {
    case .equal: lhs.constant != nil && lhs.constant == rhs.constant
    case .notEqual: lhs.upper < rhs.lower || lhs.lower > rhs.upper
    case .less: lhs.upper < rhs.lower
    case .lessOrEqual: lhs.upper <= rhs.lower
    case .greater: lhs.lower > rhs.upper
    case .greaterOrEqual: lhs.lower >= rhs.upper
    }
  }

  /// Whether it holds for no two numbers of the sides; NaN is unequal to everything.
  func neverHolds(_ lhs: ValueFacts, _ rhs: ValueFacts) -> Bool {
    switch self {
    case .equal: ComparisonOperator.notEqual.alwaysHolds(lhs, rhs)
    case .notEqual:
      lhs.nan.isEmpty && rhs.nan.isEmpty && ComparisonOperator.equal.alwaysHolds(lhs, rhs)
    case .less: ComparisonOperator.greaterOrEqual.alwaysHolds(lhs, rhs)
    case .lessOrEqual: ComparisonOperator.greater.alwaysHolds(lhs, rhs)
    case .greater: ComparisonOperator.lessOrEqual.alwaysHolds(lhs, rhs)
    case .greaterOrEqual: ComparisonOperator.less.alwaysHolds(lhs, rhs)
    }
  }

  /// The same comparison with its sides exchanged.
  var mirrored: ComparisonOperator {
    switch self {
    case .equal, .notEqual: self
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    }
  }
}

extension SimpleAggregation {
  /// The values of a group whose members have these.
  func values(_ members: ValueFacts) -> ValueFacts {
    switch self {
    case .sum:
      members.with(
        members.lower >= 0 ? members.lower : -.infinity, members.upper <= 0 ? members.upper : .infinity)
    case .avg, .min, .max: members
    case .count: ValueFacts(1, .infinity)
    case .group: ValueFacts(1, 1)
    case .stddev, .stdvar: members.with(0, .infinity)
    }
  }
}

extension PointFunction {
  func values(_ input: ValueFacts) -> ValueFacts {
    switch self {
    case .abs:
      input.with(
        input.lower > 0 ? input.lower : input.upper < 0 ? -input.upper : 0,
        max(input.lower.magnitude, input.upper.magnitude))
    case .ceil, .floor: input.with(input.lower.rounded(.down), input.upper.rounded(.up))
    case .exp: input.with(0, .infinity)
    case .sqrt: input.with(0, .infinity).adding(input.lower < 0 ? .domain : [])
    case .ln, .log2, .log10: input.with(-.infinity, .infinity).adding(input.lower < 0 ? .domain : [])
    case .sgn, .sin, .cos, .tanh: input.with(-1, 1).adding(self == .sgn || self == .tanh ? [] : .domain)
    case .tan, .asin, .acos, .atan, .sinh, .cosh, .asinh, .acosh, .atanh, .deg, .rad:
      input.with(-.infinity, .infinity).adding(.domain)
    }
  }
}

extension DateFunction {
  var values: ValueFacts {
    switch self {
    case .minute: ValueFacts(0, 59, nan: .data)
    case .hour: ValueFacts(0, 23, nan: .data)
    case .dayOfWeek: ValueFacts(0, 6, nan: .data)
    case .dayOfMonth: ValueFacts(1, 31, nan: .data)
    case .dayOfYear: ValueFacts(1, 366, nan: .data)
    case .daysInMonth: ValueFacts(28, 31, nan: .data)
    case .month: ValueFacts(1, 12, nan: .data)
    case .year: .anything
    }
  }
}

extension WindowFunction {
  /// What is known of the function of windows of such series.
  func facts(_ series: VectorFacts) -> VectorFacts {
    var result = VectorFacts(labels: series.labels.withoutName, empty: series.empty, unit: series.unit)
    result.count = series.counted(series.labels)
    let isCounter = series.values.lower >= 0
    switch self {
    case .rate, .irate:
      result.values = isCounter ? series.values.with(0, .infinity) : .anything
      result.unit?.isRate = true
      result.histograms = series.histograms
    case .increase:
      result.values = isCounter ? series.values.with(0, .infinity) : .anything
      result.histograms = series.histograms
    case .delta, .idelta:
      result.values = .anything
      result.histograms = series.histograms
    case .deriv:
      result.values = .anything
      result.unit?.isRate = true
    case .predictLinear, .doubleExponentialSmoothing: result.values = .anything
    case .resets, .changes:
      result.values = .notNegative
      result.unit = nil
    case .countOverTime:
      result.values = ValueFacts(1, .infinity)
      result.unit = nil
    case .presentOverTime:
      result.values = ValueFacts(1, 1)
      result.unit = nil
    case .avgOverTime:
      result.values = series.values
      result.share = series.share
      result.histograms = series.histograms
    case .firstOverTime, .lastOverTime:
      result = series
    case .maxOverTime, .minOverTime:
      result.values = series.values
      result.share = series.share
    case .quantileOverTime: result.values = .anything
    case .sumOverTime:
      result.values = SimpleAggregation.sum.values(series.values)
      result.histograms = series.histograms
    case .stddevOverTime, .stdvarOverTime, .madOverTime: result.values = series.values.with(0, .infinity)
    case .tsOfFirstOverTime, .tsOfLastOverTime, .tsOfMaxOverTime, .tsOfMinOverTime:
      result.values = .unbounded
      result.unit = MetricUnit(.time)
    }
    return result
  }
}
