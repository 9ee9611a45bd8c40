extension Double {
  /// Whether two values are equal up to a relative difference (promqltest.md §6).
  ///
  /// A stale marker equals only itself, other NaNs equal each other, and zero equals only what is
  /// smaller than `tolerance` times the least normal number.
  public func isAlmostEqual(to other: Double, tolerance: Double) -> Bool {
    if StaleMarker.isStale(self) || StaleMarker.isStale(other) {
      return bitPattern == other.bitPattern
    }
    if isNaN, other.isNaN { return true }
    if self == other { return true }
    let sum = magnitude + other.magnitude
    let difference = (self - other).magnitude
    let smallest = Double.leastNormalMagnitude
    if self == 0 || other == 0 || sum < smallest { return difference < tolerance * smallest }
    return difference / Swift.min(sum, .greatestFiniteMagnitude) < tolerance
  }
}
