package import Manifests
import PromQL
import TimeSeries

/// Where a job's targets, or the Alertmanagers, come from (config.md §5, §6).
package struct DiscoveryOptions: Sendable, Hashable {
  /// In the order written.
  package var groups: [StaticGroup?] = []
  package var files: [FileDiscovery?] = []
  package var http: [HTTPDiscovery?] = []
  package var dns: [DNSDiscovery?] = []
  package var kubernetes: [KubernetesDiscovery?] = []
  /// Names of kinds that promgate does not do: `consul_sd_configs`.
  package var others: Set<String> = []

  package init() {}

  /// The kinds of Prometheus that promgate does not do.
  static let unread = [
    "aws_sd_configs", "azure_sd_configs", "consul_sd_configs", "digitalocean_sd_configs", "docker_sd_configs",
    "dockerswarm_sd_configs", "ec2_sd_configs", "eureka_sd_configs", "gce_sd_configs", "hetzner_sd_configs",
    "ionos_sd_configs", "kuma_sd_configs", "lightsail_sd_configs", "linode_sd_configs", "marathon_sd_configs",
    "nerve_sd_configs", "nomad_sd_configs", "openstack_sd_configs", "ovhcloud_sd_configs",
    "puppetdb_sd_configs",
    "scaleway_sd_configs", "serverset_sd_configs", "stackit_sd_configs", "triton_sd_configs",
    "uyuni_sd_configs",
    "vultr_sd_configs",
  ]

  /// The keys of discovery within a section.
  static func fields<Section>(
    _ place: any WritableKeyPath<Section, DiscoveryOptions> & Sendable
  ) -> [ConfigurationField<Section>] {
    let known: [ConfigurationField<DiscoveryOptions>] = [
      .sections("static_configs", \.groups, list: "[]*targetgroup.Group"),
      .sections("file_sd_configs", \.files, list: "[]*file.SDConfig"),
      .sections("http_sd_configs", \.http, list: "[]*http.SDConfig"),
      .sections("dns_sd_configs", \.dns, list: "[]*dns.SDConfig"),
      .sections("kubernetes_sd_configs", \.kubernetes, list: "[]*kubernetes.SDConfig"),
    ]
    let others = unread.map { key in
      ConfigurationField<DiscoveryOptions>(key) { (section, node, reader) throws(ManifestProblem) in
        guard let items = reader.items(node, type: "[]*\(key.dropLast("_sd_configs".count)).SDConfig") else {
          return
        }
        if items.contains(where: \.isNull) {
          throw .refusal("empty or null section in \(key)", at: node.range)
        }
        guard !items.isEmpty else { return }
        section.others.insert(key)
        reader.note(
          notDone: "\(key): promgate does not discover targets there, and does not look into it",
          at: node.range)
      }
    }
    return (known + others).map { $0.lifted(to: place) }
  }

  /// Refuses items without a value, in the order of the keys' names.
  func complete(_ places: SectionPlaces) throws(ManifestProblem) {
    let empty: [(key: String, isEmpty: Bool)] = [
      ("dns_sd_configs", dns.contains { $0 == nil }), ("file_sd_configs", files.contains { $0 == nil }),
      ("http_sd_configs", http.contains { $0 == nil }),
      ("kubernetes_sd_configs", kubernetes.contains { $0 == nil }),
      ("static_configs", groups.contains { $0 == nil }),
    ]
    guard let found = empty.first(where: \.isEmpty) else { return }
    throw .refusal(
      "empty or null section in \(found.key)", at: places[found.key],
      help: "a dash stands alone here: write something behind it, or take it out")
  }

  /// Refuses addresses that cannot be, which rules might mend.
  func checkAddresses() throws(ManifestProblem) {
    for group in groups.compactMap({ $0 }) {
      for target in group.targets where target.name.utf8.contains(UInt8(ascii: "/")) {
        throw .refusal(
          "\(GoText.quoted(target.name)) is not a valid hostname", at: target.place.range,
          help: "write host:port here; the path goes to metrics_path, http or https to scheme")
      }
    }
  }
}

/// Targets that are written down.
package struct StaticGroup: ConfigurationSection {
  /// Addresses are the names; the values are empty.
  package var targets: [NamedValue] = []
  package var labels: [NamedValue] = []
  package var places = SectionPlaces()

  package init() {}

  package static let title = "a group of targets"
  package static let type =
    #"struct { Targets []string "yaml:\"targets\""; Labels model.LabelSet "yaml:\"labels\"" }"#
  package static let fields: [ConfigurationField<Self>] = [
    ConfigurationField("targets") { (section, node, reader) throws(ManifestProblem) in
      guard let items = reader.items(node, type: "[]string") else { return }
      section.targets = items.compactMap { item in
        reader.text(item).map { NamedValue($0, "", at: item.range) }
      }
    },
    .labels("labels", \.labels),
  ]
}

/// Targets in files that are watched.
package struct FileDiscovery: ConfigurationSection {
  /// Paths; a star in the last part stands for many.
  package var files: [String] = []
  /// Milliseconds.
  package var refreshInterval: Int64 = 300_000
  package var places = SectionPlaces()

  package init() {}

  package static let title = "a file discovery"
  package static let type = "file.plain"
  package static let fields: [ConfigurationField<Self>] = [
    .texts("files", \.files), .duration("refresh_interval", \.refreshInterval),
  ]

  private static let name = try? RE2(#"[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)"#)

  package mutating func complete() throws(ManifestProblem) {
    if files.isEmpty {
      throw refusal(
        "file service discovery config must contain at least one path name", at: "files",
        help: "name files: files: [targets/*.yml]")
    }
    for file in files where !(Self.name?.matchesWhole(Array(file.utf8)[...]) ?? true) {
      throw refusal(
        "path name \(GoText.quoted(file)) is not valid for file discovery", at: "files",
        help: "a path ends in .json, .yml or .yaml, and has a star in its last part only")
    }
  }
}

/// Targets that a server tells.
package struct HTTPDiscovery: ConfigurationSection {
  package var url = ""
  /// Milliseconds.
  package var refreshInterval: Int64 = 60_000
  package var client = HTTPClientOptions()
  package var places = SectionPlaces()

  package init() {}

  package static let title = "an HTTP discovery"
  package static let type = "http.plain"
  package static let fields: [ConfigurationField<Self>] = own + HTTPClientOptions.lifted(to: \.client)

  private static let own: [ConfigurationField<Self>] =
    [.text("url", \.url), .duration("refresh_interval", \.refreshInterval)]

  package mutating func complete() throws(ManifestProblem) {
    if url.isEmpty { throw refusal("URL is missing", at: "url", help: "write url: http://…") }
    let address: WebAddress
    do { address = try WebAddress(url) } catch { throw refusal("\(error)", at: "url") }
    guard address.scheme == "http" || address.scheme == "https" else {
      throw refusal("URL scheme must be 'http' or 'https'", at: "url")
    }
    if address.host.isEmpty { throw refusal("host is missing in URL", at: "url") }
    client.places = places
    try client.complete()
  }
}

/// Targets that the DNS names.
package struct DNSDiscovery: ConfigurationSection {
  package enum RecordType: String, Sendable, Hashable, CaseIterable { case SRV, A, AAAA, MX, NS }

  package var names: [String] = []
  package var type = "SRV"
  package var port: Int64 = 0
  /// Milliseconds.
  package var refreshInterval: Int64 = 30_000
  package var places = SectionPlaces()

  package init() {}

  package static let title = "a DNS discovery"
  package static let type = "dns.plain"
  package static let fields: [ConfigurationField<Self>] = [
    .texts("names", \.names), .text("type", \.type), .integer("port", \.port),
    .duration("refresh_interval", \.refreshInterval),
  ]

  /// What is asked for; nil for a type that there is not, which is refused.
  package var recordType: RecordType? { RecordType(rawValue: type.uppercased()) }

  package mutating func complete() throws(ManifestProblem) {
    if names.isEmpty { throw refusal("DNS-SD config must contain at least one SRV record name", at: "names") }
    switch recordType {
    case .SRV: break
    case .A, .AAAA, .MX, .NS:
      if port == 0 {
        throw refusal(
          "a port is required in DNS-SD configs for all record types except SRV", at: "port", "type",
          help: "write port: 9090")
      }
    case nil:
      throw refusal(
        "invalid DNS-SD records type \(type)", at: "type",
        help: "there are \(RecordType.allCases.map(\.rawValue).joined(separator: ", "))")
    }
  }
}
