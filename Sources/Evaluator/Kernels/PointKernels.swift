import Glibc
import PromQL

/// Elementwise formulas (promql-functions.md §3.1). The switch stands outside the loops.
enum PointKernels {
  static func apply(_ function: PointFunction, to values: inout [Double]) {
    switch function {
    case .abs: map(&values) { $0.magnitude }
    case .ceil: map(&values) { $0.rounded(.up) }
    case .floor: map(&values) { $0.rounded(.down) }
    case .exp: map(&values) { Glibc.exp($0) }
    case .sqrt: map(&values) { $0.squareRoot() }
    case .ln: map(&values) { Glibc.log($0) }
    case .log2: map(&values) { Glibc.log2($0) }
    case .log10: map(&values) { Glibc.log10($0) }
    case .sgn: map(&values) { $0 < 0 ? -1 : $0 > 0 ? 1 : $0 }
    case .sin: map(&values) { Glibc.sin($0) }
    case .cos: map(&values) { Glibc.cos($0) }
    case .tan: map(&values) { Glibc.tan($0) }
    case .asin: map(&values) { Glibc.asin($0) }
    case .acos: map(&values) { Glibc.acos($0) }
    case .atan: map(&values) { Glibc.atan($0) }
    case .sinh: map(&values) { Hyperbolic.sinh($0) }
    case .cosh: map(&values) { Hyperbolic.cosh($0) }
    case .tanh: map(&values) { Glibc.tanh($0) }
    case .asinh: map(&values) { Glibc.asinh($0) }
    case .acosh: map(&values) { Glibc.acosh($0) }
    case .atanh: map(&values) { Glibc.atanh($0) }
    case .deg: map(&values) { $0 * 180 / .pi }
    case .rad: map(&values) { $0 * .pi / 180 }
    }
  }

  @inline(__always)
  static func map(_ values: inout [Double], _ formula: (Double) -> Double) {
    for i in values.indices { values[i] = formula(values[i]) }
  }

  /// `row[i] = row[i] op scalar[i]`, the scalar on its written side.
  static func arithmetic(
    _ operation: ArithmeticOperator, _ values: inout [Double], _ scalar: ScalarColumn, scalarSide: Side
  ) {
    switch operation {
    case .add: combine(&values, scalar, scalarSide) { $0 + $1 }
    case .subtract: combine(&values, scalar, scalarSide) { $0 - $1 }
    case .multiply: combine(&values, scalar, scalarSide) { $0 * $1 }
    case .divide: combine(&values, scalar, scalarSide) { $0 / $1 }
    case .modulo: combine(&values, scalar, scalarSide) { fmod($0, $1) }
    case .power: combine(&values, scalar, scalarSide) { pow($0, $1) }
    case .atan2: combine(&values, scalar, scalarSide) { Glibc.atan2($0, $1) }
    }
  }

  @inline(__always)
  private static func combine(
    _ values: inout [Double], _ scalar: ScalarColumn, _ side: Side, _ formula: (Double, Double) -> Double
  ) {
    switch (scalar, side) {
    case (.constant(let constant), .right): map(&values) { formula($0, constant) }
    case (.constant(let constant), .left): map(&values) { formula(constant, $0) }
    case (.steps(let column), .right):
      for i in values.indices { values[i] = formula(values[i], column[i]) }
    case (.steps(let column), .left):
      for i in values.indices { values[i] = formula(column[i], values[i]) }
    }
  }

  /// `left[i] = left[i] op right[i]`.
  static func arithmetic(_ operation: ArithmeticOperator, _ left: inout [Double], _ right: [Double]) {
    switch operation {
    case .add: for i in left.indices { left[i] += right[i] }
    case .subtract: for i in left.indices { left[i] -= right[i] }
    case .multiply: for i in left.indices { left[i] *= right[i] }
    case .divide: for i in left.indices { left[i] /= right[i] }
    case .modulo: for i in left.indices { left[i] = fmod(left[i], right[i]) }
    case .power: for i in left.indices { left[i] = pow(left[i], right[i]) }
    case .atan2: for i in left.indices { left[i] = Glibc.atan2(left[i], right[i]) }
    }
  }
}

/// A scalar over a grid: one number, or one a step.
enum ScalarColumn {
  case constant(Double)
  case steps([Double])

  subscript(_ step: Int) -> Double {
    switch self {
    case .constant(let value): value
    case .steps(let values): values[step]
    }
  }

  func values(count: Int) -> [Double] {
    switch self {
    case .constant(let value): [Double](repeating: value, count: count)
    case .steps(let values): values
    }
  }
}

/// Hyperbolic functions that overflow where Go's do: half of e^|x| at large arguments, which is
/// infinite a little earlier than the function itself.
private enum Hyperbolic {
  private static let large = 21.0

  static func sinh(_ x: Double) -> Double {
    guard x.magnitude > large else { return Glibc.sinh(x) }
    let half = exp(x.magnitude) * 0.5
    return x < 0 ? -half : half
  }

  static func cosh(_ x: Double) -> Double {
    x.magnitude > large ? exp(x.magnitude) * 0.5 : Glibc.cosh(x)
  }
}
