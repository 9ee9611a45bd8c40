import TimeSeries

extension Samples {
  /// The samples with histograms reduced to count and sum, for functions that need no more
  /// (promql-evaluation.md §2.6).
  ///
  /// A hint that is unknown becomes what reset detection says of the complete histograms, where
  /// the scan from window to window has just read the predecessor.
  func reducedToStatistics(_ bounds: WindowBounds) -> Samples {
    guard let column = histograms else { return self }
    var indexes: [Int: Int] = [:]
    for (index, position) in column.positions.enumerated() { indexes[position] = index }
    var reduced = column
    for index in reduced.histograms.indices {
      reduced.histograms[index] = column.histograms[index].statistics
    }
    var read = -1
    var previous: NativeHistogram?
    for step in 0..<bounds.steps {
      let window = bounds.window(step, in: self)
      if window.isEmpty { continue }
      if window.lowerBound > read { previous = nil }
      for position in max(window.lowerBound, read + 1)..<max(window.upperBound, read + 1) {
        guard let index = indexes[position] else { continue }
        let full = column.histograms[index]
        if full.hint == .unknown, let previous {
          reduced.histograms[index].hint = full.showsReset(after: previous) ? .reset : .notReset
        }
        previous = full
      }
      read = max(read, window.upperBound - 1)
    }
    var result = self
    result.histograms = reduced
    return result
  }
}

extension NativeHistogram {
  /// Count, sum, schema and hint alone.
  fileprivate var statistics: NativeHistogram {
    var result = NativeHistogram()
    result.hint = hint
    result.schema = schema
    result.count = count
    result.sum = sum
    return result
  }
}
