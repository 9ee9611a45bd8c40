import PromQL
import TimeSeries

/// Whether a quotient is x/0 anywhere: not where its numerator is 0, or missing, whenever its divisor is 0.
///
/// What cannot be negative adds up to 0 only when every part of it is 0, so a divisor that is 0 says that
/// all counts in it are 0, or missing; a numerator made of the same counts, or of parts of them, is then 0
/// as well, and 0/0 is NaN and not +Inf.
struct ZeroDivisor {
  private let selections: [Selection]
  /// What is 0, or missing, when the divisor is 0.
  private let counts: [CountedSeries]
  private let canBeZero: Bool
  private let divisor: SourceText
  private let matching: VectorMatching

  init(_ divisor: VectorPlan, _ selections: [Selection], _ matching: VectorMatching, _ text: [UInt8]) {
    let reading = DivisorReading(selections: selections, text: text)
    let zero = reading.zero(divisor)
    self.selections = selections
    self.matching = matching
    self.divisor = SourceText(divisor.site, text)
    counts = zero?.counts ?? []
    canBeZero = zero?.canBeZero ?? true
  }

  /// Whether the numerator is never anything but 0, NaN or missing above a divisor of 0.
  func isHarmless(below numerator: VectorPlan) -> Bool {
    !canBeZero || divisor == divisor.of(numerator.site) || isZero(numerator, [])
  }

  // MARK: The numerator

  /// Whether a part of the numerator is 0, NaN or missing while the divisor is 0. `outer` are the
  /// aggregations around it, the outermost first.
  private func isZero(_ plan: VectorPlan, _ outer: [AggregationPlan.Grouping]) -> Bool {
    switch plan.form {
    case .pinned(let inner), .plus(let inner), .negate(let inner), .sort(let inner, _):
      return isZero(inner, outer)
    case .vector(let scalar): return isZero(scalar)
    case .point(let function, let inner): return function.keepsZero && isZero(inner, outer)
    case .bounded(let function, let inner, let bounds):
      return function.keepsZero(bounds) && isZero(inner, outer)
    case .scalarArithmetic(let operation, let inner, let number, let side):
      return isZero(operation, inner, number, side, outer)
    case .scalarComparison(let operation, let inner, let number, let side, let returnsBool):
      guard returnsBool else { return isZero(inner, outer) }
      guard case .number(let bound) = number.unpinned else { return false }
      let (lhs, rhs) = side == .right ? (0, bound) : (bound, 0)
      return isZero(inner, outer) && !operation.holds(lhs, rhs)
    case .comparison(_, let lhs, _, _, returnsBool: false): return isZero(lhs, outer)
    case .arithmetic(let operation, let lhs, let rhs, _):
      switch operation {
      case .add, .subtract: return isZero(lhs, outer) && isZero(rhs, outer)
      case .multiply: return isZero(lhs, outer) || isZero(rhs, outer)
      case .divide: return isZero(lhs, outer)
      case .modulo, .power, .atan2: return false
      }
    case .set(.or, let lhs, let rhs, _): return isZero(lhs, outer) && isZero(rhs, outer)
    case .set(.and, let lhs, _, _), .set(.unless, let lhs, _, _): return isZero(lhs, outer)
    case .aggregate(let aggregation):
      let grouped = outer + [aggregation.grouping]
      switch aggregation.operation {
      case .simple(.count), .simple(.group):
        // At least 1 while there is anything.
        return series(aggregation.vector).map { isCovered($0.counted(), grouped) } ?? false
      case .simple, .quantile: return isZero(aggregation.vector, grouped)
      case .topk, .bottomk, .limitk, .limitRatio: return isZero(aggregation.vector, outer)
      case .countValues: return false
      }
    case .select, .window: return series(plan).map { isCovered($0, outer) } ?? false
    case .reading(let reading, let inner):
      // What is read of a sum is the sum of what is read.
      if case .aggregate(let sum) = inner.form, case .simple(.sum) = sum.operation {
        return isZero(VectorPlan(site: plan.site, .reading(reading, sum.vector)), outer + [sum.grouping])
      }
      return series(plan).map { isCovered($0, outer) } ?? false
    case .date, .timestamp, .startTimestamp, .absent, .absentOverTime, .histogramQuantile,
      .histogramQuantiles, .histogramFraction, .labelReplace, .labelJoin, .info, .scalarTrim, .comparison,
      .trim, .foreign:
      return false
    }
  }

  private func isZero(_ scalar: ScalarPlan) -> Bool {
    switch scalar.unpinned {
    case .number(let number): number == 0
    case .only(let vector): isZero(vector, [])
    case .negate(let inner): isZero(inner)
    case .time, .arithmetic, .comparison, .trim, .larger, .smaller, .pinned: false
    }
  }

  private func isZero(
    _ operation: ArithmeticOperator, _ inner: VectorPlan, _ number: ScalarPlan, _ side: Side,
    _ outer: [AggregationPlan.Grouping]
  ) -> Bool {
    switch (operation, side) {
    case (.multiply, _): isZero(inner, outer) || isZero(number)
    case (.divide, .right): isZero(inner, outer)
    case (.divide, .left): isZero(number)
    case (.add, _), (.subtract, _): isZero(inner, outer) && isZero(number)
    case (.modulo, _), (.power, _), (.atan2, _): false
    }
  }

  private func series(_ plan: VectorPlan) -> CountedSeries? { CountedSeries(plan, selections) }

  private func isCovered(_ series: CountedSeries, _ outer: [AggregationPlan.Grouping]) -> Bool {
    var series = series
    for grouping in outer.reversed() { series.labels.regroup(grouping) }
    return counts.contains { series.isPart(of: $0) && $0.labels.isShared(with: series, matching) }
  }
}

/// A part of a query by its text, white space left out: equal parts have equal values.
private struct SourceText: Equatable {
  private let text: [UInt8]
  private let bytes: [UInt8]

  init(_ site: SourceRange, _ text: [UInt8]) {
    self.text = text
    let start = max(0, min(site.start, text.count))
    bytes = text[start..<max(start, min(site.end, text.count))].filter { $0 > 0x20 }
  }

  func of(_ site: SourceRange) -> SourceText { SourceText(site, text) }

  static func == (lhs: SourceText, rhs: SourceText) -> Bool {
    !lhs.bytes.isEmpty && lhs.bytes == rhs.bytes
  }
}

/// What a divisor says when it is 0.
private struct DivisorReading {
  let selections: [Selection]
  let text: [UInt8]

  struct Zero {
    var canBeZero = true
    /// All of these are 0, or missing.
    var counts: [CountedSeries]
    /// Whether they are also when the divisor is missing.
    var isKnownWhenMissing = true

    /// None of what is added up is below 0.
    var isNotNegative: Bool { counts.allSatisfy { !$0.mayBeNegative } }
  }

  /// Nil when nothing is known of it.
  func zero(_ plan: VectorPlan) -> Zero? {
    switch plan.form {
    case .pinned(let inner), .plus(let inner), .negate(let inner), .sort(let inner, _): return zero(inner)
    case .vector(let scalar): return zero(scalar)
    case .reading(let reading, let inner):
      if case .aggregate(let sum) = inner.form, case .simple(.sum) = sum.operation {
        let parts = VectorPlan(site: plan.site, .reading(reading, sum.vector))
        return zero(AggregationPlan(.simple(.sum), grouping: sum.grouping, parts))
      }
      return CountedSeries(plan, selections).map { Zero(counts: [$0]) }
    case .select, .window:
      guard let series = CountedSeries(plan, selections), !series.cancelsOut else { return nil }
      return Zero(counts: [series])
    case .point(let function, let inner):
      guard let zero = zero(inner), [.abs, .sqrt, .sgn].contains(function) || zero.isNotNegative,
        [.abs, .sqrt, .sgn, .ceil].contains(function)
      else { return nil }
      return zero
    case .bounded(let function, let inner, let bounds):
      guard case .number(let bound)? = bounds.first?.unpinned, var zero = zero(inner) else { return nil }
      switch function {
      case .clampMin, .clamp: zero.canBeZero = zero.canBeZero && bound <= 0
      case .clampMax where bound > 0: break
      case .clampMax, .round: return nil
      }
      return zero
    case .aggregate(let aggregation): return self.zero(aggregation)
    case .scalarArithmetic(let operation, let inner, let number, let side):
      guard case .number(let number) = number.unpinned, var zero = zero(inner) else { return nil }
      switch operation {
      case .multiply where number != 0, .divide where side == .right && number != 0: return zero
      case .add where number >= 0 && zero.isNotNegative:
        zero.canBeZero = zero.canBeZero && number == 0
        return zero
      case .multiply, .divide, .add, .subtract, .modulo, .power, .atan2: return nil
      }
    case .scalarComparison(let operation, let inner, let number, let side, returnsBool: false):
      guard case .number(let bound) = number.unpinned, var zero = zero(inner) else { return nil }
      let (lhs, rhs) = side == .right ? (0, bound) : (bound, 0)
      zero.canBeZero = zero.canBeZero && operation.holds(lhs, rhs)
      let dropsZeroOnly =
        bound == 0 && (operation == .notEqual || (operation == .greater && side == .right))
      zero.isKnownWhenMissing = zero.isKnownWhenMissing && dropsZeroOnly && zero.isNotNegative
      return zero
    case .arithmetic(.divide, let lhs, _, _): return zero(lhs)
    case .arithmetic(.add, let lhs, let rhs, let matching):
      guard let left = zero(lhs), let right = zero(rhs), left.isNotNegative, right.isNotNegative else {
        return nil
      }
      let counts = left.counts + right.counts
      guard matching.isOfAllLabels || counts.allSatisfy(\.labels.isEmpty) else { return nil }
      return Zero(
        canBeZero: left.canBeZero && right.canBeZero, counts: counts, isKnownWhenMissing: false)
    case .set(.or, let lhs, let rhs, _):
      // Where the left side is missing, the right one stands for it.
      let other = zero(rhs)
      guard var zero = zero(lhs) else { return nil }
      if !zero.canBeZero, other?.canBeZero == false { return zero }
      guard zero.isKnownWhenMissing else { return nil }
      zero.canBeZero = true
      return zero
    case .set(.and, let lhs, _, _): return zero(lhs)
    case .set(.unless, let lhs, let rhs, _):
      guard var zero = zero(lhs) else { return nil }
      if case .scalarComparison(.equal, let inner, .number(0), _, returnsBool: false) = rhs.form,
        SourceText(inner.site, text) == SourceText(lhs.site, text)
      {
        zero.canBeZero = false
      }
      return zero
    case .date, .timestamp, .startTimestamp, .absent, .absentOverTime, .histogramQuantile,
      .histogramQuantiles, .histogramFraction, .labelReplace, .labelJoin, .info, .scalarTrim,
      .scalarComparison, .arithmetic, .comparison, .trim, .foreign:
      return nil
    }
  }

  private func zero(_ scalar: ScalarPlan) -> Zero? {
    switch scalar.unpinned {
    case .number(let number): Zero(canBeZero: number == 0, counts: [])
    case .only(let vector): zero(vector)
    case .time, .negate, .arithmetic, .comparison, .trim, .larger, .smaller, .pinned: nil
    }
  }

  private func zero(_ plan: AggregationPlan) -> Zero? {
    guard var zero = zero(plan.vector) else { return nil }
    switch plan.operation {
    case .simple(.sum), .simple(.avg), .simple(.max):
      guard zero.isNotNegative else { return nil }
    case .simple(.count), .simple(.group):
      guard zero.isKnownWhenMissing else { return nil }
      zero.canBeZero = false
      zero.counts = zero.counts.map { $0.counted() }
    case .topk, .bottomk, .limitk, .limitRatio: return zero
    case .simple, .quantile, .countValues: return nil
    }
    for index in zero.counts.indices { zero.counts[index].labels.regroup(plan.grouping) }
    return zero
  }
}

extension ScalarPlan {
  /// Without the marks of what has one value for all steps.
  var unpinned: ScalarPlan {
    if case .pinned(let inner) = self { inner.unpinned } else { self }
  }
}

extension VectorMatching {
  /// How a vector meets a number: whatever its labels.
  static let scalar = VectorMatching(labels: .on([]), cardinality: .manyToOne(include: []))

  /// Whether the sides meet one to one by all their labels.
  var isOfAllLabels: Bool { cardinality == .oneToOne && labels == .ignoring([]) }
}

extension ComparisonOperator {
  /// Whether it holds between two numbers.
  func holds(_ lhs: Double, _ rhs: Double) -> Bool {
    switch self {
    case .equal: lhs == rhs
    case .notEqual: lhs != rhs
    case .less: lhs < rhs
    case .lessOrEqual: lhs <= rhs
    case .greater: lhs > rhs
    case .greaterOrEqual: lhs >= rhs
    }
  }
}

extension PointFunction {
  /// Whether it yields 0 for 0.
  fileprivate var keepsZero: Bool {
    switch self {
    case .abs, .ceil, .floor, .sqrt, .sgn, .sin, .tan, .asin, .atan, .sinh, .tanh, .asinh, .atanh, .deg, .rad:
      true
    case .exp, .ln, .log2, .log10, .cos, .acos, .cosh, .acosh: false
    }
  }
}

extension BoundedFunction {
  /// Whether it yields 0 for 0.
  fileprivate func keepsZero(_ bounds: [ScalarPlan]) -> Bool {
    let numbers = bounds.map { bound -> Double? in
      if case .number(let number) = bound.unpinned { number } else { nil }
    }
    switch self {
    case .round: return true
    case .clampMin: return numbers.first.flatMap { $0 }.map { $0 <= 0 } ?? false
    case .clampMax: return numbers.first.flatMap { $0 }.map { $0 >= 0 } ?? false
    case .clamp:
      guard numbers.count == 2, let low = numbers[0], let high = numbers[1] else { return false }
      return low <= 0 && high >= 0
    }
  }
}
