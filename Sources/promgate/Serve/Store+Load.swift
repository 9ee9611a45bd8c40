import TimeSeries

extension Store {
  /// Takes in everything that a recording holds. Throws `ToolFailure` when the store's limits do not
  /// allow it or the recording is damaged.
  func load(_ recording: some SeriesSource) throws {
    do {
      let all = try recording.select(Selection(matchers: [], after: .min, through: .max))
      for (row, labels) in all.labels.enumerated() { try load(labels, try all.samples(row)) }
    } catch {
      throw ToolFailure("cannot load the recording: \(error)")
    }
  }

  private func load(_ labels: Labels, _ samples: Samples) throws {
    let stale = Set(samples.staleMarkers)
    let histograms = samples.histograms.map { histograms in
      Dictionary(zip(histograms.positions, histograms.histograms)) { first, _ in first }
    }
    for position in 0..<samples.count {
      let value: StoredSample.Value
      if stale.contains(position) {
        value = .float(StaleMarker.value)
      } else if let histogram = histograms?[position] {
        value = .histogram(histogram)
      } else {
        value = .float(samples.values[position])
      }
      let start = samples.startTimestamps?[position] ?? 0
      try append(
        labels, StoredSample(timestamp: samples.timestamp(position), value, startTimestamp: start))
    }
  }
}
