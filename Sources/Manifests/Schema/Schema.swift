/// What a value of a manifest must be: the CRD's schema (flagger.md §1) as data. It drives reading,
/// the search for unknown keys, lint, the documentation and the definitions that `promgate crds` prints.
public indirect enum SchemaType: Sendable, Hashable {
  case text(TextRule)
  case number(NumberRule)
  case boolean
  /// A port by number or by name.
  case numberOrText
  case object(ObjectSchema)
  case list(SchemaType, atMost: Int? = nil)
  /// Any keys, with values of one type.
  case map(SchemaType)
  /// A mapping that is not looked into.
  case anything
}

/// Which texts are allowed.
public struct TextRule: Sendable, Hashable {
  /// The only texts; nil for any.
  public var choices: [String]?
  public var pattern: TextPattern?
  /// In Unicode scalars.
  public var lengths: ClosedRange<Int> = 0...Int.max
  /// What the CRD calls it. Of these a cluster checks none on its way in: `string` and `url` it does not
  /// know, and `date-time` stands in the status, which nobody but Flagger can write.
  public var format: String?

  public init(
    pattern: TextPattern? = nil, lengths: ClosedRange<Int> = 0...Int.max, format: String? = nil
  ) {
    self.pattern = pattern
    self.lengths = lengths
    self.format = format
  }

  public static let any = TextRule()
  public static let durationStart = TextRule(pattern: .durationStart)

  public static func oneOf(_ choices: [String]) -> TextRule {
    var rule = TextRule()
    rule.choices = choices
    return rule
  }
}

/// Which numbers are allowed.
public struct NumberRule: Sendable, Hashable {
  public var form: Form
  public var minimum: Int?
  public var maximum: Int?

  public enum Form: Sendable, Hashable {
    case real
    /// Of 64 bits: a cluster refuses others.
    case whole
    /// Of 32 bits: a cluster refuses others.
    case whole32
    /// A cluster takes any number, but Flagger's field is an integer and cannot be read from others.
    case readAsWhole
    case readAsWhole32
  }

  public init(_ form: Form, atLeast minimum: Int? = nil, atMost maximum: Int? = nil) {
    self.form = form
    self.minimum = minimum
    self.maximum = maximum
  }
}

/// The fields of a mapping.
public struct ObjectSchema: Sendable, Hashable {
  public var fields: [SchemaField]
  /// Exactly one of these must hold; empty for no such rule.
  public var alternatives: [KeyCondition]
  /// What holds between values of several fields.
  public var rules: [CrossRule]

  public init(
    _ fields: [SchemaField], exactlyOneOf alternatives: [KeyCondition] = [], rules: [CrossRule] = []
  ) {
    self.fields = fields
    self.alternatives = alternatives
    self.rules = rules
  }

  /// Nil for a key that a cluster would prune.
  public func field(_ key: String) -> SchemaField? {
    fields.first { $0.key.utf8.elementsEqual(key.utf8) }
  }
}

/// Something that can be said of the keys of a mapping.
public indirect enum KeyCondition: Sendable, Hashable {
  case has([String])
  case hasNone([String])
  /// The key is there, and of what is said of its mapping exactly one holds.
  case hasWith(String, exactlyOneOf: [KeyCondition])
}

/// One key of a mapping.
public struct SchemaField: Sendable, Hashable {
  public var key: String
  public var type: SchemaType
  public var isRequired: Bool
  /// What a cluster writes in where the key is absent.
  public var fallback: FieldValue?
  /// What Flagger takes the key's absence for, where that is no matter of its type.
  public var absence: FieldValue?
  /// Whether a rollout goes another way without the key.
  public var effect = Effect.always
  /// Written by a controller: what a manifest says in it is dropped before it is looked at.
  public var isDropped = false
  /// What it is for and what its absence means, in one sentence.
  public var summary: String

  /// When the value of a field matters.
  public enum Effect: Sendable, Hashable {
    case always
    /// Where the metric's query reads it.
    case inQuery
    /// To people and other tools only.
    case never
  }

  public init(
    _ key: String, _ type: SchemaType, isRequired: Bool = false, fallback: FieldValue? = nil,
    absence: FieldValue? = nil, _ summary: String
  ) {
    self.key = key
    self.type = type
    self.isRequired = isRequired
    self.fallback = fallback
    self.absence = absence
    self.summary = summary
  }

  /// The same field, with another effect.
  func mattering(_ effect: Effect) -> SchemaField {
    var copy = self
    copy.effect = effect
    return copy
  }
}

/// A value that stands in the schema itself.
public enum FieldValue: Sendable, Hashable {
  case text(String)
  case number(Int)
  case boolean(Bool)
}
