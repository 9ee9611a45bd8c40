extension SchemaType {
  /// The structural OpenAPI v3 schema of a value.
  func openAPI(_ description: String? = nil) -> DefinitionValue {
    .mapping((description.map { [("description", .text($0))] } ?? []) + entries)
  }

  private var entries: [(String, DefinitionValue)] {
    switch self {
    case .text(let rule): [("type", .text("string"))] + rule.entries
    case .number(let rule): rule.entries
    case .boolean: [("type", .text("boolean"))]
    case .numberOrText: [("x-kubernetes-int-or-string", .boolean(true))]
    case .object(let schema): [("type", .text("object"))] + schema.entries
    case .list(let item, let most):
      [("type", .text("array"))] + (most.map { [("maxItems", .number($0))] } ?? [])
        + [("items", item.openAPI())]
    case .map(let value): [("type", .text("object")), ("additionalProperties", value.openAPI())]
    case .anything: [("type", .text("object"))]
    }
  }
}

extension TextRule {
  fileprivate var entries: [(String, DefinitionValue)] {
    var entries: [(String, DefinitionValue)] = []
    if let format { entries.append(("format", .text(format))) }
    if let choices { entries.append(("enum", .list(choices.map { .text($0) }))) }
    if let pattern { entries.append(("pattern", .text(pattern.expression))) }
    if lengths.lowerBound > 0 { entries.append(("minLength", .number(lengths.lowerBound))) }
    if lengths.upperBound < .max { entries.append(("maxLength", .number(lengths.upperBound))) }
    return entries
  }
}

extension NumberRule {
  fileprivate var entries: [(String, DefinitionValue)] {
    var entries: [(String, DefinitionValue)] =
      switch form {
      case .real, .readAsWhole, .readAsWhole32: [("type", .text("number"))]
      case .whole: [("type", .text("integer"))]
      case .whole32: [("type", .text("integer")), ("format", .text("int32"))]
      }
    if let minimum { entries.append(("minimum", .number(minimum))) }
    if let maximum { entries.append(("maximum", .number(maximum))) }
    return entries
  }
}

extension ObjectSchema {
  fileprivate var entries: [(String, DefinitionValue)] {
    var entries: [(String, DefinitionValue)] = [
      ("properties", .mapping(fields.map { ($0.key, $0.property) }))
    ]
    let required = fields.filter(\.isRequired).map { DefinitionValue.text($0.key) }
    if !required.isEmpty { entries.append(("required", .list(required))) }
    if !alternatives.isEmpty { entries.append(("oneOf", .list(alternatives.map(\.openAPI)))) }
    if !rules.isEmpty { entries.append(("x-kubernetes-validations", .list(rules.map(\.openAPI)))) }
    return entries
  }
}

extension SchemaField {
  fileprivate var property: DefinitionValue {
    guard case .mapping(var entries) = type.openAPI(summary), let fallback else {
      return type.openAPI(summary)
    }
    entries.append(("default", fallback.value))
    return .mapping(entries)
  }
}

extension FieldValue {
  fileprivate var value: DefinitionValue {
    switch self {
    case .text(let text): .text(text)
    case .number(let number): .number(number)
    case .boolean(let value): .boolean(value)
    }
  }
}

extension KeyCondition {
  fileprivate var openAPI: DefinitionValue {
    switch self {
    case .has(let keys): .mapping([("required", .list(keys.map { .text($0) }))])
    case .hasNone(let keys):
      .mapping([
        ("not", .mapping([("anyOf", .list(keys.map { .mapping([("required", .list([.text($0)]))]) }))]))
      ])
    case .hasWith(let key, let inner):
      .mapping([
        ("required", .list([.text(key)])),
        (
          "properties",
          .mapping([(key, .mapping([("oneOf", .list(inner.map(\.openAPI)))]))])
        ),
      ])
    }
  }
}

extension CrossRule {
  fileprivate var openAPI: DefinitionValue {
    .mapping([("rule", .text(expression)), ("message", .text(message))])
  }
}
