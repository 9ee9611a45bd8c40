package import Manifests
import PromQL
import TimeSeries

/// An item of `scrape_configs` (config.md §4), completed from `global`. Durations are milliseconds.
package struct ScrapeJob: ConfigurationSection {
  package var name = ""
  package var scrapeInterval: Int64 = 0
  package var scrapeTimeout: Int64 = 0
  package var metricsPath = "/metrics"
  package var scheme = "http"
  /// In the order written.
  package var parameters: [JobParameter] = []
  package var honorsLabels = false
  package var honorsTimestamps = true
  package var tracksTimestampsStaleness = false
  package var enablesCompression = true
  package var scrapeProtocols: [String]?
  /// Empty for none.
  package var fallbackProtocol = ""
  package var scrapesNativeHistograms: Bool?
  package var convertsClassicHistograms: Bool?
  package var alwaysScrapesClassicHistograms: Bool?
  package var reportsExtra: Bool?
  package var nativeHistogramBuckets: UInt64 = 0
  package var nativeHistogramFactor = 0.0
  package var scrapeFailureLogFile = ""
  package var limits = JobLimits()
  package var nameValidation: NameValidation?
  package var nameEscaping = ""
  package var client = HTTPClientOptions()
  package var discovery = DiscoveryOptions()
  package var relabelRules: [WrittenRelabelRule?] = []
  package var metricRelabelRules: [WrittenRelabelRule?] = []
  package var places = SectionPlaces()

  package init() {}

  package static let title = "a scrape configuration"
  package static let type = "config.ScrapeConfig"
  package static let fields: [ConfigurationField<Self>] =
    own + JobLimits.lifted(to: \.limits)
    + HTTPClientOptions.lifted(to: \.client) + DiscoveryOptions.fields(\.discovery)

  private static let own: [ConfigurationField<Self>] =
    [
      .text("job_name", \.name), .duration("scrape_interval", \.scrapeInterval),
      .duration("scrape_timeout", \.scrapeTimeout), .text("metrics_path", \.metricsPath),
      .text("scheme", \.scheme),
      JobParameter.field(\.parameters), .flag("honor_labels", \.honorsLabels),
      .flag("honor_timestamps", \.honorsTimestamps),
      .flag("track_timestamps_staleness", \.tracksTimestampsStaleness),
      .flag("enable_compression", \.enablesCompression),
      .texts("scrape_protocols", \.scrapeProtocols, item: "config.ScrapeProtocol"),
      .text("fallback_scrape_protocol", \.fallbackProtocol, type: "config.ScrapeProtocol"),
      .flag("scrape_native_histograms", \.scrapesNativeHistograms),
      .flag("convert_classic_histograms_to_nhcb", \.convertsClassicHistograms),
      .flag("always_scrape_classic_histograms", \.alwaysScrapesClassicHistograms),
      .flag("extra_scrape_metrics", \.reportsExtra),
      .natural("native_histogram_bucket_limit", \.nativeHistogramBuckets),
      .number("native_histogram_min_bucket_factor", \.nativeHistogramFactor),
      .text("scrape_failure_log_file", \.scrapeFailureLogFile), NameValidation.field(\.nameValidation),
      .text("metric_name_escaping_scheme", \.nameEscaping),
      .sections("relabel_configs", \.relabelRules, list: "[]*relabel.Config"),
      .sections("metric_relabel_configs", \.metricRelabelRules, list: "[]*relabel.Config"),
    ]

  package mutating func complete() throws(ManifestProblem) {
    try discovery.complete(places)
    if name.isEmpty {
      throw refusal("job_name is empty", at: "job_name", help: "write job_name: a name of its own")
    }
    client.places = places
    try client.complete()
    if relabelRules.isEmpty { try discovery.checkAddresses() }
    try relabelRules.checkNone(
      "empty or null target relabeling rule in scrape config", at: places["relabel_configs"])
    try metricRelabelRules.checkNone(
      "empty or null metric relabeling rule in scrape config", at: places["metric_relabel_configs"])
  }

  /// Inherits what is not written, and refuses what does not go together then.
  mutating func complete(from global: GlobalSection) throws(ManifestProblem) {
    let ending = "for scrape config with job name \(GoText.quoted(name))"
    if scrapeInterval == 0 { scrapeInterval = global.scrapeInterval }
    if scrapeTimeout > scrapeInterval {
      throw refusal(
        "scrape timeout greater than scrape interval \(ending)", at: "scrape_timeout", "scrape_interval",
        help: "the interval is \(DurationText.text(milliseconds: scrapeInterval))")
    }
    if scrapeTimeout == 0 { scrapeTimeout = min(global.scrapeTimeout, scrapeInterval) }
    limits.inherit(global.limits)
    if scrapeFailureLogFile.isEmpty { scrapeFailureLogFile = global.scrapeFailureLogFile }
    scrapesNativeHistograms = scrapesNativeHistograms ?? global.scrapesNativeHistograms
    reportsExtra = reportsExtra ?? global.reportsExtra
    let native = scrapesNativeHistograms ?? false
    let protocols =
      scrapeProtocols ?? global.scrapeProtocols
      ?? (native ? ["PrometheusProto"] : []) + ScrapeProtocols.standard
    scrapeProtocols = protocols
    do { try ScrapeProtocols.check(protocols) } catch {
      throw refusal("\(error) \(ending)", at: "scrape_protocols")
    }
    if !fallbackProtocol.isEmpty {
      do { try ScrapeProtocols.check(fallbackProtocol) } catch {
        throw refusal("invalid fallback_scrape_protocol \(ending): \(error)", at: "fallback_scrape_protocol")
      }
    }
    try completeNames(from: global)
    convertsClassicHistograms = convertsClassicHistograms ?? global.convertsClassicHistograms
    alwaysScrapesClassicHistograms = alwaysScrapesClassicHistograms ?? global.alwaysScrapesClassicHistograms
    try relabelRules.complete(with: nameValidation ?? .utf8)
    try metricRelabelRules.complete(with: nameValidation ?? .utf8)
  }

  private mutating func completeNames(from global: GlobalSection) throws(ManifestProblem) {
    func standard(_ scheme: NameValidation?) -> String { scheme == .legacy ? "underscores" : "allow-utf-8" }
    func problem(_ whose: String, _ value: String) -> String {
      "unknown \(whose) name escaping method specified, must be one of 'allow-utf-8', 'underscores', "
        + "'dots', or 'values', got \(GoText.quoted(value))"
    }
    let isOwn = nameValidation != nil
    nameValidation = nameValidation ?? global.nameValidation
    let inherited = global.nameEscaping.isEmpty ? standard(global.nameValidation) : global.nameEscaping
    guard Self.escapings.contains(inherited) else {
      throw global.refusal(problem("global", inherited), at: "metric_name_escaping_scheme")
    }
    if nameEscaping.isEmpty { nameEscaping = isOwn ? standard(nameValidation) : inherited }
    guard Self.escapings.contains(nameEscaping) else {
      throw refusal(problem("scrape config", nameEscaping), at: "metric_name_escaping_scheme")
    }
    if nameEscaping == "allow-utf-8", nameValidation != .utf8 {
      throw refusal(
        "utf8 metric names requested but validation scheme is not set to UTF8",
        at: "metric_name_escaping_scheme",
        "metric_name_validation_scheme")
    }
  }

  private static let escapings = ["allow-utf-8", "underscores", "dots", "values"]
}

/// A parameter of the scrape's address, with its values.
package struct JobParameter: Sendable, Hashable {
  package var name: String
  package var values: [String]

  package init(name: String, values: [String]) {
    self.name = name
    self.values = values
  }

  static func field<Section>(
    _ place: ConfigurationField<Section>.Place<[JobParameter]>
  ) -> ConfigurationField<Section> {
    ConfigurationField("params") { (section, node, reader) throws(ManifestProblem) in
      guard let entries = reader.entries(node, type: "url.Values") else { return }
      section[keyPath: place] = entries.compactMap { entry in
        reader.texts(entry.value).map { JobParameter(name: entry.key, values: $0) }
      }
    }
  }
}
