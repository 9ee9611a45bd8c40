/// What a path of the endpoint stands for.
enum Route: Sendable, Hashable {
  case index
  case healthy
  case ready
  case metrics
  /// `/-/reload` and `/-/quit`, which are not offered.
  case lifecycle
  case query
  case queryRange
  case series
  case labels
  /// The name as the path has it, percent-encoding undone.
  case labelValues([UInt8])
  case buildInfo
  case formatQuery, parseQuery
  /// Exemplars are not kept: the list is empty.
  case exemplars
  case metadata
  case targets, targetsMetadata, scrapePools, alertmanagers
  case remoteWrite, remoteRead
  case rules, alerts
  case runtimeInfo, configuration, flags, storeStatistics, storeBlocks, logReplay
  /// The API that changes what is stored, which is not offered.
  case admin
  /// OTLP, which is not offered.
  case openTelemetry
  case federate
  case version
  /// What the operator should know, as a list and as a stream; there is never any.
  case notifications, notificationStream

  /// Where the API's paths begin.
  static let apiPrefix = "/api/v1/"

  /// Nil for a path that stands for nothing. A slash in a name is one of the path, as for Prometheus.
  init?(path: String) {
    if path.utf8.contains(UInt8(ascii: "%")) {
      guard let bytes = try? URLText.decoded(Array(path.utf8)[...], plusIsSpace: false) else { return nil }
      self.init(String(decoding: bytes, as: UTF8.self), bytes)
    } else {
      self.init(path, nil)
    }
  }

  /// - Parameter decoded: the bytes of the path, where it was written otherwise.
  private init?(_ path: String, _ decoded: [UInt8]?) {
    switch path {
    case "/": self = .index
    case "/-/healthy": self = .healthy
    case "/-/ready": self = .ready
    case "/metrics": self = .metrics
    case "/-/reload", "/-/quit": self = .lifecycle
    case "/api/v1/query": self = .query
    case "/api/v1/query_range": self = .queryRange
    case "/api/v1/series": self = .series
    case "/api/v1/labels": self = .labels
    case "/api/v1/status/buildinfo": self = .buildInfo
    case "/api/v1/format_query": self = .formatQuery
    case "/api/v1/parse_query": self = .parseQuery
    case "/api/v1/query_exemplars": self = .exemplars
    case "/api/v1/metadata": self = .metadata
    case "/api/v1/targets": self = .targets
    case "/api/v1/targets/metadata": self = .targetsMetadata
    case "/api/v1/scrape_pools": self = .scrapePools
    case "/api/v1/alertmanagers": self = .alertmanagers
    case "/api/v1/write": self = .remoteWrite
    case "/api/v1/read": self = .remoteRead
    case "/api/v1/rules": self = .rules
    case "/api/v1/alerts": self = .alerts
    case "/api/v1/status/runtimeinfo": self = .runtimeInfo
    case "/api/v1/status/config": self = .configuration
    case "/api/v1/status/flags": self = .flags
    case "/api/v1/status/tsdb": self = .storeStatistics
    case "/api/v1/status/tsdb/blocks": self = .storeBlocks
    case "/api/v1/status/walreplay": self = .logReplay
    case "/api/v1/admin/tsdb/snapshot", "/api/v1/admin/tsdb/delete_series",
      "/api/v1/admin/tsdb/clean_tombstones":
      self = .admin
    case "/api/v1/otlp/v1/metrics": self = .openTelemetry
    case "/federate": self = .federate
    case "/version": self = .version
    case "/api/v1/notifications": self = .notifications
    case "/api/v1/notifications/live": self = .notificationStream
    default:
      let bytes = decoded ?? Array(path.utf8)
      let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      guard parts.count == 6, path.hasPrefix(Self.apiPrefix), parts[3].elementsEqual("label".utf8),
        parts[5].elementsEqual("values".utf8)
      else { return nil }
      self = .labelValues(Array(parts[4]))
    }
  }

  /// The methods that the route answers.
  var methods: [ServerRequest.Method] {
    switch self {
    case .query, .queryRange, .labels, .formatQuery, .parseQuery, .exemplars: [.get, .post]
    // To delete series is not offered, but known.
    case .series: [.get, .post, .delete]
    case .labelValues, .buildInfo, .metadata, .targets, .targetsMetadata, .scrapePools, .alertmanagers,
      .rules, .alerts, .runtimeInfo, .configuration, .flags, .storeStatistics, .storeBlocks, .logReplay,
      .federate, .version, .notifications, .notificationStream:
      [.get]
    case .index, .healthy, .ready, .metrics: [.get, .head]
    case .lifecycle: [.get, .post, .put]
    case .admin: [.post, .put]
    case .remoteWrite, .remoteRead, .openTelemetry: [.post]
    }
  }

  /// Whether browsers may read its answers (http-api.md §1).
  func isShared(with method: ServerRequest.Method) -> Bool {
    let isBare = self == .remoteWrite || self == .remoteRead || self == .openTelemetry
    return method == .options || !isBare && methods.contains(method)
  }

  /// Whether it is answered where the request came in: what is short, and what goes to the threads
  /// for queries by itself. The others list what may be long.
  var staysOnLoop: Bool {
    switch self {
    case .index, .healthy, .ready, .lifecycle, .buildInfo, .alertmanagers, .runtimeInfo, .storeBlocks,
      .logReplay, .admin, .openTelemetry, .version, .query, .queryRange, .series, .labels, .labelValues,
      .remoteRead, .remoteWrite, .federate, .storeStatistics, .notifications, .notificationStream:
      true
    case .metrics, .formatQuery, .parseQuery, .exemplars, .metadata, .targets, .targetsMetadata,
      .scrapePools, .rules, .alerts, .configuration, .flags:
      false
    }
  }

  /// What the route is called in the server's own metrics.
  var name: String {
    switch self {
    case .index: "/"
    case .healthy: "/-/healthy"
    case .ready: "/-/ready"
    case .metrics: "/metrics"
    case .lifecycle: "/-/lifecycle"
    case .query: "/api/v1/query"
    case .queryRange: "/api/v1/query_range"
    case .series: "/api/v1/series"
    case .labels: "/api/v1/labels"
    case .labelValues: "/api/v1/label/:name/values"
    case .buildInfo: "/api/v1/status/buildinfo"
    case .formatQuery: "/api/v1/format_query"
    case .parseQuery: "/api/v1/parse_query"
    case .exemplars: "/api/v1/query_exemplars"
    case .metadata: "/api/v1/metadata"
    case .targets: "/api/v1/targets"
    case .targetsMetadata: "/api/v1/targets/metadata"
    case .scrapePools: "/api/v1/scrape_pools"
    case .alertmanagers: "/api/v1/alertmanagers"
    case .remoteWrite: "/api/v1/write"
    case .remoteRead: "/api/v1/read"
    case .rules: "/api/v1/rules"
    case .alerts: "/api/v1/alerts"
    case .runtimeInfo: "/api/v1/status/runtimeinfo"
    case .configuration: "/api/v1/status/config"
    case .flags: "/api/v1/status/flags"
    case .storeStatistics: "/api/v1/status/tsdb"
    case .storeBlocks: "/api/v1/status/tsdb/blocks"
    case .logReplay: "/api/v1/status/walreplay"
    case .admin: "/api/v1/admin/tsdb/:action"
    case .openTelemetry: "/api/v1/otlp/v1/metrics"
    case .federate: "/federate"
    case .version: "/version"
    case .notifications: "/api/v1/notifications"
    case .notificationStream: "/api/v1/notifications/live"
    }
  }
}
