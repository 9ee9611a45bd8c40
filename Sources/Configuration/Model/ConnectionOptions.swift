package import Manifests
import PromQL
import TimeSeries

/// Certificates and versions of TLS.
package struct TLSOptions: ConfigurationSection {
  /// In the order of age.
  package enum Version: String, Sendable, Hashable, CaseIterable { case TLS10, TLS11, TLS12, TLS13 }

  package var authority = ""
  package var authorityFile = ""
  package var authorityReference = ""
  package var certificate = ""
  package var certificateFile = ""
  package var certificateReference = ""
  package var key = Secret()
  package var keyFile = ""
  package var keyReference = ""
  package var serverName = ""
  package var skipsVerification = false
  package var minimumVersion: Version?
  package var maximumVersion: Version?
  package var places = SectionPlaces()

  package init() {}

  package static let title = "tls_config"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = [
    .text("ca", \.authority), .text("ca_file", \.authorityFile), .text("ca_ref", \.authorityReference),
    .text("cert", \.certificate), .text("cert_file", \.certificateFile),
    .text("cert_ref", \.certificateReference),
    .secret("key", \.key), .text("key_file", \.keyFile), .text("key_ref", \.keyReference),
    .text("server_name", \.serverName), .flag("insecure_skip_verify", \.skipsVerification),
    version("min_version", \.minimumVersion), version("max_version", \.maximumVersion),
  ]

  private static func version(
    _ key: String, _ place: ConfigurationField<Self>.Place<Version?>
  ) -> ConfigurationField<Self> {
    ConfigurationField(key) { (section, node, reader) throws(ManifestProblem) in
      if node.isSkipped { return section[keyPath: place] = nil }
      guard let text = reader.text(node) else { return }
      guard let version = Version(rawValue: text) else {
        throw .refusal(
          "unknown TLS version: \(text)", at: node.range,
          help: "there are \(Version.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      section[keyPath: place] = version
    }
  }

  package mutating func complete() throws(ManifestProblem) {
    if several([!authority.isEmpty, !authorityFile.isEmpty, !authorityReference.isEmpty]) {
      throw refusal("at most one of ca, ca_file & ca_ref must be configured", at: "ca_file", "ca_ref")
    }
    let certificates = [!certificate.isEmpty, !certificateFile.isEmpty, !certificateReference.isEmpty]
    if several(certificates) {
      throw refusal(
        "at most one of cert, cert_file & cert_ref must be configured", at: "cert_file", "cert_ref")
    }
    let keys = [!key.isEmpty, !keyFile.isEmpty, !keyReference.isEmpty]
    if several(keys) {
      throw refusal("at most one of key and key_file must be configured", at: "key_file", "key_ref")
    }
    if certificates.contains(true), !keys.contains(true) {
      throw refusal(
        "exactly one of key or key_file must be configured when a client certificate is configured",
        at: "cert_file",
        "cert", "cert_ref")
    }
    if keys.contains(true), !certificates.contains(true) {
      throw refusal(
        "exactly one of cert or cert_file must be configured when a client key is configured", at: "key_file",
        "key",
        "key_ref")
    }
  }
}

/// The way through a proxy.
package struct ProxyOptions: ConfigurationSection {
  package var url: WebAddress?
  /// Hosts that are asked directly.
  package var exceptions = ""
  package var isFromEnvironment = false
  /// Headers for the proxy.
  package var connectHeaders: [HeaderOptions] = []
  package var places = SectionPlaces()

  package init() {}

  package static let title = "a proxy"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = [
    .url("proxy_url", \.url), .text("no_proxy", \.exceptions),
    .flag("proxy_from_environment", \.isFromEnvironment),
    ConfigurationField("proxy_connect_header") { (section, node, reader) throws(ManifestProblem) in
      guard let entries = reader.entries(node, type: "config.ProxyHeader") else { return }
      section.connectHeaders = entries.compactMap { entry in
        guard let values = reader.texts(entry.value, type: "[]config.Secret", item: "config.plain") else {
          return nil
        }
        var header = HeaderOptions(entry.key)
        header.secrets = values.map { Secret($0) }
        header.places.range = entry.keyRange
        return header
      }
    },
  ]

  package mutating func complete() throws(ManifestProblem) {
    let hasURL = url.map { !$0.text.isEmpty } ?? false
    if !connectHeaders.isEmpty, !isFromEnvironment, !hasURL {
      throw refusal(
        "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured",
        at: "proxy_connect_header")
    }
    if isFromEnvironment, hasURL {
      throw refusal(
        "if proxy_from_environment is configured, proxy_url must not be configured", at: "proxy_url")
    }
    if isFromEnvironment, !exceptions.isEmpty {
      throw refusal(
        "if proxy_from_environment is configured, no_proxy must not be configured", at: "no_proxy")
    }
    if url == nil, !exceptions.isEmpty {
      throw refusal("if no_proxy is configured, proxy_url must also be configured", at: "no_proxy")
    }
  }
}

/// A header of requests.
package struct HeaderOptions: ConfigurationSection {
  package var name = ""
  package var values: [String] = []
  package var secrets: [Secret] = []
  package var files: [String] = []
  package var places = SectionPlaces()

  package init() {}
  init(_ name: String) { self.name = name }

  package static let title = "a header"
  package static let type = "config.Header"
  package static let fields: [ConfigurationField<Self>] = [
    .texts("values", \.values),
    ConfigurationField("secrets") { (section, node, reader) throws(ManifestProblem) in
      if let values = reader.texts(node, type: "[]config.Secret", item: "config.plain") {
        section.secrets = values.map { Secret($0) }
      }
    },
    .texts("files", \.files),
  ]

  /// Headers by their names; nil for nothing.
  static func all(
    _ node: ManifestNode, _ reader: inout ConfigurationReader
  ) throws(ManifestProblem) -> [HeaderOptions]? {
    if node.isNull { return nil }
    guard let entries = reader.entries(node, type: "config.Headers") else { return nil }
    var headers: [HeaderOptions] = []
    for entry in entries {
      var header: HeaderOptions? = try entry.value.isNull ? HeaderOptions() : reader.section(entry.value)
      header?.name = entry.key
      header?.places.range = entry.keyRange
      if let header { headers.append(header) }
    }
    return headers
  }

  /// `x-scope-orgid` as Go writes it: `X-Scope-Orgid`.
  static func canonical(_ name: String) -> String {
    let token = Set("!#$%&'*+-.^_`|~".utf8)
    let isToken = name.utf8.allSatisfy { byte in
      byte < 0x80
        && (token.contains(byte) || Character(Unicode.Scalar(byte)).isLetter
          || Character(Unicode.Scalar(byte)).isNumber)
    }
    guard isToken else { return name }
    return name.split(separator: "-", omittingEmptySubsequences: false).map {
      $0.prefix(1).uppercased() + $0.dropFirst().lowercased()
    }.joined(separator: "-")
  }
}
