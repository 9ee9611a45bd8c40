/// A MetricTemplate as written (flagger.md §1.5).
public struct MetricTemplate: Sendable, Hashable {
  /// Nil for a template that was made by code.
  public var origin: ResourceOrigin?
  public var metadata: ResourceMetadata
  public var provider: Located<Provider>
  /// A Go text/template that yields the query.
  public var query: ManifestText

  public init(
    metadata: ResourceMetadata, provider: Located<Provider>, query: ManifestText,
    origin: ResourceOrigin? = nil
  ) {
    self.metadata = metadata
    self.provider = provider
    self.query = query
    self.origin = origin
  }

  /// Whom to ask, and how.
  public struct Provider: Sendable, Hashable {
    public var type: Located<MetricProviderType>
    public var address: Located<String>?
    /// Further request headers, in the order written (Prometheus only).
    public var headers: Located<[Header]>?
    /// A Secret in the template's own namespace.
    public var secretName: Located<String>?
    public var region: Located<String>?
    public var insecureSkipVerify: Located<Bool>?

    public init(type: Located<MetricProviderType>) { self.type = type }
  }

  public struct Header: Sendable, Hashable {
    public var name: Located<String>
    public var values: [Located<String>]

    public init(name: Located<String>, values: [Located<String>]) {
      self.name = name
      self.values = values
    }
  }
}

/// The metric stores that Flagger can ask.
public enum MetricProviderType: String, Sendable, Hashable, CaseIterable {
  case prometheus
  case influxdb
  case datadog
  case externalmetrics
  case stackdriver
  case cloudwatch
  case newrelic
  case graphite
  case dynatrace
  case keptn
  case splunk
}
