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
    } else if let time = rfc3339(Array(text)), time.magnitude <= bound {
      return time
    }
    throw Problem(description: "cannot parse \(GoText.quoted(text)) to a valid timestamp")
  }

  /// A time as RFC 3339 in UTC, `2025-06-01T00:00:00.123Z`; the fraction only where there is one.
  public static func text(_ milliseconds: Int64) -> String {
    CalendarTime.rfc3339(milliseconds: milliseconds)
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

  /// `2025-06-01T00:00:00.123+02:00`; finer fractions are cut. Nil when the text has another form.
  private static func rfc3339(_ text: [UInt8]) -> Int64? {
    var scanner = DigitScanner(text)
    guard let year = scanner.digits(4), scanner.take("-"), let month = scanner.digits(2),
      scanner.take("-"), let dayOfMonth = scanner.digits(2), scanner.take("T"),
      let hour = scanner.digits(2), scanner.take(":"), let minute = scanner.digits(2),
      scanner.take(":"), let second = scanner.digits(2),
      hour < 24, minute < 60, second < 60,
      let day = CalendarTime.day(year: year, month: month, day: dayOfMonth),
      let fraction = scanner.milliseconds(), let offset = scanner.zone(), scanner.isAtEnd
    else { return nil }
    let seconds = day * 86_400 + hour * 3600 + minute * 60 + second - offset
    return Int64(seconds) * 1000 + Int64(fraction)
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
