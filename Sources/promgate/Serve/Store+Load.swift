private import CMemory
import TimeSeries

extension Store {
  /// Takes in everything that a recording holds; series that were sampled together share a cohort, as if
  /// they had been scraped. Throws `ToolFailure` when the store's limits do not allow it or the recording
  /// is damaged. Holds the recording's floats once beside what it stores.
  func load(_ recording: some SeriesSource) throws {
    do {
      let all = try recording.select(Selection(matchers: [], after: .min, through: .max))
      var groups: [[Int64]: [LoadedSeries]] = [:]
      for (row, labels) in all.labels.enumerated() {
        let samples = try all.samples(row)
        if samples.isPlain {
          let times = (0..<samples.count).map(samples.timestamp)
          groups[times, default: []].append(LoadedSeries(labels: labels, samples: samples))
        } else {
          try load(labels, samples)
        }
      }
      for (times, series) in groups.sorted(by: { ($0.key.first ?? 0) < ($1.key.first ?? 0) }) {
        try load(series, at: times)
      }
      groups = [:]
      // Reading takes several times what stays: the rest goes back to the system.
      promgate_memory_trim()
    } catch {
      throw ToolFailure("cannot load the recording: \(error)")
    }
  }

  /// Series on one timeline, scrape by scrape.
  private func load(_ series: [LoadedSeries], at times: [Int64]) throws {
    let cohort = openCohort()
    var scraped = series.map { ScrapedSeries(labels: $0.labels, value: nil) }
    for (position, time) in times.enumerated() {
      for index in series.indices { scraped[index].value = series[index].values[position] }
      try append(&scraped, at: time, to: cohort)
    }
    seal(cohort)
  }

  private func load(_ labels: Labels, _ samples: Samples) throws {
    try samples.forEachStored { sample throws(StoreError) in try append(labels, sample) }
  }
}

/// A series of floats, stale markers in their places.
private struct LoadedSeries {
  var labels: Labels
  var values: [Double]

  init(labels: Labels, samples: Samples) {
    self.labels = labels
    values = samples.values
    for position in samples.staleMarkers { values[position] = StaleMarker.value }
  }
}

extension Samples {
  /// Floats without histograms and start timestamps: what a scrape's row holds.
  fileprivate var isPlain: Bool { histograms == nil && startTimestamps == nil && count > 0 }
}
