/// What a selection asks of a source of series: matchers and an interval of time.
public struct Selection: Sendable, Hashable {
  /// All must match. A matcher on an absent label sees the empty string.
  public var matchers: [LabelMatcher]
  /// Samples at or before this time (milliseconds) are not needed.
  public var after: Int64
  /// Samples later than this time (milliseconds) are not needed.
  public var through: Int64

  public init(matchers: [LabelMatcher], after: Int64, through: Int64) {
    self.matchers = matchers
    self.after = after
    self.through = through
  }
}

/// The one door to samples: what a source found for a selection.
///
/// The store, recordings and remotes conform. Rows are series, in label order.
public protocol Selected: Sendable {
  /// The labels of each row, ascending, no two alike.
  var labels: [Labels] { get }

  /// The samples of a row inside the selection's interval; more at either side is allowed as long
  /// as the run stays contiguous. Rows that were sampled together share the timeline object.
  /// Throws when the source turns out to be damaged; costs one decoding.
  func samples(_ row: Int) throws -> Samples

  /// The same, read over `result`: who reads many rows gives the memory of the one before.
  func read(_ row: Int, into result: inout Samples) throws

  /// The samples of a row in first...last as chunks, in order of time. Sources that hold chunks hand them
  /// over as they are where they can; the others have them written.
  func chunks(_ row: Int, first: Int64, last: Int64, _ writer: inout ChunkWriter) throws -> [WrittenChunk]

  /// Where the samples of a row lie, when all are floats; nil where that is not known without decoding them,
  /// or is not so.
  func extent(_ row: Int) -> SampleExtent?

  /// Whether any row may hold native histograms; false lets the evaluator do without them.
  var mayHoldHistograms: Bool { get }
}

/// Where the samples of a series lie: a run of positions of a timeline, a float at each.
public struct SampleExtent: Sendable {
  public let timeline: Timeline
  /// The positions on the timeline.
  public let positions: Range<Int>
}

extension Selected {
  public func extent(_ row: Int) -> SampleExtent? { nil }

  public func read(_ row: Int, into result: inout Samples) throws { result = try samples(row) }

  public func chunks(
    _ row: Int, first: Int64, last: Int64, _ writer: inout ChunkWriter
  ) throws -> [WrittenChunk] {
    writer.chunks(try samples(row), first: first, last: last)
  }
}

/// A source of series: a snapshot of the store, a recording, a remote's answer.
public protocol SeriesSource: Sendable {
  func select(_ selection: Selection) throws -> any Selected

  /// The answers to several selections, in their order. A remote asks for them all at once.
  func select(_ selections: [Selection]) throws -> [any Selected]

  /// No more series than these, all of floats, satisfy the matchers; found without looking at series. Nil
  /// where a source has no such bound at hand, or may hold native histograms.
  func bound(_ matchers: [LabelMatcher]) -> Int?
}

extension SeriesSource {
  public func select(_ selections: [Selection]) throws -> [any Selected] {
    try selections.map { try select($0) }
  }

  public func bound(_ matchers: [LabelMatcher]) -> Int? { nil }
}
