import CFloat
import TimeSeries

extension ByteWriter {
  /// The longest text of `value` and of `seconds`, bytes.
  static let numberSize = 32

  /// An integer in decimal digits.
  mutating func append(integer: Int64) {
    fill(Self.numberSize) { JSONNumber.integer(integer, &$0, &$1) }
  }

  /// Milliseconds as seconds: an integer, or with exactly three decimals (http-api.md §3).
  mutating func append(milliseconds: Int64) {
    fill(Self.numberSize) { JSONNumber.seconds(milliseconds, &$0, &$1) }
  }

  /// A sample's value: shortest digits, exponent below 1e-6 and from 1e21 on, `NaN`, `+Inf`
  /// (http-api.md §3). Without quotes.
  mutating func append(value: Double) {
    unsafe fillMemory(Self.numberSize) { memory in
      var place = unsafe memory
      unsafe JSONNumber.value(value, &place)
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

/// Numbers as bytes, written into the room of a `ByteWriter`; every function writes at most
/// `ByteWriter.numberSize` bytes.
enum JSONNumber {
  private static let minus = UInt8(ascii: "-")
  private static let point = UInt8(ascii: ".")
  private static let zero = UInt8(ascii: "0")

  static func integer(_ number: Int64, _ bytes: inout MutableSpan<UInt8>, _ position: inout Int) {
    if number < 0 { put(minus, &bytes, &position) }
    digits(number.magnitude, &bytes, &position)
  }

  static func seconds(
    _ milliseconds: Int64, _ bytes: inout MutableSpan<UInt8>, _ position: inout Int
  ) {
    if milliseconds < 0 { put(minus, &bytes, &position) }
    let (whole, part) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
    digits(whole, &bytes, &position)
    guard part != 0 else { return }
    put(point, &bytes, &position)
    fixed(part, places: 3, &bytes, &position)
  }

  /// A sample's value, written from a place in memory on, which moves behind it: at most
  /// `ByteWriter.numberSize` bytes.
  @inline(__always)
  static func value(_ value: Double, _ place: inout UnsafeMutablePointer<UInt8>) {
    if value.magnitude < 1e15, value == value.rounded(.towardZero), value != 0 || value.sign == .plus {
      return unsafe whole(Int64(value), &place)
    }
    if unsafe decimal(value, &place) { return }
    unsafe other(value, &place)
  }

  /// Values of many digits, and what is no number.
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

  /// Two digits each.
  private static let pairs: [UInt8] = (0..<100).flatMap { [zero + UInt8($0 / 10), zero + UInt8($0 % 10)] }

  @inline(__always)
  private static func whole(_ number: Int64, _ place: inout UnsafeMutablePointer<UInt8>) {
    if number < 0 {
      unsafe place[0] = minus
      unsafe place += 1
    }
    unsafe digits(number.magnitude, &place)
  }

  /// The digits of a number below 10^19.
  @inline(__always)
  private static func digits(_ number: UInt64, _ place: inout UnsafeMutablePointer<UInt8>) {
    if number < 10 {
      unsafe place[0] = zero + UInt8(number)
      unsafe place += 1
      return
    }
    // log10 from the number of bits, corrected by one comparison.
    let bits = 64 - number.leadingZeroBitCount
    let estimate = (bits * 1233) >> 12
    let length = estimate + (number >= Self.powers[estimate] ? 1 : 0)
    unsafe fixed(number, length, &place)
  }

  private static let powers: [UInt64] = (0..<20).map { exponent in
    (0..<exponent).reduce(UInt64(1)) { power, _ in power * 10 }
  }

  /// The last `length` digits, with leading zeros.
  @inline(__always)
  private static func fixed(
    _ number: UInt64, _ length: Int, _ place: inout UnsafeMutablePointer<UInt8>
  ) {
    var rest = number
    var index = length
    unsafe pairs.withUnsafeBufferPointer { pairs in
      while index >= 2 {
        let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 100)
        index -= 2
        // Remainders are below 100.
        unsafe place[index] = pairs[2 * Int(remainder)]
        unsafe place[index + 1] = pairs[2 * Int(remainder) + 1]
        rest = quotient
      }
    }
    if index == 1 { unsafe place[0] = zero + UInt8(rest % 10) }
    unsafe place += length
  }

  /// Writes values with at most six decimals and fifteen digits. Such decimals are the shortest: no
  /// two decimals of fifteen digits stand for the same double, so none shorter can.
  @inline(__always)
  private static func decimal(
    _ value: Double, _ place: inout UnsafeMutablePointer<UInt8>
  ) -> Bool {
    let magnitude = value.magnitude
    guard magnitude >= 1e-6, magnitude < 1e9 else { return false }
    let millis = (magnitude * 1e3).rounded()
    let isMillis = millis / 1e3 == magnitude
    let scaled = isMillis ? millis : (magnitude * 1e6).rounded()
    guard isMillis || scaled / 1e6 == magnitude else { return false }
    let unit: UInt64 = isMillis ? 1000 : 1_000_000
    var (whole, part) = UInt64(scaled).quotientAndRemainder(dividingBy: unit)
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
    unsafe fixed(part, places, &place)
    return true
  }

  private static func digits(
    _ number: UInt64, _ bytes: inout MutableSpan<UInt8>, _ position: inout Int
  ) {
    var length = 1
    var bound: UInt64 = 10
    while number >= bound, length < 20 {
      length += 1
      let (next, overflows) = bound.multipliedReportingOverflow(by: 10)
      if overflows { break }
      bound = next
    }
    fixed(number, places: length, &bytes, &position)
  }

  /// The last `places` digits, with leading zeros.
  private static func fixed(
    _ number: UInt64, places: Int, _ bytes: inout MutableSpan<UInt8>, _ position: inout Int
  ) {
    var rest = number
    var index = position + places
    position = index
    for _ in 0..<places {
      let tenth = rest / 10
      index -= 1
      bytes[index] = zero + UInt8(truncatingIfNeeded: rest - tenth * 10)
      rest = tenth
    }
  }

  private static func put(_ byte: UInt8, _ bytes: inout MutableSpan<UInt8>, _ position: inout Int) {
    bytes[position] = byte
    position += 1
  }
}
