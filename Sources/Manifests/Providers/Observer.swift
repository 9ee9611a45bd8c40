/// A family of built-in queries: whose metrics answer `request-success-rate` and `request-duration`
/// (flagger.md §3.1).
public enum Observer: String, Sendable, Hashable, CaseIterable {
  case appMesh
  case linkerd
  case istio
  case contour
  case gloo
  case nginx
  /// The application's own `http_request_duration_seconds`: kubernetes and Gateway API.
  case http
  case skipper
  case traefik
  case osm
  case kuma
  case apisix
  case knative
}

/// The two metrics that Flagger knows by name.
public enum BuiltInMetric: String, Sendable, Hashable, CaseIterable {
  case requestSuccessRate = "request-success-rate"
  case requestDuration = "request-duration"
}

/// Which observer answers for a canary, and the name under which Flagger speaks of it.
public struct ObserverChoice: Sendable, Hashable {
  /// `nginx`, `kubernetes:service`, …: what event texts call the provider.
  public var providerName: String
  public var observer: Observer

  /// - Parameter globalProvider: Flagger's `-mesh-provider`, which stands in for an absent
  ///   `spec.provider`; a global Linkerd overrides the canary's.
  public init(for canary: Canary, globalProvider: String = MeshProvider.istio.rawValue) {
    var name = globalProvider.contains("crossover") ? "crossover" : globalProvider
    if let own = canary.provider {
      name = globalProvider.contains("linkerd") ? "linkerd" : own.value.rawValue
    }
    if canary.targetRef.value.kind.value == .service, !canary.targetsKnative { name += ":service" }
    self.init(providerName: name)
  }

  /// The first match wins; whatever matches nothing (`smi:…`, `nginx:service`) is asked of Istio.
  public init(providerName: String) {
    self.providerName = providerName
    observer =
      switch providerName {
      case _ where providerName.hasPrefix("appmesh"): .appMesh
      case "linkerd": .linkerd
      case "istio": .istio
      case "contour": .contour
      case _ where providerName.hasPrefix("gloo"): .gloo
      case "nginx": .nginx
      case "kubernetes": .http
      case _ where providerName.hasPrefix("gatewayapi"): .http
      case "skipper": .skipper
      case "traefik": .traefik
      case "osm": .osm
      case "kuma": .kuma
      case "apisix": .apisix
      case "knative": .knative
      default: .istio
      }
  }

  /// Whether the name is one that no observer claims, so that the Istio queries are a surprise.
  public var isFallback: Bool { observer == .istio && providerName != MeshProvider.istio.rawValue }
}
