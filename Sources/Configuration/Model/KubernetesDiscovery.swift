package import Manifests
import PromQL
import TimeSeries

/// Targets of a cluster (config.md §6).
package struct KubernetesDiscovery: ConfigurationSection {
  package enum Role: String, Sendable, Hashable, CaseIterable {
    case pod, service, endpoints, endpointslice, node, ingress

    /// Of which objects a selector may speak.
    var selectable: [Role] {
      switch self {
      case .pod: [.pod]
      case .service: [.service]
      case .endpointslice: [.pod, .service, .endpointslice]
      case .endpoints: [.pod, .service, .endpoints]
      case .node: [.node]
      case .ingress: [.ingress]
      }
    }
  }

  /// Nil for the cluster that the process runs in.
  package var apiServer: WebAddress?
  package var role: Role?
  package var kubeconfigFile = ""
  package var client = HTTPClientOptions()
  package var namespaces = NamespaceOptions()
  package var selectors: [SelectorOptions?] = []
  package var attachedMetadata = AttachedMetadata()
  package var places = SectionPlaces()

  package init() {}

  package static let title = "a Kubernetes discovery"
  package static let type = "kubernetes.plain"
  package static let fields: [ConfigurationField<Self>] = own + HTTPClientOptions.lifted(to: \.client)

  private static let own: [ConfigurationField<Self>] =
    [
      .url("api_server", \.apiServer), roleField(\.role), .text("kubeconfig_file", \.kubeconfigFile),
      .section("namespaces", \.namespaces),
      .sections("selectors", \.selectors, list: "[]kubernetes.SelectorConfig"),
      .section("attach_metadata", \.attachedMetadata),
    ]

  static func roleField<Section>(
    _ place: ConfigurationField<Section>.Place<Role?>
  ) -> ConfigurationField<Section> {
    ConfigurationField("role") { (section, node, reader) throws(ManifestProblem) in
      if node.isSkipped { return section[keyPath: place] = nil }
      guard let text = reader.text(node) else { return }
      guard let role = Role(rawValue: text) else {
        throw .refusal(
          "unknown Kubernetes SD role \(GoText.quoted(text))", at: node.range,
          help: "there are \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      section[keyPath: place] = role
    }
  }

  package mutating func complete() throws(ManifestProblem) {
    guard let role else {
      throw refusal(
        "role missing (one of: pod, service, endpoints, endpointslice, node, ingress)", at: "role")
    }
    client.places = places
    try client.complete()
    try checkAccess()
    var seen: Set<Role?> = []
    for selector in selectors {
      let found = selector?.role
      guard seen.insert(found).inserted else {
        throw refusal("duplicated selector role: \(found?.rawValue ?? "")", at: "selectors")
      }
      guard let found, role.selectable.contains(found) else {
        let names = role.selectable.map(\.rawValue).joined(separator: ", ")
        throw refusal("\(role) role supports only \(names) selectors", at: "selectors")
      }
      do {
        try SelectorText.checkFields(selector?.field ?? "")
        try SelectorText.checkLabels(selector?.label ?? "")
      } catch { throw refusal("\(error)", at: "selectors") }
    }
  }

  private func checkAccess() throws(ManifestProblem) {
    let hasFile = !kubeconfigFile.isEmpty
    var plain = HTTPClientOptions()
    plain.places = client.places
    if hasFile, apiServer != nil {
      throw refusal("cannot use 'kubeconfig_file' and 'api_server' simultaneously", at: "kubeconfig_file")
    }
    if hasFile, client != plain {
      throw refusal(
        "cannot use a custom HTTP client configuration together with 'kubeconfig_file'", at: "kubeconfig_file"
      )
    }
    if apiServer == nil, client != plain {
      throw refusal(
        "to use custom HTTP client configuration please provide the 'api_server' URL explicitly",
        at: "api_server")
    }
    if apiServer != nil, namespaces.includesOwn {
      throw refusal("cannot use 'api_server' and 'namespaces.own_namespace' simultaneously", at: "namespaces")
    }
    if hasFile, namespaces.includesOwn {
      throw refusal(
        "cannot use 'kubeconfig_file' and 'namespaces.own_namespace' simultaneously", at: "namespaces")
    }
  }
}

/// Which namespaces are looked at; all where none are named.
package struct NamespaceOptions: ConfigurationSection {
  package var includesOwn = false
  package var names: [String] = []
  package var places = SectionPlaces()

  package init() {}

  package static let title = "namespaces"
  package static let type = "kubernetes.plain"
  package static let fields: [ConfigurationField<Self>] = [
    .flag("own_namespace", \.includesOwn), .texts("names", \.names),
  ]
}

/// Which objects of a kind are looked at.
package struct SelectorOptions: ConfigurationSection {
  package var role: KubernetesDiscovery.Role?
  package var label = ""
  package var field = ""
  package var places = SectionPlaces()

  package init() {}

  package static let title = "a selector"
  package static let type = "kubernetes.SelectorConfig"
  package static let fields: [ConfigurationField<Self>] = [
    KubernetesDiscovery.roleField(\.role), .text("label", \.label), .text("field", \.field),
  ]
}

/// What is put on targets of the objects around them.
package struct AttachedMetadata: ConfigurationSection {
  package var node = false
  package var namespace = false
  package var deployment = false
  package var job = false
  package var cronjob = false
  package var places = SectionPlaces()

  package init() {}

  package static let title = "attach_metadata"
  package static let type = "kubernetes.AttachMetadataConfig"
  package static let fields: [ConfigurationField<Self>] = [
    .flag("node", \.node), .flag("namespace", \.namespace), .flag("deployment", \.deployment),
    .flag("job", \.job),
    .flag("cronjob", \.cronjob),
  ]
}
