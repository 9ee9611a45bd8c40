package import PromQL
import TimeSeries

/// A mapping of one of Prometheus' own files (config.md §1): unknown keys are errors, a key without a
/// value is as good as absent, any scalar can be a text.
package struct StrictMapping {
  /// Who refuses what does not fit, and in which words.
  package enum Words: Sendable, Hashable {
    /// Ours.
    case own
    /// Prometheus', for its type of this name: `rulefmt.Rule`.
    case prometheus(type: String)
    /// Ours, of a resource: a cluster takes no number for a text.
    case resource
  }

  /// Where the mapping stands.
  package let range: SourceRange
  private let mapping: ManifestNode.Mapping
  private let words: Words
  /// Of the keys that it may not have, in the order written; thrown at once where the words are our own.
  package private(set) var unknownKeys: [ManifestProblem] = []

  /// - Parameters:
  ///   - what: what the mapping is, for messages: `a rule`.
  ///   - keys: the keys that it may have.
  package init(
    _ node: ManifestNode, _ what: String, keys: [String], words: Words = .own
  ) throws(ManifestProblem) {
    range = node.range
    self.words = words
    switch node.content {
    case .mapping(let mapping): self.mapping = mapping
    case .scalar(let scalar) where scalar.value == .null: mapping = ManifestNode.Mapping()
    case .scalar, .sequence:
      if case .prometheus(let type) = words { throw node.unreadable(as: type) }
      throw ManifestProblem(
        ManifestCode.type, "\(what) must be a mapping, not \(node.typeName)", at: node.range)
    }
    if words == .own, let range = mapping.nullKeys.first {
      throw ManifestProblem(
        ManifestCode.unknownKey,
        "\(what) has no field without a name: there are \(keys.joined(separator: ", "))", at: range)
    }
    for entry in mapping.entries where !keys.contains(where: { $0.utf8.elementsEqual(entry.key.utf8) }) {
      var problem: ManifestProblem
      if case .prometheus(let type) = words {
        problem = ManifestProblem(
          ManifestCode.rule, "field \(entry.key) not found in type \(type)", at: entry.keyRange)
        // A list of more helps nobody.
        if keys.count <= 20 {
          problem.diagnostic.notes = [
            Diagnostic.Note("\(what) has the fields \(keys.joined(separator: ", "))")
          ]
        }
      } else {
        problem = ManifestProblem(
          ManifestCode.unknownKey,
          "\(what) has no field \(Quoted.key(entry.key)): there are \(keys.joined(separator: ", "))",
          at: entry.keyRange)
      }
      if let nearest = Spelling.nearest(to: entry.key, among: keys) {
        problem.diagnostic.fixes = [
          Diagnostic.Fix(
            "write \(nearest)", range: entry.keyRange, replacement: nearest, isSafe: false)
        ]
      }
      if words == .own { throw problem }
      unknownKeys.append(problem)
    }
  }

  /// What stands under the keys that it may have, in the order written, and what stands there once more.
  package var knownEntries: [ManifestNode.Mapping.Entry] {
    let unknown = Set(unknownKeys.map(\.diagnostic.range))
    return mapping.entries.filter { !unknown.contains($0.keyRange) }
  }

  /// What stands under a key that was there already.
  package var repeated: [ManifestNode.Mapping.Entry] { mapping.repeated }

  /// Keys that are no texts.
  package var complexKeys: [ManifestNode] { mapping.complexKeys }

  /// Where a key's value stands, else the mapping itself.
  package func range(of key: String) -> SourceRange { value(key)?.range ?? range }

  private func value(_ key: String) -> ManifestNode? {
    guard let node = mapping[key]?.value else { return nil }
    if case .scalar(let scalar) = node.content, scalar.value == .null { return nil }
    return node
  }

  private func wrong(
    _ key: String, _ wanted: String, _ node: ManifestNode, type: String = "string"
  ) -> ManifestProblem {
    if case .prometheus = words { return node.unreadable(as: type) }
    return ManifestProblem(
      ManifestCode.type, "\(key) must be \(wanted), not \(node.typeName)", at: node.range)
  }

  /// The node of a key; nil when it is absent or empty.
  package func node(_ key: String) -> ManifestNode? { value(key) }

  /// A scalar as it is written.
  package func text(_ key: String) throws(ManifestProblem) -> Located<String>? {
    guard let node = value(key) else { return nil }
    guard case .scalar(let scalar) = node.content, isText(scalar) else { throw wrong(key, "a text", node) }
    return Located(String(decoding: scalar.bytes, as: UTF8.self), at: node.range)
  }

  private func isText(_ scalar: ManifestNode.Scalar) -> Bool { words != .resource || scalar.value == .text }

  /// `true` or `false`; nil when the key is absent.
  package func boolean(_ key: String) throws(ManifestProblem) -> Bool? {
    guard let node = value(key) else { return nil }
    guard case .scalar(let scalar) = node.content, case .boolean(let value) = scalar.value else {
      throw wrong(key, "true or false", node)
    }
    return value
  }

  /// A whole number.
  package func integer(_ key: String) throws(ManifestProblem) -> Int64? {
    guard let node = value(key) else { return nil }
    let problem = wrong(key, "a whole number", node, type: "int")
    guard case .scalar(let scalar) = node.content else { throw problem }
    switch scalar.value {
    case .integer(let value): return value
    // go-yaml cuts a fraction off, and minds the upper bound only.
    case .number(let value):
      guard case .prometheus = words, value <= 0x1p63, value < 0x1p63 || GoWholeNumber(scalar.bytes) == nil
      else { break }
      return Int64(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
    case .null, .boolean, .text: break
    }
    throw problem
  }

  /// A number, `.inf` and `.nan` included.
  package func number(_ key: String) throws(ManifestProblem) -> Double? {
    guard let node = value(key) else { return nil }
    guard case .scalar(let scalar) = node.content else { throw wrong(key, "a number", node) }
    switch scalar.value {
    case .integer(let value): return Double(value)
    case .number(let value): return value
    case .null, .boolean, .text: throw wrong(key, "a number", node)
    }
  }

  /// A duration, in milliseconds.
  package func duration(_ key: String) throws(ManifestProblem) -> Int64? {
    guard let text = try text(key) else { return nil }
    do { return try DurationText.milliseconds(text.value.utf8) } catch {
      if case .prometheus = words { throw ManifestProblem(ManifestCode.rule, "\(error)", at: text.range) }
      throw ManifestProblem(ManifestCode.value, "\(key): \(error)", at: text.range)
    }
  }

  /// The items of a list.
  ///
  /// - Parameter type: what Prometheus calls the list: `[]rulefmt.Rule`.
  package func items(_ key: String, type: String = "[]string") throws(ManifestProblem) -> [ManifestNode] {
    guard let node = value(key) else { return [] }
    guard case .sequence(let items) = node.content else { throw wrong(key, "a list", node, type: type) }
    return items
  }

  /// A list of texts.
  package func texts(_ key: String) throws(ManifestProblem) -> [Located<String>] {
    var texts: [Located<String>] = []
    for item in try items(key) {
      guard case .scalar(let scalar) = item.content else { throw wrong(key, "a list of texts", item) }
      texts.append(Located(String(decoding: scalar.bytes, as: UTF8.self), at: item.range))
    }
    return texts
  }

  /// A mapping of texts to texts, in the order written; a key without a value has the empty text.
  package func pairs(
    _ key: String
  ) throws(ManifestProblem) -> [(name: String, value: String, range: SourceRange)] {
    try entries(key).map { entry in
      guard case .scalar(let scalar) = entry.value.content, scalar.value != .null else {
        return (entry.key, "", entry.keyRange)
      }
      return (entry.key, String(decoding: scalar.bytes, as: UTF8.self), entry.keyRange)
    }
  }

  /// The entries of a mapping of texts to texts, in the order written: every value is a scalar.
  package func entries(_ key: String) throws(ManifestProblem) -> [ManifestNode.Mapping.Entry] {
    guard let node = value(key) else { return [] }
    guard case .mapping(let mapping) = node.content else {
      throw wrong(key, "a mapping", node, type: "map[string]string")
    }
    for entry in mapping.entries {
      guard case .scalar(let scalar) = entry.value.content, scalar.value == .null || isText(scalar) else {
        throw wrong("\(key).\(entry.key)", "a text", entry.value)
      }
    }
    return mapping.entries
  }
}

extension ManifestNode {
  /// What go-yaml says of a value that is not of the type that is wanted.
  package func unreadable(as type: String) -> ManifestProblem {
    let found: String
    switch content {
    case .sequence: found = "!!seq"
    case .mapping: found = "!!map"
    case .scalar(let scalar):
      let isTime = scalar.tag == .timestamp || (scalar.isPlain && ScalarValue.isTimestamp(scalar.bytes))
      // A whole number that only fits without a sign is one to go-yaml.
      let isWhole = if case .number = scalar.value { scalar.tag == .none && scalar.isWhole } else { false }
      let own = isWhole ? "!!int" : scalar.value.tagName
      let tag = scalar.tag == .binary ? "!!binary" : isTime ? "!!timestamp" : own
      let text = String(decoding: scalar.bytes, as: UTF8.self)
      // It cuts bytes.
      let shown =
        scalar.bytes.count > 10 ? String(decoding: scalar.bytes.prefix(7), as: UTF8.self) + "..." : text
      found = "\(tag) `\(shown)`"
    }
    return ManifestProblem(ManifestCode.rule, "cannot unmarshal \(found) into \(type)", at: range)
  }
}
