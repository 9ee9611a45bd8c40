/// What moves the traffic: the values of `spec.provider` (flagger.md §1.1).
public enum MeshProvider: String, Sendable, Hashable, CaseIterable {
  case apisix
  case appmesh
  case appmeshV1beta2 = "appmesh:v1beta2"
  case contour
  case gatewayAPIV1 = "gatewayapi:v1"
  case gatewayAPIV1beta1 = "gatewayapi:v1beta1"
  case gloo
  case istio
  case knative
  case kubernetes
  case kuma
  case linkerd
  case nginx
  case osm
  case skipper
  case smiV1alpha1 = "smi:v1alpha1"
  case smiV1alpha2 = "smi:v1alpha2"
  case smiV1alpha3 = "smi:v1alpha3"
  case traefik
}

/// Everything that is particular about a provider, apart from its built-in queries.
public struct MeshProviderFacts: Sendable, Hashable {
  /// How people call it.
  public var title: String
  /// Where `mirror: true` has an effect (flagger.md §5.5).
  public var mirroring: Mirroring
  /// Whether `sessionAffinity` has an effect.
  public var hasSessionAffinity: Bool
  /// The reference that the router cannot do without.
  public var requiredReference: RequiredReference?
  /// Whether weights move traffic; not so for plain Kubernetes, where the service is switched.
  public var routesTraffic: Bool

  public enum Mirroring: Sendable, Hashable {
    case none
    case blueGreenOnly
    case everywhere
  }

  public enum RequiredReference: String, Sendable, Hashable {
    case ingress = "ingressRef"
    case route = "routeRef"
    case upstream = "upstreamRef"
  }

  init(
    _ title: String, mirroring: Mirroring = .none, hasSessionAffinity: Bool = false,
    requires requiredReference: RequiredReference? = nil, routesTraffic: Bool = true
  ) {
    self.title = title
    self.mirroring = mirroring
    self.hasSessionAffinity = hasSessionAffinity
    self.requiredReference = requiredReference
    self.routesTraffic = routesTraffic
  }
}

extension MeshProvider {
  /// One row a provider.
  public var facts: MeshProviderFacts {
    switch self {
    case .apisix: MeshProviderFacts("Apache APISIX", requires: .route)
    case .appmesh, .appmeshV1beta2: MeshProviderFacts("AWS App Mesh")
    case .contour: MeshProviderFacts("Contour")
    case .gatewayAPIV1, .gatewayAPIV1beta1:
      MeshProviderFacts("Gateway API", mirroring: .blueGreenOnly, hasSessionAffinity: true)
    case .gloo: MeshProviderFacts("Gloo")
    case .istio: MeshProviderFacts("Istio", mirroring: .everywhere, hasSessionAffinity: true)
    case .knative: MeshProviderFacts("Knative")
    case .kubernetes: MeshProviderFacts("Kubernetes", routesTraffic: false)
    case .kuma: MeshProviderFacts("Kuma")
    case .linkerd: MeshProviderFacts("Linkerd")
    case .nginx: MeshProviderFacts("ingress-nginx", requires: .ingress)
    case .osm: MeshProviderFacts("Open Service Mesh")
    case .skipper: MeshProviderFacts("Skipper", requires: .ingress)
    case .smiV1alpha1, .smiV1alpha2, .smiV1alpha3: MeshProviderFacts("Service Mesh Interface")
    case .traefik: MeshProviderFacts("Traefik")
    }
  }
}
