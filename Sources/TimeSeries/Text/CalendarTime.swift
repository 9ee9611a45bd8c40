/// Dates of the proleptic Gregorian calendar in UTC, and days counted from 1970-01-01.
public enum CalendarTime {
  /// The date of a day.
  public static func date(day: Int) -> (year: Int, month: Int, day: Int) {
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
  public static func day(year: Int, month: Int, day: Int) -> Int? {
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
  public static func rfc3339(milliseconds: Int64) -> String {
    let (days, rest) = divided(Int(milliseconds), by: 86_400_000)
    let date = date(day: days)
    let fraction = rest % 1000
    let clock = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60]
    return padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2) + "T"
      + clock.map { padded($0, 2) }.joined(separator: ":")
      + (fraction == 0 ? "" : "." + padded(fraction, 3)) + "Z"
  }

  /// `2025-06-01T00:00:00.123+02:00`; finer fractions are cut. Milliseconds since the epoch; nil when the
  /// text has another form.
  public static func milliseconds(rfc3339 text: some Collection<UInt8>) -> Int64? {
    var scanner = DigitScanner(Array(text))
    guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2),
      scanner.take("-"), let dayOfMonth = scanner.digits(2), scanner.take("T"),
      let hour = scanner.digits(2), scanner.take(":"), let minute = scanner.digits(2),
      scanner.take(":"), let second = scanner.digits(2),
      hour < 24, minute < 60, second < 60,
      let day = Self.day(year: year, month: month, day: dayOfMonth),
      let fraction = scanner.milliseconds(), let offset = scanner.zone(), scanner.isAtEnd
    else { return nil }
    let seconds = day * 86_400 + hour * 3600 + minute * 60 + second - offset
    return Int64(seconds) * 1000 + Int64(fraction)
  }

  /// Decimal digits with leading zeros.
  public static func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  /// Division that rounds down.
  private static func divided(_ number: Int, by divisor: Int) -> (Int, Int) {
    let (quotient, rest) = number.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
  }
}

/// Walks a text of digits and separators.
private struct DigitScanner {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
    position += 1
    return true
  }

  /// Exactly this many digits.
  mutating func digits(_ count: Int) -> Int? {
    guard position + count <= bytes.count else { return nil }
    var number = 0
    for byte in bytes[position..<position + count] {
      guard (0x30...0x39).contains(byte) else { return nil }
      number = number * 10 + Int(byte - 0x30)
    }
    position += count
    return number
  }

  /// An optional fraction of a second, cut to milliseconds.
  mutating func milliseconds() -> Int? {
    guard take(".") || take(",") else { return 0 }
    let digits = bytes[position...].prefix { (0x30...0x39).contains($0) }
    guard !digits.isEmpty else { return nil }
    position += digits.count
    return (0..<3).reduce(0) { number, place in
      let index = digits.startIndex + place
      return number * 10 + (index < digits.endIndex ? Int(digits[index] - 0x30) : 0)
    }
  }

  /// `Z`, or an offset; seconds east of UTC.
  mutating func zone() -> Int? {
    if take("Z") { return 0 }
    let sign = take("+") ? 1 : take("-") ? -1 : 0
    guard sign != 0, let hours = digits(2), take(":"), let minutes = digits(2), hours <= 24,
      minutes < 60
    else { return nil }
    return sign * (hours * 3600 + minutes * 60)
  }
}
