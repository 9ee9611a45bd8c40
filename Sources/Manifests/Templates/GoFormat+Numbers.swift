import Glibc
import TimeSeries

extension GoFormat {
  mutating func integer(
    _ magnitude: UInt64, isNegative: Bool, verb: Unicode.Scalar, of value: TemplateValue
  ) {
    switch verb {
    case "v":
      var isByte = false
      if case .byte = value { isByte = true }
      guard flags.goSyntax, isByte else {
        return digits(magnitude, isNegative: isNegative, radix: 10, verb: verb)
      }
      let sharp = flags.sharp
      flags.sharp = true
      digits(magnitude, isNegative: false, radix: 16, verb: verb)
      flags.sharp = sharp
    case "d": digits(magnitude, isNegative: isNegative, radix: 10, verb: verb)
    case "b": digits(magnitude, isNegative: isNegative, radix: 2, verb: verb)
    case "o", "O": digits(magnitude, isNegative: isNegative, radix: 8, verb: verb)
    case "x", "X": digits(magnitude, isNegative: isNegative, radix: 16, verb: verb)
    case "c": pad(Array(String(scalar(magnitude, isNegative)).utf8))
    case "q":
      let scalar = scalar(magnitude, isNegative)
      let quoted = GoQuote.quoted(scalar)
      pad(Array((flags.plus && !scalar.isASCII ? "'\(Self.escaped(scalar))'" : quoted).utf8))
    case "U": unicode(magnitude, isNegative)
    default: badVerb(verb, value)
    }
  }

  private func scalar(_ magnitude: UInt64, _ isNegative: Bool) -> Unicode.Scalar {
    guard !isNegative, magnitude <= 0x10FFFF else { return "\u{FFFD}" }
    return Unicode.Scalar(UInt32(magnitude)) ?? "\u{FFFD}"
  }

  private mutating func unicode(_ magnitude: UInt64, _ isNegative: Bool) {
    let value = isNegative ? 0 &- magnitude : magnitude
    let digits = String(value, radix: 16, uppercase: true)
    let least = max(4, flags.precision ?? 4)
    var text = "U+" + String(repeating: "0", count: max(0, least - digits.utf8.count)) + digits
    if flags.sharp, value <= 0x10FFFF, let scalar = Unicode.Scalar(UInt32(value)) {
      text += GoQuote.codePoint(scalar).contains("'") ? " '\(scalar)'" : ""
    }
    padUnfilled(Array(text.utf8))
  }

  private mutating func digits(
    _ magnitude: UInt64, isNegative: Bool, radix: Int, verb: Unicode.Scalar
  ) {
    var least = 0
    if let precision = flags.precision {
      if precision == 0, magnitude == 0 { return padUnfilled([]) }
      least = precision
    } else if flags.zero, !flags.minus, let width = flags.width {
      least = width - (isNegative || flags.plus || flags.space ? 1 : 0)
    }
    let digits = String(magnitude, radix: radix, uppercase: verb == "X")
    var text = String(repeating: "0", count: max(0, least - digits.utf8.count)) + digits
    if flags.sharp {
      switch radix {
      case 2: text = "0b" + text
      case 8: text = text.hasPrefix("0") ? text : "0" + text
      case 16: text = (verb == "X" ? "0X" : "0x") + text
      default: break
      }
    }
    if verb == "O" { text = "0o" + text }
    if isNegative {
      text = "-" + text
    } else if flags.plus {
      text = "+" + text
    } else if flags.space {
      text = " " + text
    }
    padUnfilled(Array(text.utf8))
  }

  mutating func complex(
    _ real: Double, _ imaginary: Double, verb: Unicode.Scalar, of value: TemplateValue
  ) {
    guard Self.floatVerbs.contains(verb) else { return badVerb(verb, value) }
    let plus = flags.plus
    write("(")
    float(real, verb: verb, of: value)
    flags.plus = true
    float(imaginary, verb: verb, of: value)
    write("i)")
    flags.plus = plus
  }

  private static let floatVerbs: Set<Unicode.Scalar> = ["v", "b", "g", "G", "x", "X", "f", "F", "e", "E"]

  mutating func float(_ number: Double, verb: Unicode.Scalar, of value: TemplateValue) {
    guard Self.floatVerbs.contains(verb) else { return badVerb(verb, value) }
    var text = Self.unsigned(number.magnitude, verb: verb, precision: flags.precision)
    if flags.sharp, number.isFinite, verb != "b" { text = sharpened(text, verb: verb) }
    let isNegative = number.sign == .minus && !number.isNaN
    let sign = isNegative ? "-" : flags.plus ? "+" : flags.space ? " " : number.isInfinite ? "+" : ""
    guard number.isFinite else { return padUnfilled(Array((sign + text).utf8)) }
    let count = sign.utf8.count + text.utf8.count
    if !sign.isEmpty, flags.zero, !flags.minus, let width = flags.width, width > count {
      write(sign)
      writePadding(width - count)
      write(text)
    } else {
      pad(Array((sign + text).utf8))
    }
  }

  /// Go's `strconv.FormatFloat` of a number without its sign.
  private static func unsigned(_ number: Double, verb: Unicode.Scalar, precision: Int?) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return "Inf" }
    switch verb {
    case "v", "g", "G":
      let text = precision.map { printed("g", number, precision: max(1, $0)) } ?? GoText.general(number)
      return verb == "G" ? text.uppercased() : text
    case "f", "F": return printed("f", number, precision: precision ?? 6)
    case "e": return printed("e", number, precision: precision ?? 6)
    case "E": return printed("E", number, precision: precision ?? 6)
    case "b":
      let isNormal = number.isNormal
      let mantissa = number.significandBitPattern | (isNormal ? 1 << 52 : 0)
      let exponent = (isNormal ? Int(number.exponentBitPattern) : 1) - 1075
      return "\(mantissa)p\(exponent < 0 ? "" : "+")\(exponent)"
    case "x", "X":
      let text = twoDigitExponent(printed("a", number, precision: precision))
      return verb == "X" ? text.uppercased() : text
    default: return GoText.general(number)
    }
  }

  /// C's printf, whose `e`, `f` and `g` are exact as Go's are.
  private static func printed(_ conversion: String, _ number: Double, precision: Int?) -> String {
    var buffer = [CChar](repeating: 0, count: 400 + min(precision ?? 0, TemplateLimits.output))
    let format = precision.map { "%.\(min($0, TemplateLimits.output))\(conversion)" } ?? "%\(conversion)"
    let count = unsafe withVaList([number]) { arguments in
      unsafe vsnprintf(&buffer, buffer.count, format, arguments)
    }
    let bytes = buffer.prefix(max(0, min(Int(count), buffer.count - 1))).map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// C writes `p+1` where Go writes `p+01`.
  private static func twoDigitExponent(_ text: String) -> String {
    guard let p = text.firstIndex(of: "p") else { return text }
    let sign = text.index(after: p)
    let digits = text[sign...].dropFirst()
    guard digits.utf8.count == 1 else { return text }
    return text[...sign] + "0" + digits
  }

  /// `#`: always a point, and for `%g` all the digits.
  private func sharpened(_ text: String, verb: Unicode.Scalar) -> String {
    var digits = ["v", "g", "G", "x"].contains(verb) ? flags.precision ?? 6 : 0
    let isHex = verb == "x" || verb == "X"
    let tail = text.firstIndex { $0 == "p" || $0 == "P" || (!isHex && ($0 == "e" || $0 == "E")) }
    var body = String(text[..<(tail ?? text.endIndex)])
    var isSignificant = false
    for byte in body.utf8 where byte != UInt8(ascii: ".") {
      if byte != UInt8(ascii: "0") { isSignificant = true }
      if isSignificant { digits -= 1 }
    }
    if !body.contains(".") {
      if body == "0" { digits -= 1 }
      body += "."
    }
    return body + String(repeating: "0", count: max(0, digits)) + text[(tail ?? text.endIndex)...]
  }
}
