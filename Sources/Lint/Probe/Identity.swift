import Manifests

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
        ["pod", "pod_name", "kubernetes_pod_name", "exported_pod", "k8s_pod_name", "kubernetes_pod"]
      case .workload:
        ["deployment", "destination_workload", "kubernetes_deployment", "k8s_deployment_name", "daemonset"]
      case .service: ["kubernetes_service"]
      case .application: []
      }
    }

    private var ambiguous: [String] {
      switch self {
      case .pod: []
      case .workload: ["workload", "owner", "owner_name", "destination_name"]
      case .service: ["service", "job", "exported_service", "exported_job", "service_name"]
      case .application: ["app", "app_kubernetes_io_name", "k8s_app", "application"]
      }
    }
  }

  var kind: Kind
  var role: Role
  var name: String
  /// `DaemonSet's pod`, for the table.
  var title: String

  /// What Flagger makes for a canary, and its likely neighbours (field-study.md §1.9).
  static func all(of canary: Canary) -> [Identity] {
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
    return found
  }

  private static func pods(_ workload: String, _ role: Role, _ isDaemonSet: Bool) -> [Identity] {
    let bases = isDaemonSet ? [workload] : ["\(workload)-7d9f8b6c5", "\(workload)-5d4f7c9b8d"]
    return bases.map { Identity(kind: .pod, role: role, name: podName($0), title: "pod") }
  }

  /// What a cluster calls a pod: the owner's name and a hyphen, cut to 58 characters, and five more.
  static func podName(_ owner: String) -> String { String((owner + "-").prefix(58)) + "x2k4p" }
}
