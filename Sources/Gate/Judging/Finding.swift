/// Something that a look at the data says about why a query has no value. `description` is one
/// sentence for people.
public enum Finding: Sendable, Hashable {
  /// No series of that name in the whole of the data.
  case unknownName(String)
  /// No series of that name satisfies the matcher; `seen` are a few of the values that the label does
  /// have, `renamedTo` is a label `exported_…` that would satisfy it.
  case unmatchedLabel(
    name: String, matcher: String, seen: [String], seenCount: Int, renamedTo: String?)
  /// Each matcher alone matches something, together they match nothing.
  case unmatchedCombination(selector: String)
  /// Series match, but have no sample where the selector looks; `newest` is their last sample before
  /// that, in milliseconds, nil when they only begin later.
  case nothingInWindow(selector: String, series: Int, newest: Int64?, window: Int64)
  /// Series match, but none has the two samples that the function needs.
  case oneSample(selector: String, series: Int, window: Int64)
  /// Zero divided by zero: the part of the query that is zero below the line.
  case zeroByZero(divisor: String)
  /// Both sides have series, but no labels in common.
  case unmatchedSides(left: String, right: String)
  /// A comparison removed every series; their number.
  case filteredOut(expression: String, series: Int)
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
