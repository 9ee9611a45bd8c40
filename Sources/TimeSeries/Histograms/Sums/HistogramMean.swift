/// The mean of histograms as `avg` and `avg_over_time` compute it (promql-evaluation.md §5.3): a
/// compensated sum divided at the end, or from the first overflow on a running mean.
public struct HistogramMean: Sendable {
  private var state: CompensatedHistogram
  private var members = 1.0
  private var isRunning = false

  /// Starts with the first histogram.
  public init(_ first: NativeHistogram) { state = CompensatedHistogram(first) }

  /// Takes another histogram in.
  public mutating func add(
    _ next: NativeHistogram
  ) throws(IncompatibleHistograms) -> HistogramCombination {
    members += 1
    if !isRunning {
      var sum = state
      let facts = try sum.add(next)
      if !sum.hasOverflow {
        state = sum
        return facts
      }
      isRunning = true
      state.divide(by: members - 1)
    }
    state.multiply(by: (members - 1) / members)
    var share = next
    share.divide(by: members)
    return try state.add(share)
  }

  /// The mean. Not compacted.
  public var value: NativeHistogram {
    guard !isRunning else { return state.value }
    var mean = state
    mean.divide(by: members)
    return mean.value
  }
}
