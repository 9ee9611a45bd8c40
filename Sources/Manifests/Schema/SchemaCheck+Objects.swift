import PromQL

extension SchemaCheck {
  mutating func checkObject(_ node: ManifestNode, _ schema: ObjectSchema, at site: Site) {
    guard case .mapping(let mapping) = node.content else { return expect("a mapping", node, at: site) }
    var inner = site
    inner.levels.append(Level(schema: schema, path: site.path, mapping: mapping, range: node.range))
    for entry in mapping.entries {
      if let field = schema.field(entry.key) {
        if field.isDropped {
          checkDropped(entry.value, field.type, at: inner.key(entry.key, at: entry.keyRange))
        } else {
          checkEntry(entry, against: field.type, at: inner)
        }
      } else {
        checkUnknown(entry, at: inner)
      }
    }
    for field in schema.fields where field.isRequired && mapping.valued(field.key) == nil {
      missing(field.key, at: site)
    }
    checkAlternatives(mapping, schema, at: site)
    checkRules(mapping, schema, at: site)
  }

  /// What an API server drops before it looks at any value; unknown keys it names all the same.
  private mutating func checkDropped(_ node: ManifestNode, _ type: SchemaType, at site: Site) {
    if case .mapping(let mapping) = node.content {
      for entry in mapping.entries {
        let place = site.key(entry.key, at: entry.keyRange)
        guard let inner = type.value(of: entry.key) else {
          add(unknown(place.path, at: entry.keyRange))
          continue
        }
        checkDropped(entry.value, inner, at: place)
      }
    } else if case .list(let item, _) = type, case .sequence(let items) = node.content {
      for (index, node) in items.enumerated() {
        var inner = site
        inner.path += "[\(index)]"
        checkDropped(node, item, at: inner)
      }
    }
  }

  private mutating func missing(_ key: String, at site: Site) {
    let owner = site.path.isEmpty ? "the resource" : site.path
    report(ManifestCode.missingKey, site.keyRange, "\(owner) needs the key \(key)")
  }

  private mutating func checkRules(_ mapping: ManifestNode.Mapping, _ schema: ObjectSchema, at site: Site) {
    for rule in schema.rules {
      let problem = rule.problem(
        has: { mapping.valued($0) != nil },
        text: { key in
          guard let entry = mapping.valued(key) else {
            guard case .text(let text)? = schema.field(key)?.fallback else { return nil }
            return text
          }
          guard case .scalar(let scalar) = entry.value.content, scalar.value == .text else { return nil }
          return String(decoding: scalar.bytes, as: UTF8.self)
        })
      if let problem { report(ManifestCode.missingKey, site.keyRange, "\(site.path) \(problem)") }
    }
  }

  /// Exactly one of the conditions must hold.
  private mutating func checkAlternatives(
    _ mapping: ManifestNode.Mapping, _ schema: ObjectSchema, at site: Site
  ) {
    guard !schema.alternatives.isEmpty else { return }
    let holding = schema.alternatives.count { $0.holds(in: mapping) }
    guard holding != 1 else { return }
    let keys = schema.alternatives.map(\.keys)
    let common = (keys.first ?? []).filter { key in keys.allSatisfy { $0.contains(key) } }
    for key in common where mapping.valued(key) == nil { missing(key, at: site) }
    var choices: [String] = []
    for key in keys.flatMap({ $0 }) where !common.contains(key) && !choices.contains(key) {
      choices.append(key)
    }
    let written = choices.filter { mapping.valued($0) != nil }
    if written.count > 1 {
      let ranges = written.compactMap { mapping[$0]?.keyRange }
      let range = ranges.max { $0.start < $1.start } ?? site.keyRange
      report(
        ManifestCode.exclusiveKeys, range,
        "\(site.path) has \(written.joined(separator: " and ")): a cluster takes exactly one of "
          + choices.joined(separator: ", "))
    } else if written.isEmpty {
      report(
        ManifestCode.missingKey, site.keyRange,
        "\(site.path) needs one of the keys \(choices.joined(separator: ", "))")
    } else {
      checkNested(mapping, schema, written[0], at: site)
    }
  }

  /// The key is there, and what it needs within is not.
  private mutating func checkNested(
    _ mapping: ManifestNode.Mapping, _ schema: ObjectSchema, _ key: String, at site: Site
  ) {
    for case .hasWith(key, let inner) in schema.alternatives {
      guard let entry = mapping.valued(key), case .mapping(let nested) = entry.value.content else { continue }
      let choices = inner.flatMap(\.keys)
      let written = choices.filter { nested.valued($0) != nil }
      let path = Site.join(site.path, key)
      if written.isEmpty {
        report(
          ManifestCode.missingKey, entry.keyRange,
          "\(path) needs one of the keys \(choices.joined(separator: ", "))")
      } else {
        report(
          ManifestCode.exclusiveKeys, entry.keyRange,
          "\(path) has \(written.joined(separator: " and ")): a cluster takes exactly one of "
            + choices.joined(separator: ", "))
      }
    }
  }
}

extension SchemaType {
  /// The type of a key's value; nil where there is no such key.
  fileprivate func value(of key: String) -> SchemaType? {
    switch self {
    case .object(let schema): schema.field(key)?.type
    case .map(let value): value
    case .anything: .anything
    case .text, .number, .boolean, .numberOrText, .list: nil
    }
  }
}

extension KeyCondition {
  /// The keys that make it hold.
  package var keys: [String] {
    switch self {
    case .has(let keys): keys
    case .hasNone: []
    case .hasWith(let key, _): [key]
    }
  }

  /// Keys without a value are as good as absent.
  func holds(in mapping: ManifestNode.Mapping) -> Bool {
    switch self {
    case .has(let keys): return keys.allSatisfy { mapping.valued($0) != nil }
    case .hasNone(let keys): return keys.allSatisfy { mapping.valued($0) == nil }
    case .hasWith(let key, let inner):
      guard let entry = mapping.valued(key) else { return false }
      // A value of another type is found by its own check.
      guard case .mapping(let nested) = entry.value.content else { return true }
      return inner.count { $0.holds(in: nested) } == 1
    }
  }
}
