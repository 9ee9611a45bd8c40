/// One JSON object as Go's encoder writes it: keys in the order given, `<`, `>` and `&` escaped.
struct GoJSON {
  private var text = "{"

  mutating func add(_ key: String, _ value: String) { raw(key, Self.string(value)) }
  mutating func add(_ key: String, _ value: Bool) { raw(key, value ? "true" : "false") }
  mutating func add(_ key: String, _ value: GoJSON) { raw(key, value.closed) }
  mutating func add(_ key: String, _ values: [GoJSON]) {
    raw(key, "[" + values.map(\.closed).joined(separator: ",") + "]")
  }
  mutating func add(_ key: String, _ values: [String]) {
    raw(key, "[" + values.map(Self.string).joined(separator: ",") + "]")
  }

  private mutating func raw(_ key: String, _ value: String) {
    text += (text.utf8.count > 1 ? "," : "") + Self.string(key) + ":" + value
  }

  var closed: String { text + "}" }

  /// The separators U+2028 and U+2029 are escaped there already.
  static func string(_ text: String) -> String {
    var result = ""
    for scalar in JSONText.string(text).unicodeScalars {
      switch scalar {
      case "<": result += "\\u003c"
      case ">": result += "\\u003e"
      case "&": result += "\\u0026"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
