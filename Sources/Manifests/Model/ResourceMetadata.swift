public import PromQL

/// The three kinds of resources that Flagger defines, all of `flagger.app/v1beta1`.
public enum ManifestKind: String, Sendable, Hashable, CaseIterable {
  case canary = "Canary"
  case metricTemplate = "MetricTemplate"
  case alertProvider = "AlertProvider"

  /// The API group and version in which a cluster serves these kinds.
  public static let apiVersion = "flagger.app/v1beta1"
}

/// A resource's name and namespace.
public struct ResourceMetadata: Sendable, Hashable {
  public var name: Located<String>
  public var namespace: Located<String>?

  public init(name: Located<String>, namespace: Located<String>? = nil) {
    self.name = name
    self.namespace = namespace
  }

  /// Where a resource lands that names no namespace.
  public static let defaultNamespace = "default"

  /// The namespace, `default` when none is written (or an empty one).
  public var effectiveNamespace: String {
    guard let namespace, !namespace.value.isEmpty else { return Self.defaultNamespace }
    return namespace.value
  }
}

/// The text and the bytes that a resource comes from.
public struct ResourceOrigin: Sendable, Hashable {
  public var source: ManifestSource
  /// The resource's own bytes within the text.
  public var range: SourceRange

  public init(source: ManifestSource, range: SourceRange) {
    self.source = source
    self.range = range
  }
}

/// `apiVersion`, `kind` and `name` of another object (flagger.md §1.1).
public struct ObjectReference<Kind: Sendable & Hashable>: Sendable, Hashable {
  public var apiVersion: Located<String>
  public var kind: Located<Kind>
  public var name: Located<String>
  /// Only `upstreamRef` can have one.
  public var namespace: Located<String>?

  public init(
    apiVersion: Located<String>, kind: Located<Kind>, name: Located<String>,
    namespace: Located<String>? = nil
  ) {
    self.apiVersion = apiVersion
    self.kind = kind
    self.name = name
    self.namespace = namespace
  }
}

/// What a canary may target.
public enum TargetKind: String, Sendable, Hashable, CaseIterable {
  case daemonSet = "DaemonSet"
  case deployment = "Deployment"
  case service = "Service"
}

/// What may scale a target.
public enum AutoscalerKind: String, Sendable, Hashable, CaseIterable {
  case horizontalPodAutoscaler = "HorizontalPodAutoscaler"
  case scaledObject = "ScaledObject"
}

/// The one kind that `ingressRef` takes.
public enum IngressKind: String, Sendable, Hashable, CaseIterable {
  case ingress = "Ingress"
}

/// The one kind that `routeRef` takes.
public enum RouteKind: String, Sendable, Hashable, CaseIterable {
  case apisixRoute = "ApisixRoute"
}

/// The one kind that `upstreamRef` takes.
public enum UpstreamKind: String, Sendable, Hashable, CaseIterable {
  case upstream = "Upstream"
}

/// A reference to a MetricTemplate or an AlertProvider by name.
public struct NamespacedReference: Sendable, Hashable {
  public var name: Located<String>
  /// Absent or empty: the canary's namespace.
  public var namespace: Located<String>?

  public init(name: Located<String>, namespace: Located<String>? = nil) {
    self.name = name
    self.namespace = namespace
  }

  /// The namespace to look in for a canary of the given one (flagger.md §1.2).
  public func namespace(from canaryNamespace: String) -> String {
    guard let namespace, !namespace.value.isEmpty else { return canaryNamespace }
    return namespace.value
  }
}
