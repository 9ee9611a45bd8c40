/// Picks a share of a sequence, spread evenly instead of by chance: of 5 % every twentieth element.
///
/// A short demonstration has few requests; with dice its verdicts would depend on luck.
package struct EvenShare: Sendable {
  private var owed = 0.0

  package init() {}

  /// Whether the next element belongs to the share (0 to 1; it may change from call to call).
  package mutating func next(_ share: Double) -> Bool {
    owed += share
    // Sums of binary fractions fall short of a whole by some last bits.
    guard owed > 1 - 1e-9 else { return false }
    owed -= 1
    return true
  }
}
