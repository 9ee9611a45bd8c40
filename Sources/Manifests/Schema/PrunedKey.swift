import PromQL
import TimeSeries

/// A key that the schema does not know: what it was meant to be, and what becomes of that without it.
///
/// It is looked for, in this order: as another name of a key beside it, as a key of a mapping above (the
/// nearest first: indented too far), as a key of a mapping within (not indented far enough), as the nearest
/// spelling beside it, as a key of a mapping that stands beside one above. A value of another shape than the
/// field's was not meant for it, but under another name.
struct PrunedKey {
  let entry: ManifestNode.Mapping.Entry
  private let levels: [SchemaCheck.Level]

  /// - Parameter levels: the mappings above the key, the one that holds it last.
  init(_ entry: ManifestNode.Mapping.Entry, in levels: [SchemaCheck.Level]) {
    self.entry = entry
    self.levels = levels
  }

  /// A field that a key may have been meant for.
  struct Home {
    var field: SchemaField
    /// Of the mapping that it belongs into.
    var path: String
    /// What stands there already; nil for nothing.
    var written: ManifestNode?
    /// The mapping that it belongs into, where that is there.
    var owner: SourceRange?
    var relation: Relation

    enum Relation {
      case above
      case within
      case misspelt
      /// Another name of it, with a value of another shape.
      case reshaped
      /// In a mapping that stands beside one above: close enough for a note, too far to be sure.
      case aside
    }
  }

  func home() -> Home? {
    guard let own = levels.last else { return nil }
    let meant = KeyAlias.fields(for: entry.key).compactMap { own.schema.field($0) }
    if let field = meant.first(where: fits) { return home(field, own, .misspelt) }
    if let field = meant.first { return home(field, own, .reshaped) }
    for level in levels.dropLast().reversed() {
      if let field = fitting(entry.key, in: level.schema) { return home(field, level, .above) }
    }
    if let found = below(own, depth: 2, mustExist: false, .within) { return found }
    let known = own.schema.fields.filter(fits).map(\.key)
    if let nearest = Spelling.nearest(to: entry.key, among: known), let field = own.schema.field(nearest) {
      return home(field, own, .misspelt)
    }
    for level in levels.dropLast().reversed() {
      if let found = below(level, depth: 2, mustExist: true, .aside) { return found }
    }
    return nil
  }

  private func home(
    _ field: SchemaField, _ level: SchemaCheck.Level, _ relation: Home.Relation
  ) -> Home {
    Home(
      field: field, path: level.path, written: level.mapping.valued(field.key)?.value, owner: level.range,
      relation: relation)
  }

  /// The one mapping within another that has such a key; nil where there is none, or several.
  private func below(
    _ level: SchemaCheck.Level, depth: Int, mustExist: Bool, _ relation: Home.Relation
  ) -> Home? {
    var inner: [SchemaCheck.Level] = []
    for field in level.schema.fields {
      guard case .object(let schema) = field.type else { continue }
      var next = SchemaCheck.Level(
        schema: schema, path: SchemaCheck.Site.join(level.path, field.key), mapping: .init(),
        range: level.range)
      if let entry = level.mapping.valued(field.key), case .mapping(let mapping) = entry.value.content {
        next.mapping = mapping
        next.range = entry.value.range
      } else if mustExist {
        continue
      }
      inner.append(next)
    }
    let found = inner.compactMap { level in
      fitting(entry.key, in: level.schema).map { home($0, level, relation) }
    }
    if !found.isEmpty { return found.count == 1 ? found[0] : nil }
    guard depth > 1 else { return nil }
    let deeper = inner.compactMap { below($0, depth: depth - 1, mustExist: mustExist, relation) }
    return deeper.count == 1 ? deeper[0] : nil
  }

  private func fitting(_ key: String, in schema: ObjectSchema) -> SchemaField? {
    schema.field(key).flatMap { fits($0) ? $0 : nil }
  }

  /// Whether the value has the field's shape.
  private func fits(_ field: SchemaField) -> Bool {
    switch (field.type, entry.value.content) {
    case (.text, .scalar), (.number, .scalar), (.boolean, .scalar), (.numberOrText, .scalar): true
    case (.object, .mapping), (.map, .mapping), (.list, .sequence): true
    case (_, .scalar(let scalar)): scalar.value == .null
    case (.anything, .mapping), (.text, _), (.number, _), (.boolean, _), (.numberOrText, _), (.object, _),
      (.map, _), (.list, _), (.anything, _):
      false
    }
  }
}

extension PrunedKey.Home {
  /// What the field is then, where that is not what was written: `is not set`, `is 100`, `stays 10`; nil
  /// where the key has no effect.
  func loss(of value: ManifestNode) -> String? {
    if value.isNull || value.isPlaceholder || written?.isPlaceholder ?? false { return nil }
    switch field.effect {
    case .never: return nil
    case .always, .inQuery: break
    }
    if let written { return written.means(value) ? nil : "stays \(written.shown)" }
    switch relation {
    case .aside: return nil
    case .above, .within, .misspelt, .reshaped: break
    }
    // What its absence means to a query, the query tells.
    guard field.effect == .always, let absent = field.valueWhenAbsent else { return "is not set" }
    return absent.means(value) ? nil : absent.shown.map { "is \($0)" } ?? "is not set"
  }
}

extension SchemaField {
  /// What its absence stands for; nil where nothing that can be written does.
  var valueWhenAbsent: FieldValue? {
    if let value = fallback ?? absence { return value }
    switch type {
    case .text: return .text("")
    case .boolean: return .boolean(false)
    case .number(let rule):
      switch rule.form {
      case .real: return nil
      case .whole, .whole32, .readAsWhole, .readAsWhole32: return .number(0)
      }
    case .numberOrText, .object, .list, .map, .anything: return nil
    }
  }
}

extension FieldValue {
  fileprivate func means(_ node: ManifestNode) -> Bool {
    guard case .scalar(let scalar) = node.content else { return false }
    switch (self, scalar.value) {
    case (.text(let text), .text): return text.utf8.elementsEqual(scalar.bytes)
    case (.number(let number), .integer(let value)): return Int64(number) == value
    case (.number(let number), .number(let value)): return Double(number) == value
    case (.boolean(let one), .boolean(let other)): return one == other
    case (.text, _), (.number, _), (.boolean, _): return false
    }
  }

  /// Nil for what is as good as nothing.
  fileprivate var shown: String? {
    switch self {
    case .text(let text): text.isEmpty ? nil : text
    case .number(let number): number == 0 ? nil : String(number)
    case .boolean(let value): value ? "true" : nil
    }
  }
}

extension ManifestNode {
  /// The same value; texts and numbers in different spellings are.
  fileprivate func means(_ other: ManifestNode) -> Bool {
    switch (content, other.content) {
    case (.scalar(let one), .scalar(let two)):
      switch (one.value, two.value) {
      case (.text, .text): one.bytes == two.bytes
      case (.integer(let whole), .number(let real)), (.number(let real), .integer(let whole)):
        Double(whole) == real
      case (let one, let two): one == two
      }
    case (.sequence(let one), .sequence(let two)):
      one.count == two.count && zip(one, two).allSatisfy { $0.means($1) }
    case (.mapping(let one), .mapping(let two)):
      one.entries.count == two.entries.count
        && one.entries.allSatisfy { entry in two[entry.key].map { entry.value.means($0.value) } ?? false }
    case (.scalar, _), (.sequence, _), (.mapping, _): false
    }
  }

  /// Something that is put in before a cluster sees it: `${NAMESPACE}`.
  fileprivate var isPlaceholder: Bool {
    guard case .scalar(let scalar) = content else { return false }
    return scalar.bytes.contains(UInt8(ascii: "$"))
  }

  /// A scalar as written; for the others, that they are what they are.
  fileprivate var shown: String {
    switch content {
    case .scalar(let scalar): Quoted.key(String(decoding: scalar.bytes, as: UTF8.self))
    case .sequence, .mapping: "as it is"
    }
  }
}
