/// A Go `time.Duration`: signed nanoseconds, parsed and printed exactly as Go does.
public struct GoDuration: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var nanoseconds: Int64

  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Saturates at Go's limits of about 292 years.
  public static func seconds(_ count: Int64) -> GoDuration { scaled(count, 1_000_000_000) }

  /// Saturates at Go's limits of about 292 years.
  public static func milliseconds(_ count: Int64) -> GoDuration { scaled(count, 1_000_000) }

  /// Rounded towards zero.
  public var milliseconds: Int64 { nanoseconds / 1_000_000 }

  public var seconds: Double { Double(nanoseconds) / 1e9 }

  public static func < (lhs: GoDuration, rhs: GoDuration) -> Bool {
    lhs.nanoseconds < rhs.nanoseconds
  }

  private static func scaled(_ count: Int64, _ unit: Int64) -> GoDuration {
    let (product, overflow) = count.multipliedReportingOverflow(by: unit)
    return GoDuration(nanoseconds: overflow ? (count < 0 ? .min : .max) : product)
  }

  /// `0s`, `100ms`, `1.515s`, `1m0s`, `1h0m0.5s`: Go's `Duration.String()`.
  public var description: String {
    let magnitude = nanoseconds.magnitude
    let sign = nanoseconds < 0 ? "-" : ""
    if magnitude == 0 { return "0s" }
    if magnitude < 1_000 { return "\(sign)\(magnitude)ns" }
    if magnitude < 1_000_000 { return sign + Self.decimal(magnitude, unit: 1_000) + "µs" }
    if magnitude < 1_000_000_000 { return sign + Self.decimal(magnitude, unit: 1_000_000) + "ms" }
    let minutes = magnitude / 60_000_000_000
    let seconds = Self.decimal(magnitude % 60_000_000_000, unit: 1_000_000_000) + "s"
    if minutes == 0 { return sign + seconds }
    let hours = minutes / 60
    return sign + (hours > 0 ? "\(hours)h" : "") + "\(minutes % 60)m" + seconds
  }

  /// Without trailing zeros, without a trailing point.
  private static func decimal(_ value: UInt64, unit: UInt64) -> String {
    var fraction = value % unit
    guard fraction > 0 else { return String(value / unit) }
    var digits = String(unit).utf8.count - 1
    while fraction % 10 == 0 {
      fraction /= 10
      digits -= 1
    }
    let text = String(fraction)
    return "\(value / unit)." + String(repeating: "0", count: digits - text.utf8.count) + text
  }
}

/// Why Go refuses a text as a duration, in Go's words.
public struct GoDurationError: Error, Sendable, Hashable, CustomStringConvertible {
  public var description: String
}

extension GoDuration {
  /// Go's `time.ParseDuration`: `1m30s`, `-1.5h`, `0`, `300ms`.
  public init(parsing text: String) throws(GoDurationError) {
    var rest = Array(text.utf8)[...]
    func refuse(_ reason: String) -> GoDurationError {
      GoDurationError(description: "time: \(reason) \(Self.quoted(text))")
    }
    let invalid = refuse("invalid duration")
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    if rest.elementsEqual("0".utf8) {
      self.init(nanoseconds: 0)
      return
    }
    guard !rest.isEmpty else { throw invalid }
    var total: UInt64 = 0
    while !rest.isEmpty {
      guard let amount = DecimalAmount(consuming: &rest) else { throw invalid }
      let name = rest.prefix { $0 != UInt8(ascii: ".") && !isDigit($0) }
      guard !name.isEmpty else { throw refuse("missing unit in duration") }
      rest = rest.dropFirst(name.count)
      let unitName = String(decoding: name, as: UTF8.self)
      guard let unit = Self.unit(unitName) else {
        throw refuse("unknown unit \(Self.quoted(unitName)) in duration")
      }
      guard let value = amount.scaled(by: unit) else { throw invalid }
      // Go lets the sum wrap, and then finds it too large or not.
      total &+= value
      guard total <= 1 << 63 else { throw invalid }
    }
    if isNegative {
      self.init(nanoseconds: total == 1 << 63 ? .min : -Int64(total))
    } else {
      guard total < 1 << 63 else { throw invalid }
      self.init(nanoseconds: Int64(total))
    }
  }

  private static func unit(_ name: String) -> UInt64? {
    switch name {
    case "ns": 1
    case "us", "\u{B5}s", "\u{3BC}s": 1_000
    case "ms": 1_000_000
    case "s": 1_000_000_000
    case "m": 60_000_000_000
    case "h": 3_600_000_000_000
    default: nil
    }
  }

  /// The quoting of package time: only quotes, backslashes and what is not printable ASCII change.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += "\\" + String(UnicodeScalar(byte))
      case 0x20..<0x80: result += String(UnicodeScalar(byte))
      default: result += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return result + "\""
  }
}

private func isDigit(_ byte: UInt8) -> Bool {
  byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
}

/// The number in front of a unit: `12`, `1.5`, `.5`, `5.`.
private struct DecimalAmount {
  private var whole: UInt64 = 0
  private var fraction: UInt64 = 0
  private var scale = 1.0

  /// Nil when there is no digit, or the whole part is above 2⁶³.
  init?(consuming text: inout ArraySlice<UInt8>) {
    let wholeDigits = text.prefix(while: isDigit)
    for digit in wholeDigits {
      guard whole <= (1 << 63) / 10 else { return nil }
      whole = whole * 10 + UInt64(digit - UInt8(ascii: "0"))
      guard whole <= 1 << 63 else { return nil }
    }
    text = text.dropFirst(wholeDigits.count)
    var fractionCount = 0
    if text.first == UInt8(ascii: ".") {
      let digits = text.dropFirst().prefix(while: isDigit)
      fractionCount = digits.count
      // Digits beyond what fits are read over, as Go does.
      for digit in digits {
        guard fraction <= UInt64(Int64.max) / 10 else { break }
        let next = fraction * 10 + UInt64(digit - UInt8(ascii: "0"))
        guard next <= 1 << 63 else { break }
        fraction = next
        scale *= 10
      }
      text = text.dropFirst(1 + fractionCount)
    }
    guard wholeDigits.count + fractionCount > 0 else { return nil }
  }

  func scaled(by unit: UInt64) -> UInt64? {
    guard whole <= (1 << 63) / unit else { return nil }
    var value = whole * unit
    if fraction > 0 { value += UInt64(Double(fraction) * (Double(unit) / scale)) }
    return value <= 1 << 63 ? value : nil
  }
}
