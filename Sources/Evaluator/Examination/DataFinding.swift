/// Something that a look at the data says about why a part of a query has no value. `description` is
/// one sentence for people.
public enum DataFinding: Sendable, Hashable {
  /// No series of that name in the whole of the data; `nearest` is a name that is there and looks alike.
  case unknownName(String, nearest: String?)
  /// No series of that name satisfies the matcher; `seen` are a few of the values that the label does
  /// have, `nearest` is one of them that looks alike (or a label, when the label was never seen),
  /// `renamedTo` is a label `exported_…` that would satisfy it.
  case unmatchedLabel(
    name: String, matcher: String, seen: [String], seenCount: Int, nearest: String?, renamedTo: String?)
  /// Each matcher alone matches something, together they match nothing.
  case unmatchedCombination(selector: String)
  /// Series match, but have no sample where the selector looks; `newest` is their last sample before
  /// that, in milliseconds, nil when they only begin later. `hasEnded`: a stale marker ended them.
  case nothingInWindow(selector: String, series: Int, newest: Int64?, window: Int64, hasEnded: Bool)
  /// Series match, but none has the two samples that the function needs.
  case oneSample(selector: String, series: Int, window: Int64)
  /// Zero divided by zero: the part of the query that is zero below the line.
  case zeroByZero(divisor: String)
  /// Both sides have series, but no two of them meet.
  case unmatchedSides(left: String, right: String, MatchDifference)
  /// A comparison removed every series; their number, and the least and greatest of their values.
  case filteredOut(expression: String, series: Int, values: ClosedRange<Double>?)
  /// The left side has series, `unless` took them all, or `and` found none to go with them.
  case removedBySet(operation: String, expression: String)
  /// A histogram without observations in the window.
  case emptyHistogram(expression: String)
  /// Buckets lack `+Inf`, or the label `le`.
  case noBuckets(expression: String)
  /// A sample that is NaN as it was exported.
  case exportedNaN(selector: String)
  /// The query itself cannot be evaluated.
  case failure(String)
  /// Which part of the query is empty or NaN, when nothing closer is known.
  case emptyPart(expression: String, isNaN: Bool)
}

/// Why series of two sides do not meet, and what would make them meet.
public struct MatchDifference: Sendable, Hashable {
  /// A label that both sides have, with a value of each.
  public struct Disagreement: Sendable, Hashable {
    public var label: String
    public var left: String
    public var right: String
  }

  /// Labels by which they have to meet and that the other side does not have, ascending.
  public var onlyLeft: [String]
  public var onlyRight: [String]
  /// Labels that both have, with no value in common.
  public var disagreements: [Disagreement]
  /// A way of matching under which some series would meet, such as `on (pod)`.
  public var suggestion: String?
}
