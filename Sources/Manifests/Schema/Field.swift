import PromQL
import TimeSeries

/// A value that can be read from a node that obeys its schema.
protocol ManifestValue: Sendable {
  static var schemaType: SchemaType { get }
  /// Nil when the node does not obey the schema; the check has said so already.
  init?(_ node: ManifestNode, in source: ManifestSource)
}

/// A key of a mapping with the type of its value. Its row goes into the mapping's schema, and the
/// model reads through it, so that a key is spelled once.
struct Field<Value: ManifestValue>: Sendable {
  let row: SchemaField

  init(
    _ key: String, type: SchemaType = Value.schemaType, isRequired: Bool = false,
    fallback: FieldValue? = nil, absence: FieldValue? = nil, matters effect: SchemaField.Effect = .always,
    _ summary: String
  ) {
    row = SchemaField(
      key, type, isRequired: isRequired, fallback: fallback, absence: absence, summary
    ).mattering(effect)
  }
}

/// Reads the fields of a mapping.
struct FieldReader {
  private let mapping: ManifestNode.Mapping
  private let source: ManifestSource

  /// Nil when the node is no mapping.
  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard case .mapping(let mapping) = node.content else { return nil }
    self.mapping = mapping
    self.source = source
  }

  /// Nil when the key is absent, or has no value: a cluster drops it then.
  subscript<Value>(field: Field<Value>) -> Located<Value>? {
    guard let entry = mapping.valued(field.row.key) else { return nil }
    return Located<Value>(entry.value, in: source)
  }

  /// The place of a key that is written without a value.
  func emptyKey(_ field: SchemaField) -> SourceRange? {
    guard let entry = mapping[field.key], entry.value.isNull else { return nil }
    return entry.keyRange
  }

  /// Whether a map has a key with a value.
  func hasEntries(_ field: SchemaField) -> Bool {
    guard case .mapping(let map)? = mapping.valued(field.key)?.value.content else { return false }
    return map.entries.contains { !$0.value.isNull }
  }
}

extension Located: ManifestValue where Value: ManifestValue {
  static var schemaType: SchemaType { Value.schemaType }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let value = Value(node, in: source) else { return nil }
    self.init(value, at: node.range)
  }
}

extension Array: ManifestValue where Element: ManifestValue {
  static var schemaType: SchemaType { .list(Element.schemaType) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard case .sequence(let items) = node.content else { return nil }
    self = items.compactMap { Element($0, in: source) }
    guard count == items.count else { return nil }
  }
}

extension String: ManifestValue {
  static var schemaType: SchemaType { .text(.any) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard case .scalar(let scalar) = node.content, scalar.value == .text else { return nil }
    self = String(decoding: scalar.bytes, as: UTF8.self)
  }
}

extension ManifestText: ManifestValue {
  static var schemaType: SchemaType { .text(.any) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard case .scalar(let scalar) = node.content, scalar.value == .text else { return nil }
    self.init(scalar, at: node.range, in: source)
  }
}

extension Bool: ManifestValue {
  static var schemaType: SchemaType { .boolean }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard case .scalar(let scalar) = node.content, case .boolean(let value) = scalar.value else {
      return nil
    }
    self = value
  }
}

extension Int: ManifestValue {
  static var schemaType: SchemaType { .number(NumberRule(.readAsWhole)) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard case .scalar(let scalar) = node.content else { return nil }
    switch scalar.value {
    case .integer(let value): self = Int(value)
    case .number(let value):
      guard let whole = Int(exactly: value) else { return nil }
      self = whole
    case .null, .boolean, .text: return nil
    }
  }
}

extension Double: ManifestValue {
  static var schemaType: SchemaType { .number(NumberRule(.real)) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard case .scalar(let scalar) = node.content else { return nil }
    switch scalar.value {
    case .integer(let value): self = Double(value)
    case .number(let value): self = value
    case .null, .boolean, .text: return nil
    }
  }
}

/// A closed set of texts.
protocol ManifestChoice: ManifestValue, RawRepresentable, CaseIterable where RawValue == String {}

extension ManifestChoice {
  static var schemaType: SchemaType { .text(.oneOf(allCases.map(\.rawValue))) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let text = String(node, in: source) else { return nil }
    self.init(rawValue: text)
  }
}

extension MeshProvider: ManifestChoice {}
extension MetricProviderType: ManifestChoice {}
extension AlertProvider.Kind: ManifestChoice {}
extension CanaryAlert.Severity: ManifestChoice {}
extension CanaryWebhook.Kind: ManifestChoice {}
extension TargetKind: ManifestChoice {}
extension AutoscalerKind: ManifestChoice {}
extension IngressKind: ManifestChoice {}
extension RouteKind: ManifestChoice {}
extension UpstreamKind: ManifestChoice {}

/// A mapping of texts to texts, in the order written.
struct TextMap: ManifestValue {
  var pairs: [TemplateVariable]

  static var schemaType: SchemaType { .map(.text(.any)) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard case .mapping(let mapping) = node.content else { return nil }
    let entries = mapping.entries.filter { !$0.value.isNull }
    pairs = entries.compactMap { entry in
      Located<String>(entry.value, in: source).map {
        TemplateVariable(key: Located(entry.key, at: entry.keyRange), value: $0)
      }
    }
    guard pairs.count == entries.count else { return nil }
  }
}
