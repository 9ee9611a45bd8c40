import PromQL

/// Dates in UTC, proleptic Gregorian (promql-functions.md §3.2).
enum Calendar {
  struct Date {
    var year: Int64
    /// 1…12
    var month: Int
    /// 1…31
    var day: Int
    /// 1…366
    var dayOfYear: Int
    /// 0 = Sunday
    var dayOfWeek: Int
    /// Seconds since midnight.
    var secondOfDay: Int
  }

  /// The date of a time in seconds since the epoch.
  static func date(_ seconds: Int64) -> Date {
    // Go counts unsigned from a far year, so that the first seconds of an Int64 lie in the far future.
    let absolute = UInt64(bitPattern: seconds) &+ farPast
    let day = Int64(absolute / 86_400) &- Int64(farPast / 86_400)
    let second = Int(absolute % 86_400)
    // Days are counted from 0000-03-01, so that the leap day ends a year.
    let shifted = day &+ 719_468
    let era = floorDivision(shifted, 146_097)
    let dayOfEra = shifted &- era &* 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfShiftedYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfShiftedYear + 2) / 153
    let month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
    let year = yearOfEra + era &* 400 + (month <= 2 ? 1 : 0)
    let isLeap = leap(year)
    let beforeMonth = daysBefore[month - 1] + (isLeap && month > 2 ? 1 : 0)
    let dayOfMonth = Int(dayOfShiftedYear - (153 * shiftedMonth + 2) / 5) + 1
    return Date(
      year: year, month: month, day: dayOfMonth, dayOfYear: beforeMonth + dayOfMonth,
      dayOfWeek: Int((day &+ 4) &- floorDivision(day &+ 4, 7) &* 7), secondOfDay: second)
  }

  static func daysInMonth(_ date: Date) -> Int {
    switch date.month {
    case 2: leap(date.year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// `1970-01-01T00:50:00Z`
  static func rfc3339(seconds: Int64) -> String {
    let date = date(seconds)
    let pad = { (value: Int64, width: Int) in
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
    let time = Int64(date.secondOfDay)
    return "\(pad(date.year, 4))-\(pad(Int64(date.month), 2))-\(pad(Int64(date.day), 2))"
      + "T\(pad(time / 3600, 2)):\(pad(time / 60 % 60, 2)):\(pad(time % 60, 2))Z"
  }

  /// A part of the date that a value in seconds stands for.
  static func part(_ function: DateFunction, of value: Double) -> Double {
    let date = date(Arithmetic.truncated(value))
    switch function {
    case .minute: return Double(date.secondOfDay / 60 % 60)
    case .hour: return Double(date.secondOfDay / 3600)
    case .dayOfWeek: return Double(date.dayOfWeek)
    case .dayOfMonth: return Double(date.day)
    case .dayOfYear: return Double(date.dayOfYear)
    case .daysInMonth: return Double(daysInMonth(date))
    case .month: return Double(date.month)
    case .year: return Double(date.year)
    }
  }

  /// Seconds from the first of January of the year −292277022399 to the epoch; whole days.
  private static let farPast: UInt64 = 9_223_372_028_715_321_600

  private static let daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]

  private static func leap(_ year: Int64) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  private static func floorDivision(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient - 1 : quotient
  }
}
