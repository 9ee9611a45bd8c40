import Synchronization

/// What a store held at one moment. A value; readers keep it as long as they like.
public struct StoreSnapshot: SeriesSource {
  let entries: [StoreState.Entry]
  let cohorts: [Cohort]
  let loose: [LooseSeries?]
  let index: IndexGeneration
  let unindexed: [Int32]
  /// How many series the store held.
  public let seriesCount: Int
  /// How many samples the store held.
  public let sampleCount: Int
  /// False when every sample is a float.
  let mayHoldHistograms: Bool

  /// How many numbers of series and cohorts there are, used or not: what selections allocate.
  package var places: (series: Int, cohorts: Int) { (entries.count, cohorts.count) }

  /// What samples, timestamps, series and their index take in memory, bytes; what the allocator adds to it is
  /// not counted. Costs a look at every block, head and series.
  public var byteCount: Int {
    var timelines = Set<ObjectIdentifier>()
    var bytes = index.index.byteCount
    for cohort in cohorts {
      var list: ColumnList?
      for block in cohort.blocks {
        bytes += block.byteCount + (block.list === list ? 0 : 4 * block.list.series.count)
        list = block.list
      }
      // A slot is a value, and a place in two tables.
      bytes += cohort.head.reduce(0) { $0 + 8 * $1.slotCount + $1.slotCount / 8 } + 16 * cohort.slots.count
      bytes += cohort.times.byteCount
    }
    for series in loose { bytes += series?.byteCount(&timelines) ?? 0 }
    for entry in entries {
      bytes += MemoryLayout<StoreState.Entry>.stride + 4 * entry.otherCohorts.count
    }
    return bytes
  }

  /// The series that satisfy the matchers and have samples in the interval, in label order.
  public func select(_ selection: Selection) -> any Selected {
    let rows = index.index.rows(matching: selection.matchers)
    var ids = rows.map { index.ids[$0] }
    let late = unindexed.filter { id in
      selection.matchers.allSatisfy { $0.accepts(entries[Int(id)].labels) }
    }
    if late.isEmpty { return StoreSelection(snapshot: self, ids: ids, rows: rows, selection: selection) }
    ids += late
    ids.sort { entries[Int($0)].labels < entries[Int($1)].labels }
    return StoreSelection(snapshot: self, ids: ids, rows: nil, selection: selection)
  }

  public func bound(_ matchers: [LabelMatcher]) -> Int? {
    mayHoldHistograms ? nil : index.index.bound(matchers) + unindexed.count
  }
}

/// The rows that a selection found in a snapshot.
final class StoreSelection: Selected {
  let mayHoldHistograms: Bool
  let mayHaveTypeOrUnit: Bool
  private let snapshot: StoreSnapshot
  private let selection: Selection
  private let places: [Place]
  /// Where the rows are in the index; nil where some are not in it.
  private let indexRows: [Int]?
  /// The part of each cohort that the selection needs; nil where no selected series lives. Keeps alive what
  /// the places point to.
  private let views: [CohortView?]
  /// Timelines of loose series, for those that have the same.
  private let timelines = Mutex(TimelineTable())

  /// Where a row's samples are.
  @safe
  private struct Place: @unchecked Sendable {
    // Sendable: the view is immutable, and alive as long as the selection.
    var id: Int32
    var slot: Int32
    /// The only home of the series; nil when it has several, or is loose.
    var view: Unmanaged<CohortView>?

    /// Whether it lies right behind another one: its memory comes along.
    @inline(__always)
    func follows(_ other: Place) -> Bool {
      unsafe slot == other.slot &+ 1 && view?.toOpaque() == other.view?.toOpaque()
    }
  }

  /// `rows`: where the series are in the index; nil where some are not in it.
  init(snapshot: StoreSnapshot, ids: [Int32], rows: [Int]?, selection: Selection) {
    var views = [CohortView?](repeating: nil, count: snapshot.cohorts.count)
    var viewCount = 0
    var places: [Place] = []
    var indexRows: [Int]? = rows.map { _ in [] }
    var mayHoldHistograms = false
    places.reserveCapacity(ids.count)
    indexRows?.reserveCapacity(ids.count)
    let entries = snapshot.entries.span
    // Series lie in cohorts as they lie here: the next slot is a good guess.
    var guesses = [Int32](repeating: 0, count: snapshot.cohorts.count)
    for (position, id) in ids.enumerated() {
      let entry = Int(id)
      let homes = entries[entry].cohort < 0 ? 0 : 1 + entries[entry].otherCohorts.count
      var slot: Int32 = -1
      var isHere = false
      var home: Unmanaged<CohortView>?
      for number in 0..<homes {
        let cohort = Int(number == 0 ? entries[entry].cohort : entries[entry].otherCohorts[number - 1])
        if views[cohort] == nil {
          views[cohort] = CohortView(snapshot.cohorts[cohort], selection, number: viewCount)
          viewCount += 1
        }
        guard let view = unsafe views[cohort].map({ unsafe Unmanaged.passUnretained($0) }) else { continue }
        unsafe home = view
        // A series without a sample in the interval is no row: its labels must not be seen.
        unsafe view._withUnsafeGuaranteedRef { view in
          slot = view.slot(of: id, near: guesses[cohort])
          isHere = isHere || view.holds(id, slot: slot)
        }
        guesses[cohort] = slot + 1
      }
      let isLoose = entries[entry].hasLoose
      if isLoose, let loose = snapshot.loose[entry], loose.hasSample(in: selection) {
        isHere = true
        mayHoldHistograms = mayHoldHistograms || loose.holdsHistograms
      }
      guard isHere else { continue }
      let hasOneHome = homes == 1 && !isLoose
      unsafe places.append(Place(id: id, slot: slot, view: hasOneHome ? home : nil))
      if let row = rows?[position] { indexRows?.append(row) }
    }
    self.views = views
    self.places = places
    self.indexRows = indexRows
    let index = snapshot.index.index
    mayHaveTypeOrUnit =
      rows == nil || index.hasLabel(LabelName.type) || index.hasLabel(LabelName.unit)
    self.mayHoldHistograms = mayHoldHistograms
    self.snapshot = snapshot
    self.selection = selection
  }

  var count: Int { places.count }

  var labels: [Labels] { places.map { snapshot.entries[Int($0.id)].labels } }

  func labels(_ row: Int) -> Labels { snapshot.entries[Int(places[row].id)].labels }

  func numbers(of names: LabelNames) -> RowNumbers? {
    guard let indexRows else { return nil }
    var codes = [Int](repeating: 0, count: indexRows.count)
    var bound = 1
    for name in names.all {
      guard let column = snapshot.index.index.column(Array(name)) else { continue }
      // Codes of several labels may grow beyond any number: then they are numbered anew.
      if bound > 1 << 30 {
        let dense = RowNumbers(codes, bound: bound)
        codes = dense.ofRow.map { Int($0) }
        bound = dense.firstRows.count
      }
      let base = column.largest + 1
      bound *= base
      for (row, indexRow) in indexRows.enumerated() {
        codes[row] = codes[row] * base + column[indexRow]
      }
    }
    return RowNumbers(codes, bound: bound)
  }

  func extent(_ row: Int) -> SampleExtent? {
    let place = places[row]
    guard let view = unsafe place.view else { return nil }
    return unsafe view._withUnsafeGuaranteedRef { $0.extent(place.id, slot: place.slot) }
  }

  func samples(_ row: Int) -> Samples {
    var result = Samples.none
    read(row, into: &result)
    return result
  }

  func read(_ row: Int, into result: inout Samples) {
    let place = places[row]
    if let view = unsafe place.view {
      askAhead(row)
      unsafe view._withUnsafeGuaranteedRef { $0.read(place.id, slot: place.slot, into: &result) }
    } else {
      result = merged(place)
    }
  }

  /// Asks the memory for what the next rows need, where they do not lie behind each other: waiting for it
  /// would cost more than decoding.
  @inline(__always)
  private func askAhead(_ row: Int) {
    guard row + 1 < places.count else { return }
    let next = places[row + 1]
    if !next.follows(places[row]), let view = unsafe next.view {
      unsafe view._withUnsafeGuaranteedRef { $0.askFor(next.id, slot: next.slot) }
    }
    guard row + 2 < places.count else { return }
    let later = places[row + 2]
    if !later.follows(next), let view = unsafe later.view {
      unsafe view._withUnsafeGuaranteedRef { $0.askForStarts(slot: later.slot) }
    }
  }

  /// The samples of a series with several homes.
  private func merged(_ place: Place) -> Samples {
    let entry = snapshot.entries[Int(place.id)]
    var parts = entry.cohorts.compactMap { home -> Samples? in
      guard let view = views[Int(home)] else { return nil }
      var part = Samples.none
      view.read(place.id, slot: view.slot(of: place.id, near: 0), into: &part)
      return part
    }.filter { $0.count > 0 }
    if entry.hasLoose, let series = snapshot.loose[Int(place.id)] {
      let samples = series.samples(after: selection.after, through: selection.through, timelines)
      if samples.count > 0 { parts.append(samples) }
    }
    guard let first = parts.first else { return .none }
    return parts.count == 1 ? first : Samples.merged(parts)
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
