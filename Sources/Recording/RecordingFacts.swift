public import Scrape

/// What a recording holds, and what was done to it while it was read.
public struct RecordingFacts: Sendable, Hashable {
  /// The name of its format.
  public var format: String
  /// What it says about its metrics.
  public var families: [MetricFamily]
  /// How many samples there are, stale markers included.
  public var samples = 0
  /// The times of the first and the last sample, in milliseconds; nil when there is none.
  public var timeRange: ClosedRange<Int64>?
  /// How many different columns of timestamps there are.
  public var timelines = 0
  /// Samples that are NaN; stale markers among them are in `staleMarkers` too.
  public var nans = 0
  /// Samples that end their series.
  public var staleMarkers = 0
  /// Steps back in time within a series; its samples were sorted.
  public var outOfOrder = 0
  /// Samples that repeat a time and its value.
  public var repeated = 0
  /// Samples that repeat a time with another value; the first one was kept.
  public var conflicting = 0

  /// What could not be read, in sentences.
  public var notes: [String] = []
  /// The same in numbers.
  public var loss = RecordingLoss()

  public init(format: String, families: [MetricFamily] = []) {
    self.format = format
    self.families = families
  }

  /// Milliseconds of March 1973: who means seconds is before, who means milliseconds after.
  private static let secondsEnd: Int64 = 100_000_000_000

  /// What a reader of results should know, in sentences.
  public var warnings: [String] {
    var warnings = notes
    if conflicting > 0 {
      warnings.append("\(conflicting) samples repeat a timestamp with another value; the first is used")
    }
    if nans > 0, staleMarkers == 0 {
      warnings.append(
        "\(nans) samples are NaN; if the dump came from Prometheus they may be stale markers: --nan stale")
    }
    if format == "text", let timeRange, timeRange.lowerBound > 100_000_000,
      timeRange.upperBound < Self.secondsEnd
    {
      warnings.append(
        "all timestamps lie before 1973; if they are seconds, this is OpenMetrics without # EOF")
    }
    return warnings
  }
}
