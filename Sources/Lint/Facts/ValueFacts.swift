import PromQL

/// The values that a result can have, without data.
///
/// Sound as long as counters are what their name says: not negative and finite.
public struct ValueFacts: Sendable, Hashable {
  /// Every value that is a number lies between these, both inclusive; infinite where nothing bounds it.
  public var lower: Double
  public var upper: Double
  /// Why a value may be NaN; empty when it cannot be.
  public var nan: NaNReasons
  /// Whether a value may be infinite although what is measured is finite: x/0.
  public var mayDivideByZero: Bool

  /// Why a value may be NaN.
  public struct NaNReasons: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A target may export it.
    public static let data = NaNReasons(rawValue: 1)
    /// 0/0, as when there is no traffic.
    public static let division = NaNReasons(rawValue: 2)
    /// A quantile of a histogram without observations.
    public static let noObservations = NaNReasons(rawValue: 4)
    /// A function outside its domain.
    public static let domain = NaNReasons(rawValue: 8)
    /// 0/0 of rates: when nothing happens.
    public static let idle = NaNReasons(rawValue: 32)
    /// `scalar` of anything but one series.
    public static let notOneSeries = NaNReasons(rawValue: 16)
  }

  public init(
    _ lower: Double, _ upper: Double, nan: NaNReasons = [], mayDivideByZero: Bool = false
  ) {
    self.lower = lower
    self.upper = upper
    self.nan = nan
    self.mayDivideByZero = mayDivideByZero
  }

  /// What a target exports: anything.
  public static let anything = ValueFacts(-.infinity, .infinity, nan: .data)
  /// No bound, but no NaN of its own.
  static let unbounded = ValueFacts(-.infinity, .infinity)
  static let notNegative = ValueFacts(0, .infinity)
  static let zeroToOne = ValueFacts(0, 1)

  /// One number.
  static func constant(_ value: Double) -> ValueFacts {
    value.isNaN ? ValueFacts(-.infinity, .infinity, nan: .domain) : ValueFacts(value, value)
  }

  /// The number, when there is only one.
  public var constant: Double? { lower == upper && nan.isEmpty ? lower : nil }

  /// Whether neither side is open.
  public var isBounded: Bool { lower.isFinite && upper.isFinite }

  /// The values of both.
  func union(_ other: ValueFacts) -> ValueFacts {
    ValueFacts(
      min(lower, other.lower), max(upper, other.upper), nan: nan.union(other.nan),
      mayDivideByZero: mayDivideByZero || other.mayDivideByZero)
  }

  /// The same doubts about another range.
  func with(_ lower: Double, _ upper: Double) -> ValueFacts {
    ValueFacts(
      lower.isNaN ? -.infinity : lower, upper.isNaN ? .infinity : upper, nan: nan,
      mayDivideByZero: mayDivideByZero)
  }

  var negated: ValueFacts { with(-upper, -lower) }
}

extension ValueFacts {
  /// The values of an operation of two sides.
  static func arithmetic(
    _ operation: ArithmeticOperator, _ lhs: ValueFacts, _ rhs: ValueFacts
  ) -> ValueFacts {
    let both = lhs.union(rhs)
    switch operation {
    case .add:
      return both.with(sum(lhs.lower, rhs.lower, .infinity), sum(lhs.upper, rhs.upper, -.infinity))
    case .subtract: return arithmetic(.add, lhs, rhs.negated)
    case .multiply:
      let corners = [
        product(lhs.lower, rhs.lower), product(lhs.lower, rhs.upper), product(lhs.upper, rhs.lower),
        product(lhs.upper, rhs.upper),
      ]
      return both.with(corners.min() ?? -.infinity, corners.max() ?? .infinity)
    case .divide: return quotient(lhs, rhs, both)
    case .modulo: return remainder(lhs, rhs, both)
    case .power, .atan2: return both.with(-.infinity, .infinity).adding(.domain)
    }
  }

  func adding(_ reasons: NaNReasons) -> ValueFacts {
    var copy = self
    copy.nan.formUnion(reasons)
    return copy
  }

  /// Opposite infinities leave the side open that they would close.
  private static func sum(_ one: Double, _ two: Double, _ open: Double) -> Double {
    let sum = one + two
    return sum.isNaN ? -open : sum
  }

  /// An open side times nothing is nothing: values themselves are finite.
  private static func product(_ one: Double, _ two: Double) -> Double {
    one == 0 || two == 0 ? 0 : one * two
  }

  private static func quotient(_ lhs: ValueFacts, _ rhs: ValueFacts, _ both: ValueFacts) -> ValueFacts {
    guard rhs.lower <= 0, rhs.upper >= 0 else {
      let corners = [
        ratio(lhs.lower, rhs.lower), ratio(lhs.lower, rhs.upper), ratio(lhs.upper, rhs.lower),
        ratio(lhs.upper, rhs.upper),
      ]
      return both.with(corners.min() ?? -.infinity, corners.max() ?? .infinity)
    }
    let isNotNegative = lhs.lower >= 0 && rhs.lower >= 0
    var result = both.with(isNotNegative ? 0 : -.infinity, .infinity)
    result.mayDivideByZero = true
    return lhs.lower <= 0 && lhs.upper >= 0 ? result.adding(.division) : result
  }

  /// It has the sign of what is divided, and is smaller than the divisor.
  private static func remainder(_ lhs: ValueFacts, _ rhs: ValueFacts, _ both: ValueFacts) -> ValueFacts {
    let divisor = max(rhs.lower.magnitude, rhs.upper.magnitude)
    let bound = divisor.isFinite ? max(divisor.nextDown, 0) : divisor
    return both.with(
      lhs.lower >= 0 ? 0 : max(-bound, lhs.lower), lhs.upper <= 0 ? 0 : min(bound, lhs.upper)
    ).adding(.domain)
  }

  private static func ratio(_ one: Double, _ two: Double) -> Double {
    one == 0 || two.isInfinite ? 0 : one / two
  }
}
