package import Manifests
package import PromQL
import TimeSeries

/// Reads sections as Prometheus' library does: key by key in the order written; a value of the wrong type
/// keeps its section from being checked, and reading goes on; what a check refuses ends it.
package struct ConfigurationReader {
  /// Values of the wrong type and keys that there are not, in the order of the text.
  package private(set) var typeProblems: [ManifestProblem] = []
  /// What is read and not done.
  package private(set) var notDone: [Diagnostic] = []

  /// Problems of one file, after which no more are kept.
  private static let limit = 100

  package init() {}

  package mutating func report(_ problem: ManifestProblem) {
    // Counted on, so that a section knows that something of it is wrong.
    if typeProblems.count < Self.limit { typeProblems.append(problem) } else { surplus += 1 }
  }
  private var surplus = 0
  private var count: Int { typeProblems.count + surplus }

  package mutating func note(notDone message: String, at range: SourceRange) {
    guard notDone.count < Self.limit else { return }
    notDone.append(
      Diagnostic(code: ConfigurationCode.notDone, severity: .info, range: range, message: message))
  }

  /// A section; nil after what keeps it from being read was reported.
  package mutating func section<Section: ConfigurationSection>(
    _ node: ManifestNode, _ type: Section.Type = Section.self
  ) throws(ManifestProblem) -> Section? {
    let before = count
    guard let fields = strict(node, Section.title, Section.type, Section.fields.map(\.key)) else {
      return nil
    }
    var section = Section()
    section.places.range = node.range
    var unknown = fields.unknownKeys[...]
    for entry in fields.knownEntries {
      while let problem = unknown.first, (problem.diagnostic.range?.start ?? 0) < entry.keyRange.start {
        report(problem)
        unknown.removeFirst()
      }
      guard let field = Section.fields.first(where: { $0.key.utf8.elementsEqual(entry.key.utf8) }) else {
        continue
      }
      section.places[entry.key] = entry.value.isNull ? entry.keyRange : entry.value.range
      try field.read(&section, entry.value, &self)
    }
    for problem in unknown { report(problem) }
    for key in fields.complexKeys { report(key.unreadable(as: "string")) }
    for entry in fields.repeated {
      report(.refusal("field \(entry.key) already set in type \(Section.type)", at: entry.keyRange))
    }
    guard count == before else { return nil }
    try section.complete()
    return section
  }

  /// A mapping with its unknown keys in Prometheus' words; nil after it was reported that it is none.
  private mutating func strict(
    _ node: ManifestNode, _ title: String, _ type: String, _ keys: [String]
  ) -> StrictMapping? {
    do {
      return try StrictMapping(node, title, keys: keys, words: .prometheus(type: type))
    } catch {
      report(error)
      return nil
    }
  }

  // MARK: Values; nil after it was reported that one is of another type

  package mutating func text(_ node: ManifestNode, type: String = "string") -> String? {
    guard case .scalar(let scalar) = node.content else { return wrong(node, type) }
    if scalar.value == .null { return "" }
    return String(decoding: scalar.bytes, as: UTF8.self)
  }

  package mutating func flag(_ node: ManifestNode) -> Bool? {
    guard case .scalar(let scalar) = node.content else { return wrong(node, "bool") }
    switch scalar.value {
    case .boolean(let value): return value
    case .null: return false
    case .integer, .number, .text: return wrong(node, "bool")
    }
  }

  package mutating func integer(_ node: ManifestNode, type: String) -> Int64? {
    guard case .scalar(let scalar) = node.content else { return wrong(node, type) }
    switch scalar.value {
    case .integer(let value): return value
    // A fraction is cut off.
    case .number(let value):
      guard value < 0x1p63 || (value == 0x1p63 && !scalar.isWhole) else { return wrong(node, type) }
      return Int64(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
    case .null: return 0
    case .boolean, .text: return wrong(node, type)
    }
  }

  package mutating func natural(_ node: ManifestNode, type: String) -> UInt64? {
    guard case .scalar(let scalar) = node.content else { return wrong(node, type) }
    switch scalar.value {
    case .integer(let value): return UInt64(exactly: value) ?? wrong(node, type)
    case .number(let value):
      guard value <= 0x1p64 else { return wrong(node, type) }
      return UInt64(exactly: value.rounded(.towardZero)) ?? (value < 0 ? 0 : .max)
    case .null: return 0
    case .boolean, .text: return wrong(node, type)
    }
  }

  package mutating func number(_ node: ManifestNode) -> Double? {
    guard case .scalar(let scalar) = node.content else { return wrong(node, "float64") }
    switch scalar.value {
    case .integer(let value): return Double(value)
    case .number(let value): return value
    case .null: return 0
    case .boolean, .text: return wrong(node, "float64")
    }
  }

  /// Items of a list; empty for nothing.
  package mutating func items(_ node: ManifestNode, type: String) -> [ManifestNode]? {
    switch node.content {
    case .sequence(let items): return items
    case .scalar(let scalar) where scalar.value == .null: return []
    case .scalar, .mapping: return wrong(node, type)
    }
  }

  package mutating func texts(
    _ node: ManifestNode, type: String = "[]string", item: String = "string"
  ) -> [String]? {
    guard let items = items(node, type: type) else { return nil }
    return items.compactMap { text($0, type: item) }
  }

  /// Pairs of a mapping, in the order written; empty for nothing.
  ///
  /// - Parameter value: what Prometheus calls the type of the values, where they are texts.
  package mutating func entries(
    _ node: ManifestNode, type: String, value: String? = nil
  ) -> [ManifestNode.Mapping.Entry]? {
    switch node.content {
    case .mapping(let mapping):
      for key in mapping.complexKeys { report(key.unreadable(as: "string")) }
      for entry in mapping.repeated {
        if let value, text(entry.value, type: value) == nil { continue }
        report(.refusal("key \(GoText.quoted(entry.key)) already set in map", at: entry.value.range))
      }
      return mapping.entries
    case .scalar(let scalar) where scalar.value == .null: return []
    case .scalar, .sequence: return wrong(node, type)
    }
  }

  private mutating func wrong<Value>(_ node: ManifestNode, _ type: String) -> Value? {
    report(node.unreadable(as: type))
    return nil
  }
}
