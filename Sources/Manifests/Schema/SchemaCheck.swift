import PromQL
import TimeSeries

/// Compares a document with its kind's schema, and says all that is wrong at once.
struct SchemaCheck {
  private(set) var diagnostics: [Diagnostic] = []

  /// Diagnostics of one document; what comes after is summed up.
  static let limit = 100

  /// A value on the way from the document's root to the value that is being looked at.
  struct Site {
    /// `spec.analysis.metrics[1]`; empty at the root.
    var path: String
    /// Where its key is; its own place for items of a list.
    var keyRange: SourceRange
    /// The mappings above it, the nearest last, with the key that leads on from each.
    var ancestors: [(schema: ObjectSchema, path: String, keys: [String])] = []

    func key(_ key: String, at range: SourceRange) -> Site {
      let shown = Shown.key(key)
      return Site(
        path: path.isEmpty ? shown : "\(path).\(shown)", keyRange: range, ancestors: ancestors)
    }
  }

  mutating func check(_ node: ManifestNode, against type: SchemaType, at site: Site) {
    if case .scalar(let scalar) = node.content, scalar.value == .null, type != .anything {
      report(
        ManifestCode.type, node.range.end > node.range.start ? node.range : site.keyRange,
        "\(site.path) has no value; a cluster refuses it: give it one or leave the key out")
      return
    }
    switch type {
    case .text(let rule): checkText(node, rule, at: site)
    case .number(let isWhole, let minimum):
      checkNumber(node, isWhole: isWhole, atLeast: minimum, at: site)
    case .boolean: checkBoolean(node, at: site)
    case .numberOrText: checkNumberOrText(node, at: site)
    case .object(let schema): checkObject(node, schema, at: site)
    case .list(let item):
      guard case .sequence(let items) = node.content else {
        return expect("a list", node, at: site)
      }
      for (index, node) in items.enumerated() {
        var inner = site
        inner.path += "[\(index)]"
        inner.keyRange = node.range
        check(node, against: item, at: inner)
      }
    case .map(let value):
      guard case .mapping(let mapping) = node.content else {
        return expect("a mapping", node, at: site)
      }
      for entry in mapping.entries {
        check(entry.value, against: value, at: site.key(entry.key, at: entry.keyRange))
      }
    case .anything: break
    }
  }

  private mutating func report(
    _ code: String, _ range: SourceRange, _ message: String, fixes: [Diagnostic.Fix] = []
  ) {
    add(Diagnostic(code: code, severity: .error, range: range, message: message, fixes: fixes))
  }

  private mutating func add(_ diagnostic: Diagnostic) {
    if diagnostics.count < Self.limit { return diagnostics.append(diagnostic) }
    guard diagnostics.count == Self.limit else { return }
    diagnostics.append(
      Diagnostic(
        code: ManifestCode.limit, severity: .error, range: nil,
        message: "there are more than \(Self.limit) problems: the rest is left out"))
  }

  private mutating func expect(
    _ wanted: String, _ node: ManifestNode, at site: Site, fixes: [Diagnostic.Fix] = []
  ) {
    report(
      ManifestCode.type, node.range, "\(site.path) must be \(wanted), not \(node.typeName)",
      fixes: fixes)
  }

  private mutating func checkText(_ node: ManifestNode, _ rule: TextRule, at site: Site) {
    guard case .scalar(let scalar) = node.content, scalar.value == .text else {
      var fixes: [Diagnostic.Fix] = []
      if case .scalar(let scalar) = node.content, scalar.style == .plain {
        let text = String(decoding: scalar.bytes, as: UTF8.self)
        let quoted = Diagnostic.Fix(
          "put it in quotes", range: node.range, replacement: GoText.quoted(text), isSafe: false)
        fixes.append(quoted)
      }
      return expect("a text", node, at: site, fixes: fixes)
    }
    let text = String(decoding: scalar.bytes, as: UTF8.self)
    switch rule {
    case .any: break
    case .durationStart:
      if Self.startsAsDuration(scalar.bytes) { break }
      report(
        ManifestCode.value, node.range,
        "\(site.path) must be a number of minutes or seconds such as 1m or 30s, not \(Shown.text(text))")
    case .oneOf(let choices):
      if choices.contains(where: { $0.utf8.elementsEqual(scalar.bytes) }) { break }
      let listed = choices.filter { !$0.isEmpty }.joined(separator: ", ")
      var fixes: [Diagnostic.Fix] = []
      if let nearest = Spelling.nearest(to: text, among: choices) {
        fixes.append(
          Diagnostic.Fix(
            "write \(nearest)", range: node.range, replacement: nearest, isSafe: false))
      }
      report(
        ManifestCode.value, node.range, "\(site.path) must be one of \(listed), not \(Shown.text(text))",
        fixes: fixes)
    }
  }

  /// `^[0-9]+(m|s)`
  private static func startsAsDuration(_ bytes: [UInt8]) -> Bool {
    let digits = bytes.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    guard !digits.isEmpty, digits.count < bytes.count else { return false }
    let unit = bytes[digits.count]
    return unit == UInt8(ascii: "m") || unit == UInt8(ascii: "s")
  }

  private mutating func checkNumber(
    _ node: ManifestNode, isWhole: Bool, atLeast minimum: Double?, at site: Site
  ) {
    guard case .scalar(let scalar) = node.content else { return expect("a number", node, at: site) }
    let value: Double
    switch scalar.value {
    case .integer(let integer): value = Double(integer)
    case .number(let number): value = number
    case .text:
      let plain = ScalarValue(resolving: scalar.bytes, style: .plain, tag: .none)
      var fixes: [Diagnostic.Fix] = []
      if plain != .text, plain?.isNumber ?? false {
        let text = String(decoding: scalar.bytes, as: UTF8.self)
        fixes.append(
          Diagnostic.Fix(
            "write \(text) without quotes", range: node.range, replacement: text, isSafe: true))
      }
      return expect("a number", node, at: site, fixes: fixes)
    case .null, .boolean: return expect("a number", node, at: site)
    }
    guard value.isFinite else {
      return report(ManifestCode.value, node.range, "\(site.path) must be a finite number")
    }
    if isWhole, Int(exactly: value) == nil {
      report(
        ManifestCode.value, node.range,
        "\(site.path) must be a whole number: a cluster takes this, but Flagger cannot read it")
    }
    if let minimum, value < minimum {
      report(ManifestCode.value, node.range, "\(site.path) must be at least \(Int(minimum))")
    }
  }

  private mutating func checkBoolean(_ node: ManifestNode, at site: Site) {
    guard case .scalar(let scalar) = node.content, case .boolean = scalar.value else {
      return expect("true or false", node, at: site)
    }
  }

  private mutating func checkNumberOrText(_ node: ManifestNode, at site: Site) {
    guard case .scalar(let scalar) = node.content, scalar.value == .text || scalar.value.isNumber else {
      return expect("a number or a text", node, at: site)
    }
  }
}

extension SchemaCheck {
  private mutating func checkObject(_ node: ManifestNode, _ schema: ObjectSchema, at site: Site) {
    guard case .mapping(let mapping) = node.content else { return expect("a mapping", node, at: site) }
    var inner = site
    let keys = mapping.entries.map(\.key)
    inner.ancestors.append((schema: schema, path: site.path, keys: keys))
    for entry in mapping.entries {
      let place = inner.key(entry.key, at: entry.keyRange)
      if let field = schema.field(entry.key) {
        check(entry.value, against: field.type, at: place)
      } else {
        add(unknownKey(entry, schema, at: place))
      }
    }
    for field in schema.fields where field.isRequired && mapping[field.key] == nil {
      report(
        ManifestCode.missingKey, site.keyRange,
        "\(site.path.isEmpty ? "the resource" : site.path) needs the key \(field.key)")
    }
    checkAlternatives(mapping, schema, at: site)
  }

  /// A key that the schema does not know: what it may have been meant to be, or where it belongs.
  private func unknownKey(
    _ entry: ManifestNode.Mapping.Entry, _ schema: ObjectSchema, at site: Site
  ) -> Diagnostic {
    var diagnostic = Diagnostic(
      code: ManifestCode.unknownKey, severity: .warning, range: entry.keyRange,
      message: "\(site.path) is no key of this resource: a cluster prunes it silently")
    let others = site.ancestors.dropLast().reversed()
    if entry.key == "canaryAnalysis" {
      diagnostic.notes = [Diagnostic.Note("its name has changed: write analysis")]
    } else if let home = others.first(where: { $0.schema.field(entry.key) != nil }) {
      let owner = home.path.isEmpty ? "the resource" : home.path
      diagnostic.notes = [
        Diagnostic.Note("\(entry.key) is a key of \(owner): is it indented too far?")
      ]
    } else if let nearest = Spelling.nearest(to: entry.key, among: schema.fields.map(\.key)) {
      diagnostic.fixes = [
        Diagnostic.Fix(
          "did you mean \(nearest)?", range: entry.keyRange, replacement: nearest, isSafe: false)
      ]
    } else {
      let known = schema.fields.filter { $0.type != .anything }.map(\.key)
      diagnostic.notes = [Diagnostic.Note("known here: \(known.joined(separator: ", "))")]
    }
    return diagnostic
  }

  /// Exactly one of the sets of keys must be there in full.
  private mutating func checkAlternatives(
    _ mapping: ManifestNode.Mapping, _ schema: ObjectSchema, at site: Site
  ) {
    guard let first = schema.alternatives.first else { return }
    let common = first.filter { key in schema.alternatives.allSatisfy { $0.contains(key) } }
    for key in common where mapping[key] == nil {
      report(ManifestCode.missingKey, site.keyRange, "\(site.path) needs the key \(key)")
    }
    let choices = schema.alternatives.flatMap { $0 }.filter { !common.contains($0) }
    let written = choices.filter { mapping[$0] != nil }
    if written.isEmpty {
      report(
        ManifestCode.missingKey, site.keyRange,
        "\(site.path) needs one of the keys \(choices.joined(separator: ", "))")
    } else if written.count > 1 {
      let ranges = written.compactMap { mapping[$0]?.keyRange }
      let range = ranges.max { $0.start < $1.start } ?? site.keyRange
      report(
        ManifestCode.exclusiveKeys, range,
        "\(site.path) has \(written.joined(separator: " and ")): a cluster takes exactly one of "
          + choices.joined(separator: ", "))
    }
  }
}

extension ScalarValue {
  fileprivate var isNumber: Bool {
    switch self {
    case .integer, .number: true
    case .null, .boolean, .text: false
    }
  }
}

extension ManifestNode {
  /// What it is, for a message.
  var typeName: String {
    switch content {
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .scalar(let scalar):
      switch scalar.value {
      case .null: "nothing"
      case .boolean(let value): value ? "a boolean (true)" : "a boolean (false)"
      case .integer, .number: "a number"
      case .text: "a text"
      }
    }
  }
}
