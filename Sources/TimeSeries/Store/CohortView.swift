internal import CColumns

/// The part of a cohort that lies in an interval, with one timeline for all of its series.
@safe
final class CohortView: @unchecked Sendable {
  // Sendable: everything is immutable; the pointers point into rows that `head` keeps alive, and `parts` is
  // memory of its own: an array would be retained for each row.
  private let timeline: Timeline
  private let parts: UnsafeMutableBufferPointer<Part>
  /// Keeps alive what the parts point to.
  private let blocks: ArraySlice<Block>
  private let head: ArraySlice<ScrapeRow>
  private let slots: [Int32]
  private let slotOfSeries: [Int32: Int32]
  /// The values of each row of the head.
  private let rowPointers: [UnsafePointer<Double>?]
  /// Slots below this have a sample in every row of the head.
  private let denseSlots: Int
  /// Whether a row of the head holds a stale marker.
  private let holdsStaleMarkers: Bool

  /// A block, as its readers need it: without touching a reference count.
  @safe
  private struct Part {
    let columns: Block.Columns
    let list: Unmanaged<ColumnList>
    /// Whether the part before has the same list.
    let sharesList: Bool

    /// Where the column of a series is.
    @inline(__always)
    func column(of id: Int32, near guess: Int) -> Int? {
      unsafe list._withUnsafeGuaranteedRef { $0.column(of: id, near: guess) }
    }

    /// Whether a column is that of a series.
    @inline(__always)
    func holds(_ id: Int32, at column: Int) -> Bool {
      unsafe list._withUnsafeGuaranteedRef { column < $0.series.count && $0.series[column] == id }
    }
  }

  /// `number`: how many views the selection had before.
  init(_ cohort: Cohort, _ selection: Selection, number: Int) {
    let firstBlock = cohort.blocks.partitioningIndexFromEnd { $0.last > selection.after }
    let lastBlock = cohort.blocks.partitioningIndexFromEnd { $0.first > selection.through }
    blocks = cohort.blocks[firstBlock..<max(firstBlock, lastBlock)]
    unsafe parts = .allocate(capacity: blocks.count)
    var previous: ColumnList?
    for (place, block) in blocks.enumerated() {
      let part = unsafe Part(
        columns: block.columns, list: .passUnretained(block.list), sharesList: block.list === previous)
      unsafe parts.initializeElement(at: place, to: part)
      previous = block.list
    }
    let low = cohort.head.partitioningIndexFromEnd { $0.timestamp > selection.after }
    let high = cohort.head.partitioningIndexFromEnd { $0.timestamp > selection.through }
    head = cohort.head[low..<max(low, high)]
    slots = cohort.slots
    slotOfSeries = cohort.slotOfSeries
    var dense = head.isEmpty ? 0 : Int.max
    var holdsStaleMarkers = false
    var pointers: [UnsafePointer<Double>?] = unsafe []
    unsafe pointers.reserveCapacity(head.count)
    unsafe head.withUnsafeBufferPointer { rows in
      // By index: a copy of a row would touch a reference count.
      for row in rows.indices {
        unsafe holdsStaleMarkers = holdsStaleMarkers || rows[row].holdsStaleMarkers
        unsafe pointers.append(rows[row].values)
        unsafe dense = min(dense, rows[row].isDense ? rows[row].slotCount : 0)
      }
    }
    // Rows are counted from the newest one back: what lies before is not touched.
    let rowsInBlocks = unsafe parts.reduce(0) { $0 + $1.columns.rows }
    let rowsBehind = cohort.blocks[blocks.endIndex...].reduce(cohort.head.count - head.endIndex) {
      $0 + $1.columns.rows
    }
    let end = cohort.times.count - rowsBehind
    timeline = cohort.times.timeline(end - head.count - rowsInBlocks..<end, number: number)
    unsafe rowPointers = pointers
    denseSlots = dense
    self.holdsStaleMarkers = holdsStaleMarkers
  }

  deinit {
    unsafe parts.deinitialize()
    unsafe parts.deallocate()
  }

  /// The slot of a series in the head; −1 when it has none.
  @inline(__always)
  func slot(of id: Int32, near guess: Int32) -> Int32 {
    Int(guess) < slots.count && slots[Int(guess)] == id ? guess : slotOfSeries[id] ?? -1
  }

  /// Whether a series has a sample here.
  func holds(_ id: Int32, slot: Int32) -> Bool {
    if slot >= 0 {
      if Int(slot) < denseSlots { return true }
      if head.contains(where: { $0.value(Int(slot)) != nil }) { return true }
    }
    return unsafe parts.contains { !$0.sharesList && $0.column(of: id, near: Int(max(0, slot))) != nil }
  }

  /// No more blocks of a row are asked for ahead: they would push each other out of the cache.
  private static let blocksAhead = 64

  /// Asks the memory for where the columns of a series begin, and for its values in the head.
  func askForStarts(slot: Int32) {
    guard slot >= 0 else { return }
    for place in unsafe 0..<min(parts.count, Self.blocksAhead) {
      unsafe parts[place].columns.askForStart(Int(slot))
    }
    for row in unsafe rowPointers.indices {
      if let values = unsafe rowPointers[row] { unsafe promgate_ask(values + Int(slot)) }
    }
  }

  /// Asks the memory for the columns of a series, after it was asked for where they begin.
  func askFor(_ id: Int32, slot: Int32) {
    guard slot >= 0 else { return }
    var isHere = false
    for place in unsafe 0..<min(parts.count, Self.blocksAhead) {
      let part = unsafe parts[place]
      if !part.sharesList { isHere = part.holds(id, at: Int(slot)) }
      if isHere { part.columns.askFor(Int(slot)) }
    }
  }

  /// The samples of a series; on the shared timeline where it has no gap, else on one of its own.
  func read(_ id: Int32, slot: Int32, into result: inout Samples) {
    var run = Run()
    unsafe result.refill(timeline, capacity: timeline.count) { target in
      unsafe decode(id, slot: slot, into: target, &run)
      return (run.first, run.count)
    }
    if run.isBroken {
      result = scattered(id, slot: slot)
      return
    }
    result.neverFalls = run.neverFalls
    if run.hasStaleMarkers { result.noteStaleMarkers() }
  }

  /// The positions on the timeline at which a series has samples, as far as they were decoded.
  private struct Run {
    var first = 0
    var count = 0
    var last = -Double.infinity
    var neverFalls = true
    var hasStaleMarkers = false
    /// They are no single run.
    var isBroken = false

    /// Whether what begins at a position follows what there is.
    mutating func extends(to position: Int) -> Bool {
      if count == 0 { first = position }
      isBroken = first + count != position
      return !isBroken
    }
  }

  /// Where the samples of a series lie; nil when they are no single run of floats.
  func extent(_ id: Int32, slot: Int32) -> SampleExtent? {
    var run = Run()
    unsafe walk(id, slot: slot, into: nil, &run)
    guard !run.isBroken, !run.hasStaleMarkers else { return nil }
    return SampleExtent(timeline, run.first..<run.first + run.count)
  }

  private func decode(_ id: Int32, slot: Int32, into target: UnsafeMutablePointer<Double>, _ run: inout Run) {
    unsafe walk(id, slot: slot, into: target, &run)
  }

  /// Goes through whole blocks and the head, as long as they make a run, and decodes them if there is a
  /// target.
  @inline(__always)
  private func walk(
    _ id: Int32, slot: Int32, into target: UnsafeMutablePointer<Double>?, _ run: inout Run
  ) {
    var position = 0
    // As long as no series comes or goes, columns lie as slots do.
    var (column, isHere) = (Int(max(0, slot)), false)
    for place in unsafe 0..<parts.count {
      let part = unsafe parts[place]
      let columns = part.columns
      defer { position += columns.rows }
      if !part.sharesList {
        let found = part.column(of: id, near: column)
        isHere = found != nil
        column = found ?? column
      }
      guard isHere else { continue }
      guard run.extends(to: position), !columns.hasGaps(column) else {
        run.isBroken = true
        return
      }
      run.hasStaleMarkers = run.hasStaleMarkers || columns.hasStaleMarkers(column)
      if let target = unsafe target {
        let place = unsafe target + run.count
        let neverFalls = unsafe columns.decode(column, into: place)
        run.neverFalls = unsafe run.neverFalls && run.last <= place[0] && neverFalls
        run.last = unsafe place[columns.rows - 1]
      }
      run.count += columns.rows
    }
    guard slot >= 0, !head.isEmpty else { return }
    guard Int(slot) < denseSlots, run.extends(to: position) else {
      run.isBroken = true
      return
    }
    // The slot exists in every row of the head.
    if let target = unsafe target {
      let place = unsafe target + run.count
      unsafe promgate_read_slot(rowPointers, head.count, Int(slot), place)
      run.neverFalls = unsafe run.neverFalls && run.last <= place[0] && promgate_falls(place, head.count) == 0
    }
    if holdsStaleMarkers {
      for row in head where row.value(Int(slot)).map(StaleMarker.isStale) ?? false {
        run.hasStaleMarkers = true
      }
    }
    run.count += head.count
  }

  /// The samples of a series with gaps.
  private func scattered(_ id: Int32, slot: Int32) -> Samples {
    var times: [Int64] = []
    var values: [Double] = []
    var first = 0
    for block in blocks {
      defer { first += block.columns.rows }
      guard let column = block.list.column(of: id, near: 0) else { continue }
      values.append(contentsOf: block.columns.values(column))
      times += block.columns.positions(column).map { timeline[first + $0] }
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
  mutating func noteStaleMarkers() {
    staleMarkers = values.indices.filter { StaleMarker.isStale(values[$0]) }
  }
}
