import Manifests
import TimeSeries

/// What a selector catches of the pods, workloads and services around a canary: the matchers themselves are
/// asked, on names that a cluster would give.
struct SelectorProbe {
  /// One name, and whether the selector takes it.
  struct Row {
    var identity: Identity
    var isTaken: Bool
  }

  private(set) var rows: [Row] = []
  /// The kind of names that decide: the first that is asked for.
  private(set) var kinds: Set<Identity.Kind> = []
  private(set) var labels: [String] = []

  /// Whether discovery or a mesh sets every label that is asked for.
  var isCertain: Bool { labels.allSatisfy(Identity.Kind.isDiscovered) }

  /// By the labels that discovery or a mesh sets, where there are any; by others only without them, as
  /// these are often the application's own. Nil when there is neither.
  init?(of matchers: [LabelMatcher], identities: [Identity]) {
    let certain = matchers.filter { Identity.Kind.isDiscovered($0.name) }
    let probe =
      SelectorProbe(certain, identities: identities) ?? SelectorProbe(matchers, identities: identities)
    guard let probe else { return nil }
    self = probe
  }

  /// Nil when no matcher is about a pod, a workload, a service or an application.
  private init?(_ matchers: [LabelMatcher], identities: [Identity]) {
    let asked = matchers.filter { Identity.Kind(label: $0.name) != nil && !$0.value.isEmpty }
    guard !asked.isEmpty else { return nil }
    labels = asked.map(\.name)
    kinds = Set(asked.compactMap { Identity.Kind(label: $0.name) })
    rows = identities.filter { kinds.contains($0.kind) }.map { identity in
      let taken = asked.allSatisfy { matcher in
        Identity.Kind(label: matcher.name) != identity.kind || matcher.accepts(Array(identity.name.utf8)[...])
      }
      return Row(identity: identity, isTaken: taken)
    }
  }

  /// Whether the names of this role pass, for every kind of name that is asked for: all of the canary's, as a
  /// hash may have nine or
  /// ten characters and both have to be found; one of another's is enough.
  func takes(_ role: Identity.Role) -> Bool {
    kinds.allSatisfy { kind in
      let names = rows.filter { $0.identity.kind == kind && $0.identity.role == role }
      return switch role {
      case .canary: !names.isEmpty && names.allSatisfy(\.isTaken)
      case .primary, .other: names.contains(where: \.isTaken)
      }
    }
  }

  /// Who is caught, a line each.
  var table: String {
    let width = rows.map { $0.identity.name.count }.max() ?? 0
    return rows.map { row in
      let role =
        switch row.identity.role {
        case .canary: "canary "
        case .primary: "primary"
        case .other: "other  "
        }
      let name = row.identity.name + String(repeating: " ", count: width - row.identity.name.count)
      return "\(name)  \(role)  \(row.isTaken ? "YES" : "no ")  \(row.identity.title)"
    }.joined(separator: "\n")
  }
}
