import PromQL

extension SchemaCheck {
  /// A key that no cluster knows: an error where what it was meant to set then has another value or none.
  mutating func checkUnknown(_ entry: ManifestNode.Mapping.Entry, at site: Site) {
    let path = Site.join(site.path, entry.key)
    var diagnostic = unknown(path, at: entry.keyRange)
    defer { add(diagnostic) }
    guard let home = home(of: entry, at: site) else {
      let known = site.levels.last?.schema.fields.filter { $0.effect != .never }.map(\.key) ?? []
      diagnostic.notes = [Diagnostic.Note("known here: \(known.joined(separator: ", "))")]
      guard !entry.value.isNull, let own = site.levels.last else { return }
      if case .scalar = entry.value.content, case .map? = own.schema.field("metadata")?.type {
        // A webhook's command or text: without it the hook does something else.
        diagnostic.severity = .error
        diagnostic.message += ", and then it is not sent"
        diagnostic.notes.insert(
          Diagnostic.Note("what a hook is sent stands in metadata: is it not indented far enough?"), at: 0)
      } else if !own.path.isEmpty, own.path != "spec",
        own.mapping.entries.allSatisfy({ own.schema.field($0.key) == nil })
      {
        diagnostic.severity = .error
        diagnostic.message += ", and then nothing is left of \(own.path)"
      }
      return
    }
    diagnostic.add(home, for: entry)
    guard let loss = home.loss(of: entry.value) else { return }
    let meant = Site.join(home.path, home.field.key)
    let lost = LostKey(
      range: entry.keyRange, owner: home.owner, field: home.field, value: entry.value,
      loss: "\(meant) \(loss)")
    switch home.field.effect {
    case .inQuery: add(lost)
    case .always, .never: lost.escalate(&diagnostic)
    }
  }

  /// What becomes of a key that is not in the schema.
  func unknown(_ path: String, at range: SourceRange) -> Diagnostic {
    Diagnostic(
      code: ManifestCode.unknownKey, severity: .warning, range: range,
      message: "\(path) is no key of this resource: kubectl refuses it, Helm and Flux let a cluster drop it")
  }

  private func home(of entry: ManifestNode.Mapping.Entry, at site: Site) -> PrunedKey.Home? {
    // Its name of old.
    if entry.key == "canaryAnalysis", let level = site.levels.last, let field = level.schema.field("analysis")
    {
      return PrunedKey.Home(
        field: field, path: level.path, written: level.mapping.valued("analysis")?.value, owner: level.range,
        relation: .misspelt)
    }
    return PrunedKey(entry, in: site.levels).home()
  }
}

extension Diagnostic {
  /// Where the key belongs, or how it is written.
  fileprivate mutating func add(_ home: PrunedKey.Home, for entry: ManifestNode.Mapping.Entry) {
    let key = home.field.key
    let owner = home.path.isEmpty ? "the resource" : home.path
    switch home.relation {
    case .above: notes = [Note("\(key) is a key of \(owner): is it indented too far?")]
    case .within: notes = [Note("\(key) is a key of \(owner): does it belong there?")]
    case .aside: notes = [Note("\(key) is a key of \(owner): was that meant?")]
    case .reshaped: notes = [Note("was \(key) meant? write \(key): \(home.field.type.sketch)")]
    case .misspelt:
      fixes = [Fix("did you mean \(key)?", range: entry.keyRange, replacement: key, isSafe: false)]
    }
  }
}

extension SchemaType {
  /// A value of it, as a reader would recognise it.
  fileprivate var sketch: String {
    switch self {
    case .text, .anything: "…"
    case .number, .numberOrText: "1"
    case .boolean: "true"
    case .list: "[…]"
    case .map: "{…: …}"
    case .object(let schema):
      "{"
        + (schema.fields.filter(\.isRequired).isEmpty ? schema.fields : schema.fields.filter(\.isRequired))
        .prefix(2).map { "\($0.key): …" }.joined(separator: ", ") + "}"
    }
  }
}

/// A key of a metric that a cluster drops, and that matters where the metric's query reads what it was meant
/// to set: `interval`, `templateVariables`.
struct LostKey: Sendable {
  var range: SourceRange
  /// The metric's mapping; nil where it is not there.
  var owner: SourceRange?
  var field: SchemaField
  var value: ManifestNode
  /// `spec.analysis.metrics[0].interval is not set`
  var loss: String

  /// Makes the warning of the key an error that says what is lost.
  func escalate(_ diagnostic: inout Diagnostic) {
    diagnostic.severity = .error
    diagnostic.message += ", and then \(loss)"
  }

  /// The metric as its author meant it; nil where the value does not fit.
  func meant(_ metric: CanaryMetric, in source: ManifestSource) -> CanaryMetric? {
    var meant = metric
    switch field.key {
    case CanaryMetric.Fields.interval.row.key:
      guard let interval = Located<String>(value, in: source) else { return nil }
      meant.interval = interval
    case CanaryMetric.Fields.templateVariables.row.key:
      guard let map = TextMap(value, in: source) else { return nil }
      meant.templateVariables = Located(map.pairs, at: value.range)
    default: return nil
    }
    return meant
  }
}
