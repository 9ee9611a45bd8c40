/// What a value of a manifest must be: the CRD's schema (flagger.md §1) as data. It drives reading,
/// the search for unknown keys, lint and the documentation.
public indirect enum SchemaType: Sendable, Hashable {
  case text(TextRule)
  /// `isWhole`: the CRD takes any number, but Flagger's field is an integer and cannot be read from a
  /// fraction.
  case number(isWhole: Bool, atLeast: Double?)
  case boolean
  /// A port by number or by name.
  case numberOrText
  case object(ObjectSchema)
  case list(SchemaType)
  /// Any keys, with values of one type.
  case map(SchemaType)
  /// Taken as it is: nothing that an analysis looks at.
  case anything
}

/// Which texts are allowed.
public enum TextRule: Sendable, Hashable {
  case any
  /// `^[0-9]+(m|s)`, not anchored at its end: `1m`, `90s`, but `60sfoo` and `500ms` too.
  case durationStart
  case oneOf([String])
}

/// The fields of a mapping.
public struct ObjectSchema: Sendable, Hashable {
  public var fields: [SchemaField]
  /// Sets of keys of which exactly one must be there in full; empty for no such rule.
  public var alternatives: [[String]]

  public init(_ fields: [SchemaField], exactlyOneOf alternatives: [[String]] = []) {
    self.fields = fields
    self.alternatives = alternatives
  }

  /// Nil for a key that a cluster would prune.
  public func field(_ key: String) -> SchemaField? {
    fields.first { $0.key.utf8.elementsEqual(key.utf8) }
  }
}

/// One key of a mapping.
public struct SchemaField: Sendable, Hashable {
  public var key: String
  public var type: SchemaType
  public var isRequired: Bool
  /// What it is for and what its absence means, in one sentence.
  public var summary: String

  public init(_ key: String, _ type: SchemaType, isRequired: Bool = false, _ summary: String) {
    self.key = key
    self.type = type
    self.isRequired = isRequired
    self.summary = summary
  }
}

extension ManifestKind {
  /// The schema of `spec`.
  public var specSchema: ObjectSchema {
    switch self {
    case .canary: Canary.Fields.schema
    case .metricTemplate: MetricTemplate.Fields.schema
    case .alertProvider: AlertProvider.Fields.schema
    }
  }

  /// The schema of the whole document.
  public var schema: ObjectSchema {
    ObjectSchema([
      SchemaField("apiVersion", .text(.any), isRequired: true, "Always \(Self.apiVersion)."),
      SchemaField("kind", .text(.any), isRequired: true, "Always \(rawValue)."),
      SchemaField("metadata", .anything, isRequired: true, "Its name and namespace."),
      SchemaField("spec", .object(specSchema), isRequired: true, "What is wanted."),
      SchemaField("status", .anything, "Written by Flagger."),
    ])
  }
}
