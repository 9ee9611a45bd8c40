import PromQL
import TimeSeries

/// Reads the documents of one text.
struct DocumentReader {
  let source: ManifestSource
  let skipsForeign: Bool
  var set = ManifestSet()
  var diagnostics: [Diagnostic] = []
  var lostKeys: [LostKey] = []
  var skippedCount = 0
  var foreignQueries: ForeignQueries
  var ruleDocuments: [RuleDocument] = []
  /// Which document is read, from 0.
  private var number = 0

  init(source: ManifestSource, skipsForeign: Bool) {
    self.source = source
    foreignQueries = ForeignQueries(source: source)
    self.skipsForeign = skipsForeign
  }

  /// The documents before an error in the YAML are kept.
  mutating func read() {
    let isRuleFile = source.resemblesRuleFile(isSearched: skipsForeign)
    do throws(ManifestProblem) {
      var composer = try YAMLComposer(
        checking: source.bytes, dialect: isRuleFile ? .prometheus : .kubernetes)
      while let document = try composer.nextDocument() {
        if isRuleFile, number == 0, !skipsForeign || !Self.isMapping(document) {
          ruleDocuments.append(RuleDocument(in: source))
        } else {
          resource(document)
        }
        number += 1
        guard diagnostics.count <= Self.limit else {
          throw ManifestProblem(
            ManifestCode.limit, "there are more than \(Self.limit) problems: the rest is not read",
            at: SourceRange(document.range.end, document.range.end))
        }
      }
    } catch {
      // Of its first document the rules' own reading says what is wrong; Prometheus reads no other.
      if isRuleFile, number == 0 {
        ruleDocuments.append(RuleDocument(in: source))
      } else {
        diagnostics.append(error.diagnostic)
      }
    }
  }

  private static func isMapping(_ node: ManifestNode) -> Bool {
    if case .mapping = node.content { true } else { false }
  }

  /// Diagnostics of one text, after which reading stops.
  private static let limit = 200

  private mutating func resource(_ node: ManifestNode) {
    switch node.content {
    case .scalar(let scalar) where scalar.value == .null: return
    case .scalar, .sequence:
      foreign(node, "a resource is a mapping with apiVersion and kind, not \(node.typeName)")
    case .mapping(let mapping):
      mapped(mapping, node)
    }
  }

  /// A document that is no resource.
  private mutating func foreign(_ node: ManifestNode, _ message: String) {
    if skipsForeign {
      skippedCount += 1
    } else {
      diagnostics.append(ManifestProblem(ManifestCode.kind, message, at: node.range).diagnostic)
    }
  }

  private mutating func mapped(_ mapping: ManifestNode.Mapping, _ node: ManifestNode) {
    if let form = RuleDocument.Form(mapping, isSearched: skipsForeign) {
      ruleDocuments.append(RuleDocument(form, number: number, in: source, range: node.range))
      skippedCount += 1
      return
    }
    if foreignQueries.add(mapping) {
      skippedCount += 1
      return
    }
    guard let kind = text(mapping, "kind"), let version = text(mapping, "apiVersion") else {
      let missing = ["apiVersion", "kind"].filter { text(mapping, $0) == nil }
      if mapping["tests"] != nil, mapping["rule_files"] != nil || mapping["evaluation_interval"] != nil {
        return foreign(node, "this is a file of unit tests: promgate test runs it")
      }
      return foreign(
        node, "the document has no \(missing.joined(separator: " and no ")): is it a resource?")
    }
    let (group, _) = Self.split(version.value)
    if kind.value.hasSuffix("List"), ["v1", Self.group, "monitoring.coreos.com"].contains(group),
      let items = mapping["items"]?.value, case .sequence(let resources) = items.content
    {
      for resource in resources { self.resource(resource) }
      return
    }
    guard group == Self.group else {
      // One of our kinds, of a group that is nearly ours: a cluster does not know it.
      if ManifestKind(rawValue: kind.value) != nil,
        group == "flagger" || Spelling.nearest(to: group, among: [Self.group]) != nil
      {
        return diagnostics.append(wrongVersion(version))
      }
      skippedCount += 1
      return
    }
    guard let known = ManifestKind(rawValue: kind.value) else {
      return diagnostics.append(unknownKind(kind))
    }
    guard version.value == ManifestKind.apiVersion else {
      return diagnostics.append(wrongVersion(version))
    }
    read(known, mapping, node)
  }

  private static let group = split(ManifestKind.apiVersion).group

  /// `flagger.app/v1beta1` in two; the core group's `v1` is its own group here.
  private static func split(_ version: String) -> (group: String, version: String) {
    let parts = version.split(separator: "/", maxSplits: 1)
    guard parts.count == 2 else { return (version, version) }
    return (String(parts[0]), String(parts[1]))
  }

  private func text(_ mapping: ManifestNode.Mapping, _ key: String) -> Located<String>? {
    mapping[key].flatMap { Located<String>($0.value, in: source) }
  }

  private func unknownKind(_ kind: Located<String>) -> Diagnostic {
    let kinds = ManifestKind.allCases.map(\.rawValue)
    var diagnostic = Diagnostic(
      code: ManifestCode.kind, severity: .error, range: kind.range,
      message:
        "\(Self.group) has no kind \(Quoted.text(kind.value)): there are \(kinds.joined(separator: ", "))")
    if let nearest = Spelling.nearest(to: kind.value, among: kinds), let range = kind.range {
      diagnostic.fixes = [
        Diagnostic.Fix("write \(nearest)", range: range, replacement: nearest, isSafe: false)
      ]
    }
    return diagnostic
  }

  private func wrongVersion(_ version: Located<String>) -> Diagnostic {
    var diagnostic = Diagnostic(
      code: ManifestCode.kind, severity: .error, range: version.range,
      message: "\(Quoted.key(version.value)) is not served: Flagger's kinds are of \(ManifestKind.apiVersion)"
    )
    if let range = version.range {
      diagnostic.fixes = [
        Diagnostic.Fix(
          "write \(ManifestKind.apiVersion)", range: range, replacement: ManifestKind.apiVersion,
          isSafe: false)
      ]
    }
    return diagnostic
  }

  private mutating func read(
    _ kind: ManifestKind, _ mapping: ManifestNode.Mapping, _ node: ManifestNode
  ) {
    var check = SchemaCheck()
    let start = SourceRange(node.range.start, node.range.start)
    let kindRange = mapping["kind"]?.value.range ?? start
    check.check(node, against: .object(kind.schema), at: SchemaCheck.Site(path: "", keyRange: kindRange))
    diagnostics += check.diagnostics
    lostKeys += check.lostKeys
    // What is pruned keeps no resource out of a cluster.
    guard !check.diagnostics.contains(where: { $0.severity == .error && $0.code != ManifestCode.unknownKey }),
      let metadata = mapping["metadata"].flatMap({ ResourceMetadata($0.value, in: source) }),
      let spec = mapping["spec"].flatMap({ FieldReader($0.value, in: source) })
    else { return }
    diagnostics += mapping["metadata"].map { MetadataCheck($0.value).diagnostics } ?? []
    let origin = ResourceOrigin(source: source, range: node.range)
    switch kind {
    case .canary:
      if let canary = Canary(spec, metadata: metadata, origin: origin) { set.canaries.append(canary) }
    case .metricTemplate:
      if let template = MetricTemplate(spec, metadata: metadata, origin: origin) {
        set.templates.append(template)
      }
    case .alertProvider:
      if let provider = AlertProvider(spec, metadata: metadata, origin: origin) {
        set.alertProviders.append(provider)
      }
    }
  }
}
