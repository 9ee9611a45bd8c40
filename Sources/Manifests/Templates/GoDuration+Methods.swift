/// What Go's methods of a duration do.
extension GoDuration {
  /// In a larger unit: whole units and the rest are divided apart, as Go does.
  package func count(of unit: Int64) -> Double {
    let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: unit)
    return Double(whole) + Double(rest) / Double(unit)
  }

  /// Saturates.
  var magnitude: GoDuration { GoDuration(nanoseconds: nanoseconds == .min ? .max : abs(nanoseconds)) }

  func truncated(to unit: Int64) -> GoDuration {
    unit > 0 ? GoDuration(nanoseconds: nanoseconds - nanoseconds % unit) : self
  }

  /// Halves away from zero; saturates.
  func rounded(to unit: Int64) -> GoDuration {
    guard unit > 0 else { return self }
    let rest = nanoseconds % unit
    let truncated = nanoseconds - rest
    if rest.magnitude < UInt64(unit) - rest.magnitude { return GoDuration(nanoseconds: truncated) }
    let (away, overflow) =
      nanoseconds < 0
      ? truncated.subtractingReportingOverflow(unit) : truncated.addingReportingOverflow(unit)
    return GoDuration(nanoseconds: overflow ? (nanoseconds < 0 ? .min : .max) : away)
  }
}
