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

  /// All series with all their samples.
  public static let everything = Selection(matchers: [], after: .min, through: .max)
}

/// The one door to samples: what a source found for a selection.
///
/// The store, recordings and remotes conform. Rows are series, in label order. Nothing has a default: what a
/// source cannot tell without looking at each row, it says so itself.
public protocol Selected: Sendable {
  /// The labels of each row, ascending, no two alike. May cost as much as they are: loops ask for one at a
  /// time.
  var labels: [Labels] { get }

  /// How many rows there are.
  var count: Int { get }

  /// The labels of a row.
  func labels(_ row: Int) -> Labels

  /// Whether any row may have a label `__type__` or `__unit__`; true only costs time.
  var mayHaveTypeOrUnit: Bool { get }

  /// Numbers the rows by the values that they have of some labels. Nil where that is not known without
  /// looking at each row's labels.
  func numbers(of names: LabelNames) -> RowNumbers?

  /// The samples of a row inside the selection's interval; more at either side is allowed as long
  /// as the run stays contiguous. Rows that were sampled together share the timeline object.
  /// Throws when the source turns out to be damaged; costs one decoding.
  func samples(_ row: Int) throws -> Samples

  /// The same, read over `result`: who reads many rows gives the memory of the one before.
  func read(_ row: Int, into result: inout Samples) throws

  /// The samples of a row in first...last as chunks, in order of time. Sources that hold chunks hand them
  /// over as they are where they can; the others have the writer write their samples.
  func chunks(_ row: Int, first: Int64, last: Int64, _ writer: inout ChunkWriter) throws -> [WrittenChunk]

  /// Where the samples of a row lie, when all are floats; nil where that is not known without decoding them,
  /// or is not so.
  func extent(_ row: Int) -> SampleExtent?

  /// Whether any row may hold native histograms; false lets the evaluator do without them.
  var mayHoldHistograms: Bool { get }
}

/// Rows numbered by something that they have in common: the numbers go from zero on, in the order in which
/// they first come.
public struct RowNumbers: Sendable {
  /// The number of each row.
  public private(set) var ofRow: [Int32]
  /// The first row of each number.
  public private(set) var firstRows: [Int] = []

  /// Numbers rows by codes from zero to below `bound`, which may have gaps.
  init(_ codes: [Int], bound: Int) {
    ofRow = []
    ofRow.reserveCapacity(codes.count)
    // A table where that is no larger than what it numbers.
    if bound <= max(256, 4 * codes.count) {
      var known = [Int32](repeating: -1, count: bound)
      for (row, code) in codes.enumerated() {
        if known[code] < 0 { known[code] = add(row) }
        ofRow.append(known[code])
      }
      return
    }
    var known: [Int: Int32] = [:]
    for (row, code) in codes.enumerated() {
      let number = known[code] ?? add(row)
      known[code] = number
      ofRow.append(number)
    }
  }

  private mutating func add(_ row: Int) -> Int32 {
    firstRows.append(row)
    return Int32(firstRows.count - 1)
  }
}

/// Where the samples of a series lie: a run of positions of a timeline, a float at each. Good as long as the
/// selection that it comes from: looking at many of them counts no references.
@safe
public struct SampleExtent {
  private let reference: Unmanaged<Timeline>
  /// The positions on the timeline.
  public let positions: Range<Int>

  package init(_ timeline: Timeline, _ positions: Range<Int>) {
    unsafe reference = .passUnretained(timeline)
    self.positions = positions
  }

  /// The selection keeps it alive: it must not be asked for later.
  package var timeline: Timeline { unsafe reference.takeUnretainedValue() }

  /// Whether two series of one selection have samples at the same times.
  package func isSame(as other: SampleExtent) -> Bool {
    unsafe reference.toOpaque() == other.reference.toOpaque() && positions == other.positions
  }
}
