/// The series that one target's scrapes bring together: sealed blocks and a head of scrape rows.
///
/// A snapshot copies a few references; appending a row afterwards copies at most the list of rows.
struct Cohort: Sendable {
  /// Whose it is; nil for an unused place.
  var reference: CohortReference?
  /// Sealed blocks, in time order.
  var blocks: [Block] = []
  /// The rows since the last seal, in time order.
  var head: [ScrapeRow] = []
  /// Which series each slot of the head's rows belongs to; −1: none any more.
  var slots: [Int32] = []
  /// The slot of each series of the head.
  var slotOfSeries: [Int32: Int32] = [:]
  /// The time of the first and the last row; crossed where there is none.
  private var oldest = Int64.max
  private var latest = Int64.min
  /// When the rows of blocks and head were scraped.
  private(set) var times = RowTimes()

  /// How many rows are sealed into one block.
  static let rowsPerBlock = 128

  /// The time of the newest row or block; nil for an empty cohort.
  var newest: Int64? { head.last?.timestamp ?? blocks.last?.last }

  var isEmpty: Bool { head.isEmpty && blocks.isEmpty }

  /// From the first row of the head to its last one, milliseconds.
  var headSpan: Int64 {
    guard let first = head.first, let last = head.last else { return 0 }
    let (span, overflow) = last.timestamp.subtractingReportingOverflow(first.timestamp)
    return overflow ? .max : span
  }

  /// Whether a series has samples here.
  func holds(_ series: Int32) -> Bool {
    if let slot = slotOfSeries[series], head.contains(where: { $0.value(Int(slot)) != nil }) { return true }
    var list: ColumnList?
    for block in blocks where block.list !== list {
      if block.list.column(of: series, near: 0) != nil { return true }
      list = block.list
    }
    return false
  }

  /// The times of the first and the last row, milliseconds; nil for none.
  var timeRange: ClosedRange<Int64>? { oldest <= latest ? oldest...latest : nil }

  /// Whether a row may lie in the interval: touches no row.
  @inline(__always)
  func overlaps(_ selection: Selection) -> Bool { oldest <= selection.through && latest > selection.after }

  /// Whether a series has a sample in the interval, or one in a block that reaches into it.
  func holds(_ series: Int32, in selection: Selection) -> Bool {
    let low = head.partitioningIndexFromEnd { $0.timestamp > selection.after }
    let high = head.partitioningIndexFromEnd { $0.timestamp > selection.through }
    if low < high, let slot = slotOfSeries[series],
      head[low..<high].contains(where: { $0.value(Int(slot)) != nil })
    {
      return true
    }
    let first = blocks.partitioningIndexFromEnd { $0.last > selection.after }
    let last = blocks.partitioningIndexFromEnd { $0.first > selection.through }
    var list: ColumnList?
    for block in blocks[first..<max(first, last)] where block.list !== list {
      if block.list.column(of: series, near: 0) != nil { return true }
      list = block.list
    }
    return false
  }

  /// Takes the slot of a series without samples.
  mutating func vacate(_ series: Int32) {
    if let slot = slotOfSeries.removeValue(forKey: series) { slots[Int(slot)] = -1 }
  }

  mutating func slot(of series: Int32) -> Int {
    if let slot = slotOfSeries[series] { return Int(slot) }
    slotOfSeries[series] = Int32(slots.count)
    slots.append(series)
    return slots.count - 1
  }

  /// Adds a row later than all others.
  mutating func append(_ row: ScrapeRow) {
    head.append(row)
    times.append(row.timestamp)
    oldest = min(oldest, row.timestamp)
    latest = row.timestamp
  }

  /// Turns the head into a block; only series that the last row still has keep a slot. Returns those that
  /// had a slot and no sample since the block before.
  mutating func seal() -> [Int32] {
    guard let last = head.last else { return [] }
    let order = slots.indices.sorted { slots[$0] < slots[$1] }
    var block = Block.Builder(rows: head.count)
    var absent: [Int32] = []
    for slot in order where slots[slot] >= 0 {
      var values: [Double] = []
      values.reserveCapacity(head.count)
      var positions: [Int] = []
      for (position, row) in head.enumerated() {
        guard let value = row.value(slot) else { continue }
        values.append(value)
        positions.append(position)
      }
      if values.isEmpty {
        absent.append(slots[slot])
      } else {
        block.append(slots[slot], values: values, positions: positions)
      }
    }
    blocks.append(block.finish(first: head[0].timestamp, last: last.timestamp, after: blocks.last?.list))
    slots = slots.indices.filter { slot in
      last.value(slot).map { !StaleMarker.isStale($0) } ?? false
    }.map { slots[$0] }
    slotOfSeries = [:]
    for (slot, id) in slots.enumerated() { slotOfSeries[id] = Int32(slot) }
    head = []
    return absent
  }

  /// Whether a block, or the head of a cohort without any, ends before a time.
  func lastsLongPast(_ time: Int64) -> Bool { (blocks.first?.last ?? head.last?.timestamp ?? .max) < time }

  /// Drops blocks, and a head, that end before a time: how many samples went with them, and the series that
  /// they were of, which may have others here.
  mutating func drop(before time: Int64) -> (samples: Int, series: [Int32]) {
    let dropped = blocks.prefix { $0.last < time }
    var samples = dropped.reduce(0) { $0 + $1.sampleCount }
    times.removeFirst(dropped.reduce(0) { $0 + $1.columns.rows })
    blocks.removeFirst(dropped.count)
    var series: [Int32] = []
    var list = blocks.first?.list
    for block in dropped.reversed() where block.list !== list {
      series += block.list.series
      list = block.list
    }
    if blocks.isEmpty, head.last.map({ $0.timestamp < time }) ?? true {
      samples += head.reduce(0) { $0 + $1.sampleCount }
      series += slots.filter { $0 >= 0 }
      (head, slots, slotOfSeries, times) = ([], [], [:], RowTimes())
      latest = .min
    }
    oldest = blocks.first?.first ?? head.first?.timestamp ?? .max
    return (samples, series)
  }
}

/// The times of a cohort's rows. A copy shares the memory, and so do the timelines of all views.
struct RowTimes: Sendable {
  private var column = TimeColumn([], capacity: 16)
  /// Where the rows are in the column.
  private var positions = 0..<0

  var count: Int { positions.count }

  /// What they take in memory, bytes.
  var byteCount: Int { 8 * column.capacity }

  fileprivate mutating func append(_ timestamp: Int64) {
    if !column.append(timestamp, at: positions.upperBound) {
      // Little room, often: it counts against the bytes of a sample, and copies are cheap.
      column = TimeColumn(all, capacity: count + count / 16 + 16)
      positions = 0..<count
      _ = column.append(timestamp, at: count)
    }
    positions = positions.lowerBound..<positions.upperBound + 1
  }

  fileprivate mutating func removeFirst(_ dropped: Int) {
    positions = positions.lowerBound + dropped..<positions.upperBound
    guard positions.lowerBound > column.capacity / 4 else { return }
    column = TimeColumn(all, capacity: count + 16)
    positions = 0..<count
  }

  private var all: Timeline { Timeline(column, positions, number: .max) }

  /// The timeline of some rows, counted from the first. `number`: how many the selection had before.
  func timeline(_ rows: Range<Int>, number: Int) -> Timeline {
    let start = positions.lowerBound
    return Timeline(column, start + rows.lowerBound..<start + rows.upperBound, number: number)
  }
}
