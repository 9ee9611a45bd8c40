internal import Scrape
internal import TimeSeries

/// Gathers samples in any order and turns them into columns on shared timelines.
struct RecordingBuilder {
  private struct Column {
    var labels: Labels
    var timestamps: [Int64] = []
    var values: [Double] = []
  }

  private var columns: [Column] = []
  private var slots: [Labels: Int32] = [:]
  private let memoryLimit: Int
  private var memory = 0
  private(set) var sampleCount = 0

  /// What a sample may take while its column grows, and what a series costs besides its labels.
  private static let bytesPerSample = 32
  private static let bytesPerSeries = 400

  init(memoryLimit: Int) { self.memoryLimit = memoryLimit }

  var seriesCount: Int { columns.count }

  /// The series with these labels; nil when the limit leaves no room. `textCount` is what the caller
  /// keeps for it.
  mutating func series(_ labels: Labels, textCount: Int) -> Int32? {
    // Each label is in the index as well.
    memory += 3 * labels.bytes.count + textCount
    if let slot = slots[labels] { return memory <= memoryLimit ? slot : nil }
    memory += Self.bytesPerSeries
    guard memory <= memoryLimit else { return nil }
    let slot = Int32(columns.count)
    slots[labels] = slot
    columns.append(Column(labels: labels))
    return slot
  }

  /// Adds a sample; false when the limit leaves no room.
  mutating func append(_ timestamp: Int64, _ value: Double, to slot: Int32) -> Bool {
    memory += Self.bytesPerSample
    guard memory <= memoryLimit else { return false }
    columns[Int(slot)].timestamps.append(timestamp)
    columns[Int(slot)].values.append(value)
    sampleCount += 1
    return true
  }

  /// The recording.
  consuming func finish(
    format: String, families: [MetricFamily], options: RecordingOptions
  ) -> RecordedSeries {
    var facts = RecordingFacts(format: format, families: families)
    slots = [:]
    columns.sort { $0.labels < $1.labels }
    for index in columns.indices { Self.order(&columns[index], &facts) }
    var sharing = TimelineSharing()
    var finished = [RecordedColumn?](repeating: nil, count: columns.count)
    // Long columns first: the shorter ones may be parts of their timelines.
    let order = columns.indices.sorted { columns[$0].timestamps.count > columns[$1].timestamps.count }
    for index in order {
      let (timeline, first) = sharing.place(columns[index].timestamps)
      columns[index].timestamps = []
      finished[index] = column(columns[index].values, timeline, first, options, &facts)
      columns[index].values = []
    }
    facts.timelines = sharing.count
    let series = ColumnSeries(labels: columns.map(\.labels), columns: finished.compactMap { $0 })
    return RecordedSeries(series, facts)
  }

  private func column(
    _ values: [Double], _ timeline: Timeline, _ first: Int, _ options: RecordingOptions,
    _ facts: inout RecordingFacts
  ) -> RecordedColumn {
    var stale: [Int] = []
    for (position, value) in values.enumerated() where value.isNaN {
      facts.nans += 1
      if options.nan == .stale { stale.append(position) }
    }
    facts.samples += values.count
    facts.staleMarkers += stale.count
    if let begin = timeline[first...].first, !values.isEmpty {
      let end = timeline[first + values.count - 1]
      let range = facts.timeRange ?? begin...end
      facts.timeRange = min(range.lowerBound, begin)...max(range.upperBound, end)
    }
    return RecordedColumn(
      timeline: timeline, first: first, values: PackedColumn(values), staleMarkers: stale)
  }

  /// Sorts a column by time and takes out repeated times; of differing values the first stays.
  private static func order(_ column: inout Column, _ facts: inout RecordingFacts) {
    let times = column.timestamps
    let isAscending = zip(times, times.dropFirst()).allSatisfy { $0 < $1 }
    guard !isAscending else { return }
    for (before, after) in zip(times, times.dropFirst()) where after < before {
      facts.outOfOrder += 1
    }
    // Position breaks ties, so the order of the file decides.
    let order = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
    var sorted = Column(labels: column.labels)
    sorted.timestamps.reserveCapacity(times.count)
    sorted.values.reserveCapacity(times.count)
    for position in order {
      if sorted.timestamps.last == times[position] {
        let isSame = sorted.values.last?.bitPattern == column.values[position].bitPattern
        if isSame { facts.repeated += 1 } else { facts.conflicting += 1 }
        continue
      }
      sorted.timestamps.append(times[position])
      sorted.values.append(column.values[position])
    }
    column = sorted
  }
}

/// Finds timelines that series can share: equal ones, or a run inside a longer one.
struct TimelineSharing {
  private var timelines: [Timeline] = []
  private var byContent: [Int: [Int]] = [:]
  /// How many of the longest timelines are searched for a run.
  private static let searched = 64

  /// How many timelines there are.
  var count: Int { timelines.count }

  /// The timeline for a column's timestamps, and where on it they begin. Longer columns come first.
  mutating func place(_ timestamps: [Int64]) -> (Timeline, Int) {
    var hasher = Hasher()
    hasher.combine(timestamps)
    let hash = hasher.finalize()
    for index in byContent[hash] ?? []
    where timelines[index].count == timestamps.count && timelines[index].holds(timestamps) {
      return (timelines[index], 0)
    }
    if let first = timestamps.first {
      for timeline in timelines.prefix(Self.searched) {
        let position = timeline.firstPosition(after: first - 1)
        if timeline.holds(timestamps, at: position) { return (timeline, position) }
      }
    }
    byContent[hash, default: []].append(timelines.count)
    timelines.append(Timeline(timestamps, number: timelines.count))
    return (timelines[timelines.count - 1], 0)
  }
}
