package import Manifests

/// What the ingress routes, as ingress-nginx takes it from the Ingress that Flagger made for a canary
/// (flagger.md §7).
package struct IngressRule: Sendable, Hashable {
  package var namespace: String
  /// The name of the main Ingress, for both backends.
  package var ingress: String
  package var primaryService: String
  package var canaryService: String
  package var port: Int

  package init(_ canary: Canary) {
    namespace = canary.namespace
    ingress = canary.ingressName
    primaryService = canary.primaryServiceName
    canaryService = canary.canaryServiceName
    port = canary.service?.value.port.value ?? 80
  }

  /// The label `canary` of a request that the canary answered: `test-podinfo-canary-80`.
  package var canaryUpstream: String { "\(namespace)-\(canaryService)-\(port)" }
}
