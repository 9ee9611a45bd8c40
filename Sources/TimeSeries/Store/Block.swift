internal import CColumns

/// The series that have a column in a block, ascending. Blocks that follow each other share the list as long
/// as it stays the same.
final class ColumnList: Sendable {
  let series: [Int32]

  init(_ series: [Int32]) { self.series = series }

  /// The column of a series; nil when it has none. O(1) where `guess` is right, else O(log n).
  @inline(__always)
  func column(of id: Int32, near guess: Int) -> Int? {
    if guess < series.count, series[guess] == id { return guess }
    return search(id)
  }

  private func search(_ id: Int32) -> Int? {
    let found = series.partitioningIndex { $0 >= id }
    return found < series.count && series[found] == id ? found : nil
  }
}

/// Sealed, immutable samples of the series that were scraped together: packed columns over the same rows,
/// whose times the cohort has.
@safe
final class Block: @unchecked Sendable {
  // Sendable: the memory is written in init only, and freed with the block.

  /// The first and the last time, milliseconds: a search among blocks touches nothing else.
  let first: Int64
  let last: Int64
  /// Which series have a column.
  let list: ColumnList
  let sampleCount: Int
  /// The columns. Readers of many keep the copy and the block, and touch no reference count.
  let columns: Columns
  private let byteCountOfColumns: Int

  private init(
    rows: Int, first: Int64, last: Int64, list: ColumnList, starts: [UInt32], bytes: [UInt8], sampleCount: Int
  ) {
    self.first = first
    self.last = last
    self.list = list
    self.sampleCount = sampleCount
    byteCountOfColumns = bytes.count
    columns = Columns(starts, bytes, rows: rows)
  }

  deinit { columns.deallocate() }

  /// What the block takes in memory, bytes, but for its list.
  var byteCount: Int { byteCountOfColumns + 4 * list.series.count }

  /// The columns of a block in memory that it owns.
  @safe
  struct Columns {
    /// How many rows there are.
    let rows: Int
    private let columns: Int
    /// Where the column of each series begins among the bytes; the store's limit on series keeps these small.
    private let starts: UnsafePointer<UInt32>
    /// Of each column: its kind, which rows have a value (a bit each; only where some have
    /// none), and a packed frame of the values.
    private let bytes: UnsafePointer<UInt8>

    /// What the first byte of a column says.
    fileprivate struct Kind: OptionSet {
      let rawValue: UInt8
      static let hasGaps = Kind(rawValue: 1)
      static let hasStaleMarkers = Kind(rawValue: 2)
    }

    fileprivate init(_ starts: [UInt32], _ bytes: [UInt8], rows: Int) {
      self.rows = rows
      columns = starts.count
      let startMemory = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: starts.count)
      _ = unsafe startMemory.initialize(from: starts)
      let byteMemory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
      _ = unsafe byteMemory.initialize(from: bytes)
      guard let starts = startMemory.baseAddress, let bytes = byteMemory.baseAddress else {
        preconditionFailure("allocated memory has an address")
      }
      unsafe self.starts = unsafe UnsafePointer(starts)
      unsafe self.bytes = unsafe UnsafePointer(bytes)
    }

    fileprivate func deallocate() {
      unsafe starts.deallocate()
      unsafe bytes.deallocate()
    }

    @inline(__always)
    private func start(_ column: Int) -> UnsafePointer<UInt8> { unsafe bytes + Int(starts[column]) }

    /// Where a column ends, or a little behind.
    @inline(__always)
    private func end(_ column: Int) -> Int {
      unsafe column + 1 < columns ? Int(starts[column + 1]) : Int(starts[column]) + 192
    }

    @inline(__always)
    private func kind(_ column: Int) -> Kind { unsafe Kind(rawValue: start(column)[0]) }

    @inline(__always)
    func hasStaleMarkers(_ column: Int) -> Bool { kind(column).contains(.hasStaleMarkers) }

    @inline(__always)
    func hasGaps(_ column: Int) -> Bool { kind(column).contains(.hasGaps) }

    /// Asks the memory for where a column begins; the column need not exist.
    @inline(__always)
    func askForStart(_ column: Int) { unsafe promgate_ask(starts + column) }

    /// Asks the memory for a column.
    @inline(__always)
    func askFor(_ column: Int) {
      // Behind the last one there is padding.
      for line in unsafe stride(from: Int(starts[column]), to: end(column), by: 64) {
        unsafe promgate_ask(bytes + line)
      }
    }

    /// The rows in which a column has a value, ascending.
    func positions(_ column: Int) -> [Int] {
      guard hasGaps(column) else { return Array(0..<rows) }
      let mask = unsafe start(column) + 1
      return (0..<rows).filter { unsafe mask[$0 / 8] & (1 << UInt8($0 % 8)) != 0 }
    }

    /// Decodes a column that has a value at every position into as many values from `output` on. Returns
    /// whether it is known that none is lower than the one before.
    @inline(__always)
    func decode(_ column: Int, into output: UnsafeMutablePointer<Double>) -> Bool {
      unsafe PackedFrame.decode(start(column) + 1, count: rows, into: output)
    }

    /// The values at `positions(column)`.
    func values(_ column: Int) -> [Double] {
      let count = positions(column).count
      let mask = hasGaps(column) ? (rows + 7) / 8 : 0
      return unsafe [Double](unsafeUninitializedCapacity: count) { output, initialized in
        guard let target = output.baseAddress else { return }
        unsafe PackedFrame.decode(start(column) + 1 + mask, count: count, into: target)
        initialized = count
      }
    }
  }

  /// Gathers the columns of a block.
  struct Builder {
    private let rows: Int
    private var series: [Int32] = []
    private var starts: [UInt32] = []
    private var bytes: [UInt8] = []
    private var sampleCount = 0

    init(rows: Int) { self.rows = rows }

    /// Adds the column of a series, later than all before: `values` at `positions`, both not empty.
    mutating func append(_ id: Int32, values: [Double], positions: [Int]) {
      var kind: Columns.Kind = []
      let isDense = values.count == rows
      if !isDense { kind.insert(.hasGaps) }
      if values.contains(where: StaleMarker.isStale) { kind.insert(.hasStaleMarkers) }
      series.append(id)
      starts.append(UInt32(bytes.count))
      bytes.append(kind.rawValue)
      if !isDense {
        var mask = [UInt8](repeating: 0, count: (rows + 7) / 8)
        for position in positions { mask[position / 8] |= 1 << UInt8(position % 8) }
        bytes += mask
      }
      unsafe values.withUnsafeBufferPointer { unsafe PackedFrame.append($0, to: &bytes) }
      sampleCount += values.count
    }

    /// `first`, `last`: the times of the first and the last row. `previous`: the list of the block before,
    /// which is shared if it is the same.
    consuming func finish(first: Int64, last: Int64, after previous: ColumnList?) -> Block {
      bytes.append(contentsOf: repeatElement(0, count: PackedFrame.padding))
      let list = previous.flatMap { $0.series == series ? $0 : nil } ?? ColumnList(series.trimmed())
      return Block(
        rows: rows, first: first, last: last, list: list, starts: starts, bytes: bytes,
        sampleCount: sampleCount)
    }
  }
}
