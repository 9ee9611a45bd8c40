extension SessionAffinity: ManifestValue {
  enum Fields {
    static let cookieName = Field<String>("cookieName", isRequired: true, "The canary's cookie.")
    static let primaryCookieName = Field<String>("primaryCookieName", "The primary's cookie.")
    static let maxAge = Field<Int>(
      "maxAge", fallback: .number(86400), "Seconds that the cookie lasts; 86400 when absent.")
    static let domain = Field<String>("domain", "The cookie's Domain.")
    static let path = Field<String>("path", "The cookie's Path.")
    static let httpOnly = Field<Bool>("httpOnly", "The cookie's HttpOnly.")
    static let partitioned = Field<Bool>("partitioned", "The cookie's Partitioned.")
    static let secure = Field<Bool>("secure", "The cookie's Secure.")
    static let sameSite = Field<String>(
      "sameSite", type: .text(.oneOf(["Strict", "Lax", "None"])), "The cookie's SameSite.")
    static let schema = ObjectSchema([
      cookieName.row, primaryCookieName.row, maxAge.row, domain.row, path.row, httpOnly.row,
      partitioned.row, secure.row, sameSite.row,
    ])
  }

  static var schemaType: SchemaType { .object(Fields.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let object = FieldReader(node, in: source), let cookieName = object[Fields.cookieName] else {
      return nil
    }
    self.init(cookieName: cookieName)
    primaryCookieName = object[Fields.primaryCookieName]
    maxAge = object[Fields.maxAge]
  }
}

extension HTTPMatch: ManifestValue {
  enum Fields {
    static let headers = Field<HeaderMap>("headers", "Conditions on headers, by their names.")
    static let queryParams = SchemaField.map(
      "queryParams", of: StringMatch.optional(.any), "Conditions on query parameters, by their names.")
    static let sourceLabels = Field<TextMap>(
      "sourceLabels", type: .map(.text(.string)), "Labels of the calling pods.")
    static let schema = ObjectSchema([headers.row, queryParams, sourceLabels.row])
  }

  static var schemaType: SchemaType { .object(Fields.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let object = FieldReader(node, in: source) else { return nil }
    self.init(
      headers: object[Fields.headers]?.value.headers ?? [],
      hasOtherConditions: [Fields.queryParams, Fields.sourceLabels.row].contains { object.hasEntries($0) })
  }
}

/// `headers` of a match rule.
struct HeaderMap: ManifestValue {
  var headers: [HTTPMatch.HeaderMatch]

  static var schemaType: SchemaType { .map(StringMatch.schemaType) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard case .mapping(let mapping) = node.content else { return nil }
    let entries = mapping.entries.filter { !$0.value.isNull }
    headers = entries.compactMap { entry in
      Located<StringMatch>(entry.value, in: source).map {
        HTTPMatch.HeaderMatch(name: Located(entry.key, at: entry.keyRange), condition: $0)
      }
    }
    guard headers.count == entries.count else { return nil }
  }
}

extension StringMatch: ManifestValue {
  enum Fields {
    static let exact = Field<String>("exact", type: .text(.string), "The whole value.")
    static let prefix = Field<String>("prefix", type: .text(.string), "Its beginning.")
    static let suffix = Field<String>("suffix", type: .text(.string), "Its end.")
    static let regex = Field<String>("regex", type: .text(.string), "A regular expression for it.")
    static let schema = ObjectSchema(
      [exact.row, prefix.row, suffix.row, regex.row],
      exactlyOneOf: [exact.row, prefix.row, suffix.row, regex.row].map { .has([$0.key]) })
  }

  /// Where a condition may be empty, and none looks at a value's end.
  static func optional(_ rule: TextRule) -> SchemaType {
    .object(
      ObjectSchema(
        fields(rule),
        exactlyOneOf: [.hasNone(fields(rule).map(\.key))] + fields(rule).map { .has([$0.key]) }))
  }

  /// Where one condition must stand, but none on a value's end.
  static let origin = ObjectSchema(
    fields(.string), exactlyOneOf: fields(.string).map { .has([$0.key]) })

  private static func fields(_ rule: TextRule) -> [SchemaField] {
    [Fields.exact.row, Fields.prefix.row, Fields.regex.row].map {
      SchemaField($0.key, .text(rule), $0.summary)
    }
  }

  static var schemaType: SchemaType { .object(Fields.schema) }

  init?(_ node: ManifestNode, in source: ManifestSource) {
    guard let object = FieldReader(node, in: source) else { return nil }
    if let text = object[Fields.exact] {
      self = .exact(text.value)
    } else if let text = object[Fields.prefix] {
      self = .prefix(text.value)
    } else if let text = object[Fields.suffix] {
      self = .suffix(text.value)
    } else if let text = object[Fields.regex] {
      self = .regex(text.value)
    } else {
      return nil
    }
  }
}
