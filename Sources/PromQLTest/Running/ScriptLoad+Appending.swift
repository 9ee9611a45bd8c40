package import TimeSeries

extension ScriptLoad {
  /// Appends the values to a store (promqltest.md §2, §7). Throws at the first sample that the store
  /// refuses, with the line of its series.
  package func append(to store: Store) throws(ScriptError) {
    for series in self.series { try append(series, to: store) }
    guard convertsClassicHistograms else { return }
    for (labels, samples) in try ClassicConversion(self).histograms() {
      for (time, histogram) in samples {
        do {
          try store.append(labels, StoredSample(timestamp: time, .histogram(histogram)))
        } catch { throw ScriptError(line: series.first?.line ?? 1, "\(labels): \(error)") }
      }
    }
  }

  private func append(_ loaded: LoadedSeries, to store: Store) throws(ScriptError) {
    let labels = loaded.series.labels
    if let name = loaded.series.duplicateName {
      throw ScriptError(line: loaded.line, "label name \(GoText.quoted(name)) is not unique")
    }
    for (index, value) in loaded.series.values.enumerated() {
      let sample: StoredSample.Value
      switch value {
      case .omitted: continue
      case .float(let value): sample = .float(value)
      case .histogram(let value, _): sample = .histogram(value)
      }
      guard let time = time(of: index) else {
        throw ScriptError(line: loaded.line, "the time of value \(index + 1) is out of range")
      }
      let offset = loaded.startOffsets.flatMap { $0[index] }
      do {
        try store.append(
          labels,
          StoredSample(timestamp: time, sample, startTimestamp: offset.map { time &+ $0 } ?? 0))
      } catch { throw ScriptError(line: loaded.line, "\(error)") }
    }
  }

  /// The time of a position, in milliseconds; nil when it leaves 64 bits.
  func time(of index: Int) -> Int64? {
    let (time, overflow) = step.multipliedReportingOverflow(by: Int64(index))
    return overflow ? nil : time
  }
}
