import Manifests
import PromQL
import TimeSeries

/// How proxies call the services that they route to: the name of a service is a part of another name.
enum ClusterName {
  /// `test_podinfo-canary_9898`
  case contour
  /// `podinfo-canary_test_svc_9898`
  case kuma
  /// `test-podinfo-canary-9898_gloo-system`
  case gloo
  /// `test-podinfo-canary-9898@kubernetescrd`
  case traefik

  /// The label that stands for such a name while a selector is probed; no series has it.
  static let label = "name of a cluster"

  /// Which of them a selector asks for, by its metric and by the beginning of what it asks; nil for none.
  init?(of selector: SelectorPart, _ canary: Canary) {
    guard let matcher = selector.matchers.first(where: { Self.isName($0, selector) }) else { return nil }
    let value = matcher.value.filter { $0 != "\\" }
    if selector.isTraefik {
      self = .traefik
    } else if value.contains("_\(canary.namespace)_svc_") {
      self = .kuma
    } else if value.hasPrefix("\(canary.namespace)_") {
      self = .contour
    } else if value.hasPrefix("\(canary.namespace)-") {
      self = .gloo
    } else {
      return nil
    }
  }

  private static func isName(_ matcher: LabelMatcher, _ selector: SelectorPart) -> Bool {
    selector.isTraefik
      ? ["service", "exported_service"].contains(matcher.name) : matcher.name == "envoy_cluster_name"
  }

  /// The matchers of a selector, those on such names under the label that stands for them.
  func renamed(_ selector: SelectorPart) -> [LabelMatcher] {
    selector.matchers.map { matcher in
      guard Self.isName(matcher, selector) else { return matcher }
      return (try? LabelMatcher(Self.label, matcher.operation, matcher.value)) ?? matcher
    }
  }

  /// The name of a service's cluster.
  func name(of service: String, _ canary: Canary) -> String {
    let (namespace, port) = (canary.namespace, canary.service?.value.port.value ?? 80)
    return switch self {
    case .contour: "\(namespace)_\(service)_\(port)"
    case .kuma: "\(service)_\(namespace)_svc_\(port)"
    case .gloo: "\(namespace)-\(service)-\(port)_gloo-system"
    case .traefik: "\(namespace)-\(service)-\(port)@kubernetescrd"
    }
  }
}

extension SelectorPart {
  fileprivate var isTraefik: Bool { plan.metricName?.hasPrefix("traefik_service_") ?? false }
}
