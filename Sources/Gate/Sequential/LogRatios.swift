import Glibc

/// Logarithms of likelihood ratios over a mixture's alternatives.
///
/// A ratio r between canary and primary gives a failed request the chance π(r) = rρ / (rρ + 1 − ρ) to be the
/// canary's, ρ being the canary's share of the requests. Alternatives are r_k = r0·qᵏ, and so
/// π(r_k)/π(r0) = qᵏ / (1 + π(r0)(qᵏ − 1)) and (1 − π(r_k))/(1 − π(r0)) = 1 / (1 + π(r0)(qᵏ − 1)):
/// one logarithm an alternative, from a table that no setting changes.
enum LogRatios {
  /// K: alternatives of a mixture, the null hypothesis among them.
  static let count = 64
  /// The farthest alternative is 30 times the null hypothesis, or a thirtieth of it.
  static let reach = 30.0
  /// log q: what lies between two alternatives.
  static let step = log(reach) / Double(count - 1)
  /// qᵏ − 1.
  static let above = shape(step)
  /// q⁻ᵏ − 1.
  static let below = shape(-step)

  /// k, so that no integer has to be converted in the loop.
  private static let places = (0..<count).map(Double.init)

  static func shape(_ step: Double) -> [Double] { (0..<count).map { expm1(Double($0) * step) } }

  static var zeros: [Double] { Array(repeating: 0, count: count) }

  /// `sums[k] += errors·k·step − all·log(1 + share·shape[k])`.
  ///
  /// A plain loop without calls, so that the compiler may take several at a time.
  static func add(
    errors: Double, all: Double, share: Double, step: Double, shape: [Double], to sums: inout [Double]
  ) {
    precondition(shape.count == count && sums.count == count)
    unsafe shape.withUnsafeBufferPointer { shape in
      unsafe places.withUnsafeBufferPointer { places in
        unsafe sums.withUnsafeMutableBufferPointer { sums in
          let slope = errors * step
          for k in 0..<count {
            let bent = unsafe all * naturalLogarithm(1 + share * shape[k])
            unsafe sums[k] += slope * places[k] - bent
          }
        }
      }
    }
  }

  /// The largest; four at a time, since a comparison waits for the one before.
  static func largest(_ sums: [Double]) -> Double {
    var tops = SIMD4<Double>(repeating: -.infinity)
    for start in stride(from: 0, to: count, by: 4) {
      let four = SIMD4(sums[start], sums[start + 1], sums[start + 2], sums[start + 3])
      tops.replace(with: four, where: four .> tops)
    }
    return tops.max()
  }

  /// log of the mean of exp(sums/divisor), without overflow.
  static func logMean(_ sums: [Double], divisor: Double = 1) -> Double {
    guard let top = sums.max() else { return 0 }
    var total = 0.0
    for sum in sums {
      let below = (sum - top) / divisor
      // What is smaller does not change the sum of so many.
      if below > -45 { total += exp(below) }
    }
    return top / divisor + log(total / Double(sums.count))
  }

  /// The natural logarithm of a positive, normal number, within an ulp: the same on all machines, and a
  /// plain expression. Method and constants of fdlibm's `e_log.c` (Sun Microsystems 1993); the exponent is
  /// taken off as musl does it.
  @inline(__always)
  static func naturalLogarithm(_ number: Double) -> Double {
    // √½: mantissas run from there to √2.
    let least: UInt64 = 0x3FE6_A09E_667F_3BCD
    let shifted = number.bitPattern &+ (0x3FF0_0000_0000_0000 &- least)
    let mantissa = Double(bitPattern: (shifted & 0x000F_FFFF_FFFF_FFFF) &+ least)
    // 2^52 + exponent + 1023 as bits, so that no integer has to be converted.
    let exponent = Double(bitPattern: (shifted >> 52) | 0x4330_0000_0000_0000) - (0x1p52 + 1023)
    let f = mantissa - 1
    let s = f / (2 + f)
    let z = s * s
    let w = z * z
    let even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    let odd =
      z
      * (6.666666666666735130e-01 + w
        * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)))
    let half = 0.5 * f * f
    return exponent * 6.93147180369123816490e-01
      - ((half - (s * (half + even + odd) + exponent * 1.90821492927058770002e-10)) - f)
  }
}
