/// A value with its keys in order, to be written as YAML or JSON.
indirect enum DefinitionValue {
  case text(String)
  case number(Int)
  case boolean(Bool)
  case list([DefinitionValue])
  case mapping([(String, DefinitionValue)])

  /// A document in block style; texts that YAML might take for something else are in quotes.
  var yaml: String { yamlLines.map { $0 + "\n" }.joined() }

  /// Indented by two blanks.
  var json: String { json(indent: "") + "\n" }

  private var yamlLines: [String] {
    switch self {
    case .text, .number, .boolean: [yamlScalar]
    case .list(let items):
      items.isEmpty
        ? ["[]"]
        : items.flatMap { item in
          item.yamlLines.enumerated().map { ($0 == 0 ? "- " : "  ") + $1 }
        }
    case .mapping(let entries):
      entries.isEmpty
        ? ["{}"]
        : entries.flatMap { key, value in
          let key = DefinitionValue.text(key).yamlScalar
          return value.isFlat
            ? ["\(key): \(value.yamlLines[0])"] : ["\(key):"] + value.yamlLines.map { "  " + $0 }
        }
    }
  }

  /// Whether it fits behind its key.
  private var isFlat: Bool {
    switch self {
    case .text, .number, .boolean: true
    case .list(let items): items.isEmpty
    case .mapping(let entries): entries.isEmpty
    }
  }

  private var yamlScalar: String {
    switch self {
    case .text(let text): Self.isPlain(text) ? text : Self.quoted(text)
    case .number(let number): String(number)
    case .boolean(let value): value ? "true" : "false"
    case .list, .mapping: ""
    }
  }

  /// Whether YAML reads a text without quotes as the same text.
  private static func isPlain(_ text: String) -> Bool {
    let isWord = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"),
        UInt8(ascii: "_"), UInt8(ascii: " "), UInt8(ascii: ","), UInt8(ascii: "'"), UInt8(ascii: ";"):
        true
      default: false
      }
    }
    guard isWord, let first = text.unicodeScalars.first, first.properties.isAlphabetic || first == "." else {
      return false
    }
    return !text.hasSuffix(" ")
      && ScalarValue(resolving: Array(text.utf8), style: .plain, tag: .none) == .text
  }

  /// As JSON has it, which YAML reads alike.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private func json(indent: String) -> String {
    let deeper = indent + "  "
    switch self {
    case .text(let text): return Self.quoted(text)
    case .number, .boolean: return yamlScalar
    case .list(let items):
      if items.isEmpty { return "[]" }
      return "[\n" + items.map { deeper + $0.json(indent: deeper) }.joined(separator: ",\n") + "\n\(indent)]"
    case .mapping(let entries):
      if entries.isEmpty { return "{}" }
      let lines = entries.map { "\(deeper)\(Self.quoted($0)): \($1.json(indent: deeper))" }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
    }
  }
}
