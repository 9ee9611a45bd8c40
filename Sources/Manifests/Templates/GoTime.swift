import TimeSeries

/// Go's `time.Time` in UTC, as far as templates can see it.
package struct GoTime: Sendable, Hashable {
  /// Since 1970.
  private(set) var seconds: Int64
  /// Behind the second, below a billion.
  private(set) var nanoseconds: Int64

  package init(milliseconds: Int64) {
    let seconds = Self.divided(milliseconds, by: 1000)
    self.init(seconds: seconds.quotient, nanoseconds: seconds.rest * 1_000_000)
  }

  init(seconds: Int64, nanoseconds: Int64 = 0) {
    let carried = Self.divided(nanoseconds, by: Self.billion)
    self.seconds = seconds &+ carried.quotient
    self.nanoseconds = carried.rest
  }

  private static let billion: Int64 = 1_000_000_000

  /// Division that rounds down.
  private static func divided(_ number: Int64, by divisor: Int64) -> (quotient: Int64, rest: Int64) {
    let (quotient, rest) = number.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
  }

  // The calendar.

  /// Since 1970-01-01.
  private var dayNumber: Int { Int(Self.divided(seconds, by: 86_400).quotient) }
  private var secondOfDay: Int { Int(Self.divided(seconds, by: 86_400).rest) }

  var date: (year: Int, month: Int, day: Int) { CalendarTime.date(day: dayNumber) }
  var hour: Int { secondOfDay / 3600 }
  var minute: Int { secondOfDay / 60 % 60 }
  var second: Int { secondOfDay % 60 }
  /// 0 is Sunday.
  var weekday: Int { Int(Self.divided(Int64(dayNumber) + 4, by: 7).rest) }
  /// From 1.
  var dayOfYear: Int {
    let (year, month, day) = date
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return lengths[..<(month - 1)].reduce(day, +)
  }

  // Reckoning.

  /// Seconds between the first instant of Go's time, 0001-01-01, and 1970.
  private static let zero: Int64 = 62_135_596_800

  var secondsOfGo: Int64 { seconds &+ Self.zero }

  var isZero: Bool { seconds == -Self.zero && nanoseconds == 0 }

  func adding(nanoseconds duration: Int64) -> GoTime {
    let carried = Self.divided(duration, by: Self.billion)
    return GoTime(seconds: seconds &+ carried.quotient, nanoseconds: nanoseconds + carried.rest)
  }

  /// Saturates, as Go's does.
  func distance(from other: GoTime) -> Int64 {
    let distance = Int128(seconds) - Int128(other.seconds)
    return Int64(clamping: distance * Int128(Self.billion) + Int128(nanoseconds - other.nanoseconds))
  }

  /// Dates beyond a month's end go on into the next one.
  func adding(years: Int64, months: Int64, days: Int64) -> GoTime {
    let date = date
    let month = Self.divided(Int64(date.month - 1) &+ months, by: 12)
    let year = Int64(date.year) &+ years &+ month.quotient
    // Counted from March, so that leap days end a year.
    let shifted = month.rest < 2 ? year &- 1 : year
    let era = Self.divided(shifted, by: 400)
    let marchMonth = (month.rest + 10) % 12
    let dayOfEra = era.rest * 365 + era.rest / 4 - era.rest / 100 + (153 * marchMonth + 2) / 5
    let day = era.quotient &* 146_097 &+ dayOfEra &- 719_468 &+ Int64(date.day - 1) &+ days
    return GoTime(seconds: day &* 86_400 &+ Int64(secondOfDay), nanoseconds: nanoseconds)
  }

  /// What is left over the last multiple of a duration since Go's first instant; nil below a nanosecond.
  private func rest(of duration: Int64) -> Int64? {
    guard duration > 0 else { return nil }
    let total = (Int128(seconds) + Int128(Self.zero)) * Int128(Self.billion) + Int128(nanoseconds)
    let rest = total % Int128(duration)
    return Int64(rest < 0 ? rest + Int128(duration) : rest)
  }

  func truncated(to duration: Int64) -> GoTime {
    rest(of: duration).map { adding(nanoseconds: -$0) } ?? self
  }

  func rounded(to duration: Int64) -> GoTime {
    guard let rest = rest(of: duration) else { return self }
    return adding(nanoseconds: rest < duration - rest ? -rest : duration - rest)
  }

  /// Nanoseconds since 1970, as Go has them: those that do not fit wrap around.
  var unixNanoseconds: Int64 { seconds &* Self.billion &+ nanoseconds }

  static func < (left: GoTime, right: GoTime) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }
}
