/// How a target is doing: what `/api/v1/targets` tells.
public struct TargetStatus: Sendable, Hashable {
  /// How the latest scrape went; the raw value is what the API says.
  public enum Health: String, Sendable, Hashable {
    case unknown, up, down
  }

  /// Which target.
  public var target: Target
  /// Unknown before the first scrape.
  public var health = Health.unknown
  /// The latest scrape's time in milliseconds; nil before the first.
  public var lastScrape: Int64?
  /// How long the latest scrape took, in seconds.
  public var lastDurationSeconds = 0.0
  /// Why the latest scrape failed; nil when it did not.
  public var lastFailure: ScrapeFailure?
  /// What the target says about its metrics.
  public var families: [MetricFamily] = []

  public init(target: Target) { self.target = target }
}
