/// A Kahan–Neumaier sum (promql.md §3). Never contracted to multiply-adds.
public struct CompensatedSum: Sendable {
  public var sum: Double
  public var compensation: Double

  @inlinable
  public init(_ sum: Double = 0, compensation: Double = 0) {
    self.sum = sum
    self.compensation = compensation
  }

  @inlinable
  public mutating func add(_ increment: Double) {
    let total = sum + increment
    if total.isInfinite {
      compensation = 0
    } else if sum.magnitude >= increment.magnitude {
      compensation += (sum - total) + increment
    } else {
      compensation += (increment - total) + sum
    }
    sum = total
  }

  /// The sum with its compensation.
  @inlinable
  public var value: Double { sum + compensation }
}
