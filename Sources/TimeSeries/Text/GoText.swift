/// Numbers and strings as Prometheus writes them (promql.md §4.1, §4.4).
public enum GoText {
  /// Positional notation with the shortest digits that round-trip, never an exponent:
  /// `1000000000000000000000`, `0.0000001`, `-0`, `+Inf`, `NaN`.
  public static func plain(_ value: Double) -> String {
    special(value) ?? ShortestDigits(value).positional
  }

  /// `%g` and `%v`: exponent form iff the exponent is below −4 or at least 6… `1e+06`, `0.0001`.
  public static func general(_ value: Double) -> String {
    if let text = special(value) { return text }
    let digits = ShortestDigits(value)
    return digits.exponent < -4 || digits.exponent >= 6 ? digits.scientific : digits.positional
  }

  /// `%e` with the shortest digits: always with an exponent, `2.5e+01`.
  public static func exponent(_ value: Double) -> String {
    special(value, negativeZero: nil) ?? ShortestDigits(value).scientific
  }

  /// The JSON API's form, without the quotes: exponent form iff 0 < |v| < 1e-6 or |v| ≥ 1e21.
  public static func json(_ value: Double) -> String {
    if let text = special(value) { return text }
    let magnitude = value.magnitude
    let digits = ShortestDigits(value)
    return magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21)
      ? digits.scientific : digits.positional
  }

  /// OpenMetrics' form: always with a point or an exponent (`1.0`, `1e+06`).
  public static func openMetrics(_ value: Double) -> String {
    if value == 0 { return "0.0" }
    let text = general(value)
    return value.isNaN || value.isInfinite || text.contains("e") || text.contains(".")
      ? text : text + ".0"
  }

  /// `%.2g`: two significant digits, trailing zeros dropped.
  public static func twoDigits(_ value: Double) -> String {
    if let text = special(value) { return text }
    let digits = ShortestDigits(value).rounded(to: 2)
    return digits.exponent < -4 || digits.exponent >= 2 ? digits.scientific : digits.positional
  }

  /// `%f`: six digits after the point.
  public static func fixed(_ value: Double) -> String { fixed(value, places: 6) }

  /// `%.Nf`: correctly rounded (half to even on the exact binary value).
  public static func fixed(_ value: Double, places: Int) -> String {
    special(value, negativeZero: nil) ?? ExactDecimal(value).rounded(places: places)
  }

  /// `%q`: Go's double-quoted string (promql.md §4.4). The text may hold any bytes.
  public static func quoted(_ text: some Sequence<UInt8>) -> String { GoQuote.quoted(text) }

  /// `%q` of a string.
  public static func quoted(_ text: String) -> String { GoQuote.quoted(text.utf8) }

  private static func special(_ value: Double, negativeZero: String? = "-0") -> String? {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == 0, value.sign == .minus, let negativeZero { return negativeZero }
    return nil
  }
}

/// The shortest decimal digits that round-trip, and the exponent of the first one.
struct ShortestDigits {
  var negative: Bool
  /// ASCII digits, no leading or trailing zeros (a single `0` for zero).
  var digits: [UInt8]
  /// value = d.ddd × 10^exponent.
  var exponent: Int

  /// For a finite value. Swift's `description` has the same shortest digits as Go's formatting.
  init(_ value: Double) {
    negative = value.sign == .minus
    digits = []
    exponent = 0
    var point: Int?
    var shift = 0
    var text = Array(value.magnitude.description.utf8)
    if let e = text.firstIndex(of: UInt8(ascii: "e")) {
      shift = Int(String(decoding: text[(e + 1)...], as: UTF8.self)) ?? 0
      text.removeSubrange(e...)
    }
    for byte in text {
      if byte == UInt8(ascii: ".") { point = digits.count } else { digits.append(byte) }
    }
    let whole = point ?? digits.count
    let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
    digits.removeFirst(leading)
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    exponent = digits.isEmpty ? 0 : whole - leading - 1 + shift
    if digits.isEmpty { digits = [UInt8(ascii: "0")] }
  }

  var positional: String {
    var text = negative ? "-" : ""
    if exponent < 0 {
      text += "0." + String(repeating: "0", count: -exponent - 1)
      text += String(decoding: digits, as: UTF8.self)
    } else if digits.count <= exponent + 1 {
      text += String(decoding: digits, as: UTF8.self)
      text += String(repeating: "0", count: exponent + 1 - digits.count)
    } else {
      text += String(decoding: digits[...exponent], as: UTF8.self) + "."
      text += String(decoding: digits[(exponent + 1)...], as: UTF8.self)
    }
    return text
  }

  var scientific: String {
    var text = negative ? "-" : ""
    text += String(decoding: digits[..<1], as: UTF8.self)
    if digits.count > 1 { text += "." + String(decoding: digits[1...], as: UTF8.self) }
    let magnitude = exponent.magnitude
    return text + (exponent < 0 ? "e-" : "e+") + (magnitude < 10 ? "0" : "") + String(magnitude)
  }

  /// At most `count` digits. Rounds the shortest digits half up, which differs from rounding the
  /// exact value only when the shortest digits end exactly at a half.
  func rounded(to count: Int) -> ShortestDigits {
    guard digits.count > count else { return self }
    var result = self
    let up = digits[count] >= UInt8(ascii: "5")
    result.digits = Array(digits[..<count])
    if up {
      var i = count - 1
      while i >= 0, result.digits[i] == UInt8(ascii: "9") {
        result.digits[i] = UInt8(ascii: "0")
        i -= 1
      }
      if i >= 0 {
        result.digits[i] += 1
      } else {
        result.digits.insert(UInt8(ascii: "1"), at: 0)
        result.exponent += 1
      }
    }
    while result.digits.count > 1, result.digits.last == UInt8(ascii: "0") {
      result.digits.removeLast()
    }
    return result
  }
}

/// A finite double as an exact decimal, for `%f`.
struct ExactDecimal {
  private let negative: Bool
  /// Decimal digits, least significant first, of |value| × 10^scale.
  private var digits: [UInt8]
  private let scale: Int

  init(_ value: Double) {
    negative = value.sign == .minus
    let significand =
      value.isNormal
      ? value.significandBitPattern | 1 << 52 : value.significandBitPattern
    var power = (value.isNormal ? Int(value.exponentBitPattern) : 1) - 1075
    var mantissa = significand
    while mantissa != 0, mantissa & 1 == 0, power < 0 {
      mantissa >>= 1
      power += 1
    }
    digits = String(mantissa).utf8.reversed().map { $0 - UInt8(ascii: "0") }
    // m × 2^p = m × 2^p for p ≥ 0, and m × 5^−p / 10^−p otherwise.
    for _ in 0..<abs(power) { Self.multiply(&digits, by: power > 0 ? 2 : 5) }
    scale = power < 0 ? -power : 0
  }

  private static func multiply(_ digits: inout [UInt8], by factor: UInt8) {
    var carry: UInt8 = 0
    for i in digits.indices {
      let product = digits[i] * factor + carry
      digits[i] = product % 10
      carry = product / 10
    }
    if carry > 0 { digits.append(carry) }
  }

  func rounded(places: Int) -> String {
    var kept = digits
    if scale > places {
      let cut = scale - places
      while kept.count <= cut { kept.append(0) }
      let half = kept[cut - 1]
      let exact = kept[..<(cut - 1)].allSatisfy { $0 == 0 }
      let up = half > 5 || (half == 5 && (!exact || kept[cut] % 2 == 1))
      kept.removeFirst(cut)
      if up { Self.increment(&kept) }
    } else {
      kept.insert(contentsOf: [UInt8](repeating: 0, count: places - scale), at: 0)
    }
    while kept.count <= places { kept.append(0) }
    while kept.count > places + 1, kept.last == 0 { kept.removeLast() }
    var text: [UInt8] = negative ? [UInt8(ascii: "-")] : []
    for (i, digit) in kept.enumerated().reversed() {
      text.append(digit + UInt8(ascii: "0"))
      if i == places, places > 0 { text.append(UInt8(ascii: ".")) }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func increment(_ digits: inout [UInt8]) {
    for i in digits.indices {
      if digits[i] < 9 {
        digits[i] += 1
        return
      }
      digits[i] = 0
    }
    digits.append(1)
  }
}
