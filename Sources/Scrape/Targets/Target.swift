public import TimeSeries

/// What is scraped, how often, and what its series are called.
public struct Target: Sendable, Hashable {
  /// Where the exposition is; absolute, without credentials (those are in `access`).
  public var url: String
  /// The target's labels: `job`, `instance` and whatever else was given. No name begins with `__`.
  public var labels: Labels
  /// Credentials, further headers, and whether certificates are checked.
  public var access: HTTPAccess
  /// Time from one scrape to the next, in milliseconds.
  public var intervalMilliseconds: Int64
  /// Most time that a scrape may take; never more than the interval.
  public var timeoutMilliseconds: Int64
  /// Exposed labels win over the target's (exposition.md §8.3).
  public var honorsLabels: Bool
  /// Exposed timestamps are used.
  public var honorsTimestamps: Bool
  /// Series with exposed timestamps get stale markers too.
  public var tracksTimestampsStaleness: Bool
  /// Whether gzip is asked for.
  public var compressed: Bool
  /// Whether up to ten redirects are followed.
  public var followsRedirects: Bool
  /// What a body without a usable Content-Type is read as; nil makes the scrape fail.
  public var fallbackFormat: ExpositionFormat?
  /// Also report the timeout, the sample limit and the size of the body (exposition.md §9).
  public var reportsExtra: Bool
  /// What one scrape may bring.
  public var limits: ScrapeLimits

  /// A target with Prometheus' defaults: a minute between scrapes, at most ten seconds for one.
  public init(url: String, labels: Labels) {
    self.url = url
    self.labels = labels
    access = HTTPAccess()
    intervalMilliseconds = 60_000
    timeoutMilliseconds = 10_000
    honorsLabels = false
    honorsTimestamps = true
    tracksTimestampsStaleness = false
    compressed = true
    followsRedirects = true
    fallbackFormat = nil
    reportsExtra = false
    limits = ScrapeLimits()
  }

  /// The timeout that is in force: at least a millisecond, at most the interval.
  public var effectiveTimeoutMilliseconds: Int64 {
    max(1, min(timeoutMilliseconds, effectiveIntervalMilliseconds))
  }

  /// The interval that is in force: at least a millisecond, at most a year.
  public var effectiveIntervalMilliseconds: Int64 {
    max(1, min(intervalMilliseconds, 365 * 86_400_000))
  }
}

/// What one scrape may bring; 0 means no limit (exposition.md §6, §8).
public struct ScrapeLimits: Sendable, Hashable {
  /// Bytes of the decompressed body, which must stay below.
  public var bodySize: Int
  /// Samples.
  public var samples: Int
  /// Labels of a series, `__name__` and the target's own included.
  public var labels: Int
  /// Bytes of a label's name.
  public var labelNameLength: Int
  /// Bytes of a label's value.
  public var labelValueLength: Int

  /// A body below 256 MiB, and otherwise no limit.
  public init(
    bodySize: Int = 256 << 20, samples: Int = 0, labels: Int = 0, labelNameLength: Int = 0,
    labelValueLength: Int = 0
  ) {
    self.bodySize = bodySize
    self.samples = samples
    self.labels = labels
    self.labelNameLength = labelNameLength
    self.labelValueLength = labelValueLength
  }
}
