package import Manifests
import PromQL

/// `alerting`: whom alerts are sent to, and how they are relabelled before.
package struct AlertingSection: ConfigurationSection {
  package var relabelRules: [WrittenRelabelRule?] = []
  package var alertmanagers: [AlertmanagerGroup?] = []
  package var places = SectionPlaces()

  package init() {}

  package static let title = "alerting"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = [
    .sections("alert_relabel_configs", \.relabelRules, list: "[]*relabel.Config"),
    .sections("alertmanagers", \.alertmanagers, list: "config.AlertmanagerConfigs"),
  ]

  package mutating func complete() throws(ManifestProblem) {
    try relabelRules.checkNone("empty or null alert relabeling rule", at: places["alert_relabel_configs"])
  }

  mutating func complete(from global: GlobalSection) throws(ManifestProblem) {
    let scheme = global.nameValidation ?? .utf8
    try relabelRules.complete(with: scheme)
    for index in alertmanagers.indices {
      // Prometheus itself ends here.
      guard alertmanagers[index] != nil else {
        throw refusal(
          "empty or null alertmanager config section", at: "alertmanagers",
          help: "a dash stands alone here: write something behind it, or take it out")
      }
      try alertmanagers[index]?.alertRelabelRules.complete(with: scheme)
      try alertmanagers[index]?.relabelRules.complete(with: scheme)
    }
  }
}

/// Alertmanagers that are reached the same way.
package struct AlertmanagerGroup: ConfigurationSection {
  package var scheme = "http"
  package var pathPrefix = ""
  /// Milliseconds.
  package var timeout: Int64 = 10_000
  package var apiVersion = "v2"
  package var client = HTTPClientOptions()
  package var discovery = DiscoveryOptions()
  package var relabelRules: [WrittenRelabelRule?] = []
  package var alertRelabelRules: [WrittenRelabelRule?] = []
  package var signature: SignatureOptions?
  package var places = SectionPlaces()

  package init() {}

  package static let title = "an Alertmanager configuration"
  package static let type = "config.AlertmanagerConfig"
  package static let fields: [ConfigurationField<Self>] =
    own + HTTPClientOptions.lifted(to: \.client)
    + DiscoveryOptions.fields(\.discovery)

  private static let own: [ConfigurationField<Self>] =
    [
      .text("scheme", \.scheme), .text("path_prefix", \.pathPrefix), .duration("timeout", \.timeout),
      ConfigurationField("api_version") { (section, node, reader) throws(ManifestProblem) in
        if node.isSkipped { return section.apiVersion = "" }
        guard let text = reader.text(node, type: "config.plain") else { return }
        guard text == "v2" else {
          throw .refusal(
            "expected Alertmanager api version to be one of [v2] but got \(text)", at: node.range,
            help: "Alertmanager has only v2 since 0.27: leave the key out")
        }
        section.apiVersion = text
      },
      .sections("relabel_configs", \.relabelRules, list: "[]*relabel.Config"),
      .sections("alert_relabel_configs", \.alertRelabelRules, list: "[]*relabel.Config"),
      .section("sigv4", \.signature),
    ]

  package mutating func complete() throws(ManifestProblem) {
    try discovery.complete(places)
    client.places = places
    try client.complete()
    let isAuthenticated =
      client.basicAuthentication != nil || client.authorization != nil || client.oauth2 != nil
    if isAuthenticated, signature != nil {
      throw refusal(
        "at most one of basic_auth, authorization, oauth2, & sigv4 must be configured", at: "sigv4")
    }
    if relabelRules.isEmpty { try discovery.checkAddresses() }
    try relabelRules.checkNone(
      "empty or null Alertmanager target relabeling rule", at: places["relabel_configs"])
    try alertRelabelRules.checkNone(
      "empty or null Alertmanager alert relabeling rule", at: places["alert_relabel_configs"])
  }
}

/// Amazon's signatures, which promgate does not make.
package struct SignatureOptions: ConfigurationSection {
  package var region = ""
  package var accessKey = ""
  package var secretKey = Secret()
  package var profile = ""
  package var roleName = ""
  package var usesFIPS = false
  package var externalID = ""
  package var serviceName = ""
  package var places = SectionPlaces()

  package init() {}

  package static let title = "sigv4"
  package static let type = "sigv4.plain"
  package static let fields: [ConfigurationField<Self>] = [
    .text("region", \.region), .text("access_key", \.accessKey), .secret("secret_key", \.secretKey),
    .text("profile", \.profile), .text("role_arn", \.roleName), .flag("use_fips_sts_endpoint", \.usesFIPS),
    .text("external_id", \.externalID), .text("service_name", \.serviceName),
  ]

  package mutating func complete() throws(ManifestProblem) {
    if accessKey.isEmpty != secretKey.isEmpty {
      throw refusal(
        "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config",
        at: "access_key", "secret_key")
    }
  }
}
