import TimeSeries

/// Times and durations as the API's parameters write them (http-api.md §4).
public enum TimeParameter {
  /// Why a text is neither; `description` is Prometheus' message.
  public struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
  }

  /// The least and the greatest time that clients may name, as they write them.
  private static let earliest = "-292273086-05-16T16:47:06Z"
  private static let latest = "292277025-08-18T07:12:54.999999999Z"

  /// Times lie within ±292 years of the epoch, as they do in nanoseconds of 64 bits.
  private static let bound: Int64 = 9_223_372_036_854

  /// Milliseconds since the epoch: of seconds with a fraction, or of RFC 3339. The two extreme texts
  /// stand for the least and the greatest `Int64`.
  public static func milliseconds(_ text: some Collection<UInt8>) throws(Problem) -> Int64 {
    if let seconds = try? GoNumber.float(text) {
      let whole = seconds.rounded(.towardZero)
      if whole.isFinite, whole.magnitude < Double(bound / 1000) {
        return Int64(whole) * 1000 + Int64(((seconds - whole) * 1000).rounded())
      }
    } else if text.elementsEqual(earliest.utf8) {
      return .min
    } else if text.elementsEqual(latest.utf8) {
      return .max
    } else if let time = CalendarTime.milliseconds(rfc3339: text), time.magnitude <= bound {
      return time
    }
    throw Problem(description: "cannot parse \(GoText.quoted(text)) to a valid timestamp")
  }

  /// A time as RFC 3339 in UTC, `2025-06-01T00:00:00.12Z`; the fraction without zeros at its end, and only
  /// where there is one.
  public static func text(_ milliseconds: Int64) -> String {
    let text = CalendarTime.rfc3339(milliseconds: milliseconds)
    guard milliseconds % 1000 != 0, text.hasSuffix("Z") else { return text }
    var digits = text.dropLast()
    while digits.last == "0" { digits = digits.dropLast() }
    return digits + "Z"
  }

  /// Nanoseconds of seconds with a fraction, or of a Prometheus duration.
  public static func nanoseconds(_ text: some Collection<UInt8>) throws(Problem) -> Int64 {
    if let seconds = try? GoNumber.float(text) {
      let nanoseconds = seconds * 1e9
      guard !(nanoseconds.magnitude > 0x1p63) else {
        throw Problem(
          description: "cannot parse \(GoText.quoted(text)) to a valid duration. It overflows int64")
      }
      return Int64(exactly: nanoseconds.rounded(.towardZero)) ?? .min
    }
    if let milliseconds = try? DurationText.milliseconds(text) {
      let (nanoseconds, overflows) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
      if !overflows { return nanoseconds }
    }
    throw Problem(description: "cannot parse \(GoText.quoted(text)) to a valid duration")
  }
}
