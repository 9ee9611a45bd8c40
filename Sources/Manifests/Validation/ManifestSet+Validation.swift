import PromQL

/// How Flagger's controller was started, as far as it refuses canaries for it.
public struct ControllerOptions: Sendable, Hashable {
  /// Not `-no-cross-namespace-refs`.
  public var allowsCrossNamespaceReferences = true
  /// `-mesh-provider`
  public var globalProvider = MeshProvider.istio.rawValue

  public init() {}
}

extension ManifestSet {
  /// What Flagger's controller refuses or warns of although the schema takes it (flagger.md §1.7), and
  /// resources that are there twice. Resources made by code have no text and are left out.
  public func validated(_ options: ControllerOptions = ControllerOptions()) -> [ManifestFinding] {
    var findings: [ManifestFinding] = []
    for canary in canaries {
      guard let origin = canary.origin else { continue }
      let diagnostics =
        Self.knative(canary, options) + Self.cookies(canary) + Self.names(canary)
        + (options.allowsCrossNamespaceReferences ? [] : Self.foreignReferences(canary))
      findings += diagnostics.map { ManifestFinding($0, in: origin.source) }
    }
    return findings + sharedTargets() + duplicates()
  }

  private static func refused(_ message: String, at range: SourceRange?) -> Diagnostic {
    Diagnostic(code: ManifestCode.refused, severity: .error, range: range, message: message)
  }

  private static func knative(_ canary: Canary, _ options: ControllerOptions) -> [Diagnostic] {
    let provider = canary.provider?.value.rawValue ?? options.globalProvider
    let isKnative = provider == MeshProvider.knative.rawValue
    let target = canary.targetRef
    if isKnative, !canary.targetsKnative {
      return [
        refused(
          "provider knative needs a target of apiVersion serving.knative.dev/v1 and kind Service",
          at: target.range)
      ]
    }
    guard canary.targetsKnative else { return [] }
    if !isKnative {
      return [
        refused("a Knative Service needs provider: knative", at: canary.provider?.range ?? target.range)
      ]
    }
    return canary.autoscalerRef.map {
      [refused("a Knative Service scales itself: remove autoscalerRef", at: $0.range)]
    } ?? []
  }

  /// What Flagger makes for a canary and a cluster refuses for its name: services, and the label by which
  /// the primary's pods are selected.
  private static func names(_ canary: Canary) -> [Diagnostic] {
    guard !canary.targetsKnative else { return [] }
    let service = canary.service?.value.name ?? canary.targetRef.value.name
    let target = canary.targetRef.value.name
    guard ![service.value, target.value].contains(where: { $0.contains("$") || $0.contains("{") }) else {
      return []
    }
    if !KubernetesName.isService(canary.primaryServiceName) {
      return [
        refused(
          "Flagger makes the service \(canary.primaryServiceName): a cluster takes lower-case letters, "
            + "digits and - only, a letter first, and at most 63 of them",
          at: service.range)
      ]
    }
    if canary.targetRef.value.kind.value != .service, !KubernetesName.isLabelValue(canary.primaryTargetName) {
      return [
        refused(
          "Flagger labels the primary's pods \(canary.primaryTargetName): a cluster takes at most 63 "
            + "characters",
          at: target.range)
      ]
    }
    return []
  }

  private static func cookies(_ canary: Canary) -> [Diagnostic] {
    guard let affinity = canary.analysis.value.sessionAffinity?.value,
      let primary = affinity.primaryCookieName, primary.value == affinity.cookieName.value
    else { return [] }
    return [refused("cookieName and primaryCookieName must differ", at: primary.range)]
  }

  private static func foreignReferences(_ canary: Canary) -> [Diagnostic] {
    let analysis = canary.analysis.value
    var references: [(kind: String, name: String, namespace: Located<String>?)] = []
    for metric in analysis.allMetrics {
      guard let reference = metric.value.templateRef?.value else { continue }
      references.append(("metric template", reference.name.value, reference.namespace))
    }
    for alert in analysis.allAlerts {
      let reference = alert.value.providerRef.value
      references.append(("alert provider", reference.name.value, reference.namespace))
    }
    if let upstream = canary.upstreamRef?.value {
      references.append(("upstream", upstream.name.value, upstream.namespace))
    }
    return references.compactMap { reference in
      guard let namespace = reference.namespace, !namespace.value.isEmpty,
        namespace.value != canary.namespace
      else { return nil }
      return refused(
        "can't access \(reference.kind) \(reference.name).\(namespace.value), "
          + "cross-namespace references are blocked", at: namespace.range)
    }
  }

  /// Two canaries that move the same workload.
  private func sharedTargets() -> [ManifestFinding] {
    var owners: [String: Canary] = [:]
    var findings: [ManifestFinding] = []
    for canary in canaries {
      let target = canary.targetRef.value
      let key = "\(target.kind.value.rawValue)/\(target.name.value).\(canary.namespace)"
      if let owner = owners[key], owner.name != canary.name, let origin = canary.origin {
        let diagnostic = Diagnostic(
          code: ManifestCode.duplicateResource, severity: .warning, range: target.name.range,
          message: "canary \(owner.name) has the target \(key) too: both would move its traffic")
        findings.append(ManifestFinding(diagnostic, in: origin.source))
      }
      owners[key] = owners[key] ?? canary
    }
    return findings
  }

  /// Resources of the same kind, name and namespace.
  private func duplicates() -> [ManifestFinding] {
    Self.duplicates(.canary, canaries.map { ($0.metadata, $0.origin) })
      + Self.duplicates(.metricTemplate, templates.map { ($0.metadata, $0.origin) })
      + Self.duplicates(.alertProvider, alertProviders.map { ($0.metadata, $0.origin) })
  }

  private static func duplicates(
    _ kind: ManifestKind, _ resources: [(ResourceMetadata, ResourceOrigin?)]
  ) -> [ManifestFinding] {
    var places: [String: String] = [:]
    var findings: [ManifestFinding] = []
    for (metadata, origin) in resources {
      let name = "\(metadata.name.value).\(metadata.effectiveNamespace)"
      if let earlier = places[name], let origin {
        let diagnostic = Diagnostic(
          code: ManifestCode.duplicateResource, severity: .warning, range: metadata.name.range,
          message: "\(kind.rawValue) \(name) is in \(earlier) too: a cluster keeps the last applied")
        findings.append(ManifestFinding(diagnostic, in: origin.source))
      }
      places[name] = origin?.source.name ?? "the code"
    }
    return findings
  }
}
