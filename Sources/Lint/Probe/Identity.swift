import Manifests
import TimeSeries

/// Something that a selector may catch: a pod, a workload, a service or the value of the selector label.
struct Identity: Hashable {
  enum Role: Hashable {
    case canary
    case primary
    /// Of another application with a name that begins alike.
    case other
  }

  /// What its name is the name of.
  enum Kind: Hashable, CaseIterable {
    case pod
    case workload
    case service
    /// `podinfo-canary.test.svc.cluster.local`, of a service.
    case host
    /// See `ClusterName`.
    case cluster
    case application

    /// The labels that carry such a name.
    init?(label: String) {
      let found = Kind.allCases.first { $0.discovered.contains(label) || $0.ambiguous.contains(label) }
      guard let found else { return nil }
      self = found
    }

    /// Whether a label's value is known to be such a name, because discovery or a mesh sets it; others are
    /// often the application's own, and the same for canary and primary.
    static func isDiscovered(_ label: String) -> Bool {
      Kind.allCases.contains { $0.discovered.contains(label) }
    }

    private var discovered: [String] {
      switch self {
      case .pod:
        [
          "pod", "pod_name", "kubernetes_pod_name", "exported_pod", "k8s_pod_name", "kubernetes_pod",
          "dst_pod",
        ]
      case .workload:
        [
          "deployment", "destination_workload", "kubernetes_deployment", "k8s_deployment_name", "daemonset",
          "dst_deployment",
        ]
      // Istio names the service whose pods answer: the canary's pods are no longer those of NAME.
      case .service: ["kubernetes_service", "destination_service_name"]
      case .host: ["destination_service"]
      case .cluster: [ClusterName.label]
      case .application: []
      }
    }

    private var ambiguous: [String] {
      switch self {
      case .pod, .host, .cluster: []
      case .workload: ["workload", "owner", "owner_name", "destination_name"]
      case .service: ["service", "job", "exported_service", "exported_job", "service_name", "dst_service"]
      case .application: ["app", "app_kubernetes_io_name", "k8s_app", "application", "destination_app"]
      }
    }
  }

  var kind: Kind
  var role: Role
  var name: String
  /// `DaemonSet's pod`, for the table.
  var title: String

  /// What Flagger makes for a canary, and its likely neighbours (field-study.md §1.9).
  ///
  /// - Parameters:
  ///   - domain: of the cluster.
  ///   - cluster: how a proxy calls the services; nil for none.
  static func all(
    of canary: Canary, domain: String = "cluster.local", cluster: ClusterName? = nil
  ) -> [Identity] {
    let name = canary.targetName
    let isDaemonSet = canary.targetRef.value.kind.value == .daemonSet
    var found = pods(name, .canary, isDaemonSet) + pods(name + "-primary", .primary, isDaemonSet)
    found += [
      Identity(kind: .pod, role: .other, name: "\(name)-db-0", title: "pod of StatefulSet \(name)-db"),
      Identity(
        kind: .pod, role: .other, name: podName("\(name)-worker-7d9f8b6c5"),
        title: "pod of Deployment \(name)-worker"),
      Identity(kind: .workload, role: .canary, name: name, title: "workload"),
      Identity(kind: .workload, role: .primary, name: "\(name)-primary", title: "workload"),
      Identity(kind: .service, role: .canary, name: canary.canaryServiceName, title: "service"),
      Identity(kind: .service, role: .primary, name: canary.primaryServiceName, title: "service"),
      Identity(
        kind: .service, role: .primary, name: canary.apexServiceName,
        title: "service, of the primary's "
          + "pods"),
      Identity(kind: .application, role: .canary, name: name, title: "label of the pods"),
      Identity(kind: .application, role: .primary, name: "\(name)-primary", title: "label of the pods"),
    ]
    let services = found.filter { $0.kind == .service }
    found += services.map { service in
      Identity(
        kind: .host, role: service.role, name: "\(service.name).\(canary.namespace).svc.\(domain)",
        title: service.title)
    }
    if let cluster {
      found += services.map { service in
        Identity(
          kind: .cluster, role: service.role, name: cluster.name(of: service.name, canary),
          title: service.title)
      }
    }
    return found
  }

  /// The domain that a condition on a host is written for: what stands behind `.svc.`; nil for none.
  static func domain(in matchers: [LabelMatcher]) -> String? {
    matchers.lazy.filter { Kind(label: $0.name) == .host }.compactMap { matcher -> String? in
      let parts = matcher.value.filter { $0 != "\\" }.split(separator: ".svc.", maxSplits: 1)
      guard parts.count == 2, parts[1].allSatisfy({ $0.isLetter || $0.isNumber || "-.".contains($0) }),
        !parts[1].hasSuffix(".")
      else { return nil }
      return String(parts[1])
    }.first
  }

  private static func pods(_ workload: String, _ role: Role, _ isDaemonSet: Bool) -> [Identity] {
    let bases = isDaemonSet ? [workload] : ["\(workload)-7d9f8b6c5", "\(workload)-5d4f7c9b8d"]
    return bases.map { Identity(kind: .pod, role: role, name: podName($0), title: "pod") }
  }

  /// What a cluster calls a pod: the owner's name and a hyphen, cut to 58 characters, and five more.
  static func podName(_ owner: String) -> String { String((owner + "-").prefix(58)) + "x2k4p" }
}
