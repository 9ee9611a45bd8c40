import Glibc
import PromQL
import TimeSeries

/// Elementwise formulas (promql-functions.md §3.1). The switch stands outside the loops.
enum PointKernels {
  static func apply(_ function: PointFunction, to values: inout [Double]) {
    switch function {
    case .abs: map(&values) { $0.magnitude }
    case .ceil: map(&values) { $0.rounded(.up) }
    case .floor: map(&values) { $0.rounded(.down) }
    case .exp: ElementaryFunction.exp.apply(to: &values)
    case .sqrt: map(&values) { $0.squareRoot() }
    case .ln: ElementaryFunction.ln.apply(to: &values)
    case .log2: ElementaryFunction.log2.apply(to: &values)
    case .log10: ElementaryFunction.log10.apply(to: &values)
    case .sgn: map(&values) { $0 < 0 ? -1 : $0 > 0 ? 1 : $0 }
    case .sin: ElementaryFunction.sin.apply(to: &values)
    case .cos: ElementaryFunction.cos.apply(to: &values)
    case .tan: ElementaryFunction.tan.apply(to: &values)
    case .asin: ElementaryFunction.asin.apply(to: &values)
    case .acos: ElementaryFunction.acos.apply(to: &values)
    case .atan: ElementaryFunction.atan.apply(to: &values)
    case .sinh: ElementaryFunction.sinh.apply(to: &values)
    case .cosh: ElementaryFunction.cosh.apply(to: &values)
    case .tanh: ElementaryFunction.tanh.apply(to: &values)
    case .asinh: ElementaryFunction.asinh.apply(to: &values)
    case .acosh: ElementaryFunction.acosh.apply(to: &values)
    case .atanh: ElementaryFunction.atanh.apply(to: &values)
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
    case .power: combine(&values, scalar, scalarSide, .pow)
    case .atan2: combine(&values, scalar, scalarSide, .atan2)
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

  private static func combine(
    _ values: inout [Double], _ scalar: ScalarColumn, _ side: Side, _ function: ElementaryPairFunction
  ) {
    switch (scalar, side) {
    case (.constant(let constant), .right): function.apply(to: &values, constant)
    case (.constant(let constant), .left): function.apply(constant, to: &values)
    case (.steps(let column), .right): function.apply(to: &values, column)
    case (.steps(let column), .left): function.apply(column, to: &values)
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
    case .power: ElementaryPairFunction.pow.apply(to: &left, right)
    case .atan2: ElementaryPairFunction.atan2.apply(to: &left, right)
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
