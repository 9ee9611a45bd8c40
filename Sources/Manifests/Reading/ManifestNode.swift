package import PromQL

/// A YAML value with its place. At most `YAMLLimits.height` deep.
package struct ManifestNode: Sendable {
  package var range: SourceRange
  package var content: Content
  /// Nodes in it, itself included, aliases counted as often as they are used.
  var weight: Int
  /// Levels in it, itself included.
  var height: Int

  /// `~`, `null`, or nothing at all.
  package var isNull: Bool {
    if case .scalar(let scalar) = content { scalar.value == .null } else { false }
  }

  /// Nothing, `~` or `null`: what go-yaml takes for no value before it asks what the value means.
  package var isSkipped: Bool {
    guard isNull, case .scalar(let scalar) = content else { return false }
    return ["", "~", "null"].contains { scalar.bytes.elementsEqual($0.utf8) }
  }

  package indirect enum Content: Sendable {
    case scalar(Scalar)
    case sequence([ManifestNode])
    case mapping(Mapping)
  }

  /// A scalar as written.
  package struct Scalar: Sendable {
    package var bytes: [UInt8]
    var style: YAMLScalarStyle
    var tag: YAMLTag
    /// What it means, resolved once.
    package var value: ScalarValue

    /// A whole number that 64 bits hold, with a sign or without.
    package var isWhole: Bool { GoWholeNumber(bytes.filter { $0 != UInt8(ascii: "_") }) != nil }

    /// Written without quotes and without a tag.
    var isPlain: Bool { style == .plain && tag == .none }
  }

  /// Keys and values in the order written, merge keys already merged.
  package struct Mapping: Sendable {
    package var entries: [Entry] = []
    /// Where keys stood that are null, in Prometheus' dialect, which leaves them out.
    package var nullKeys: [SourceRange] = []
    /// What stood under a key that was there already, in the dialect of Prometheus' configuration.
    package var repeated: [Entry] = []
    /// Keys that are no texts, in the same dialect.
    package var complexKeys: [ManifestNode] = []

    package struct Entry: Sendable {
      /// The key's text, as JSON has it.
      package var key: String
      package var keyRange: SourceRange
      package var value: ManifestNode
      /// Came out of a merge key, so that it may be written again.
      var isMerged = false
    }

    /// Linear in the entries; keys are compared byte for byte.
    package subscript(key: String) -> Entry? { entries.first { $0.key.utf8.elementsEqual(key.utf8) } }

    /// Nil for a key without a value too: a cluster drops it.
    package func valued(_ key: String) -> Entry? { self[key].flatMap { $0.value.isNull ? nil : $0 } }
  }
}

/// What a scalar is after YAML's implicit types are resolved as Kubernetes does.
package enum ScalarValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  /// Exact for whole numbers that fit.
  case integer(Int64)
  case number(Double)
  case text
}

extension ScalarValue {
  /// What go-yaml calls the type.
  var tagName: String {
    switch self {
    case .null: "!!null"
    case .boolean: "!!bool"
    case .integer: "!!int"
    case .number: "!!float"
    case .text: "!!str"
    }
  }
}

extension YAMLTag {
  /// As it is written.
  var name: String {
    switch self {
    case .none, .other: "!"
    case .text: "!!str"
    case .boolean: "!!bool"
    case .integer: "!!int"
    case .float: "!!float"
    case .null: "!!null"
    case .merge: "!!merge"
    case .binary: "!!binary"
    case .timestamp: "!!timestamp"
    }
  }
}

/// The explicit tag of a scalar, as far as it changes its meaning.
enum YAMLTag: Sendable, Hashable {
  case none
  case text
  case boolean
  case integer
  case float
  case null
  case merge
  case binary
  case timestamp
  /// Of somebody's own; means a text.
  case other

  init(_ bytes: [UInt8]?) {
    guard let bytes else {
      self = .none
      return
    }
    self =
      switch String(decoding: bytes, as: UTF8.self) {
      case "!": .text
      case "tag:yaml.org,2002:str": .text
      case "tag:yaml.org,2002:bool": .boolean
      case "tag:yaml.org,2002:int": .integer
      case "tag:yaml.org,2002:float": .float
      case "tag:yaml.org,2002:null": .null
      case "tag:yaml.org,2002:merge": .merge
      case "tag:yaml.org,2002:binary": .binary
      case "tag:yaml.org,2002:timestamp": .timestamp
      default: .other
      }
  }
}
