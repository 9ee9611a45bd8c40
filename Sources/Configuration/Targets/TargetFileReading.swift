package import Manifests
import PromQL
package import TimeSeries

/// A list of groups of targets, as file and HTTP discovery read it (config.md §5): JSON, or YAML.
package struct TargetFileReading: Sendable {
  package private(set) var groups: [StaticGroup] = []
  package let source: ManifestSource
  /// What keeps the list from being taken; nothing of it is taken then.
  package private(set) var findings: [ManifestFinding] = []

  package init(_ source: ManifestSource) {
    self.source = source
    var reader = ConfigurationReader()
    do throws(ManifestProblem) {
      var composer = try YAMLComposer(
        checking: source.bytes, dialect: .configuration, isJSON: source.name.lowercased().hasSuffix(".json"))
      if let root = try composer.nextDocument() {
        for (index, item) in (reader.items(root, type: "[]*targetgroup.Group") ?? []).enumerated() {
          if item.isNull { throw .refusal("nil target group item found (index \(index))", at: item.range) }
          if let group: StaticGroup = try reader.section(item) { groups.append(group) }
        }
      }
      findings = reader.typeProblems.map { ManifestFinding($0.diagnostic, in: source) }
    } catch {
      findings = [ManifestFinding(error.diagnostic, in: source)]
    }
    if !findings.isEmpty { groups = [] }
  }
}

extension StaticGroup {
  /// The labels of its targets as a discovery hands them on, each with its place.
  package var discovered: [(target: Labels, group: Labels, written: NamedValue)] {
    let shared = Labels(labels.map { (name: $0.name, value: $0.value) })
    return targets.map { (Labels([(name: "__address__", value: $0.name)]), shared, $0) }
  }
}
