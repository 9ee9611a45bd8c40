public import TimeSeries

/// A rollout that a recording shows: pods of a new revision appear.
public struct RecordedRollout: Sendable, Hashable {
  /// The hash of the pod template: `7d9f8b6c5`.
  public var revision: String
  /// The first sample of any of its pods, milliseconds.
  public var start: Int64
}

/// Finds the rollouts of a canary's target by the names of its pods.
public struct RecordedRollouts: Sendable {
  /// Labels that hold a pod's name, by the scrape configurations that people use.
  public static let podLabels = ["pod", "kubernetes_pod_name", "exported_pod", "pod_name", "k8s_pod_name"]
  /// Labels that hold the hash itself.
  public static let revisionLabels = [
    "pod_template_hash", "label_pod_template_hash", "rollouts_pod_template_hash",
    "controller_revision_hash", "label_controller_revision_hash",
  ]
  private static let namespaceLabels = ["namespace", "kubernetes_namespace", "exported_namespace"]
  /// Pods of a revision that are seen this soon after the beginning of the recording were there before
  /// it; milliseconds.
  public static let settling: Int64 = 60_000

  private let target: String
  private let namespace: String

  public init(of rollout: Rollout) {
    target = rollout.targetName
    namespace = rollout.namespace
  }

  /// Each revision but those that the recording begins with, by time. Reads the timestamps of the pods'
  /// series. Throws when the recording turns out to be damaged.
  /// - Parameter range: of the recording, milliseconds.
  public func found(in source: any SeriesSource, range: ClosedRange<Int64>) throws -> [RecordedRollout] {
    var first: [String: Int64] = [:]
    for label in Self.podLabels {
      let selected = try source.select(
        Selection(
          matchers: [LabelMatcher(label, .matches, Self.quoted(target) + "-.+")],
          after: range.lowerBound &- 1, through: range.upperBound))
      for (row, labels) in selected.labels.enumerated() {
        guard let pod = labels[label], let revision = revision(of: pod, labels), isHere(labels) else {
          continue
        }
        let samples = try selected.samples(row)
        guard samples.count > 0 else { continue }
        first[revision] = min(first[revision] ?? .max, samples.timestamp(0))
      }
    }
    return first.filter { $0.value > range.lowerBound &+ Self.settling }
      .map { RecordedRollout(revision: $0.key, start: $0.value) }
      .sorted { ($0.start, $0.revision) < ($1.start, $1.revision) }
  }

  /// The revision of a canary's pod; nil for pods of the primary, and of other workloads.
  func revision(of pod: String, _ labels: Labels) -> String? {
    guard pod.hasPrefix(target + "-") else { return nil }
    let rest = pod.dropFirst(target.count + 1).split(separator: "-", omittingEmptySubsequences: false)
    if rest.first == "primary" { return nil }
    if let label = Self.revisionLabels.compactMap({ labels[$0] }).first { return label }
    // `7d9f8b6c5-x2k4p`: the hash of a Deployment's template, and five characters of the pod's own.
    guard rest.count == 2, rest[1].count == 5, (1...10).contains(rest[0].count),
      rest[0].allSatisfy(\.isHashLetter),
      rest[1].allSatisfy(\.isHashLetter)
    else { return nil }
    return String(rest[0])
  }

  private func isHere(_ labels: Labels) -> Bool {
    let named = Self.namespaceLabels.compactMap { labels[$0] }
    return named.isEmpty || named.contains(namespace)
  }

  private static func quoted(_ text: String) -> String {
    text.reduce(into: "") { $0 += $1 == "." ? "\\." : String($1) }
  }
}

extension Character {
  fileprivate var isHashLetter: Bool { isASCII && (isNumber || (isLetter && isLowercase)) }
}
