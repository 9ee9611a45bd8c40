package import Manifests
import PromQL
import TimeSeries

/// `global`: what jobs inherit (config.md §3). Durations are milliseconds; a limit of 0 is none.
package struct GlobalSection: ConfigurationSection {
  package var scrapeInterval: Int64 = 0
  package var scrapeTimeout: Int64 = 0
  /// Nil where none are written.
  package var scrapeProtocols: [String]?
  package var evaluationInterval: Int64 = 0
  package var ruleQueryOffset: Int64 = 0
  package var queryLogFile = ""
  package var scrapeFailureLogFile = ""
  /// Their values expanded once the whole is read.
  package var externalLabels: [NamedValue] = []
  package var limits = JobLimits()
  package var nameValidation: NameValidation?
  package var nameEscaping = ""
  package var scrapesNativeHistograms: Bool?
  package var convertsClassicHistograms = false
  package var alwaysScrapesClassicHistograms = false
  package var reportsExtra = false
  package var places = SectionPlaces()

  /// Nothing yet: `complete` puts the defaults where nothing is written.
  package init() {}

  package static let title = "global"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = own + JobLimits.lifted(to: \.limits)

  private static let own: [ConfigurationField<Self>] =
    [
      .duration("scrape_interval", \.scrapeInterval), .duration("scrape_timeout", \.scrapeTimeout),
      .texts("scrape_protocols", \.scrapeProtocols, item: "config.ScrapeProtocol"),
      .duration("evaluation_interval", \.evaluationInterval),
      .duration("rule_query_offset", \.ruleQueryOffset),
      .text("query_log_file", \.queryLogFile), .text("scrape_failure_log_file", \.scrapeFailureLogFile),
      .pairs("external_labels", \.externalLabels),
      NameValidation.field(\.nameValidation), .text("metric_name_escaping_scheme", \.nameEscaping),
      .flag("scrape_native_histograms", \.scrapesNativeHistograms),
      .flag("convert_classic_histograms_to_nhcb", \.convertsClassicHistograms),
      .flag("always_scrape_classic_histograms", \.alwaysScrapesClassicHistograms),
      .flag("extra_scrape_metrics", \.reportsExtra),
    ]

  /// What is in force where there is no `global`.
  package static var standard: Self {
    var standard = Self()
    standard.setDefaults()
    return standard
  }

  private mutating func setDefaults() {
    if scrapeInterval == 0 { scrapeInterval = 60_000 }
    if scrapeTimeout == 0 { scrapeTimeout = min(10_000, scrapeInterval) }
    if evaluationInterval == 0 { evaluationInterval = 60_000 }
    nameValidation = nameValidation ?? .utf8
    scrapesNativeHistograms = scrapesNativeHistograms ?? false
  }

  package static var blank: Self { standard }

  package mutating func complete() throws(ManifestProblem) {
    for label in externalLabels.sorted(by: {
      Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8))
    }) {
      let name = Array(label.name.utf8)
      guard nameValidation == .legacy ? LabelName.isLegacy(name) : LabelName.isValid(name) else {
        throw .refusal("\(GoText.quoted(label.name)) is not a valid label name", at: label.place.range)
      }
    }
    if scrapeTimeout > (scrapeInterval == 0 ? 60_000 : scrapeInterval) {
      throw refusal(
        "global scrape timeout greater than scrape interval", at: "scrape_timeout", "scrape_interval",
        help:
          "the interval is \(DurationText.text(milliseconds: scrapeInterval == 0 ? 60_000 : scrapeInterval))")
    }
    setDefaults()
    if let scrapeProtocols {
      do { try ScrapeProtocols.check(scrapeProtocols) } catch {
        throw refusal("\(error) for global config", at: "scrape_protocols")
      }
    }
  }
}

/// Limits of a job; 0 is none.
package struct JobLimits: ConfigurationSection {
  /// Bytes.
  package var bodySize: Int64 = 0
  package var samples: UInt64 = 0
  package var targets: UInt64 = 0
  package var labels: UInt64 = 0
  package var labelNameLength: UInt64 = 0
  package var labelValueLength: UInt64 = 0
  package var keptDroppedTargets: UInt64 = 0
  package var places = SectionPlaces()

  package init() {}

  package static let title = "limits"
  package static let type = "config.plain"
  package static let fields: [ConfigurationField<Self>] = [
    .size("body_size_limit", \.bodySize), .natural("sample_limit", \.samples),
    .natural("target_limit", \.targets),
    .natural("label_limit", \.labels), .natural("label_name_length_limit", \.labelNameLength),
    .natural("label_value_length_limit", \.labelValueLength),
    .natural("keep_dropped_targets", \.keptDroppedTargets),
  ]

  /// Takes what is not limited from elsewhere.
  mutating func inherit(_ other: JobLimits) {
    if bodySize == 0 { bodySize = other.bodySize }
    if samples == 0 { samples = other.samples }
    if targets == 0 { targets = other.targets }
    if labels == 0 { labels = other.labels }
    if labelNameLength == 0 { labelNameLength = other.labelNameLength }
    if labelValueLength == 0 { labelValueLength = other.labelValueLength }
    if keptDroppedTargets == 0 { keptDroppedTargets = other.keptDroppedTargets }
  }
}

/// The formats that a scrape asks for.
package enum ScrapeProtocols {
  /// In the order of their names.
  package static let known = [
    "OpenMetricsText0.0.1", "OpenMetricsText1.0.0", "PrometheusProto", "PrometheusText0.0.4",
    "PrometheusText1.0.0",
  ]
  /// What is asked for where nothing is written, best first.
  package static let standard = [
    "OpenMetricsText1.0.0", "OpenMetricsText0.0.1", "PrometheusText1.0.0", "PrometheusText0.0.4",
  ]

  struct Problem: Error, CustomStringConvertible { var description: String }

  static func check(_ name: String) throws(Problem) {
    guard known.contains(name) else {
      throw Problem(
        description: "unknown scrape protocol \(name), supported: [\(known.joined(separator: " "))]")
    }
  }

  static func check(_ names: [String]) throws(Problem) {
    if names.isEmpty { throw Problem(description: "scrape_protocols cannot be empty") }
    var seen: Set<String> = []
    for name in names {
      guard seen.insert(name.lowercased()).inserted else {
        throw Problem(
          description: "duplicated protocol in scrape_protocols, got [\(names.joined(separator: " "))]")
      }
      do { try check(name) } catch { throw Problem(description: "scrape_protocols: \(error)") }
    }
  }
}

extension NameValidation {
  static func field<Section>(
    _ place: ConfigurationField<Section>.Place<NameValidation?>
  ) -> ConfigurationField<Section> {
    ConfigurationField("metric_name_validation_scheme") { (section, node, reader) throws(ManifestProblem) in
      guard let text = reader.text(node) else { return }
      if text.isEmpty { return section[keyPath: place] = nil }
      guard let scheme = NameValidation(rawValue: text) else {
        throw .refusal(
          "unrecognized ValidationScheme: \(GoText.quoted(text))", at: node.range,
          help: "there are utf8 and legacy")
      }
      section[keyPath: place] = scheme
    }
  }
}
