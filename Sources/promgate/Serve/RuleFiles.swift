import Evaluator
import Manifests
import Rules
import Scrape
import Server
import TimeSeries

/// The rules that `serve --rules` names.
struct RuleFiles {
  private let files: [RuleLoop.File]

  /// Reads them; what is wrong is written to standard error. Throws when a rule cannot be used, or a
  /// pattern names no file.
  init(_ patterns: [String]) throws(ToolFailure) {
    var files: [RuleLoop.File] = []
    var isSound = true
    for pattern in patterns {
      let paths = PathPattern.paths(matching: pattern)
      if paths.isEmpty { throw ToolFailure("--rules: no file matches \(pattern)") }
      for path in paths where !files.contains(where: { $0.path == path }) {
        let source: ManifestSource
        do { source = ManifestSource(name: path, bytes: try InputFile.bytes(path, maximum: 16 << 20)) } catch
        {
          throw ToolFailure("\(path): \(error)")
        }
        let reading = RuleReading(source)
        let color = Terminal.standardError.usesColor
        for finding in reading.findings { Output.note(drawn: finding.rendered(usesColor: color)) }
        isSound = isSound && reading.findings.isEmpty
        files.append(RuleLoop.File(path: path, groups: reading.groups))
      }
    }
    guard isSound else { throw ToolFailure("the rules cannot be used as they are") }
    self.files = files
  }

  /// Nil without rules.
  func manager(
    engine: QueryEngine, interval: Int64, into store: Store, written: @escaping @Sendable () -> Void
  ) -> RuleLoop? {
    guard !files.isEmpty else { return nil }
    return RuleLoop(
      files, engine: engine, interval: interval, into: store, now: TimeSource.wall.now, written: written)
  }
}

/// What `/api/v1/status/config` says: the flags in the form of Prometheus' configuration.
struct ServedConfiguration {
  let yaml: String

  init(_ targets: [Target], _ scraping: ScrapeArguments, _ rules: [String], _ interval: Int64) {
    func duration(_ milliseconds: Int64) -> String { DurationText.text(milliseconds: milliseconds) }
    func text(_ text: String) -> String { GoText.quoted(text) }
    var lines = [
      "global:", "  scrape_interval: \(duration(scraping.interval))",
      "  scrape_timeout: \(duration(min(scraping.interval, scraping.scrapeTimeout)))",
      "  evaluation_interval: \(duration(interval))",
    ]
    if !rules.isEmpty { lines.append("rule_files:") }
    lines += rules.map { "- \(text($0))" }
    if !targets.isEmpty { lines.append("scrape_configs:") }
    for target in targets {
      // Credentials in an address stay here.
      let address = try? HTTPAddress(target.url)
      lines += [
        "- job_name: \(text(target.labels["job"] ?? ""))", "  honor_timestamps: \(scraping.honorTimestamps)",
        "  scrape_interval: \(duration(target.effectiveIntervalMilliseconds))",
        "  scrape_timeout: \(duration(target.effectiveTimeoutMilliseconds))",
        "  metrics_path: \(text(address?.path ?? "/metrics"))", "  scheme: \(address?.scheme ?? "http")",
        "  static_configs:", "  - targets:", "    - \(text(address?.authority ?? ""))",
      ]
      let labels = target.labels.pairs.filter { $0.name != "job" && $0.name != "instance" }
      if !labels.isEmpty { lines.append("    labels:") }
      lines += labels.map { "      \($0.name): \(text($0.value))" }
    }
    yaml = lines.joined(separator: "\n") + "\n"
  }
}
