import PromQL
import TimeSeries

/// What makes an alert's expression yield anything.
enum AlertCondition {
  /// That there is a series.
  case nothing
  /// A comparison that holds for every value.
  case alwaysHolds(SourceRange)
  /// A comparison with `bool`, which yields 0 where it does not hold.
  case yieldsBool(SourceRange)
  /// Something that can hold or not.
  case some

  private var strength: Int {
    switch self {
    case .nothing: 0
    case .yieldsBool: 1
    case .alwaysHolds: 2
    case .some: 3
    }
  }

  fileprivate func or(_ other: AlertCondition) -> AlertCondition { strength >= other.strength ? self : other }
  fileprivate func and(_ other: AlertCondition) -> AlertCondition {
    strength <= other.strength ? self : other
  }
}

extension PlanFacts {
  /// What makes the whole yield anything.
  var condition: AlertCondition { condition(nodes.count - 1) }

  private func condition(_ index: Int) -> AlertCondition {
    let node = nodes[index]
    let below = node.children.map(condition)
    let strongest = below.reduce(AlertCondition.nothing) { $0.or($1) }
    guard case .vector(let plan, let facts) = node.content else {
      if case .windows = node.content { return strongest }
      return .nothing
    }
    if let compared = comparison(index) {
      if compared.returnsBool { return AlertCondition.yieldsBool(plan.site).or(strongest) }
      guard compared.alwaysHolds, !isExistence(compared.left) else { return .some }
      return strongest.or(AlertCondition.alwaysHolds(plan.site))
    }
    switch plan.form {
    case .absent, .absentOverTime, .trim, .scalarTrim, .set(.unless, _, _, _), .set(.and, _, _, _):
      return .some
    case .set(.or, let lhs, let rhs, .ignoring([]))
    where KeptValues(lhs, text).covers(with: KeptValues(rhs, text)):
      return .alwaysHolds(plan.site)
    case .set(.or, _, _, _):
      return below.first.map { first in below.dropFirst().reduce(first) { $0.and($1) } } ?? .nothing
    // It holds firing alerts only.
    case .select(let selector):
      // A series of information is compared by its labels.
      let isInformation =
        selector.metricName?.hasSuffix("_info") ?? false
        && matchers(selector).contains { $0.name != LabelFacts.metricName }
      return selector.metricName == "ALERTS" || isInformation ? .some : .nothing
    default: return facts.impossibility == nil ? strongest : .some
    }
  }

  /// Whether its value is the number of its series, or 1: to compare it asks whether there are any.
  /// A whole over its part is at least 1 too, and is no such number.
  private func isExistence(_ facts: ValueFacts) -> Bool {
    facts.lower == 1 && !facts.nan.contains(.division)
  }

  /// A comparison with what is known of its sides.
  struct Comparison {
    var operation: ComparisonOperator
    var left: ValueFacts
    var right: ValueFacts
    var returnsBool: Bool
    /// Whether every series is compared with itself.
    var isWithItself = false
    /// Whether a side is NaN, with which nothing compares.
    var isWithNaN = false

    /// For every value but NaN, which satisfies nothing but `!=` and is there for a moment only.
    var alwaysHolds: Bool {
      if isWithNaN { return operation == .notEqual }
      return operation.alwaysHolds(left, right)
        || isWithItself && (operation == .lessOrEqual || operation == .greaterOrEqual)
    }

    var neverHolds: Bool {
      if isWithNaN { return operation != .notEqual }
      return operation.neverHolds(left, right)
        || isWithItself && (operation == .less || operation == .greater)
    }
  }

  /// Nil for what is no comparison.
  func comparison(_ index: Int) -> Comparison? {
    guard case .vector(let plan, _) = nodes[index].content, nodes[index].children.count == 2 else {
      return nil
    }
    let sides = nodes[index].children.map(values)
    switch plan.form {
    case .comparison(let operation, let lhs, let rhs, let matching, let returnsBool):
      return Comparison(
        operation: operation, left: sides[0], right: sides[1], returnsBool: returnsBool,
        isWithItself: isSame(lhs, rhs, matching))
    case .scalarComparison(let operation, _, let number, let side, let returnsBool):
      let (left, right) = side == .right ? (sides[0], sides[1]) : (sides[1], sides[0])
      var isWithNaN = false
      if case .number(let value) = number.unpinned { isWithNaN = value.isNaN }
      return Comparison(
        operation: operation, left: left, right: right, returnsBool: returnsBool, isWithNaN: isWithNaN)
    default: return nil
    }
  }

  private func values(_ index: Int) -> ValueFacts {
    switch nodes[index].content {
    case .vector(_, let facts), .windows(_, let facts): facts.values
    case .scalar(_, let values): values
    case .string: .anything
    }
  }
}
