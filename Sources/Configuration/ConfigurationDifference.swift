/// What a configuration changes of another, as a value: who reloads goes by it.
///
/// Jobs are told apart by their names, remotes by name and address, Alertmanagers and paths by what they
/// are. Two are the same when their contents are, wherever they stand in the file.
package struct ConfigurationDifference: Sendable, Hashable {
  /// Names, in the order of the new configuration; those that are gone in the order of the old one.
  package struct Names: Sendable, Hashable {
    package var added: [String] = []
    package var removed: [String] = []
    package var changed: [String] = []
    package var unchanged: [String] = []

    package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }
  }

  package var jobs: Names
  package var ruleFiles: Names
  package var scrapeConfigFiles: Names
  package var remoteWrites: Names
  package var remoteReads: Names
  package var alertmanagers: Names
  /// Whether rules are evaluated otherwise: interval, offset, external labels.
  package var changesEvaluation: Bool
  /// Whether labels that go to the outside changed.
  package var changesExternalLabels: Bool
  /// Whether alerts are relabelled otherwise before they are sent.
  package var changesAlertRelabelling: Bool
  package var changesStorage: Bool

  /// Whether nothing has to be done.
  package var isEmpty: Bool {
    jobs.isEmpty && ruleFiles.isEmpty && scrapeConfigFiles.isEmpty && remoteWrites.isEmpty
      && remoteReads.isEmpty
      && alertmanagers.isEmpty && !changesEvaluation && !changesExternalLabels && !changesAlertRelabelling
      && !changesStorage
  }

  /// Costs a look at every job.
  package init(from old: PrometheusConfiguration, to new: PrometheusConfiguration) {
    jobs = Self.names(old.jobs.map { ($0.name, $0) }, new.jobs.map { ($0.name, $0) })
    ruleFiles = Self.names(old.ruleFiles.map { ($0.text, $0.text) }, new.ruleFiles.map { ($0.text, $0.text) })
    scrapeConfigFiles = Self.names(
      old.scrapeConfigFiles.map { ($0.text, $0.text) }, new.scrapeConfigFiles.map { ($0.text, $0.text) })
    remoteWrites = Self.names(
      old.remoteWrites.compactMap { $0 }.map { (Self.name($0.name, $0.url), $0) },
      new.remoteWrites.compactMap { $0 }.map { (Self.name($0.name, $0.url), $0) })
    remoteReads = Self.names(
      old.remoteReads.compactMap { $0 }.map { (Self.name($0.name, $0.url), $0) },
      new.remoteReads.compactMap { $0 }.map { (Self.name($0.name, $0.url), $0) })
    alertmanagers = Self.names(Self.numbered(old), Self.numbered(new))
    let (before, after) = (old.global, new.global)
    changesExternalLabels = Set(before.externalLabels) != Set(after.externalLabels)
    changesEvaluation =
      before.evaluationInterval != after.evaluationInterval || before.ruleQueryOffset != after.ruleQueryOffset
      || changesExternalLabels
    changesAlertRelabelling = old.alerting.relabelRules != new.alerting.relabelRules
    changesStorage = old.storage != new.storage
  }

  private static func name(_ name: String, _ url: WebAddress?) -> String {
    name.isEmpty ? url?.description ?? "" : name
  }

  /// Alertmanagers have no names: Prometheus tells them apart by their numbers.
  private static func numbered(_ configuration: PrometheusConfiguration) -> [(String, AlertmanagerGroup?)] {
    configuration.alerting.alertmanagers.enumerated().map { ("config-\($0.offset)", $0.element) }
  }

  /// Several of the same name are compared one after the other.
  private static func names<Content: Hashable>(
    _ old: [(name: String, content: Content)], _ new: [(name: String, content: Content)]
  ) -> Names {
    var names = Names()
    var rest = Dictionary(grouping: old.indices, by: { old[$0].name }).mapValues { $0[...] }
    for (name, content) in new {
      guard let index = rest[name]?.popFirst() else {
        names.added.append(name)
        continue
      }
      if old[index].content == content { names.unchanged.append(name) } else { names.changed.append(name) }
    }
    let gone = Set(rest.values.flatMap { $0 })
    names.removed = old.indices.filter(gone.contains).map { old[$0].name }
    return names
  }
}
