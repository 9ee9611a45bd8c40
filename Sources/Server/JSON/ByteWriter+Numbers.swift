import CFloat
import TimeSeries

extension ByteWriter {
  /// The longest text of `value` and of `seconds`, bytes.
  static let numberSize = Int(PROMGATE_FRACTION_ROOM)

  /// An integer in decimal digits.
  mutating func append(integer: Int64) {
    unsafe fillMemory(Self.numberSize) { memory in
      var place = unsafe memory
      unsafe JSONNumber.integer(integer, &place)
      return unsafe place - memory
    }
  }

  /// Milliseconds as seconds: an integer, or with exactly three decimals (http-api.md §3).
  mutating func append(milliseconds: Int64) {
    unsafe fillMemory(Self.numberSize) { memory in
      var place = unsafe memory
      unsafe JSONNumber.seconds(milliseconds, &place)
      return unsafe place - memory
    }
  }

  /// A sample's value: shortest digits, exponent below 1e-6 and from 1e21 on, `NaN`, `+Inf`
  /// (http-api.md §3). Without quotes.
  mutating func append(value: Double) {
    unsafe fillMemory(Self.numberSize) { memory in
      var place = unsafe memory
      var isShort = true
      unsafe JSONNumber.value(value, &isShort, &place)
      return unsafe place - memory
    }
  }

  /// A JSON number of seconds: shortest digits; below 1e-6 with an exponent of as few digits as it
  /// needs (http-api.md §3).
  mutating func append(seconds: Double) {
    let text = GoText.json(seconds)
    let isShortened = text.contains("e-0")
    append(isShortened ? text.replacing("e-0", with: "e-") : text)
  }
}

/// Numbers as bytes, written from a place in memory on, which moves behind them: at most
/// `ByteWriter.numberSize` bytes.
enum JSONNumber {
  private static let minus = UInt8(ascii: "-")
  private static let point = UInt8(ascii: ".")

  @inline(__always)
  static func integer(_ number: Int64, _ place: inout UnsafeMutablePointer<UInt8>) {
    if number < 0 {
      unsafe place[0] = minus
      unsafe place += 1
    }
    unsafe digits(number.magnitude, &place)
  }

  static func seconds(_ milliseconds: Int64, _ place: inout UnsafeMutablePointer<UInt8>) {
    if milliseconds < 0 {
      unsafe place[0] = minus
      unsafe place += 1
    }
    let (whole, part) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
    unsafe digits(whole, &place)
    guard part != 0 else { return }
    unsafe place[0] = point
    unsafe fixed(part, 3, place + 1)
    unsafe place += 4
  }

  /// A sample's value. `isShort`: whether the fraction before had few decimals, and this one is looked at for
  /// them first.
  @inline(__always)
  static func value(_ value: Double, _ isShort: inout Bool, _ place: inout UnsafeMutablePointer<UInt8>) {
    if value.magnitude < 1e15 {
      let whole = Int64(value)
      if Double(whole) == value, value != 0 || value.sign == .plus {
        return unsafe integer(whole, &place)
      }
      if unsafe isShort && decimal(value, &place) { return }
      if value.magnitude >= 1e-6 {
        var exponent: Int32 = 0
        unsafe place += promgate_write_fraction(value, &exponent, place)
        isShort = exponent >= -6
        return
      }
    }
    unsafe other(value, &place)
  }

  /// Large and small values, and what is no number.
  private static func other(_ value: Double, _ place: inout UnsafeMutablePointer<UInt8>) {
    // The C++ library writes all digits of large whole numbers, Go zeros behind the shortest.
    guard value.isFinite, value.magnitude < 1e15 || value.magnitude >= 1e21 else {
      for byte in GoText.json(value).utf8 {
        unsafe place[0] = byte
        unsafe place += 1
      }
      return
    }
    let isPlain = value == 0 || (value.magnitude >= 1e-6 && value.magnitude < 1e21)
    let text = unsafe UnsafeMutableRawPointer(place).assumingMemoryBound(to: CChar.self)
    unsafe place +=
      unsafe isPlain
      ? promgate_shortest_fixed(value, text, ByteWriter.numberSize)
      : promgate_shortest_scientific(value, text, ByteWriter.numberSize)
  }

  @inline(__always)
  private static func digits(_ number: UInt64, _ place: inout UnsafeMutablePointer<UInt8>) {
    let length = Int(promgate_digit_count(number))
    unsafe fixed(number, length, place)
    unsafe place += length
  }

  /// The last `length` digits, with leading zeros.
  @inline(__always)
  private static func fixed(_ number: UInt64, _ length: Int, _ place: UnsafeMutablePointer<UInt8>) {
    unsafe promgate_write_digits(number, Int32(length), place)
  }

  /// Writes values with at most six decimals and fifteen digits. Such decimals are the shortest: no
  /// two decimals of fifteen digits stand for the same double, so none shorter can.
  @inline(__always)
  private static func decimal(
    _ value: Double, _ place: inout UnsafeMutablePointer<UInt8>
  ) -> Bool {
    let magnitude = value.magnitude
    guard magnitude >= 1e-6, magnitude < 1e9 else { return false }
    let millis = Int64(magnitude * 1e3 + 0.5)
    let isMillis = Double(millis) / 1e3 == magnitude
    let scaled = isMillis ? millis : Int64(magnitude * 1e6 + 0.5)
    guard isMillis || Double(scaled) / 1e6 == magnitude else { return false }
    // Divisions by constants are multiplications.
    var (whole, part) =
      isMillis
      ? UInt64(millis).quotientAndRemainder(dividingBy: 1000)
      : UInt64(scaled).quotientAndRemainder(dividingBy: 1_000_000)
    if value < 0 {
      unsafe place[0] = minus
      unsafe place += 1
    }
    unsafe digits(whole, &place)
    unsafe place[0] = point
    unsafe place += 1
    var places = isMillis ? 3 : 6
    whole = part / 10
    while part == whole * 10, places > 1 {
      part = whole
      whole = part / 10
      places -= 1
    }
    unsafe fixed(part, places, place)
    unsafe place += places
    return true
  }
}
