import PromQL
import TimeSeries

/// Puts the pairs of a YAML mapping together: merge keys, keys as JSON has them, no key twice.
struct MappingBuilder {
  private(set) var mapping = ManifestNode.Mapping()
  private var positions: [[UInt8]: Int] = [:]
  private let dialect: YAMLDialect
  private let source: [UInt8]
  /// Where each key was first written, as Prometheus tells keys apart: by their texts, those of merges and
  /// null ones included.
  private var written: [[UInt8]: SourceRange] = [:]

  init(dialect: YAMLDialect, source: [UInt8]) {
    self.dialect = dialect
    self.source = source
  }

  mutating func add(_ key: ManifestNode, _ value: ManifestNode) throws(ManifestProblem) {
    guard case .scalar(let scalar) = key.content else {
      if dialect == .configuration {
        return mapping.complexKeys.append(key)
      }
      var problem = ManifestProblem(
        ManifestCode.yaml, "a key must be a text, not \(key.typeName)", at: key.range)
      problem.diagnostic.notes = [Diagnostic.Note("put a text that begins with { or [ in quotes")]
      throw problem
    }
    if dialect == .prometheus { try note(scalar, at: key.range) }
    if isMerge(scalar) {
      try merge(value)
      return
    }
    if dialect == .prometheus, scalar.value == .null {
      mapping.nullKeys.append(key.range)
      return
    }
    let entry = ManifestNode.Mapping.Entry(
      key: try text(of: scalar, at: key.range), keyRange: key.range, value: value)
    guard let position = positions[Array(entry.key.utf8)] else {
      append(entry)
      return
    }
    let earlier = mapping.entries[position]
    guard earlier.isMerged else {
      if dialect == .configuration { return mapping.repeated.append(entry) }
      var diagnostic = Diagnostic(
        code: ManifestCode.duplicateKey, severity: .error, range: key.range,
        message:
          "key \(Quoted.key(entry.key)) is written twice; a cluster silently keeps the last: leave one out")
      diagnostic.notes = [Diagnostic.Note("first written here", range: earlier.keyRange)]
      throw ManifestProblem(diagnostic)
    }
    mapping.entries[position] = entry
  }

  private mutating func note(
    _ scalar: ManifestNode.Scalar, at range: SourceRange
  ) throws(ManifestProblem) {
    guard let earlier = written.updateValue(range, forKey: scalar.bytes) else { return }
    let line = SourcePlace(offset: earlier.start, in: source)?.line ?? 0
    var diagnostic = Diagnostic(
      code: ManifestCode.duplicateKey, severity: .error, range: range,
      message: "mapping key \(GoText.quoted(scalar.bytes)) already defined at line \(line)")
    diagnostic.notes = [Diagnostic.Note("first written here", range: earlier)]
    throw ManifestProblem(diagnostic)
  }

  private mutating func append(_ entry: ManifestNode.Mapping.Entry) {
    positions[Array(entry.key.utf8)] = mapping.entries.count
    mapping.entries.append(entry)
  }

  private func isMerge(_ scalar: ManifestNode.Scalar) -> Bool {
    guard scalar.bytes.elementsEqual("<<".utf8) else { return false }
    return scalar.tag == .merge || (scalar.tag == .none && scalar.style == .plain)
  }

  /// `<<: *base` or `<<: [*first, *second]`: an earlier mapping of a list wins over a later one. For a
  /// cluster what is merged wins over what stands before it, and what stands behind it wins over that; for
  /// Prometheus what is written here wins wherever it stands.
  private mutating func merge(_ value: ManifestNode) throws(ManifestProblem) {
    switch value.content {
    case .mapping(let other):
      for entry in other.entries { merge(entry) }
    case .sequence(let items):
      for item in dialect == .prometheus ? items : items.reversed() {
        guard case .mapping = item.content else {
          throw ManifestProblem(ManifestCode.yaml, "only mappings can be merged", at: item.range)
        }
        try merge(item)
      }
    case .scalar:
      if dialect == .configuration {
        throw ManifestProblem(
          ManifestCode.yaml, "yaml: map merge requires map or sequence of maps as the value", at: value.range)
      }
      throw ManifestProblem(ManifestCode.yaml, "only mappings can be merged", at: value.range)
    }
  }

  private mutating func merge(_ entry: ManifestNode.Mapping.Entry) {
    guard let position = positions[Array(entry.key.utf8)] else {
      var merged = entry
      merged.isMerged = true
      return append(merged)
    }
    if dialect != .prometheus { mapping.entries[position].value = entry.value }
  }

  /// Numbers and booleans as keys become texts, as Kubernetes makes them.
  private func text(
    of scalar: ManifestNode.Scalar, at range: SourceRange
  ) throws(ManifestProblem) -> String {
    if dialect == .configuration, scalar.value == .null { return "" }
    if dialect != .kubernetes { return String(decoding: scalar.bytes, as: UTF8.self) }
    return switch scalar.value {
    case .text: String(decoding: scalar.bytes, as: UTF8.self)
    case .boolean(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value): try Self.text(of: value, scalar, at: range)
    case .null: throw ManifestProblem(ManifestCode.yaml, "a key is missing before the colon", at: range)
    }
  }

  /// As Kubernetes writes a number that is a key: with the digits of 32 bits, and infinities in YAML's words.
  private static func text(
    of value: Double, _ scalar: ManifestNode.Scalar, at range: SourceRange
  ) throws(ManifestProblem) -> String {
    if GoWholeNumber(scalar.bytes.filter { $0 != UInt8(ascii: "_") }) != nil {
      throw ManifestProblem(
        ManifestCode.yaml, "a key cannot be so large a number: put it in quotes", at: range)
    }
    if value.isNaN { return ".nan" }
    if value.isInfinite { return value < 0 ? "-.inf" : ".inf" }
    // The shortest digits of 32 bits are the shortest of their own value in 64.
    return GoText.general(Double("\(Float(value))") ?? value)
  }
}
