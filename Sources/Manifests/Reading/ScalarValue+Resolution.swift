import TimeSeries

extension ScalarValue {
  /// YAML's implicit types as Kubernetes' parser resolves them, half 1.1 and half 1.2: `yes`, `on`
  /// and `y` are booleans, `010` is eight, `0x10` sixteen, `1_000` a thousand; dates are texts; there
  /// are no base-60 numbers.
  ///
  /// - Returns: nil when the explicit tag does not fit the text.
  init?(resolving bytes: [UInt8], style: YAMLScalarStyle, tag: YAMLTag) {
    let text = String(decoding: bytes, as: UTF8.self)
    switch tag {
    case .text, .binary, .other, .merge:
      self = .text
    case .timestamp:
      guard Self.timestamp?.matchesWhole(bytes[...]) ?? true else { return nil }
      self = .text
    case .none:
      self = style == .plain ? Self.implicit(text) : .text
    case .boolean:
      guard case .boolean(let value) = Self.implicit(text) else { return nil }
      self = .boolean(value)
    case .integer:
      guard case .integer(let value) = Self.implicit(text) else { return nil }
      self = .integer(value)
    case .float:
      switch Self.implicit(text) {
      case .integer(let value): self = .number(Double(value))
      case .number(let value): self = .number(value)
      case .null, .boolean, .text: return nil
      }
    case .null:
      guard case .null = Self.implicit(text) else { return nil }
      self = .null
    }
  }

  /// The forms of go-yaml, without the ranges of their numbers.
  private static let timestamp = try? RE2(
    "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
      + "([Tt][0-9:.]+(Z|[-+][0-9]{2}:[0-9]{2})| [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}([.][0-9]+)?)?")

  /// Whether a text without quotes is a time to go-yaml.
  static func isTimestamp(_ bytes: [UInt8]) -> Bool { timestamp?.matchesWhole(bytes[...]) ?? false }

  private static func implicit(_ text: String) -> ScalarValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return .boolean(true)
    case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
      return .boolean(false)
    case ".nan", ".NaN", ".NAN": return .number(.nan)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
    default: return numeric(text)
    }
  }

  private static func numeric(_ text: String) -> ScalarValue {
    guard let first = text.utf8.first else { return .text }
    switch first {
    case UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      break
    default:
      return .text
    }
    // Only what begins with a digit or a sign may hold underscores anywhere.
    if first == UInt8(ascii: ".") { return (try? GoNumber.float(text.utf8)).map { .number($0) } ?? .text }
    let digits = text.utf8.filter { $0 != UInt8(ascii: "_") }
    if let whole = GoWholeNumber(digits) {
      return whole.exactly.map { .integer($0) } ?? .number(whole.value)
    }
    guard isFloat(digits), let value = try? GoNumber.float(digits) else { return .text }
    return .number(value)
  }

  /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
  private static func isFloat(_ text: [UInt8]) -> Bool {
    var rest = text[...]
    func digits() -> Int {
      let count = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }.count
      rest = rest.dropFirst(count)
      return count
    }
    func sign() {
      if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    }
    sign()
    let whole = digits()
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      guard digits() > 0 || whole > 0 else { return false }
    } else if whole == 0 {
      return false
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      sign()
      guard digits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}
