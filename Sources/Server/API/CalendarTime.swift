/// Dates of the proleptic Gregorian calendar in UTC, and days counted from 1970-01-01.
enum CalendarTime {
  /// The date of a day.
  static func date(day: Int) -> (year: Int, month: Int, day: Int) {
    // Counted from 0000-03-01: leap days end a year, and 146,097 days make an era of 400 years.
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
    return (year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
  }

  /// The day of a date; nil when the calendar has no such date. For years 0 to 9999.
  static func day(year: Int, month: Int, day: Int) -> Int? {
    guard (0...9999).contains(year), (1...12).contains(month), day >= 1 else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard day <= lengths[month - 1] else { return nil }
    let before = year - 1
    let leapDays = year == 0 ? 0 : before / 4 - before / 100 + before / 400 + 1
    let daysBeforeMonth = lengths[..<(month - 1)].reduce(0, +)
    return year * 365 + leapDays + daysBeforeMonth + day - 1 - 719_528
  }

  /// `2025-06-01T00:00:00.123Z`; the fraction only where there is one.
  static func rfc3339(milliseconds: Int64) -> String {
    let (days, rest) = divided(Int(milliseconds), by: 86_400_000)
    let date = date(day: days)
    let fraction = rest % 1000
    let clock = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60]
    return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2) + "T"
      + clock.map { padded($0, 2) }.joined(separator: ":")
      + (fraction == 0 ? "" : "." + padded(fraction, 3)) + "Z"
  }

  /// Decimal digits with leading zeros.
  static func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  /// Division that rounds down.
  private static func divided(_ number: Int, by divisor: Int) -> (Int, Int) {
    let (quotient, rest) = number.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
  }
}
