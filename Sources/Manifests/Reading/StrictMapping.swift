package import PromQL
import TimeSeries

/// A mapping of one of Prometheus' own files (config.md §1): unknown keys are errors, a key without a
/// value is as good as absent, any scalar can be a text.
package struct StrictMapping {
  /// Where the mapping stands.
  package let range: SourceRange
  private let mapping: ManifestNode.Mapping

  /// - Parameters:
  ///   - what: what the mapping is, for messages: `a rule`.
  ///   - keys: the keys that it may have.
  package init(_ node: ManifestNode, _ what: String, keys: [String]) throws(ManifestProblem) {
    range = node.range
    switch node.content {
    case .mapping(let mapping): self.mapping = mapping
    case .scalar(let scalar) where scalar.value == .null: mapping = ManifestNode.Mapping()
    case .scalar, .sequence:
      throw ManifestProblem(
        ManifestCode.type, "\(what) must be a mapping, not \(node.typeName)", at: node.range)
    }
    for entry in mapping.entries where !keys.contains(where: { $0.utf8.elementsEqual(entry.key.utf8) }) {
      var problem = ManifestProblem(
        ManifestCode.unknownKey,
        "\(what) has no field \(Shown.key(entry.key)): there are \(keys.joined(separator: ", "))",
        at: entry.keyRange)
      if let nearest = Spelling.nearest(to: entry.key, among: keys) {
        problem.diagnostic.fixes = [
          Diagnostic.Fix(
            "write \(nearest)", range: entry.keyRange, replacement: nearest, isSafe: false)
        ]
      }
      throw problem
    }
  }

  /// Where a key's value stands, else the mapping itself.
  package func range(of key: String) -> SourceRange { value(key)?.range ?? range }

  private func value(_ key: String) -> ManifestNode? {
    guard let node = mapping[key]?.value else { return nil }
    if case .scalar(let scalar) = node.content, scalar.value == .null { return nil }
    return node
  }

  private func wrong(_ key: String, _ wanted: String, _ node: ManifestNode) -> ManifestProblem {
    ManifestProblem(
      ManifestCode.type, "\(key) must be \(wanted), not \(node.typeName)", at: node.range)
  }

  /// The node of a key; nil when it is absent or empty.
  package func node(_ key: String) -> ManifestNode? { value(key) }

  /// A scalar as it is written.
  package func text(_ key: String) throws(ManifestProblem) -> Located<String>? {
    guard let node = value(key) else { return nil }
    guard case .scalar(let scalar) = node.content else { throw wrong(key, "a text", node) }
    return Located(String(decoding: scalar.bytes, as: UTF8.self), at: node.range)
  }

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
    guard case .scalar(let scalar) = node.content, case .integer(let value) = scalar.value else {
      throw wrong(key, "a whole number", node)
    }
    return value
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
      throw ManifestProblem(ManifestCode.value, "\(key): \(error)", at: text.range)
    }
  }

  /// The items of a list.
  package func items(_ key: String) throws(ManifestProblem) -> [ManifestNode] {
    guard let node = value(key) else { return [] }
    guard case .sequence(let items) = node.content else { throw wrong(key, "a list", node) }
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
    guard let node = value(key) else { return [] }
    guard case .mapping(let mapping) = node.content else { throw wrong(key, "a mapping", node) }
    var pairs: [(name: String, value: String, range: SourceRange)] = []
    for entry in mapping.entries {
      guard case .scalar(let scalar) = entry.value.content else {
        throw wrong("\(key).\(entry.key)", "a text", entry.value)
      }
      let text = scalar.value == .null ? "" : String(decoding: scalar.bytes, as: UTF8.self)
      pairs.append((entry.key, text, entry.keyRange))
    }
    return pairs
  }
}
