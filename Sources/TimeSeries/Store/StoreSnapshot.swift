import Synchronization

/// What a store held at one moment. A value; readers keep it as long as they like.
public struct StoreSnapshot: SeriesSource {
  let entries: [StoreState.Entry]
  let cohorts: [Cohort]
  let loose: [LooseSeries?]
  let index: IndexGeneration
  let unindexed: [Int32]
  /// How many samples the store held.
  public let sampleCount: Int

  /// How many series the store held.
  public var seriesCount: Int { index.ids.count + unindexed.count }

  /// What samples, timestamps, series and their index take in memory, bytes; what the allocator adds to it is
  /// not counted. Costs a look at every block, head and series.
  public var byteCount: Int {
    var timelines = Set<ObjectIdentifier>()
    var bytes = index.index.byteCount
    for cohort in cohorts {
      bytes += cohort.blocks.reduce(0) { $0 + $1.byteCount }
      // A slot is a value, and a place in two tables.
      bytes += cohort.head.reduce(0) { $0 + 8 * $1.slotCount + $1.slotCount / 8 } + 16 * cohort.slots.count
    }
    for series in loose { bytes += series?.byteCount(&timelines) ?? 0 }
    for entry in entries {
      bytes += MemoryLayout<StoreState.Entry>.stride + 4 * entry.cohorts.count
    }
    return bytes
  }

  /// The series that satisfy the matchers and have samples in the interval, in label order.
  public func select(_ selection: Selection) -> any Selected {
    var ids = index.index.rows(matching: selection.matchers).map { index.ids[$0] }
    let late = unindexed.filter { id in
      selection.matchers.allSatisfy { $0.accepts(entries[Int(id)].labels) }
    }
    if !late.isEmpty {
      ids += late
      ids.sort { entries[Int($0)].labels < entries[Int($1)].labels }
    }
    return StoreSelection(snapshot: self, ids: ids, selection: selection)
  }
}

/// The rows that a selection found in a snapshot.
final class StoreSelection: Selected {
  let labels: [Labels]
  let mayHoldHistograms: Bool
  private let snapshot: StoreSnapshot
  private let selection: Selection
  private let places: [Place]
  /// The part of each cohort that the selection needs; nil where no selected series lives.
  private let views: [CohortView?]
  /// Timelines of loose series, for those that have the same.
  private let timelines = Mutex(TimelineTable())

  /// Where a row's samples are.
  private struct Place: Sendable {
    var id: Int32
    /// The only home of the series: its cohort and slot; −1 when it has several, or is loose.
    var cohort: Int32
    var slot: Int32
  }

  init(snapshot: StoreSnapshot, ids: [Int32], selection: Selection) {
    var views = [CohortView?](repeating: nil, count: snapshot.cohorts.count)
    var places: [Place] = []
    var labels: [Labels] = []
    var mayHoldHistograms = false
    places.reserveCapacity(ids.count)
    labels.reserveCapacity(ids.count)
    for id in ids {
      let homes = snapshot.entries[Int(id)].cohorts
      var slot: Int32 = -1
      var isHere = false
      for home in homes {
        if views[Int(home)] == nil {
          views[Int(home)] = CohortView(snapshot.cohorts[Int(home)], selection)
        }
        guard let view = views[Int(home)] else { continue }
        slot = view.slot(of: id)
        // A series without a sample in the interval is no row: its labels must not be seen.
        isHere = isHere || view.holds(id, slot: slot)
      }
      let isLoose = snapshot.entries[Int(id)].hasLoose
      if isLoose, let loose = snapshot.loose[Int(id)], loose.hasSample(in: selection) {
        isHere = true
        mayHoldHistograms = mayHoldHistograms || loose.holdsHistograms
      }
      guard isHere else { continue }
      let hasOneHome = homes.count == 1 && !isLoose
      places.append(Place(id: id, cohort: hasOneHome ? homes[0] : -1, slot: slot))
      labels.append(snapshot.entries[Int(id)].labels)
    }
    self.views = views
    self.places = places
    self.labels = labels
    self.mayHoldHistograms = mayHoldHistograms
    self.snapshot = snapshot
    self.selection = selection
  }

  func samples(_ row: Int) -> Samples {
    let place = places[row]
    if place.cohort >= 0 {
      return views[Int(place.cohort)]?.samples(place.id, slot: place.slot) ?? .none
    }
    let entry = snapshot.entries[Int(place.id)]
    var parts = entry.cohorts.compactMap { home -> Samples? in
      guard let view = views[Int(home)] else { return nil }
      return view.samples(place.id, slot: view.slot(of: place.id))
    }.filter { $0.count > 0 }
    if entry.hasLoose, let series = snapshot.loose[Int(place.id)] {
      let samples = series.samples(after: selection.after, through: selection.through, timelines)
      if samples.count > 0 { parts.append(samples) }
    }
    guard let first = parts.first else { return .none }
    return parts.count == 1 ? first : Samples.merged(parts)
  }
}

/// The part of a cohort that lies in an interval, with one timeline for all of its series.
@safe
final class CohortView: @unchecked Sendable {
  // Sendable: everything is immutable; the pointers point into rows that `head` keeps alive.
  private let timeline: Timeline
  private let blocks: [Block]
  private let head: [ScrapeRow]
  private let slotOfSeries: [Int32: Int32]
  /// The values of each row of the head.
  private let headValues: [UnsafePointer<Double>]
  /// Slots below this have a sample in every row of the head.
  private let denseSlots: Int

  init(_ cohort: Cohort, _ selection: Selection) {
    blocks = cohort.blocks.filter { block in
      (block.timeline.timestamps.last ?? .min) > selection.after
        && (block.timeline.timestamps.first ?? .max) <= selection.through
    }
    let low = cohort.head.firstIndex { $0.timestamp > selection.after } ?? cohort.head.count
    let high = cohort.head.firstIndex { $0.timestamp > selection.through } ?? cohort.head.count
    head = Array(cohort.head[low..<max(low, high)])
    slotOfSeries = cohort.slotOfSeries
    timeline = Timeline(blocks.flatMap(\.timeline.timestamps) + head.map(\.timestamp))
    unsafe headValues = unsafe head.map { unsafe $0.values }
    var dense = head.isEmpty ? 0 : Int.max
    for row in head {
      let isDense = unsafe row.presence == nil
      dense = min(dense, isDense ? row.slotCount : 0)
    }
    denseSlots = dense
  }

  /// The slot of a series in the head; −1 when it has none.
  func slot(of id: Int32) -> Int32 { slotOfSeries[id] ?? -1 }

  /// Whether a series has a sample here.
  func holds(_ id: Int32, slot: Int32) -> Bool {
    if slot >= 0 {
      if Int(slot) < denseSlots { return true }
      if head.contains(where: { $0.value(Int(slot)) != nil }) { return true }
    }
    return blocks.contains { $0.column(of: id, near: 0) != nil }
  }

  /// The samples of a series; on the shared timeline where it has no gap, else on one of its own.
  func samples(_ id: Int32, slot: Int32) -> Samples {
    guard let run = run(id, slot: slot) else { return scattered(id, slot: slot) }
    guard !run.isEmpty else { return .none }
    var hasStaleMarkers = false
    let values = unsafe [Double](unsafeUninitializedCapacity: run.count) { output, initialized in
      guard var target = output.baseAddress else { return }
      // A run is made of whole blocks, and of the head.
      var guess = 0
      for block in blocks {
        guard let column = block.column(of: id, near: guess) else { continue }
        guess = column
        unsafe block.decode(column, into: target)
        hasStaleMarkers = hasStaleMarkers || block.hasStaleMarkers(column)
        unsafe target += block.timeline.count
      }
      if slot >= 0 {
        unsafe headValues.withUnsafeBufferPointer { rows in
          // The slot exists in every row of the head.
          for row in 0..<rows.count {
            let value = unsafe rows[row][Int(slot)]
            unsafe target[row] = value
            hasStaleMarkers = hasStaleMarkers || StaleMarker.isStale(value)
          }
        }
      }
      initialized = run.count
    }
    var result = Samples(timeline: timeline, first: run.lowerBound, values: values)
    if hasStaleMarkers { result.noteStaleMarkers() }
    return result
  }

  /// The positions on the timeline at which a series has samples; nil when they are no single run.
  private func run(_ id: Int32, slot: Int32) -> Range<Int>? {
    var run: Range<Int>?
    var position = 0
    var guess = 0
    for block in blocks {
      let next = position + block.timeline.count
      if let column = block.column(of: id, near: guess) {
        guess = column
        guard !block.hasGaps(column), run == nil || run?.upperBound == position else { return nil }
        run = (run?.lowerBound ?? position)..<next
      }
      position = next
    }
    if slot >= 0 {
      guard Int(slot) < denseSlots, run == nil || run?.upperBound == position else { return nil }
      run = (run?.lowerBound ?? position)..<(position + head.count)
    }
    return run ?? 0..<0
  }

  /// The samples of a series with gaps.
  private func scattered(_ id: Int32, slot: Int32) -> Samples {
    var times: [Int64] = []
    var values: [Double] = []
    for block in blocks {
      guard let column = block.column(of: id, near: 0) else { continue }
      values.append(contentsOf: block.values(column))
      times += block.positions(column).map { block.timeline.timestamps[$0] }
    }
    if slot >= 0 {
      for row in head {
        guard let value = row.value(Int(slot)) else { continue }
        times.append(row.timestamp)
        values.append(value)
      }
    }
    if times.isEmpty { return .none }
    var result = Samples(timeline: Timeline(times), values: values)
    result.noteStaleMarkers()
    return result
  }
}

extension Samples {
  /// Finds the stale markers by their bits: the only place where they are looked for.
  fileprivate mutating func noteStaleMarkers() {
    staleMarkers = values.indices.filter { StaleMarker.isStale(values[$0]) }
  }
}

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
    var result = Samples(timeline: .empty, values: [])
    var histograms = HistogramSamples()
    for (time, part, position) in order where times.last != time {
      let samples = parts[part]
      if samples.staleMarkers.contains(position) { result.staleMarkers.append(times.count) }
      if let column = samples.histograms,
        let found = column.positions.firstIndex(of: position)
      {
        histograms.positions.append(times.count)
        histograms.histograms.append(column.histograms[found])
      }
      if let starts = samples.startTimestamps {
        var all = result.startTimestamps ?? [Int64](repeating: 0, count: times.count)
        all.append(starts[position])
        result.startTimestamps = all
      } else {
        result.startTimestamps?.append(0)
      }
      times.append(time)
      result.values.append(samples.values[position])
    }
    result.timeline = Timeline(times)
    if !histograms.positions.isEmpty { result.histograms = histograms }
    return result
  }
}
