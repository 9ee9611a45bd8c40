/// A query that Flagger sends for a metric, before it is rendered. A metric may have several, and all are
/// checked (flagger.md §5.3).
public struct MetricQuery: Sendable {
  public var origin: Origin
  /// As it was written; the text of a built-in query stands for the metric's name.
  public var text: ManifestText
  /// Where it was written.
  public var source: ManifestSource
  /// What its template gets.
  public var values: TemplateValues

  /// Where a metric's query comes from.
  public enum Origin: Sendable {
    /// The metric's name is one that Flagger knows.
    case builtIn(BuiltInQuery)
    /// `metrics[].query`
    case inline
    /// `metrics[].templateRef`
    case template(MetricTemplate)

    /// Which bound the deprecated `threshold` is.
    public var thresholdSide: ThresholdSide {
      switch self {
      case .builtIn(let query): query.metric.thresholdSide
      case .inline, .template: .ofQueries
      }
    }
  }
}

/// Which bound the deprecated `threshold` is (flagger.md §5.3). The raw values are the keys of
/// `thresholdRange`.
public enum ThresholdSide: String, Sendable, Hashable {
  case min
  case max

  /// That of queries which are not built in, whatever their metric is called.
  public static let ofQueries = ThresholdSide.max
}

extension BuiltInMetric {
  public var thresholdSide: ThresholdSide {
    switch self {
    case .requestSuccessRate: .min
    case .requestDuration: .max
    }
  }
}

extension CanaryMetric {
  /// The queries of Flagger's first pass: the built-in one if the name says so, then the metric's own if
  /// it has one.
  public func ownQueries(of canary: Canary, observer: Observer) -> [MetricQuery] {
    let values = TemplateValues(canary: canary, metric: self, pass: .builtInOrInline)
    var queries: [MetricQuery] = []
    if let builtIn {
      let query = BuiltInQuery(builtIn, of: observer)
      var text = ManifestText(query.template)
      text.range = name.range
      text.map = PositionMap(standingFor: name.range, length: query.template.utf8.count)
      queries.append(
        MetricQuery(
          origin: .builtIn(query), text: text, source: canary.source, values: query.values(values)))
    }
    if let query, !query.text.isEmpty {
      queries.append(MetricQuery(origin: .inline, text: query, source: canary.source, values: values))
    }
    return queries
  }

  /// The query of its second pass.
  /// - Parameter template: what `templateRef` refers to.
  public func query(of template: MetricTemplate, for canary: Canary) -> MetricQuery {
    MetricQuery(
      origin: .template(template), text: template.query, source: template.source,
      values: TemplateValues(canary: canary, metric: self, pass: .template))
  }

  /// The bounds of a query's value as they are written, both inclusive. Nil where the manifest names none,
  /// which Flagger takes for a `threshold` of 0.
  public func limits(of origin: MetricQuery.Origin) -> MetricLimits? {
    if let range = thresholdRange?.value { return MetricLimits(min: range.min, max: range.max) }
    return threshold.map {
      switch origin.thresholdSide {
      case .min: MetricLimits(min: $0)
      case .max: MetricLimits(max: $0)
      }
    }
  }
}

/// The bounds of a metric, both inclusive; nil where everything is accepted on that side.
public struct MetricLimits: Sendable {
  public var min: Located<Double>?
  public var max: Located<Double>?

  public init(min: Located<Double>? = nil, max: Located<Double>? = nil) {
    self.min = min
    self.max = max
  }
}

extension Canary {
  /// The text that it comes from; an empty one for a canary made by code.
  public var source: ManifestSource {
    origin?.source ?? ManifestSource(name: "\(name).\(namespace)", bytes: [])
  }
}

extension MetricTemplate {
  /// The text that it comes from; an empty one for a template made by code.
  public var source: ManifestSource {
    origin?.source ?? ManifestSource(name: "\(name).\(namespace)", bytes: [])
  }
}
