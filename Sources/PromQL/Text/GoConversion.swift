import Glibc

/// Go's conversions between numbers, where queries can observe them.
enum GoConversion {
  /// A float as a 64-bit integer as amd64 does it: truncation, the smallest integer for NaN and for
  /// what does not fit (promql.md §4.6).
  static func integer(_ value: Double) -> Int64 { Int64(exactly: value.rounded(.towardZero)) ?? .min }

  /// The integer nearest to a float, halves away from zero.
  static func nearestInteger(_ value: Double) -> Int64 {
    integer(value.rounded(.toNearestOrAwayFromZero))
  }
}
