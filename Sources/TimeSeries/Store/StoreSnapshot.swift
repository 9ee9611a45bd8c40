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
  private let timelines: Mutex<LooseTimelines>

  /// Where a row's samples are.
  @safe
  private struct Place: @unchecked Sendable {
    // Sendable: the view is immutable, and alive as long as the selection.
    var id: Int32
    var slot: Int32
    /// The only home of the series' samples; nil when they have several, or are loose.
    var view: Unmanaged<CohortView>?
    /// Whether all samples have timestamps of their own.
    var isLooseOnly: Bool

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
    let (entries, cohorts) = (snapshot.entries.span, snapshot.cohorts.span)
    let loose = snapshot.loose.span
    // Series lie in cohorts as they lie here: the next slot is a good guess.
    var guesses = [Int32](repeating: 0, count: snapshot.cohorts.count)
    for (position, id) in ids.enumerated() {
      let entry = Int(id)
      let homes = entries[entry].cohort < 0 ? 0 : 1 + entries[entry].otherCohorts.count
      var slot: Int32 = -1
      var found = 0
      var home: Unmanaged<CohortView>?
      for number in 0..<homes {
        let cohort = Int(number == 0 ? entries[entry].cohort : entries[entry].otherCohorts[number - 1])
        if views[cohort] == nil {
          // Where series come and go, most cohorts lie outside.
          guard cohorts[cohort].overlaps(selection) else { continue }
          views[cohort] = CohortView(snapshot.cohorts[cohort], selection, number: viewCount)
          viewCount += 1
        }
        guard let view = unsafe views[cohort].map({ unsafe Unmanaged.passUnretained($0) }) else { continue }
        // A series without a sample in the interval is no row: its labels must not be seen.
        unsafe view._withUnsafeGuaranteedRef { seen in
          let place = seen.slot(of: id, near: guesses[cohort])
          guesses[cohort] = place + 1
          guard seen.holds(id, slot: place) else { return }
          found += 1
          slot = place
          unsafe home = view
        }
      }
      let isLoose = entries[entry].hasLoose && loose[entry]?.hasSample(in: selection) ?? false
      if isLoose { mayHoldHistograms = mayHoldHistograms || loose[entry]?.holdsHistograms ?? false }
      guard found > 0 || isLoose else { continue }
      unsafe places.append(
        Place(id: id, slot: slot, view: found == 1 && !isLoose ? home : nil, isLooseOnly: found == 0))
      if let row = rows?[position] { indexRows?.append(row) }
    }
    timelines = Mutex(LooseTimelines(number: viewCount))
    self.views = views
    self.places = places
    self.indexRows = indexRows
    mayHaveTypeOrUnit = rows == nil || snapshot.index.index.mayHaveTypeOrUnit
    self.mayHoldHistograms = mayHoldHistograms
    self.snapshot = snapshot
    self.selection = selection
  }

  var count: Int { places.count }

  var labels: [Labels] { places.map { snapshot.entries[Int($0.id)].labels } }

  func labels(_ row: Int) -> Labels { snapshot.entries[Int(places[row].id)].labels }

  func numbers(of names: LabelNames) -> RowNumbers? {
    indexRows.map { snapshot.index.index.numbers(of: names, rows: $0) }
  }

  func extent(_ row: Int) -> SampleExtent? {
    let place = places[row]
    if place.isLooseOnly { return snapshot.loose[Int(place.id)]?.extent(selection, timelines) }
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
    } else if place.isLooseOnly {
      snapshot.loose[Int(place.id)]?.read(selection, timelines, into: &result)
    } else {
      result = merged(place)
    }
  }

  func chunks(
    _ row: Int, first: Int64, last: Int64, _ writer: inout ChunkWriter
  ) -> [WrittenChunk] {
    writer.chunks(samples(row), first: first, last: last)
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
      var samples = Samples.none
      series.read(selection, timelines, into: &samples)
      if samples.count > 0 { parts.append(samples) }
    }
    guard let first = parts.first else { return .none }
    return parts.count == 1 ? first : Samples.merged(parts)
  }
}
