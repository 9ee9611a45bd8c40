package import Manifests
import PromQL
import TimeSeries

/// An item of `remote_write`. Durations are milliseconds.
package struct RemoteWriteTarget: ConfigurationSection {
  package var url: WebAddress?
  package var name = ""
  package var timeout: Int64 = 30_000
  package var headers: [NamedValue] = []
  package var relabelRules: [WrittenRelabelRule?] = []
  package var sendsExemplars = false
  package var sendsNativeHistograms = false
  package var usesRoundRobinDNS = false
  /// `prometheus.WriteRequest` or `io.prometheus.write.v2.Request`.
  package var message = "prometheus.WriteRequest"
  package var client = HTTPClientOptions()
  package var queue = QueueOptions()
  package var metadata = MetadataOptions()
  package var signature: SignatureOptions?
  /// Forms of authentication that promgate does not do.
  package var cloudAccess: [String] = []
  package var places = SectionPlaces()

  package init() { client.enablesHTTP2 = false }

  package static let title = "a remote write"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = own + HTTPClientOptions.lifted(to: \.client)

  private static let own: [ConfigurationField<Self>] =
    [
      .url("url", \.url), .text("name", \.name), .duration("remote_timeout", \.timeout),
      .pairs("headers", \.headers),
      .sections("write_relabel_configs", \.relabelRules, list: "[]*relabel.Config"),
      .flag("send_exemplars", \.sendsExemplars), .flag("send_native_histograms", \.sendsNativeHistograms),
      .flag("round_robin_dns", \.usesRoundRobinDNS),
      .text("protobuf_message", \.message, type: "remote.WriteMessageType"),
      .section("queue_config", \.queue), .section("metadata_config", \.metadata),
      .section("sigv4", \.signature),
      cloud("azuread"), cloud("google_iam"),
    ]

  private static func cloud(_ key: String) -> ConfigurationField<Self> {
    ConfigurationField(key) { (section, node, reader) throws(ManifestProblem) in
      guard !node.isNull else { return }
      section.cloudAccess.append(key)
      reader.note(notDone: "\(key): promgate does not do that, and does not look into it", at: node.range)
    }
  }

  package mutating func complete() throws(ManifestProblem) {
    guard url != nil else { throw refusal("url for remote_write is empty", at: "url") }
    try relabelRules.checkNone(
      "empty or null relabeling rule in remote write config", at: places["write_relabel_configs"])
    try RemoteHeaders.check(headers)
    guard ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"].contains(message) else {
      throw refusal(
        "invalid protobuf_message value: unknown type for remote write protobuf message \(message), "
          + "supported: prometheus.WriteRequest, io.prometheus.write.v2.Request", at: "protobuf_message")
    }
    client.places = places
    try client.complete()
    let forms = [
      ("basic_auth", client.basicAuthentication != nil), ("authorization", client.authorization != nil),
      ("oauth2", client.oauth2 != nil), ("sigv4", signature != nil),
      ("azuread", cloudAccess.contains("azuread")),
      ("google_iam", cloudAccess.contains("google_iam")),
    ].filter(\.1).map(\.0)
    if forms.count > 1 {
      throw refusal(
        "at most one of basic_auth, authorization, oauth2, sigv4, azuread or google_iam must be configured. "
          + "Currently configured: [\(forms.joined(separator: " "))]", at: forms[1])
    }
  }
}

/// How a remote write's queue works. Durations are milliseconds.
package struct QueueOptions: ConfigurationSection {
  package var capacity: Int64 = 10_000
  package var maximumShards: Int64 = 50
  package var minimumShards: Int64 = 1
  package var samplesPerSend: Int64 = 2000
  package var batchDeadline: Int64 = 5000
  package var minimumBackoff: Int64 = 30
  package var maximumBackoff: Int64 = 5000
  package var retriesOnRateLimit = false
  /// 0 for none.
  package var sampleAgeLimit: Int64 = 0
  package var places = SectionPlaces()

  /// Nothing where the section itself is not written as a mapping.
  package static var blank: Self {
    var blank = Self()
    blank.capacity = 0
    blank.maximumShards = 0
    blank.minimumShards = 0
    blank.samplesPerSend = 0
    blank.batchDeadline = 0
    blank.minimumBackoff = 0
    blank.maximumBackoff = 0
    return blank
  }

  package init() {}

  package static let title = "queue_config"
  package static let type = "config.QueueConfig"
  package static let fields: [ConfigurationField<Self>] = [
    .integer("capacity", \.capacity), .integer("max_shards", \.maximumShards),
    .integer("min_shards", \.minimumShards), .integer("max_samples_per_send", \.samplesPerSend),
    .duration("batch_send_deadline", \.batchDeadline), .duration("min_backoff", \.minimumBackoff),
    .duration("max_backoff", \.maximumBackoff), .flag("retry_on_http_429", \.retriesOnRateLimit),
    .duration("sample_age_limit", \.sampleAgeLimit),
  ]
}

/// What a remote write tells about metrics.
package struct MetadataOptions: ConfigurationSection {
  package var sends = true
  /// Milliseconds.
  package var interval: Int64 = 60_000
  package var samplesPerSend: Int64 = 2000
  package var places = SectionPlaces()

  package static var blank: Self {
    var blank = Self()
    blank.sends = false
    blank.interval = 0
    blank.samplesPerSend = 0
    return blank
  }

  package init() {}

  package static let title = "metadata_config"
  package static let type = "config.MetadataConfig"
  package static let fields: [ConfigurationField<Self>] = [
    .flag("send", \.sends), .duration("send_interval", \.interval),
    .integer("max_samples_per_send", \.samplesPerSend),
  ]
}

/// An item of `remote_read` (config.md §10).
package struct RemoteReadSource: ConfigurationSection {
  package var url: WebAddress?
  package var name = ""
  /// Milliseconds.
  package var timeout: Int64 = 60_000
  /// Bytes of a frame.
  package var chunkedReadLimit: UInt64 = 50_000_000
  package var headers: [NamedValue] = []
  package var readsRecent = false
  package var requiredMatchers: [NamedValue] = []
  package var filtersExternalLabels = true
  package var client = HTTPClientOptions()
  package var places = SectionPlaces()

  package init() {}

  package static let title = "a remote read"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = own + HTTPClientOptions.lifted(to: \.client)

  private static let own: [ConfigurationField<Self>] =
    [
      .url("url", \.url), .text("name", \.name), .duration("remote_timeout", \.timeout),
      .natural("chunked_read_limit", \.chunkedReadLimit, type: "uint64"), .pairs("headers", \.headers),
      .flag("read_recent", \.readsRecent), .labels("required_matchers", \.requiredMatchers),
      .flag("filter_external_labels", \.filtersExternalLabels),
    ]

  package mutating func complete() throws(ManifestProblem) {
    guard url != nil else { throw refusal("url for remote_read is empty", at: "url") }
    try RemoteHeaders.check(headers)
    client.places = places
    try client.complete()
  }
}

/// Headers of remotes that have keys of their own, or that the protocol sets.
enum RemoteHeaders {
  static let reserved: Set<String> = [
    "host", "content-encoding", "content-length", "content-type", "user-agent", "connection", "keep-alive",
    "proxy-authenticate", "proxy-authorization", "www-authenticate", "accept-encoding",
    "x-prometheus-remote-write-version", "x-prometheus-remote-read-version", "x-amz-date",
    "x-amz-security-token",
    "x-amz-content-sha256",
  ]

  static func check(
    _ headers: [NamedValue],
    authorization: String =
      "authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread or "
      + "google_iam parameter"
  ) throws(ManifestProblem) {
    for header in headers {
      let name = header.name.lowercased()
      if name == "authorization" { throw .refusal(authorization, at: header.place.range) }
      if reserved.contains(name) {
        throw .refusal("\(header.name) is a reserved header. It must not be changed", at: header.place.range)
      }
    }
  }
}
