import Glibc
import PromQL
import TimeSeries

/// Number behaviour that queries can observe (promql.md §4.6).
enum Arithmetic {
  /// Truncates to an integer; NaN and what is out of range give −2^63, as on amd64.
  static func truncated(_ value: Double) -> Int64 {
    value > -0x1p63 && value < 0x1p63 ? Int64(value) : .min
  }

  /// `max`: +Inf wins over NaN, NaN over the rest, +0 over −0.
  static func larger(_ a: Double, _ b: Double) -> Double {
    if a == .infinity || b == .infinity { return .infinity }
    if a.isNaN || b.isNaN { return .nan }
    if a == 0, b == 0 { return a.sign == .minus ? b : a }
    return a > b ? a : b
  }

  /// `min`: −Inf wins over NaN, NaN over the rest, −0 over +0.
  static func smaller(_ a: Double, _ b: Double) -> Double {
    if a == -.infinity || b == -.infinity { return -.infinity }
    if a.isNaN || b.isNaN { return .nan }
    if a == 0, b == 0 { return a.sign == .minus ? a : b }
    return a < b ? a : b
  }

  @inline(__always)
  static func compute(_ operation: ArithmeticOperator, _ a: Double, _ b: Double) -> Double {
    switch operation {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .modulo: fmod(a, b)
    case .power: ElementaryPairFunction.pow(a, b)
    case .atan2: ElementaryPairFunction.atan2(a, b)
    }
  }

  @inline(__always)
  static func holds(_ operation: ComparisonOperator, _ a: Double, _ b: Double) -> Bool {
    switch operation {
    case .equal: a == b
    case .notEqual: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }
}
