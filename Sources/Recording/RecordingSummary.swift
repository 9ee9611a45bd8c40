public import TimeSeries

/// What a recording holds, found by reading all of it once.
public struct RecordingSummary: Sendable {
  /// Something that is counted, with its name.
  public struct Count: Sendable, Hashable {
    public var name: String
    public var count: Int
  }

  /// A metric with its series and samples.
  public struct Metric: Sendable, Hashable {
    public var name: String
    public var series: Int
    public var samples: Int
  }

  /// A stretch without samples in all series that go on after it.
  public struct Gap: Sendable, Hashable {
    /// Milliseconds: the last sample before and the first one after.
    public var from: Int64
    public var to: Int64
    /// How many series have it.
    public var series: Int
  }

  public private(set) var series = 0
  /// Stale markers included.
  public private(set) var samples = 0
  public private(set) var staleMarkers = 0
  public private(set) var histograms = 0
  /// Milliseconds; nil when there is no sample.
  public private(set) var timeRange: ClosedRange<Int64>?
  /// By number of series, the largest first.
  public private(set) var metrics: [Metric] = []
  /// Of each label the number of its values, the largest first.
  public private(set) var labels: [Count] = []
  /// The usual distance of samples, milliseconds, with the number of series that have it.
  public private(set) var intervals: [(milliseconds: Int64, series: Int)] = []
  /// The longest gaps: more than three times the usual distance, and two minutes.
  public private(set) var gaps: [Gap] = []

  private static let shortestGap: Int64 = 120_000

  /// Reads every series; memory for one at a time. Throws when the recording is damaged.
  public init(of source: some SeriesSource) throws {
    let all = try source.select(Selection(matchers: [], after: .min, through: .max))
    var byMetric: [String: Metric] = [:]
    var values: [String: Set<String>] = [:]
    var seriesOfInterval: [Int64: Int] = [:]
    var seriesOfGap: [ClosedRange<Int64>: Int] = [:]
    for row in 0..<all.count {
      let samples = try all.samples(row)
      guard samples.count > 0 else { continue }
      let labels = all.labels(row)
      let name = labels.metricName ?? ""
      byMetric[name, default: Metric(name: name, series: 0, samples: 0)].series += 1
      byMetric[name]?.samples += samples.count
      for pair in labels.pairs where pair.name != LabelName.metric {
        values[pair.name, default: []].insert(pair.value)
      }
      series += 1
      self.samples += samples.count
      staleMarkers += samples.staleMarkers.count
      histograms += samples.histograms?.positions.count ?? 0
      let (first, last) = (samples.timestamp(0), samples.timestamp(samples.count - 1))
      let range = timeRange ?? first...last
      timeRange = min(range.lowerBound, first)...max(range.upperBound, last)
      guard let interval = Self.interval(samples) else { continue }
      seriesOfInterval[Self.rounded(interval), default: 0] += 1
      for position in 1..<samples.count {
        let (before, after) = (samples.timestamp(position - 1), samples.timestamp(position))
        if after &- before > max(3 &* interval, Self.shortestGap) {
          seriesOfGap[before...after, default: 0] += 1
        }
      }
    }
    metrics = byMetric.values.sorted { ($1.series, $1.samples, $0.name) < ($0.series, $0.samples, $1.name) }
    labels = values.map { Count(name: $0.key, count: $0.value.count) }
      .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    intervals = seriesOfInterval.map { (milliseconds: $0.key, series: $0.value) }
      .sorted { ($1.series, $0.milliseconds) < ($0.series, $1.milliseconds) }
    gaps = seriesOfGap.map { Gap(from: $0.key.lowerBound, to: $0.key.upperBound, series: $0.value) }
      .sorted { ($1.to - $1.from, $0.from) < ($0.to - $0.from, $1.from) }
  }

  /// The median distance of neighbouring samples; nil for fewer than two.
  private static func interval(_ samples: Samples) -> Int64? {
    guard samples.count > 1 else { return nil }
    let distances = (1..<min(samples.count, 200)).map {
      samples.timestamp($0) &- samples.timestamp($0 - 1)
    }.sorted()
    return distances[distances.count / 2]
  }

  /// Scrapes jitter: distances beyond a second count in whole seconds.
  private static func rounded(_ interval: Int64) -> Int64 {
    interval < 1000 ? interval : (interval + 500) / 1000 * 1000
  }
}
