/// What is known of an instant vector without data.
public struct VectorFacts: Sendable, Hashable {
  public var labels: LabelFacts
  public var count: SeriesCount
  /// Why it may have no series; empty when it always has one.
  public var empty: EmptyReasons
  public var values: ValueFacts
  /// Nil when nothing is known.
  public var unit: MetricUnit?
  /// What the value says of requests, when it is a part of them.
  public var share: RequestShare?
  public var histograms: HistogramPresence

  /// How many series there can be at one time.
  public enum SeriesCount: Sendable, Hashable {
    /// None, whatever the data.
    case none(Impossibility)
    case atMostOne
    case many
  }

  /// Why a part never has a series.
  public enum Impossibility: Sendable, Hashable {
    /// Matchers on a label that no value satisfies together.
    case contradiction(label: String)
    /// One side always has a label by which the sides meet and the other never has it.
    case unmatchable(label: String)
    /// A quantile of what has no `le`.
    case noBuckets
    /// A comparison that holds for no value.
    case neverHolds
    /// A part of it never has one.
    case part
  }

  /// Why a result may have no series.
  public struct EmptyReasons: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Nothing of what is selected is there.
    public static let noSeries = EmptyReasons(rawValue: 1)
    /// A comparison keeps only what satisfies it.
    public static let filtered = EmptyReasons(rawValue: 2)
    /// The two sides of an operator have no labels in common.
    public static let unmatched = EmptyReasons(rawValue: 4)
    /// There is something: `absent`, `unless`.
    public static let present = EmptyReasons(rawValue: 8)
  }

  /// Whether samples may be native histograms.
  public enum HistogramPresence: Sendable, Hashable {
    case never
    case possible
  }

  init(
    labels: LabelFacts, count: SeriesCount? = nil, empty: EmptyReasons = .noSeries,
    values: ValueFacts = .anything, unit: MetricUnit? = nil, share: RequestShare? = nil,
    histograms: HistogramPresence = .never
  ) {
    self.labels = labels
    self.count = count ?? (labels.tellNothingApart ? .atMostOne : .many)
    self.empty = empty
    self.values = values
    self.unit = unit
    self.share = share
    self.histograms = histograms
  }

  /// Whether there is exactly one series whenever the query is evaluated.
  public var isExactlyOne: Bool { count == .atMostOne && empty.isEmpty }

  /// Whether there can be more than one.
  public var mayBeMany: Bool { count == .many }

  /// Whether it never has a series, and why.
  public var impossibility: Impossibility? {
    if case .none(let why) = count { why } else { nil }
  }

  /// The count after labels were taken away or added: fewer labels cannot make more series.
  func counted(_ labels: LabelFacts) -> SeriesCount {
    switch count {
    case .none: .none(.part)
    case .atMostOne: .atMostOne
    case .many: labels.tellNothingApart ? .atMostOne : .many
    }
  }
}

/// A value that says which part of the requests were of one kind.
public struct RequestShare: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case failed
    case succeeded
    /// A part that is neither.
    case other
  }

  public var kind: Kind
  /// What the whole is: 1 for a ratio, 100 for percent.
  public var whole: Double
  /// Whether the parts that the numerator counts may be missing altogether: no failed request yet.
  public var numeratorMayBeMissing: Bool
  /// Whether numerator and denominator are the same metric, so that the share is between 0 and the whole.
  public var isPartOfWhole: Bool

  func times(_ factor: Double) -> RequestShare? {
    guard factor > 0, factor.isFinite else { return nil }
    var copy = self
    copy.whole *= factor
    return copy
  }

  /// The rest of the whole; nil when the number is no whole.
  func rest(of number: Double) -> RequestShare? {
    guard abs(number - whole) < 1e-9 * whole else { return nil }
    var copy = self
    switch kind {
    case .failed: copy.kind = .succeeded
    case .succeeded: copy.kind = .failed
    case .other: break
    }
    return copy
  }
}
