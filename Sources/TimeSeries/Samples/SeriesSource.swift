/// A source of series: a snapshot of the store, a recording, a remote's answer.
///
/// There is no road that is slow in silence: a source says itself what it can tell without looking at series,
/// and one that cannot says so (`Listing.labelNames(of:)` and the like look at all rows).
public protocol SeriesSource: Sendable {
  /// The series that satisfy the matchers and have samples in the interval, in label order.
  func select(_ selection: Selection) throws -> any Selected

  /// The answers to several selections, in their order. A remote asks for them all at once.
  func select(_ selections: [Selection]) throws -> [any Selected]

  /// No more series than these, all of floats, satisfy the matchers; found without looking at series. Nil
  /// where a source has no such bound at hand, or may hold native histograms.
  func bound(_ matchers: [LabelMatcher]) -> Int?

  /// The names of the labels that the selected series have, ascending by bytes. From an index where there is
  /// one: then it costs what there are of names, not of series.
  func labelNames(_ selection: Selection) throws -> [ArraySlice<UInt8>]

  /// The values that a label has in the selected series, ascending by bytes; the empty value is none. From an
  /// index where there is one.
  func labelValues(of name: [UInt8], _ selection: Selection) throws -> [ArraySlice<UInt8>]

  /// How many series there are of what, with the `limit` largest of each kind.
  func statistics(limit: Int) throws -> SeriesStatistics
}

extension SeriesSource {
  public func select(_ selections: [Selection]) throws -> [any Selected] {
    try selections.map { try select($0) }
  }
}

/// How many series a source holds of what.
public struct SeriesStatistics: Sendable {
  /// A name, or a name and a value with `=` between them, and how many there are.
  public struct Count: Sendable, Hashable {
    public var name: [UInt8]
    public var count: Int

    public init(name: [UInt8], count: Int) {
      self.name = name
      self.count = count
    }
  }

  /// How many series there are.
  public var series = 0
  /// How many different pairs of a label name and a value.
  public var labelPairs = 0
  /// Milliseconds: the times of the first and the last sample; nil when there is none.
  public var timeRange: ClosedRange<Int64>?
  /// Series of each metric; here and below the largest first, alike ones by name.
  public var seriesOfMetric: [Count] = []
  /// Different values of each label name.
  public var valuesOfName: [Count] = []
  /// Bytes of the values of each label name in all series.
  public var bytesOfName: [Count] = []
  /// Series of each pair.
  public var seriesOfPair: [Count] = []

  /// Nothing was counted.
  public init() {}
}
