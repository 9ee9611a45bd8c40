public import Manifests
import PromQL

/// One query with the bounds that its value has to keep.
public struct Check: Sendable, Hashable {
  /// The metric's name in the analysis; two checks may share it (flagger.md §5.3).
  public var metric: String
  public var kind: Kind
  public var query: Query
  public var bounds: Bounds
  /// Whom Flagger would ask.
  public var server: MetricsServer

  public init(
    metric: String, kind: Kind, query: Query, bounds: Bounds,
    server: MetricsServer = MetricsServer(address: "")
  ) {
    self.metric = metric
    self.kind = kind
    self.query = query
    self.bounds = bounds
    self.server = server
  }

  /// What the query is, which decides how its value is read, compared and spoken of.
  public enum Kind: Sendable, Hashable {
    case builtIn(BuiltInMetric, Observer)
    /// `metrics[].query`
    case inline
    /// `metrics[].templateRef`, as `name.namespace`.
    case template(String)
    /// Neither a query, nor a template, nor a name that Flagger knows.
    case unusable
  }

  /// The text that is sent, or why there is none.
  public enum Query: Sendable, Hashable {
    case ready(QueryText)
    /// Flagger fails the check without asking anybody.
    case unavailable(CheckError)

    /// A query that comes from no template.
    public static func text(_ text: String) -> Query {
      let map = PositionMap(verbatim: SourceRange(0, text.utf8.count))
      return .ready(QueryText(template: ManifestText(text), rendered: text, renderedMap: map))
    }
  }

  /// The query as it is sent; nil when there is none.
  public var sentQuery: String? {
    switch query {
    case .ready(let text): text.sent
    case .unavailable: nil
    }
  }
}

/// A Prometheus address as a manifest names it.
public struct MetricsServer: Sendable, Hashable {
  /// As written; empty when the manifest names none.
  public var address: String
  /// Further request headers, in the order written.
  public var headers: [Header]
  /// The Secret that the credentials are in, `namespace/name`.
  public var secret: String?
  public var skipsTLSVerification: Bool

  public struct Header: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  public init(
    address: String, headers: [Header] = [], secret: String? = nil,
    skipsTLSVerification: Bool = false
  ) {
    self.address = address
    self.headers = headers
    self.secret = secret
    self.skipsTLSVerification = skipsTLSVerification
  }
}

/// What a value is compared with (flagger.md §5.3).
public enum Bounds: Sendable, Hashable {
  /// `thresholdRange`: both inclusive; a missing bound accepts everything on its side.
  case range(min: Double?, max: Double?)
  /// The deprecated `threshold`, 0 when absent: a minimum for success rates, else a maximum.
  case threshold(Double)

  /// The lower and the upper bound for a kind of check.
  public func limits(of kind: Check.Kind) -> (min: Double?, max: Double?) {
    let bound: Double
    switch self {
    case .range(let min, let max): return (min, max)
    case .threshold(let threshold): bound = threshold
    }
    switch kind.thresholdSide {
    case .min: return (bound, nil)
    case .max: return (nil, bound)
    }
  }
}

extension Check.Kind {
  var thresholdSide: ThresholdSide {
    switch self {
    case .builtIn(let metric, _): metric.thresholdSide
    case .inline, .template, .unusable: .ofQueries
    }
  }
}
