extension ManifestSet {
  /// Whether a metric sends another query than its author meant, for want of a key that got lost. A query
  /// that is not among the manifests counts as one that does not read it.
  func changes(by lost: LostKey, in source: ManifestSource) -> Bool {
    for canary in canaries where canary.origin?.source.name == source.name {
      for metric in canary.analysis.value.allMetrics where metric.range == lost.owner {
        guard let meant = lost.meant(metric.value, in: source) else { return false }
        return queries(of: metric.value, canary) != queries(of: meant, canary)
      }
    }
    return false
  }

  /// What Flagger sends for a metric, or why it cannot.
  private func queries(of metric: CanaryMetric, _ canary: Canary) -> [String] {
    var queries: [String] = []
    let values = TemplateValues(canary: canary, metric: metric, pass: .builtInOrInline)
    if let query = metric.query, !query.text.isEmpty {
      queries.append(Self.rendered(query, values))
    } else if let builtIn = metric.builtIn {
      // Which provider's does not matter: all of them read the same values.
      queries.append(Self.rendered(ManifestText(BuiltInQuery(builtIn, of: .istio).template), values))
    }
    if let reference = metric.templateRef?.value, let template = try? template(reference, of: canary) {
      let values = TemplateValues(canary: canary, metric: metric, pass: .template)
      queries.append(Self.rendered(template.query, values))
    }
    return queries
  }

  private static func rendered(_ template: ManifestText, _ values: TemplateValues) -> String {
    do { return try QueryTemplate(parsing: template).render(values).sent } catch { return "\(error)" }
  }
}
