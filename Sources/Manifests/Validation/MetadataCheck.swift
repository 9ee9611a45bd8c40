import PromQL
import TimeSeries

/// Names, namespaces, labels and annotations that no cluster takes. What is put in before one sees them
/// (`${APP}`, `{{ .Release.Name }}`) is nobody's to judge.
struct MetadataCheck {
  private(set) var diagnostics: [Diagnostic] = []

  /// - Parameter node: `metadata` of a resource.
  init(_ node: ManifestNode) {
    guard case .mapping(let metadata) = node.content else { return }
    check(metadata, "name", KubernetesName.isValid, Self.subdomain)
    check(metadata, "generateName", KubernetesName.isBeginning, "the beginning of a name: " + Self.subdomain)
    check(
      metadata, "namespace", KubernetesName.isNamespace, "lower-case letters, digits and -, at most 63 long")
    for entry in entries(of: metadata, "labels") {
      checkKey(entry, of: "labels")
      guard let value = Self.text(entry.value), !Self.isOpen(value) else { continue }
      if !KubernetesName.isLabelValue(value) {
        report(entry.value.range, "metadata.labels.\(Quoted.key(entry.key))", Self.labelValue, value)
      }
    }
    var size = 0
    for entry in entries(of: metadata, "annotations") {
      checkKey(entry, of: "annotations")
      size += entry.key.utf8.count + (Self.text(entry.value)?.utf8.count ?? 0)
    }
    if size > Self.mostAnnotated, let range = metadata["annotations"]?.keyRange {
      diagnostics.append(
        Diagnostic(
          code: ManifestCode.value, severity: .error, range: range,
          message: "metadata.annotations must be at most \(Self.mostAnnotated) bytes together, not \(size)"))
    }
  }

  private static let subdomain = "lower-case letters, digits, - and ., at most 253 long"
  private static let labelValue =
    "letters, digits, -, _ and ., a letter or digit first and last, at most 63 long"
  /// Of keys and values together, 256 KiB.
  private static let mostAnnotated = 262_144

  private mutating func check(
    _ metadata: ManifestNode.Mapping, _ key: String, _ isValid: (String) -> Bool, _ wanted: String
  ) {
    guard let node = metadata.valued(key)?.value, let text = Self.text(node), !text.isEmpty,
      !Self.isOpen(text), !isValid(text)
    else { return }
    report(node.range, "metadata.\(key)", wanted, text)
  }

  private mutating func checkKey(_ entry: ManifestNode.Mapping.Entry, of map: String) {
    let key = map == "annotations" ? entry.key.lowercased() : entry.key
    guard !Self.isOpen(key), !KubernetesName.isQualified(key) else { return }
    report(
      entry.keyRange, "a key of metadata.\(map)", "a name such as app.kubernetes.io/name: \(Self.labelValue)",
      entry.key)
  }

  private mutating func report(_ range: SourceRange, _ what: String, _ wanted: String, _ found: String) {
    diagnostics.append(
      Diagnostic(
        code: ManifestCode.value, severity: .error, range: range,
        message: "\(what) must be \(wanted), not \(Quoted.text(found))"))
  }

  private func entries(of metadata: ManifestNode.Mapping, _ key: String) -> [ManifestNode.Mapping.Entry] {
    if case .mapping(let map)? = metadata[key]?.value.content { map.entries } else { [] }
  }

  private static func text(_ node: ManifestNode) -> String? {
    guard case .scalar(let scalar) = node.content, scalar.value == .text else { return nil }
    return String(decoding: scalar.bytes, as: UTF8.self)
  }

  private static func isOpen(_ text: String) -> Bool { text.contains("$") || text.contains("{") }
}
