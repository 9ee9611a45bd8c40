/// A histogram between two others, and what was noticed on the way.
public struct InterpolatedHistogram: Sendable {
  public var histogram: NativeHistogram
  /// Noticed while the earlier histogram was subtracted from the later one.
  public var subtraction: HistogramCombination = []
  /// Noticed while the earlier histogram was added again.
  public var addition: HistogramCombination = []
}

extension NativeHistogram {
  /// The linear interpolation between this histogram at `start` and a later one at `end`, at a
  /// `time` between them, all in milliseconds (promql-evaluation.md §2.5). For a counter that was
  /// reset in between, the earlier histogram counts as empty. Not compacted.
  public func interpolated(
    from start: Int64, to later: NativeHistogram, at end: Int64, time: Int64, isCounter: Bool
  ) throws(IncompatibleHistograms) -> InterpolatedHistogram {
    if time == start { return InterpolatedHistogram(histogram: self) }
    if time == end { return InterpolatedHistogram(histogram: later) }
    let share = Double(time &- start) / Double(end &- start)
    var result = InterpolatedHistogram(histogram: later)
    if isCounter, later.showsReset(after: self) {
      result.histogram.multiply(by: share)
      return result
    }
    result.subtraction = try result.histogram.subtract(self)
    result.histogram.multiply(by: share)
    result.addition = try result.histogram.add(self)
    return result
  }
}
