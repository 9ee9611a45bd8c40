import Gate
import Manifests
import PromQL

extension CanarySubject {
  init(_ canary: Canary, in manifests: ManifestSet, options: LintOptions) {
    self.canary = canary
    self.manifests = manifests
    self.options = options
    rollout = Rollout(canary, in: manifests, globalProvider: options.meshProvider)
    forecast = Forecast(rollout)
  }

  /// Its metrics, in the order written.
  var metrics: [MetricSubject] {
    analysis.allMetrics.enumerated().map { index, metric in
      let template = metric.value.templateRef.flatMap { try? manifests.template($0.value, of: canary) }
      return MetricSubject(canary: self, metric: metric, index: index, template: template)
    }
  }
}

extension MetricSubject {
  /// The queries that Flagger sends for the metric, each with the values that its template gets.
  var sites: [(QuerySite, TemplateValues)] {
    let observer = ObserverChoice(for: canary.canary, globalProvider: canary.options.meshProvider).observer
    var queries = value.ownQueries(of: canary.canary, observer: observer)
    if let template, template.isPrometheus { queries.append(value.query(of: template, for: canary.canary)) }
    return queries.map { query in
      var site: QuerySite
      switch query.origin {
      case .builtIn:
        site = QuerySite(use: .builtIn, text: query.text, source: query.source, subject: canary.subject(path))
      case .inline:
        site = QuerySite(
          use: .inline, text: query.text, source: query.source, subject: canary.subject(path + ".query"))
      case .template(let template): site = QuerySite(template: template)
      }
      site.canary = canary.canary
      site.metric = metric
      site.limits = value.limits(of: query.origin)
      return (site, query.values)
    }
  }
}

extension QuerySite {
  /// The query of a template, for no canary in particular.
  init(template: MetricTemplate) {
    self.init(
      use: .template, text: template.query,
      source: template.source,
      subject: "MetricTemplate \(template.namespace)/\(template.name), .spec.query")
    self.template = template
  }

  /// A query of another resource than Flagger's.
  init(_ foreign: ForeignQuery) {
    let use: Use
    let subject: String
    switch foreign.holder {
    case .analysisMetric(let template):
      (use, subject) = (.expression, "AnalysisTemplate \(template), metric \(foreign.name)")
    }
    self.init(use: use, text: foreign.query.template, source: foreign.source, subject: subject)
    prepared = foreign.query
    judgement = foreign.judgement
  }

  /// A query of a template that stands on its own.
  init(query source: ManifestSource) {
    let text = String(decoding: source.bytes, as: UTF8.self)
    let range = SourceRange(0, source.bytes.count)
    self.init(
      use: .template, text: ManifestText(text, at: range, map: PositionMap(verbatim: range)), source: source,
      subject: "")
  }

  /// A query as it is.
  init(use: Use, text: ManifestText, source: ManifestSource, subject: String) {
    self.use = use
    self.text = text
    self.source = source
    self.subject = subject
  }
}

/// Values for a template that no canary refers to.
enum StandInValues {
  /// As many variables as the template asks for, each called by its key.
  static func values(for query: ManifestText, namespace: String) -> TemplateValues {
    var values = TemplateValues(
      name: "app", namespace: namespace, target: "app", service: "app", ingress: "app",
      route: "app", interval: "1m")
    guard let parsed = try? QueryTemplate(parsing: query) else { return values }
    // Each try names one missing variable.
    for _ in 0..<64 {
      do {
        _ = try parsed.render(values)
        return values
      } catch {
        guard let key = missingKey(error.message), values.variables[key] == nil else { return values }
        values.variables[key] = key
      }
    }
    return values
  }

  /// `…map has no entry for key "x"`
  static func missingKey(_ message: String) -> String? {
    let parts = message.split(separator: "\"", omittingEmptySubsequences: false)
    guard message.hasSuffix("\""), parts.count >= 3, message.contains("map has no entry for key") else {
      return nil
    }
    return String(parts[parts.count - 2])
  }
}
