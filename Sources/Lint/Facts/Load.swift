import Manifests

/// Requests that a hook sends.
struct Load {
  /// `podinfo-canary.test`, without port.
  var host: String
  /// Whether the request says another host than the address.
  var namesHost: Bool
}

extension CanaryWebhook {
  private func entry(_ key: String) -> TemplateVariable? { metadata?.value.first { $0.key.value == key } }

  /// The command that a load tester runs; nil for a webhook that is none's.
  var command: Located<String>? { entry("cmd")?.value }

  /// Whether the load tester answers before the command has run.
  var isOnlyStarted: Bool {
    command != nil && (entry("type").map { ["", "cmd"].contains($0.value.value) } ?? true)
  }

  /// Why the command never fails; nil where it may.
  var indifference: String? {
    guard let command, entry("type")?.value.value == "bash" || isOnlyStarted else { return nil }
    return ShellCommand(command.value).indifference
  }

  /// Whom the command asks, whatever its programs are.
  var hosts: [String] {
    guard let command else { return [] }
    return ShellCommand(command.value).commands.flatMap(\.addresses).compactMap { Self.host($0) }
  }

  /// What programs that make load ask.
  var loads: [Load] {
    guard let command else { return [] }
    return ShellCommand(command.value).commands.flatMap { simple -> [Load] in
      guard ShellCommand.generators.contains(simple.program) else { return [] }
      let namesHost = simple.words.contains { word in
        ["-host", "--host", "-authority", "--authority"].contains { word.hasPrefix($0) }
          || word.lowercased().hasPrefix("host:") || word.lowercased().hasPrefix("-hhost:")
          || word.lowercased().hasPrefix(":authority")
      }
      return simple.addresses.compactMap { address in
        Self.host(address).map { Load(host: $0, namesHost: namesHost) }
      }
    }
  }

  private static func host(_ address: String) -> String? {
    let behind = address.split(separator: "://", maxSplits: 1).last ?? ""
    let host = behind.prefix { !"/:?#".contains($0) }
    // A template of Helm's, or a header.
    guard !host.isEmpty, host.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" }) else {
      return nil
    }
    return String(host)
  }
}

extension CanarySubject {
  /// Why what is measured sees nothing of a load; nil where it may.
  func fault(of load: Load) -> (why: String, help: String)? {
    let service = serviceName(load.host)
    if service == canary.primaryServiceName {
      return (
        "those are the primary's pods", "send it where the routes are, or to \(canary.canaryServiceName)"
      )
    }
    let observer = ObserverChoice(for: canary, globalProvider: options.meshProvider).observer
    let isWithoutRoutes =
      (canary.provider?.value.rawValue ?? options.meshProvider) == MeshProvider.kubernetes.rawValue
    if isWithoutRoutes, service == canary.apexServiceName {
      return ("that service leads to the primary's pods only", "send it to \(canary.canaryServiceName)")
    }
    guard let ingress = measuringIngress(observer) else { return nil }
    if service == canary.apexServiceName || service == canary.canaryServiceName {
      return (
        "\(ingress) counts the requests, and this goes around it",
        "send it to the ingress, with the host that it routes by: hey -host app.example.com http://…"
      )
    }
    guard !load.namesHost, isClusterService(load.host) else { return nil }
    return (
      "\(ingress) routes by host, and the request names none of its own", "add -host with the route's host"
    )
  }

  /// The name of the service in the canary's namespace that a host stands for; nil for others.
  func serviceName(_ host: String) -> String? {
    let parts = host.split(separator: ".")
    guard let first = parts.first else { return nil }
    if parts.count > 1, parts[1] != canary.namespace, canary.metadata.namespace != nil { return nil }
    if parts.count > 2, parts[2] != "svc" { return nil }
    return String(first)
  }

  /// `traefik.traefik`, `ingress-nginx-controller.ingress-nginx.svc.cluster.local`: another name than people
  /// use from outside.
  private func isClusterService(_ host: String) -> Bool {
    let parts = host.split(separator: ".")
    if parts.count >= 3 { return parts[2] == "svc" }
    let proxies = ["ingress", "nginx", "traefik", "envoy", "gateway", "skipper", "apisix", "contour", "gloo"]
    // Not the host of a route itself, such as gateway.local.
    let domains: Set<Substring> = [
      "local", "com", "io", "dev", "net", "org", "lan", "internal", "app", "cloud",
    ]
    return parts.count == 2 && !domains.contains(parts[1]) && proxies.contains { parts[0].contains($0) }
  }

  /// Who counts the requests that the metrics are about, where that is an ingress; nil where the pods do.
  private func measuringIngress(_ observer: Observer) -> String? {
    let usesBuiltIn = analysis.allMetrics.contains { $0.value.builtIn != nil }
    let names: [(observer: Observer, name: String, prefix: String)] = [
      (.nginx, "ingress-nginx", "nginx_ingress_controller_"), (.traefik, "Traefik", "traefik_"),
      (.apisix, "APISIX", "apisix_"), (.skipper, "Skipper", "skipper_"),
      (.contour, "Contour", "envoy_cluster_"),
      (.gloo, "Gloo", "envoy_cluster_"),
    ]
    if asks("ingressgateway") { return "the gateway" }
    return names.first { entry in
      (usesBuiltIn && observer == entry.observer)
        || (entry.prefix != "envoy_cluster_" || observer == entry.observer) && asks(entry.prefix)
    }?.name
  }

  /// Whether a metric's query asks for a metric of some kind.
  private func asks(_ prefix: String) -> Bool {
    metrics.contains { metric in
      metric.sites.contains { site, _ in site.use != .builtIn && site.text.text.contains(prefix) }
    }
  }
}
