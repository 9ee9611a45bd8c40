import PromQL
import TimeSeries

/// `info(v, selector)`: labels of info metrics joined to the series that share job and instance
/// (promql-functions.md §3.9).
///
/// Which labels a series gets depends on the info samples of each step, so an output row is one base
/// row with one set of added labels, at the steps where it has exactly these.
struct InfoRows {
  private let info: InfoPlan
  private let base: any RowSource
  private let selected: any Selected
  private let evaluation: Evaluation
  private let grid: Grid

  private static let identifying = ["instance", "job"]

  static func open(
    _ base: any RowSource, _ info: InfoPlan, _ selected: any Selected, evaluation: Evaluation,
    grid: Grid
  ) throws(EvaluationError) -> any RowSource {
    let rows = InfoRows(
      info: info, base: base, selected: selected, evaluation: evaluation, grid: grid)
    return try rows.joined()
  }

  /// Who an info series speaks about.
  private struct Subject: Hashable {
    var instance: String?
    var job: String?

    init(_ labels: Labels) {
      instance = labels["instance"]
      job = labels["job"]
    }
  }

  private struct InfoSample {
    var row: Int
    var time: Int64
  }

  /// One info metric of one subject.
  private struct SampleKey: Hashable {
    var metric: String
    var subject: Subject
  }

  private func joined() throws(EvaluationError) -> any RowSource {
    let isInfo = base.keys.map { key in
      let name = Array((key.labels.metricName ?? "").utf8)[...]
      return info.nameMatchers.allSatisfy { $0.accepts(name) }
    }
    // Only what the vector yields asks for info series.
    var tiles: [Row] = []
    for row in base.keys.indices {
      var tile = Row(steps: grid.count)
      try base.read(row, into: &tile)
      try evaluation.hold(tile.bytes)
      tiles.append(tile)
    }
    let asking = base.keys.indices.filter { !isInfo[$0] && !tiles[$0].isEmpty }
    let samples = try infoSamples(asking)
    let names = Set(samples.flatMap { $0.keys.map(\.metric) }).sorted()
    var table = RowTable()
    for row in base.keys.indices {
      let tile = tiles[row]
      if isInfo[row] {
        try evaluation.append(base.keys[row], tile, to: &table)
        continue
      }
      var steps: [Labels: Presence] = [:]
      var order: [Labels] = []
      for step in 0..<grid.count where tile.presence[step] || tile.histograms[step] != nil {
        guard let labels = try enriched(base.keys[row].labels, samples[step], names) else { continue }
        if steps[labels] == nil {
          try evaluation.hold(Presence.bytes(count: grid.count) + labels.bytes.count + 96)
          steps[labels] = Presence(count: grid.count)
          order.append(labels)
        }
        steps[labels]?[step] = true
      }
      for labels in order {
        guard let kept = steps[labels] else { continue }
        var part = tile
        part.mask(kept)
        try evaluation.append(
          RowKey(labels, dropsName: base.keys[row].dropsName), part, to: &table)
      }
    }
    return try UniqueRows.checking(table, .perStep, evaluation: evaluation)
  }

  /// The labels of a base series with what the info samples of a step add; nil drops the sample.
  private func enriched(
    _ labels: Labels, _ samples: [SampleKey: InfoSample], _ names: [String]
  ) throws(EvaluationError) -> Labels? {
    let subject = Subject(labels)
    let wanted = Set(info.dataMatchers.map(\.name))
    var added: [String: String] = [:]
    var found = false
    for name in names {
      guard let sample = samples[SampleKey(metric: name, subject: subject)] else { continue }
      found = true
      for (label, value) in selected.labels(sample.row).pairs {
        if label == LabelName.metric || !wanted.isEmpty && !wanted.contains(label) { continue }
        if let other = added[label], other != value { throw .conflictingInfoLabel(label) }
        if labels[label] == nil { added[label] = value }
      }
    }
    if !found, info.dataMatchers.contains(where: { !$0.acceptsEmpty }) { return nil }
    if added.isEmpty { return labels }
    var builder = LabelsBuilder(labels)
    for (label, value) in added { builder.set(label, value) }
    return builder.labels()
  }

  /// The info sample of each metric and subject, at each step.
  private func infoSamples(
    _ asking: [Int]
  ) throws(EvaluationError) -> [[SampleKey: InfoSample]] {
    try evaluation.hold(8, times: grid.count)
    var result = [[SampleKey: InfoSample]](repeating: [:], count: grid.count)
    guard let candidates = candidates(asking) else { return result }
    let locator = WindowLocator(grid, info.time, back: evaluation.options.lookback, memory: evaluation.memory)
    for row in candidates {
      let samples = try Evaluation.samples(selected, row)
      guard samples.count > 0 else { continue }
      let labels = selected.labels(row)
      let key = SampleKey(metric: labels.metricName ?? "", subject: Subject(labels))
      let bounds = locator.bounds(samples.timeline)
      // An entry of a step's table, which is filled by half.
      try evaluation.hold(192, times: bounds.presence.population)
      for step in 0..<grid.count {
        let window = bounds.window(step, in: samples)
        let position = window.upperBound - 1
        if window.isEmpty || samples.staleMarkers.contains(position) { continue }
        if samples.histograms?.positions.contains(position) ?? false {
          throw .infoSeriesWithHistogram(labels.description)
        }
        let time = samples.timestamp(position)
        if let known = result[step][key] {
          if known.time == time {
            throw .duplicateInfoSeries(
              selected.labels[known.row].description, known.time, labels.description, time)
          }
          if known.time > time { continue }
        }
        result[step][key] = InfoSample(row: row, time: time)
      }
    }
    return result
  }

  /// The info series that may speak about a base series; nil when no base series can be named.
  private func candidates(_ asking: [Int]) -> [Int]? {
    var values: [String: Set<String>] = [:]
    for row in asking {
      let labels = base.keys[row].labels
      for label in Self.identifying {
        if let value = labels[label] { values[label, default: []].insert(value) }
      }
    }
    guard !values.isEmpty else { return nil }
    return (0..<selected.count).filter { row in
      values.allSatisfy { label, known in selected.labels(row)[label].map { known.contains($0) } ?? false }
    }
  }
}
