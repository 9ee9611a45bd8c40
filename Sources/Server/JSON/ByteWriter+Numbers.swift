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
  mutating func append(value: Double) { fill(Self.numberSize) { JSONNumber.value(value, &$0, &$1) } }

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

  static func value(_ value: Double, _ bytes: inout MutableSpan<UInt8>, _ position: inout Int) {
    if let whole = Int64(exactly: value), whole.magnitude < 1_000_000_000_000_000,
      whole != 0 || value.sign == .plus
    {
      return integer(whole, &bytes, &position)
    }
    if decimal(value, &bytes, &position) { return }
    let text = value.description.utf8
    guard value.isFinite, !text.contains(UInt8(ascii: "e")) else {
      for byte in GoText.json(value).utf8 { put(byte, &bytes, &position) }
      return
    }
    for byte in text { put(byte, &bytes, &position) }
    // Swift ends whole numbers with `.0`.
    if bytes[position - 1] == zero, bytes[position - 2] == point { position -= 2 }
  }

  /// Writes values with at most six decimals and fifteen digits. Such decimals are the shortest: no
  /// two decimals of fifteen digits stand for the same double, so none shorter can.
  private static func decimal(
    _ value: Double, _ bytes: inout MutableSpan<UInt8>, _ position: inout Int
  ) -> Bool {
    let magnitude = value.magnitude
    guard magnitude >= 1e-6, magnitude < 1e9 else { return false }
    let millis = (magnitude * 1e3).rounded()
    let isMillis = millis / 1e3 == magnitude
    let scaled = isMillis ? millis : (magnitude * 1e6).rounded()
    guard isMillis || scaled / 1e6 == magnitude else { return false }
    let unit: UInt64 = isMillis ? 1000 : 1_000_000
    var (whole, part) = UInt64(scaled).quotientAndRemainder(dividingBy: unit)
    if value < 0 { put(minus, &bytes, &position) }
    digits(whole, &bytes, &position)
    put(point, &bytes, &position)
    var places = isMillis ? 3 : 6
    whole = part / 10
    while part == whole * 10, places > 1 {
      part = whole
      whole = part / 10
      places -= 1
    }
    fixed(part, places: places, &bytes, &position)
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
