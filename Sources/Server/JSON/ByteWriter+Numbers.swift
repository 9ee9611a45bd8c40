import CFloat
import TimeSeries

extension ByteWriter {
  /// The longest text of `value` and of `seconds`, bytes.
  static let numberSize = Int(PROMGATE_NUMBER_ROOM)

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
      unsafe promgate_write_number(value, memory)
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
}
