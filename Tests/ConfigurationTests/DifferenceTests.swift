import Configuration
import Manifests
import Testing

@Suite struct DifferenceTests {
  private static func read(_ text: String) throws -> PrometheusConfiguration {
    try #require(ConfigurationReading(ManifestSource(name: "c.yml", bytes: Array(text.utf8))).configuration)
  }

  private static let old = """
    global: {scrape_interval: 15s, external_labels: {a: b}}
    rule_files: [a.yml, b.yml]
    scrape_configs:
    - {job_name: same, static_configs: [{targets: [x:1]}]}
    - {job_name: other, static_configs: [{targets: [x:1]}]}
    - {job_name: gone}
    - {job_name: inherits}
    remote_write: [{url: http://a}, {url: http://b, name: n}]
    alerting: {alertmanagers: [{static_configs: [{targets: [m:1]}]}]}
    """

  @Test func `a text that only stands elsewhere changes nothing`() throws {
    let moved = "# comment\n\n" + Self.old.replacing("{job_name: same, ", with: "{   job_name: 'same', ")
    let difference = ConfigurationDifference(from: try Self.read(Self.old), to: try Self.read(moved))
    #expect(difference.isEmpty, "\(difference)")
    #expect(difference.jobs.unchanged == ["same", "other", "gone", "inherits"])
  }

  @Test func `jobs are told apart by name and compared by what they are`() throws {
    let new = """
      global: {scrape_interval: 15s, external_labels: {a: c}}
      rule_files: [b.yml, c.yml]
      scrape_configs:
      - {job_name: fresh}
      - {job_name: other, static_configs: [{targets: [x:2]}]}
      - {job_name: inherits}
      - {static_configs: [{targets: [x:1]}], job_name: same}
      remote_write: [{url: http://a}, {url: http://c, name: n}, {url: http://d}]
      alerting: {alertmanagers: [{static_configs: [{targets: [m:2]}]}]}
      """
    let difference = ConfigurationDifference(from: try Self.read(Self.old), to: try Self.read(new))
    #expect(difference.jobs.added == ["fresh"] && difference.jobs.removed == ["gone"])
    #expect(difference.jobs.changed == ["other"] && difference.jobs.unchanged == ["inherits", "same"])
    #expect(difference.ruleFiles.added == ["c.yml"] && difference.ruleFiles.removed == ["a.yml"])
    #expect(difference.remoteWrites.added == ["http://d"] && difference.remoteWrites.changed == ["n"])
    #expect(difference.alertmanagers.changed == ["config-0"])
    #expect(difference.changesEvaluation && difference.changesExternalLabels && !difference.changesStorage)
  }

  @Test func `what jobs inherit changes them`() throws {
    let new = Self.old.replacing("scrape_interval: 15s", with: "scrape_interval: 30s")
    let difference = ConfigurationDifference(from: try Self.read(Self.old), to: try Self.read(new))
    #expect(difference.jobs.changed == ["same", "other", "gone", "inherits"])
    #expect(!difference.changesEvaluation)
  }
}
