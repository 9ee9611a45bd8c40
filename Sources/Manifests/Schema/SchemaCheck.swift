import PromQL
import TimeSeries

/// Compares a document with its kind's schema as an API server does, and says all that is wrong at once.
struct SchemaCheck {
  private(set) var diagnostics: [Diagnostic] = []
  /// Keys of metrics that get lost, and matter where the metric's query reads them.
  private(set) var lostKeys: [LostKey] = []

  /// Diagnostics of one document; what comes after is summed up.
  static let limit = 100

  /// A mapping on the way from the document's root to a value.
  struct Level {
    var schema: ObjectSchema
    var path: String
    var mapping: ManifestNode.Mapping
    var range: SourceRange
  }

  /// A value on the way from the document's root to the value that is being looked at.
  struct Site {
    /// `spec.analysis.metrics[1]`; empty at the root.
    var path: String
    /// Where its key is; its own place for items of a list.
    var keyRange: SourceRange
    /// The mappings above it, the nearest last.
    var levels: [Level] = []

    func key(_ key: String, at range: SourceRange) -> Site {
      Site(path: Self.join(path, key), keyRange: range, levels: levels)
    }

    static func join(_ path: String, _ key: String) -> String {
      let shown = Quoted.key(key)
      return path.isEmpty ? shown : "\(path).\(shown)"
    }
  }

  mutating func check(_ node: ManifestNode, against type: SchemaType, at site: Site) {
    switch type {
    case .text(let rule): checkText(node, rule, at: site)
    case .number(let rule): checkNumber(node, rule, at: site)
    case .boolean: checkBoolean(node, at: site)
    case .numberOrText: checkNumberOrText(node, at: site)
    case .object(let schema): checkObject(node, schema, at: site)
    case .list(let item, let most): checkList(node, of: item, atMost: most, at: site)
    case .map(let value):
      guard case .mapping(let mapping) = node.content else { return expect("a mapping", node, at: site) }
      for entry in mapping.entries { checkEntry(entry, against: value, at: site) }
    case .anything: break
    }
  }

  /// The value of a known key. An API server drops keys whose value is null before it looks at anything
  /// else, as no field of these kinds is nullable.
  mutating func checkEntry(_ entry: ManifestNode.Mapping.Entry, against type: SchemaType, at site: Site) {
    let place = site.key(entry.key, at: entry.keyRange)
    guard entry.value.isNull else { return check(entry.value, against: type, at: place) }
    add(
      Diagnostic(
        code: ManifestCode.emptyValue, severity: .warning, range: entry.keyRange,
        message: "\(place.path) has no value: a cluster takes that for no key at all"))
  }

  private mutating func checkList(
    _ node: ManifestNode, of type: SchemaType, atMost most: Int?, at site: Site
  ) {
    guard case .sequence(let items) = node.content else { return expect("a list", node, at: site) }
    if let most, items.count > most {
      report(
        ManifestCode.value, site.keyRange, "\(site.path) has \(items.count) items: at most \(most) may be")
    }
    for (index, item) in items.enumerated() {
      let isEmpty = item.range.end <= item.range.start
      var inner = site
      inner.path += "[\(index)]"
      inner.keyRange = isEmpty ? site.keyRange : item.range
      // Null items stay, and no type takes them.
      guard !item.isNull else {
        report(
          ManifestCode.type, inner.keyRange,
          "\(inner.path) has no value: a cluster refuses it; give it one or leave the item out")
        continue
      }
      check(item, against: type, at: inner)
    }
  }

  // MARK: Saying

  mutating func report(
    _ code: String, _ range: SourceRange, _ message: String, fixes: [Diagnostic.Fix] = []
  ) {
    add(Diagnostic(code: code, severity: .error, range: range, message: message, fixes: fixes))
  }

  mutating func expect(
    _ wanted: String, _ node: ManifestNode, at site: Site, fixes: [Diagnostic.Fix] = []
  ) {
    report(
      ManifestCode.type, node.range, "\(site.path) must be \(wanted), not \(node.typeName)",
      fixes: fixes)
  }

  mutating func add(_ diagnostic: Diagnostic) {
    if diagnostics.count < Self.limit { return diagnostics.append(diagnostic) }
    guard diagnostics.count == Self.limit else { return }
    diagnostics.append(
      Diagnostic(
        code: ManifestCode.limit, severity: .error, range: nil,
        message: "there are more than \(Self.limit) problems: the rest is left out"))
  }

  mutating func add(_ lost: LostKey) { lostKeys.append(lost) }
}
