import TimeSeries

/// One line of JSON, written member by member: keys come out in the order given.
package struct JSONText {
  private var text = "{"
  private var isFirst = true

  package init() {}

  package mutating func add(_ key: String, _ value: String?) { raw(key, value.map(Self.string) ?? "null") }
  package mutating func add(_ key: String, _ value: Bool) { raw(key, value ? "true" : "false") }
  package mutating func add(_ key: String, _ value: Int64) { raw(key, String(value)) }
  package mutating func add(_ key: String, _ value: Int) { raw(key, String(value)) }
  /// Numbers that JSON cannot write become strings (`"+Inf"`), as in the Prometheus API.
  package mutating func add(_ key: String, _ value: Double?) { raw(key, value.map(Self.number) ?? "null") }
  package mutating func add(_ key: String, _ values: [JSONText]) {
    raw(key, "[" + values.map(\.closed).joined(separator: ",") + "]")
  }
  package mutating func add(_ key: String, _ values: [String]) {
    raw(key, "[" + values.map(Self.string).joined(separator: ",") + "]")
  }
  package mutating func add(_ key: String, _ value: JSONText?) { raw(key, value?.closed ?? "null") }

  private mutating func raw(_ key: String, _ value: String) {
    if !isFirst { text += "," }
    isFirst = false
    text += Self.string(key) + ":" + value
  }

  /// The object, closed.
  package var closed: String { text + "}" }

  static func number(_ value: Double) -> String {
    value.isFinite ? GoText.json(value) : string(GoText.json(value))
  }

  /// A quoted string; what is not valid UTF-8 has become U+FFFD before.
  static func string(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      // Readers see what was written, terminals do nothing of it.
      case _ where VisibleText.isHidden(scalar):
        for unit in String(scalar).utf16 { result += "\\u" + VisibleText.hex(UInt32(unit), 4) }
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
