import Glibc

/// The bounds of exponential buckets, exactly as Prometheus has them (native-histograms.md §2.1).
enum ExponentialBounds {
  /// The upper bound of the positive bucket `index`, 2^(index·2^−schema): +Inf past the last finite
  /// bucket, 0 on underflow. Any index and schema have an answer.
  static func upper(_ index: Int, schema: Int32) -> Double {
    if schema < 0 {
      let exponent = index << Int(schema.magnitude)
      if exponent == 1024 { return .greatestFiniteMagnitude }
      return scaled(1, exponent)
    }
    // Only 256 fractions exist: schemas are at most 8.
    let shift = Int(min(schema, 8))
    let fraction = mantissas[(index & ((1 << shift) - 1)) << (8 - shift)]
    let exponent = (index >> shift) &+ 1
    if fraction == 0.5, exponent == 1025 { return .greatestFiniteMagnitude }
    return scaled(fraction, exponent)
  }

  /// The index, at a lower resolution, of the bucket that holds the bucket `index`.
  @inline(__always)
  static func reduced(_ index: Int32, by difference: Int32) -> Int32 {
    guard difference > 0 else { return index }
    // The result is nearer to zero than the index, or 1 at most: it fits.
    return Int32(truncatingIfNeeded: ((Int(index) - 1) >> Int(difference)) + 1)
  }

  /// fraction · 2^exponent, for a fraction in [0.5, 1].
  @inline(__always)
  private static func scaled(_ fraction: Double, _ exponent: Int) -> Double {
    if exponent > -1_021, exponent < 1_023 {
      return Double(bitPattern: fraction.bitPattern &+ UInt64(bitPattern: Int64(exponent)) << 52)
    }
    return scalbn(fraction, min(max(exponent, -5_000), 5_000))
  }

  /// 2^(k/256 − 1) for k = 0…255, less the historic errors of Prometheus' table.
  static let mantissas: [Double] = {
    var result: [Double] = []
    for (k, error) in errors.utf8.enumerated() {
      let exact = power(k).rounded
      // A plus sign stands for a value one unit too high.
      let ulps = error == UInt8(ascii: "+") ? UInt64.max : UInt64(error &- UInt8(ascii: "0"))
      result.append(Double(bitPattern: exact.bitPattern &- ulps))
    }
    return result
  }()

  /// By how many units in the last place each entry of the table lies below the rounded power.
  private static let errors =
    "00000010001000000012001111111111001000100111001100110+1100110011"
    + "0000001111221021001000100001000000010+00102200110111001010221111"
    + "1010112211211011111111212122212200110010112210221122101121221121"
    + "1132112122322232222222333344324311211222213311222132112222432233"

  /// 2^(k/256 − 1), 0 ≤ k < 256, as a product of roots of two.
  private static func power(_ k: Int) -> DoubleDouble {
    var result = DoubleDouble(high: 0.5, low: 0)
    for (bit, root) in roots.enumerated() where k & (1 << bit) != 0 { result = result * root }
    return result
  }

  /// 2^(1/256), 2^(1/128), … 2^(1/2).
  private static let roots: [DoubleDouble] = {
    var result: [DoubleDouble] = []
    var root = DoubleDouble(high: 2, low: 0)
    for _ in 0..<8 {
      root = root.squareRoot
      result.append(root)
    }
    return result.reversed()
  }()
}

/// An unevaluated sum of two doubles: about 106 bits, enough to round the powers correctly.
private struct DoubleDouble {
  var high: Double
  var low: Double

  /// The nearest double.
  var rounded: Double { high + low }

  static func * (lhs: DoubleDouble, rhs: DoubleDouble) -> DoubleDouble {
    let product = lhs.high * rhs.high
    let error = (-product).addingProduct(lhs.high, rhs.high)
    return normalized(product, error + (lhs.high * rhs.low + lhs.low * rhs.high))
  }

  /// One step of Newton's method from the double root.
  var squareRoot: DoubleDouble {
    let root = high.squareRoot()
    let residue = high.addingProduct(-root, root) + low
    return Self.normalized(root, residue / (2 * root))
  }

  private static func normalized(_ high: Double, _ low: Double) -> DoubleDouble {
    let sum = high + low
    return DoubleDouble(high: sum, low: low - (sum - high))
  }
}
