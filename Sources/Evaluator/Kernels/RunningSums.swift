/// The sums of all prefixes of one or more columns as pairs of doubles, whose arithmetic has twice the digits
/// (Dekker 1971).
struct RunningSums<Value: Lanes> {
  /// sums[i] + rests[i] is the sum of the first i values.
  private let sums: [Value]
  private let rests: [Value]
  /// Differences below this may have lost precision.
  private let reliable: Value

  /// Nil when a value, or a sum, is not finite.
  @inline(__always)
  init?(count: Int, _ value: (_ position: Int) -> Value) {
    var sums = [Value](repeating: .zero, count: count + 1)
    var rests = sums
    var sum = Value.zero
    var rest = Value.zero
    var largest = Value.zero
    for i in 0..<count {
      let value = value(i)
      // Two-sum: the exact error of an addition.
      let total = sum + value
      let part = total - sum
      let error = (sum - (total - part)) + (value - part) + rest
      sum = total + error
      rest = error - (sum - total)
      sums[i + 1] = sum
      rests[i + 1] = rest
      largest.raise(to: sum)
    }
    guard largest.areFinite, sum.areFinite, rest.areFinite else { return nil }
    self.sums = sums
    self.rests = rests
    // 106 bits of the largest prefix leave 46 for a difference of this size: 1e-14.
    reliable = largest * 0x1p-60
  }

  /// The sums of the values at lower..<upper; nil when one of them cannot be trusted.
  @inline(__always)
  func sum(_ lower: Int, _ upper: Int) -> Value? {
    let high = sums[upper] - sums[lower]
    let part = high - sums[upper]
    let error = (sums[upper] - (high - part)) + (Value.zero - sums[lower] - part)
    let sum = high + (error + (rests[upper] - rests[lower]))
    return sum.reaches(reliable) ? sum : nil
  }
}

/// One double, or several side by side: a column each.
protocol Lanes {
  static var zero: Self { get }
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Double) -> Self
  /// Takes over the magnitudes that are larger.
  mutating func raise(to other: Self)
  var areFinite: Bool { get }
  /// Whether no magnitude is smaller than what it is held against.
  func reaches(_ other: Self) -> Bool
}

extension Double: Lanes {
  @inline(__always)
  mutating func raise(to other: Double) { self = Swift.max(self, other.magnitude) }

  var areFinite: Bool { isFinite }

  @inline(__always)
  func reaches(_ other: Double) -> Bool { magnitude >= other }
}

extension Lanes where Self: SIMD, Scalar == Double {
  @inline(__always)
  mutating func raise(to other: Self) {
    for lane in indices { self[lane].raise(to: other[lane]) }
  }

  var areFinite: Bool { indices.allSatisfy { self[$0].isFinite } }

  @inline(__always)
  func reaches(_ other: Self) -> Bool {
    for lane in indices where !self[lane].reaches(other[lane]) { return false }
    return true
  }
}

extension SIMD2: Lanes where Scalar == Double {}
extension SIMD4: Lanes where Scalar == Double {}
