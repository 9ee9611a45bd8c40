import PromQL
import TimeSeries

/// A vector behind comparisons with numbers, `x > 5 < 9`: what is compared, and which of its values are left.
struct KeptValues {
  /// What is compared, in one spelling.
  var compared: String
  /// Inclusive.
  private(set) var lower = -Double.infinity
  private(set) var upper = Double.infinity
  /// Left out by `!=`.
  private(set) var excluded: Set<Double> = []
  /// Whether a NaN is left.
  private(set) var keepsNaN = true
  /// Whether nothing else leaves out values: `x > 5 and y` has some of those of `x > 5`.
  private var isExact = true

  private init(compared: String) { self.compared = compared }

  /// - Parameter text: the query's.
  init(_ plan: VectorPlan, _ text: [UInt8]) {
    switch plan.form {
    case .pinned(let inner): self.init(inner, text)
    case .scalarComparison(let operation, let inner, let number, let side, returnsBool: false):
      guard case .number(let number) = number.unpinned, !number.isNaN else {
        self.init(compared: plan.spelling(text))
        return
      }
      self.init(inner, text)
      keep(side == .right ? operation : operation.mirrored, number)
    case .set(.and, let lhs, let rhs, let matching):
      let right = KeptValues(rhs, text)
      self.init(lhs, text)
      if matching == .ignoring([]), compared == right.compared {
        meet(right)
        isExact = isExact && right.isExact
      } else {
        isExact = false
      }
    case .set(.unless, let lhs, _, _):
      self.init(lhs, text)
      isExact = false
    default: self.init(compared: plan.spelling(text))
    }
  }

  private mutating func keep(_ operation: ComparisonOperator, _ number: Double) {
    switch operation {
    case .equal: (lower, upper) = (max(lower, number), min(upper, number))
    case .notEqual:
      // NaN is unequal to everything, and stays.
      excluded.insert(number)
      return
    case .less: upper = min(upper, number.nextDown)
    case .lessOrEqual: upper = min(upper, number)
    case .greater: lower = max(lower, number.nextUp)
    case .greaterOrEqual: lower = max(lower, number)
    }
    keepsNaN = false
  }

  private mutating func meet(_ other: KeptValues) {
    lower = max(lower, other.lower)
    upper = min(upper, other.upper)
    excluded.formUnion(other.excluded)
    keepsNaN = keepsNaN && other.keepsNaN
  }

  private func keeps(_ value: Double) -> Bool {
    lower <= value && value <= upper && !excluded.contains(value)
  }

  /// Whether no value is left.
  var isEmpty: Bool { !keepsNaN && (lower > upper || lower == upper && excluded.contains(lower)) }

  /// Whether no value of the same series is kept by both.
  func excludes(_ other: KeptValues) -> Bool {
    var both = self
    both.meet(other)
    return compared == other.compared && both.isEmpty
  }

  /// Whether all that is kept is kept by another one too.
  func isWithin(_ other: KeptValues) -> Bool {
    compared == other.compared && other.isExact && other.lower <= lower && upper <= other.upper
      && (other.keepsNaN || !keepsNaN)
      && other.excluded.allSatisfy { !keeps($0) }
  }

  /// Whether every number is kept by one of both, and neither keeps all by itself.
  func covers(with other: KeptValues) -> Bool {
    guard compared == other.compared, isExact, other.isExact, !keepsAll, !other.keepsAll else { return false }
    let (low, high) = lower <= other.lower ? (self, other) : (other, self)
    return low.lower == -.infinity && max(low.upper, high.upper) == .infinity
      && (low.upper.nextUp >= high.lower || low.upper == .infinity)
      && excluded.allSatisfy(other.keeps) && other.excluded.allSatisfy(keeps)
  }

  private var keepsAll: Bool { keepsNaN && excluded.isEmpty }
}

extension VectorPlan {
  /// Its text in one spelling, without blanks and the parentheses around it.
  func spelling(_ text: [UInt8]) -> String {
    let start = max(0, min(site.start, text.count))
    let tokens = Expression.tokens(of: text[start..<max(start, min(site.end, text.count))]).tokens
    var words = tokens.map {
      String(decoding: text[(start + $0.range.start)..<(start + $0.range.end)], as: UTF8.self)
    }
    while words.first == "(", Self.closing(words) == words.count - 1 {
      words = Array(words.dropFirst().dropLast())
    }
    return words.joined(separator: " ")
  }

  /// Of the parenthesis that the words begin with.
  private static func closing(_ words: [String]) -> Int? {
    var depth = 0
    return words.firstIndex { word in
      depth += word == "(" ? 1 : word == ")" ? -1 : 0
      return depth == 0
    }
  }
}

extension PlanFacts {
  /// Whether both sides of an operator are the same series, each of which meets itself.
  func isSame(_ lhs: VectorPlan, _ rhs: VectorPlan, _ matching: VectorMatching) -> Bool {
    matching.labels == .ignoring([]) && matching.cardinality == .oneToOne && matching.fillLeft == nil
      && matching.fillRight == nil && lhs.spelling(text) == rhs.spelling(text)
  }

  /// Whether a set operator of vectors that may have series leaves none: `x > 5 and x < 3`,
  /// `x and absent(x)`, `x > 5 unless x`.
  func leavesNothing(
    _ operation: SetOperator, _ lhs: VectorPlan, _ rhs: VectorPlan, _ matching: MatchLabels,
    _ left: VectorFacts
  ) -> Bool {
    // Each series meets itself, or there is but one.
    let meetsItself = matching == .ignoring([]) || left.labels.tellNothingApart
    switch operation {
    case .or: return false
    case .and:
      let (one, two) = (KeptValues(lhs, text), KeptValues(rhs, text))
      if meetsItself, one.excludes(two) { return true }
      return lhs.asksAbsence(text).map { $0 == two.compared } ?? false
        || rhs.asksAbsence(text).map { $0 == one.compared } ?? false
    case .unless: return meetsItself && KeptValues(lhs, text).isWithin(KeptValues(rhs, text))
    }
  }
}

extension VectorPlan {
  /// What must not be there for it to have a series: of `absent(x)`, perhaps compared, `x`.
  fileprivate func asksAbsence(_ text: [UInt8]) -> String? {
    switch form {
    case .absent(let inner, _): inner.spelling(text)
    case .scalarComparison(_, let inner, _, _, returnsBool: false), .pinned(let inner):
      inner.asksAbsence(text)
    default: nil
    }
  }
}
