/// The series that a scrape adds about itself (exposition.md §9); the raw value is the metric's name.
enum ReportSeries: String, CaseIterable, Sendable {
  case up
  case duration = "scrape_duration_seconds"
  case samplesScraped = "scrape_samples_scraped"
  case samplesKept = "scrape_samples_post_metric_relabeling"
  case seriesAdded = "scrape_series_added"
  case timeout = "scrape_timeout_seconds"
  case sampleLimit = "scrape_sample_limit"
  case bodySize = "scrape_body_size_bytes"

  /// Only written when the target asks for more.
  var isExtra: Bool {
    switch self {
    case .up, .duration, .samplesScraped, .samplesKept, .seriesAdded: false
    case .timeout, .sampleLimit, .bodySize: true
    }
  }

  /// The series that a target's scrapes write, in order.
  static func all(extra: Bool) -> [ReportSeries] { allCases.filter { extra || !$0.isExtra } }
}

/// What a scrape counted.
struct ScrapeCounts: Sendable {
  var scraped = 0
  var kept = 0
  var seriesAdded = 0
  /// Bytes of the body; −1 when it was too long, 0 when there is none.
  var bodySize = 0

  func value(of series: ReportSeries, target: Target, result: ScrapeResult) -> Double {
    switch series {
    case .up: result.isUp ? 1 : 0
    case .duration: result.durationSeconds
    case .samplesScraped: Double(scraped)
    case .samplesKept: Double(kept)
    case .seriesAdded: Double(seriesAdded)
    case .timeout: Double(target.effectiveTimeoutMilliseconds) / 1000
    case .sampleLimit: Double(max(0, target.limits.samples))
    case .bodySize: Double(bodySize)
    }
  }
}
