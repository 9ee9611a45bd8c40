package import Manifests
import PromQL
import TimeSeries

/// All of a prometheus.yml (config.md §2), with the defaults in force.
package struct PrometheusConfiguration: ConfigurationSection {
  package var global = GlobalSection.standard
  package var runtime = RuntimeSection()
  package var alerting = AlertingSection()
  /// Paths as written; a star in the last part stands for many.
  package var ruleFiles: [WrittenPath] = []
  package var scrapeConfigFiles: [WrittenPath] = []
  package var scrapeJobs: [ScrapeJob?] = []
  package var storage = StorageSection()
  package var tracing = TracingSection()
  package var remoteWrites: [RemoteWriteTarget?] = []
  package var remoteReads: [RemoteReadSource?] = []
  package var otlp = OTLPSection()
  package var places = SectionPlaces()

  package init() {}

  package static let title = "prometheus.yml"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = [
    .section("global", \.global), .section("runtime", \.runtime), .section("alerting", \.alerting),
    WrittenPath.field("rule_files", \.ruleFiles),
    WrittenPath.field("scrape_config_files", \.scrapeConfigFiles),
    .sections("scrape_configs", \.scrapeJobs, list: "[]*config.ScrapeConfig"), .section("storage", \.storage),
    .section("tracing", \.tracing),
    .sections("remote_write", \.remoteWrites, list: "[]*config.RemoteWriteConfig"),
    .sections("remote_read", \.remoteReads, list: "[]*config.RemoteReadConfig"), .section("otlp", \.otlp),
  ]

  /// Checks that are about several sections.
  package mutating func complete() throws(ManifestProblem) {
    for path in ruleFiles { try path.check("rule file") }
    for path in scrapeConfigFiles { try path.check("scrape config file") }
    try Self.complete(
      &scrapeJobs, at: places["scrape_configs"], from: global, earlier: [:],
      problem: { (job, _) in
        job.refusal(
          "found multiple scrape configs with job name \(GoText.quoted(job.name))", at: "job_name",
          help: "the name tells jobs apart: give each its own")
      })
    try alerting.complete(from: global)
    var names: Set<String> = []
    for index in remoteWrites.indices {
      guard var remote = remoteWrites[index] else { throw nothing("remote write", "remote_write") }
      if !remote.name.isEmpty, names.contains(remote.name) {
        throw remote.refusal(
          "found multiple remote write configs with job name \(GoText.quoted(remote.name))", at: "name")
      }
      try remote.relabelRules.complete(with: global.nameValidation ?? .utf8)
      remoteWrites[index] = remote
      names.insert(remote.name)
    }
    names = []
    for remote in remoteReads {
      guard let remote else { throw nothing("remote read", "remote_read") }
      if !remote.name.isEmpty, names.contains(remote.name) {
        throw remote.refusal(
          "found multiple remote read configs with job name \(GoText.quoted(remote.name))", at: "name")
      }
      names.insert(remote.name)
    }
  }

  private func nothing(_ what: String, _ key: String) -> ManifestProblem {
    refusal(
      "empty or null \(what) config section", at: key,
      help: "a dash stands alone here: write something behind it, or take it out")
  }

  /// Completes jobs from `global`, and tells the first that has the name of another.
  ///
  /// - Parameters:
  ///   - earlier: names that are taken, with where.
  ///   - problem: what to say of a job whose name is taken.
  static func complete(
    _ jobs: inout [ScrapeJob?], at place: SourceRange?, from global: GlobalSection, earlier: [String: String],
    problem: (ScrapeJob, String) -> ManifestProblem
  ) throws(ManifestProblem) {
    var names = earlier
    for index in jobs.indices {
      guard var job = jobs[index] else {
        throw .refusal(
          "empty or null scrape config section", at: place,
          help: "a dash stands alone in scrape_configs: write a job behind it, or take it out")
      }
      try job.complete(from: global)
      if let taken = names.updateValue("", forKey: job.name) { throw problem(job, taken) }
      jobs[index] = job
    }
  }

  /// The jobs; without those of `scrape_config_files`.
  package var jobs: [ScrapeJob] { scrapeJobs.compactMap { $0 } }
}

/// A path of the configuration with its place.
package struct WrittenPath: Sendable, Hashable {
  package var text: String
  package var places = SectionPlaces()

  static func field<Section>(
    _ key: String, _ place: ConfigurationField<Section>.Place<[WrittenPath]>
  ) -> ConfigurationField<Section> {
    ConfigurationField(key) { (section, node, reader) throws(ManifestProblem) in
      guard let items = reader.items(node, type: "[]string") else { return }
      section[keyPath: place] = items.compactMap { item in
        guard let text = reader.text(item) else { return nil }
        var path = WrittenPath(text: text)
        path.places.range = item.range
        return path
      }
    }
  }

  /// One star at most, and no folder behind it.
  func check(_ what: String) throws(ManifestProblem) {
    guard let star = text.utf8.firstIndex(of: UInt8(ascii: "*")) else { return }
    let rest = text.utf8[text.utf8.index(after: star)...]
    // The star's part may hold further stars.
    guard rest.contains(UInt8(ascii: "/")) else { return }
    throw .refusal(
      "invalid \(what) path \(GoText.quoted(text))", at: places.range,
      help: "only the last part of a path may hold a star: name the folders one by one")
  }
}

/// A file of `scrape_config_files`.
package struct ScrapeConfigFile: ConfigurationSection {
  package var jobs: [ScrapeJob?] = []
  package var places = SectionPlaces()

  package init() {}

  package static let title = "a file of scrape configurations"
  package static let type = "config.ScrapeConfigs"
  package static let fields: [ConfigurationField<Self>] = [
    .sections("scrape_configs", \.jobs, list: "[]*config.ScrapeConfig")
  ]
}
