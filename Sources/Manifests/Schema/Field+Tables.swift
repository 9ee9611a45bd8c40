/// The words of the tables of fields that Flagger hands on and no analysis reads.
extension SchemaField {
  static func text(
    _ key: String, isRequired: Bool = false, absence: FieldValue? = nil, _ summary: String
  ) -> SchemaField {
    SchemaField(key, .text(.any), isRequired: isRequired, absence: absence, summary)
  }

  static func text(
    _ key: String, _ rule: TextRule, isRequired: Bool = false, fallback: FieldValue? = nil,
    _ summary: String
  ) -> SchemaField {
    SchemaField(key, .text(rule), isRequired: isRequired, fallback: fallback, summary)
  }

  /// A text of Istio's own types, which the CRD gives the format `string`.
  static func string(_ key: String, _ summary: String) -> SchemaField {
    SchemaField(key, .text(.string), summary)
  }

  static func choice(_ key: String, _ choices: [String], _ summary: String) -> SchemaField {
    SchemaField(key, .text(.oneOf(choices)), summary)
  }

  static func number(_ key: String, _ rule: NumberRule, _ summary: String) -> SchemaField {
    SchemaField(key, .number(rule), summary)
  }

  static func boolean(_ key: String, _ summary: String) -> SchemaField {
    SchemaField(key, .boolean, summary)
  }

  static func object(
    _ key: String, _ fields: [SchemaField], exactlyOneOf alternatives: [KeyCondition] = [],
    _ summary: String
  ) -> SchemaField {
    SchemaField(key, .object(ObjectSchema(fields, exactlyOneOf: alternatives)), summary)
  }

  static func list(_ key: String, of type: SchemaType, _ summary: String) -> SchemaField {
    SchemaField(key, .list(type), summary)
  }

  static func map(_ key: String, of type: SchemaType, _ summary: String) -> SchemaField {
    SchemaField(key, .map(type), summary)
  }
}

extension TextRule {
  /// See `SchemaField.string`.
  static let string = TextRule(format: "string")
}
