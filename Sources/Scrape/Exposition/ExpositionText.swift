/// What everybody who writes an exposition needs (exposition.md).
package enum ExpositionText {
  /// A label's value between its quotes: backslash, quote and line feed are escaped.
  package static func escaped(_ value: String) -> String {
    var result = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
