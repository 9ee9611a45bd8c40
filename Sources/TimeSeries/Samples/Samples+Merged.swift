extension Samples {
  /// The samples of several runs in time order; of samples at the same time the first run's stays.
  static func merged(_ parts: [Samples]) -> Samples {
    var order: [(time: Int64, part: Int, position: Int)] = []
    for (part, samples) in parts.enumerated() {
      for position in 0..<samples.count {
        order.append((samples.timestamp(position), part, position))
      }
    }
    order.sort { ($0.time, $0.part) < ($1.time, $1.part) }
    var times: [Int64] = []
    var values: [Double] = []
    var staleMarkers: [Int] = []
    var histograms = HistogramSamples()
    var starts: [Int64]?
    let columns = parts.map { ($0.staleMarkers, $0.histograms, $0.startTimestamps) }
    for (time, part, position) in order where times.last != time {
      let (markers, column, known) = columns[part]
      if markers.contains(position) { staleMarkers.append(times.count) }
      if let column, let found = column.positions.firstIndex(of: position) {
        histograms.positions.append(times.count)
        histograms.histograms.append(column.histograms[found])
      }
      if let known {
        starts = starts ?? [Int64](repeating: 0, count: times.count)
        starts?.append(known[position])
      } else {
        starts?.append(0)
      }
      times.append(time)
      values.append(parts[part].values[position])
    }
    return Samples(
      timeline: Timeline(times), values: values, staleMarkers: staleMarkers,
      histograms: histograms.positions.isEmpty ? nil : histograms, startTimestamps: starts)
  }
}
