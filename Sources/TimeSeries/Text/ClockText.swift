/// Times and durations for people.
package enum ClockText {
  /// `2026-07-01 10:00:05.250Z`; the fraction only when there is one. Proleptic Gregorian, UTC.
  package static func timestamp(_ milliseconds: Int64) -> String {
    let (date, time) = parts(milliseconds)
    return "\(date) \(time)Z"
  }

  /// `10:00:05Z`.
  package static func time(_ milliseconds: Int64) -> String { parts(milliseconds).time + "Z" }

  private static func parts(_ milliseconds: Int64) -> (date: String, time: String) {
    let day: Int64 = 86_400_000
    let rest = ((milliseconds % day) + day) % day
    let days = (milliseconds - rest) / day
    let seconds = rest / 1000
    var time = "\(padded(seconds / 3600)):\(padded(seconds / 60 % 60)):\(padded(seconds % 60))"
    let fraction = rest % 1000
    if fraction > 0 { time += "." + padded(fraction, width: 3) }
    return (date(days), time)
  }

  /// Days since 1970-01-01 as a civil date (era arithmetic of 400 years).
  private static func date(_ days: Int64) -> String {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return "\(padded(year, width: 4))-\(padded(month))-\(padded(dayOfYear - (153 * monthIndex + 2) / 5 + 1))"
  }

  private static func padded(_ value: Int64, width: Int = 2) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }
}
