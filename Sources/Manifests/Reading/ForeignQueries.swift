import PromQL

/// Finds queries in documents that are not Flagger's: Argo Rollouts' AnalysisTemplates. What does not
/// have their shape is passed over: whether such a document is sound is for their own tools to say.
struct ForeignQueries {
  let source: ManifestSource
  private(set) var found: [ForeignQuery] = []

  init(source: ManifestSource) { self.source = source }

  /// Takes the queries of a document; false when it holds none by its shape.
  mutating func add(_ document: ManifestNode.Mapping) -> Bool {
    switch document["kind"].flatMap({ Self.text($0.value, in: source) })?.text {
    case "AnalysisTemplate", "ClusterAnalysisTemplate":
      return mapping(document["spec"]).map { addMetrics($0, of: document) } ?? false
    default: return false
    }
  }

  // MARK: Analysis templates

  private mutating func addMetrics(_ spec: ManifestNode.Mapping, of document: ManifestNode.Mapping) -> Bool {
    guard let metrics = sequence(spec["metrics"]) else { return false }
    let template =
      mapping(document["metadata"])?["name"].flatMap { Self.text($0.value, in: source) }?.text ?? ""
    var values: [String: String] = [:]
    for case .mapping(let argument) in (sequence(spec["args"]) ?? []).map(\.content) {
      guard let name = argument["name"].flatMap({ Self.text($0.value, in: source) })?.text else { continue }
      values[name] = argument["value"].flatMap { Self.text($0.value, in: source) }?.text
    }
    let dryRuns = (sequence(spec["dryRun"]) ?? []).map(\.content).compactMap { node -> String? in
      guard case .mapping(let run) = node else { return nil }
      return run["metricName"].flatMap { Self.text($0.value, in: source) }?.text
    }
    for case .mapping(let metric) in metrics.map(\.content) {
      guard let provider = mapping(metric["provider"]), let prometheus = mapping(provider["prometheus"]),
        let query = prometheus["query"].flatMap({ Self.text($0.value, in: source) })
      else { continue }
      let name = metric["name"].flatMap { Self.text($0.value, in: source) }?.text ?? ""
      append(.analysisMetric(template: template), name, Self.substituted(query, values))
      // The names of dry runs are patterns.
      guard !dryRuns.contains(where: { $0 == name || $0.contains("*") || $0.contains("|") }) else { continue }
      found[found.count - 1].judgement = ForeignQuery.Judgement(
        success: condition(metric["successCondition"], values),
        failure: condition(metric["failureCondition"], values), name: metric["name"]?.value.range)
    }
    return true
  }

  private func condition(
    _ entry: ManifestNode.Mapping.Entry?, _ values: [String: String]
  ) -> Located<String>? {
    guard let entry, let written = Located<String>(entry.value, in: source), !written.value.isEmpty else {
      return nil
    }
    var text = written.value
    for (name, value) in values {
      for form in ["{{args.\(name)}}", "{{ args.\(name) }}"] { text = text.replacing(form, with: value) }
    }
    return Located(text, at: written.range)
  }

  /// `{{args.service-name}}` with its value, or with its name where the template gives none.
  private static func substituted(_ query: ManifestText, _ values: [String: String]) -> QueryText {
    let bytes = Array(query.text.utf8)
    var text: [UInt8] = []
    var map = PositionMap()
    var at = 0
    var start = 0
    while let opening = bytes[at...].firstRange(of: Array("{{".utf8)),
      let closing = bytes[opening.upperBound...].firstRange(of: Array("}}".utf8))
    {
      at = closing.upperBound
      let inner = String(decoding: bytes[opening.upperBound..<closing.lowerBound], as: UTF8.self)
      let word = inner.split(separator: " ").joined()
      let argument = word.hasPrefix("args.") ? String(word.dropFirst(5)) : word
      text += bytes[start..<opening.lowerBound]
      if start < opening.lowerBound { map.appendVerbatim(SourceRange(start, opening.lowerBound)) }
      let value = Array((values[argument] ?? argument).utf8)
      text += value
      if !value.isEmpty { map.append(value.count, standingFor: SourceRange(opening.lowerBound, at)) }
      start = at
    }
    text += bytes[start...]
    if start < bytes.count { map.appendVerbatim(SourceRange(start, bytes.count)) }
    return QueryText(verbatim: query, rendered: String(decoding: text, as: UTF8.self), map)
  }

  // MARK: Shapes

  private mutating func append(_ holder: ForeignQuery.Holder, _ name: String, _ query: QueryText) {
    found.append(ForeignQuery(holder: holder, name: name, query: query, source: source))
  }

  private func mapping(_ entry: ManifestNode.Mapping.Entry?) -> ManifestNode.Mapping? {
    if case .mapping(let mapping)? = entry?.value.content { mapping } else { nil }
  }

  private func sequence(_ entry: ManifestNode.Mapping.Entry?) -> [ManifestNode]? {
    if case .sequence(let nodes)? = entry?.value.content { nodes } else { nil }
  }

  private static func text(_ node: ManifestNode, in source: ManifestSource) -> ManifestText? {
    ManifestText(node, in: source)
  }
}
