internal import CElementary

/// An elementary function of one number, to the bit as Go's `math` package computes it on amd64 (Go 1.27),
/// which is what Prometheus answers with. The algorithms are those that the package names, with its order of
/// operations; `ln` of a subnormal number is −709.09 as there. NaN yields NaN.
package enum ElementaryFunction: CaseIterable, Sendable {
  case exp, exp2, ln, log2, log10
  case sin, cos, tan, asin, acos, atan
  case sinh, cosh, tanh, asinh, acosh, atanh

  /// The function's value at one place.
  package func callAsFunction(_ x: Double, rounding: ExponentialRounding = .native) -> Double {
    var x = x
    unsafe promgate_compute(function, rounding.form, &x, 1)
    return x
  }

  /// The function's values at two places, which cost no more than one.
  package func both(_ first: Double, _ second: Double) -> (Double, Double) {
    var values = (first, second)
    unsafe withUnsafeMutableBytes(of: &values) { bytes in
      guard let start = bytes.baseAddress else { return }
      unsafe promgate_compute(
        function, ExponentialRounding.native.form, start.assumingMemoryBound(to: Double.self), 2)
    }
    return values
  }

  /// The function's value at each place instead of it. Some two nanoseconds a value of a long column.
  package func apply(to values: inout [Double], rounding: ExponentialRounding = .native) {
    unsafe promgate_compute(function, rounding.form, &values, values.count)
  }

  private var function: promgate_function {
    switch self {
    case .exp: PROMGATE_EXP
    case .exp2: PROMGATE_EXP2
    case .ln: PROMGATE_LN
    case .log2: PROMGATE_LOG2
    case .log10: PROMGATE_LOG10
    case .sin: PROMGATE_SIN
    case .cos: PROMGATE_COS
    case .tan: PROMGATE_TAN
    case .asin: PROMGATE_ASIN
    case .acos: PROMGATE_ACOS
    case .atan: PROMGATE_ATAN
    case .sinh: PROMGATE_SINH
    case .cosh: PROMGATE_COSH
    case .tanh: PROMGATE_TANH
    case .asinh: PROMGATE_ASINH
    case .acosh: PROMGATE_ACOSH
    case .atanh: PROMGATE_ATANH
    }
  }
}

/// How the exponential rounds, and `sinh`, `cosh`, `tanh` and powers with it. On amd64, Go's assembly
/// multiplies and adds in one rounding where the processor has FMA, in two where it has not.
package enum ExponentialRounding: CaseIterable, Sendable {
  case separate, fused

  /// Go's on this processor; fused where that is no amd64.
  package static let native: ExponentialRounding =
    promgate_native_rounding() == PROMGATE_FUSED ? .fused : .separate

  fileprivate var form: promgate_rounding {
    switch self {
    case .separate: PROMGATE_SEPARATE
    case .fused: PROMGATE_FUSED
    }
  }
}

/// An elementary function of two numbers, as `ElementaryFunction` is one of one.
package enum ElementaryPairFunction: CaseIterable, Sendable {
  /// The first to the power of the second.
  case pow
  /// The angle of the point whose ordinate comes first.
  case atan2

  /// The function's value for one pair.
  package func callAsFunction(
    _ left: Double, _ right: Double, rounding: ExponentialRounding = .native
  ) -> Double {
    var (left, right, result) = (left, right, 0.0)
    unsafe promgate_compute_pairs(function, rounding.form, &left, 1, &right, 1, &result, 1)
    return result
  }

  /// `values[i] = f(values[i], right)`
  package func apply(to values: inout [Double], _ right: Double, rounding: ExponentialRounding = .native) {
    var right = right
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      unsafe promgate_compute_pairs(
        function, rounding.form, start, 1, &right, 0, start, buffer.count)
    }
  }

  /// `values[i] = f(left, values[i])`
  package func apply(_ left: Double, to values: inout [Double], rounding: ExponentialRounding = .native) {
    var left = left
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      unsafe promgate_compute_pairs(
        function, rounding.form, &left, 0, start, 1, start, buffer.count)
    }
  }

  /// `values[i] = f(values[i], right[i])`; there are as many on the right, or more.
  package func apply(to values: inout [Double], _ right: [Double], rounding: ExponentialRounding = .native) {
    precondition(right.count >= values.count)
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      unsafe promgate_compute_pairs(
        function, rounding.form, start, 1, right, 1, start, buffer.count)
    }
  }

  /// `values[i] = f(left[i], values[i])`; there are as many on the left, or more.
  package func apply(_ left: [Double], to values: inout [Double], rounding: ExponentialRounding = .native) {
    precondition(left.count >= values.count)
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      unsafe promgate_compute_pairs(
        function, rounding.form, left, 1, start, 1, start, buffer.count)
    }
  }

  private var function: promgate_pair_function {
    switch self {
    case .pow: PROMGATE_POW
    case .atan2: PROMGATE_ATAN2
    }
  }
}
