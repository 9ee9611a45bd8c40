/// All resources of one reading: some files, folders, or standard input.
public struct ManifestSet: Sendable, Hashable {
  /// In the order read.
  public var canaries: [Canary]
  public var templates: [MetricTemplate]
  public var alertProviders: [AlertProvider]

  public init(
    canaries: [Canary] = [], templates: [MetricTemplate] = [], alertProviders: [AlertProvider] = []
  ) {
    self.canaries = canaries
    self.templates = templates
    self.alertProviders = alertProviders
  }

  /// The template that a metric of a canary refers to; the last of several with one name, as a cluster
  /// keeps it.
  public func template(
    _ reference: NamespacedReference, of canary: Canary
  ) throws(ManifestReferenceError) -> MetricTemplate {
    let namespace = reference.namespace(from: canary.namespace)
    let found = templates.last {
      same($0.name, reference.name.value) && same($0.namespace, namespace)
    }
    guard let found else {
      throw .missing(
        .metricTemplate, name: reference.name.value, namespace: namespace,
        known: templates.map { "\($0.name).\($0.namespace)" })
    }
    return found
  }

  /// The alert provider that an alert of a canary refers to.
  public func alertProvider(
    _ reference: NamespacedReference, of canary: Canary
  ) throws(ManifestReferenceError) -> AlertProvider {
    let namespace = reference.namespace(from: canary.namespace)
    let found = alertProviders.last {
      same($0.name, reference.name.value) && same($0.namespace, namespace)
    }
    guard let found else {
      throw .missing(
        .alertProvider, name: reference.name.value, namespace: namespace,
        known: alertProviders.map { "\($0.name).\($0.namespace)" })
    }
    return found
  }

  /// The canary of a name, written `name` or `name.namespace`; the only one when no name is given.
  public func canary(named name: String? = nil) throws(ManifestReferenceError) -> Canary {
    let matching = canaries.filter { canary in
      guard let name else { return true }
      return same(canary.name, name) || same("\(canary.name).\(canary.namespace)", name)
    }
    guard let first = matching.first else {
      throw .missing(
        .canary, name: name ?? "", namespace: nil,
        known: canaries.map { "\($0.name).\($0.namespace)" })
    }
    guard matching.count == 1 else {
      throw .ambiguousCanary(candidates: matching.map { "\($0.name).\($0.namespace)" })
    }
    return first
  }

  /// Byte for byte, as a cluster compares names.
  private func same(_ lhs: String, _ rhs: String) -> Bool { lhs.utf8.elementsEqual(rhs.utf8) }
}

/// A name that leads nowhere, or to several resources.
public enum ManifestReferenceError: Error, Sendable, Hashable {
  /// `name` is empty and `namespace` nil when any canary would have done and there is none; `known`
  /// lists what there is, as `name.namespace`.
  case missing(ManifestKind, name: String, namespace: String?, known: [String])
  case ambiguousCanary(candidates: [String])
}

extension ManifestReferenceError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missing(let kind, let name, let namespace, let known):
      let wanted = namespace.map { "\(name).\($0)" } ?? name
      let there =
        known.isEmpty
        ? "there is no \(kind.rawValue) among the manifests"
        : "known: \(known.joined(separator: ", "))"
      return wanted.isEmpty
        ? "there is no \(kind.rawValue) among the manifests"
        : "\(kind.rawValue) \(wanted) not found: \(there)"
    case .ambiguousCanary(let candidates):
      return "there are several canaries, pick one by its name: "
        + candidates.joined(separator: ", ")
    }
  }
}
