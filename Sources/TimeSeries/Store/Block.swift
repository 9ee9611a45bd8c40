/// Sealed, immutable samples of the series that were scraped together: packed columns over one
/// timeline.
final class Block: Sendable {
  let timeline: Timeline
  /// The series that have a column, ascending.
  let series: [Int32]
  let sampleCount: Int
  /// Where the column of each series begins among the bytes; the store's limit on series keeps these small.
  private let starts: [UInt32]
  /// Of each column: its kind, which timestamps have a value (a bit each; only where some have
  /// none), and a packed frame of the values.
  private let bytes: [UInt8]

  /// What the first byte of a column says.
  private struct Kind: OptionSet {
    let rawValue: UInt8
    static let hasGaps = Kind(rawValue: 1)
    static let hasStaleMarkers = Kind(rawValue: 2)
  }

  private init(
    timeline: Timeline, series: [Int32], starts: [UInt32], bytes: [UInt8], sampleCount: Int
  ) {
    self.timeline = timeline
    self.series = series
    self.starts = starts
    self.bytes = bytes
    self.sampleCount = sampleCount
  }

  /// What the block takes in memory, bytes.
  var byteCount: Int { bytes.count + 8 * series.count + 8 * timeline.count }

  /// The column of a series; nil when it has no sample in the block. O(1) where `guess` is right.
  func column(of id: Int32, near guess: Int) -> Int? {
    if guess < series.count, series[guess] == id { return guess }
    var low = 0
    var high = series.count
    while low < high {
      let middle = (low + high) / 2
      if series[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low < series.count && series[low] == id ? low : nil
  }

  func hasStaleMarkers(_ column: Int) -> Bool { kind(column).contains(.hasStaleMarkers) }

  func hasGaps(_ column: Int) -> Bool { kind(column).contains(.hasGaps) }

  /// The positions on the timeline at which a column has a value, ascending.
  func positions(_ column: Int) -> [Int] {
    guard hasGaps(column) else { return Array(0..<timeline.count) }
    let start = Int(starts[column]) + 1
    return (0..<timeline.count).filter { bytes[start + $0 / 8] & (1 << UInt8($0 % 8)) != 0 }
  }

  /// Decodes a column that has a value at every position into as many values from `output` on.
  func decode(_ column: Int, into output: UnsafeMutablePointer<Double>) {
    unsafe decode(column, after: 1, count: timeline.count, into: output)
  }

  /// The values at `positions(column)`.
  func values(_ column: Int) -> [Double] {
    let count = positions(column).count
    let mask = hasGaps(column) ? (timeline.count + 7) / 8 : 0
    return unsafe [Double](unsafeUninitializedCapacity: count) { output, initialized in
      guard let target = output.baseAddress else { return }
      unsafe decode(column, after: 1 + mask, count: count, into: target)
      initialized = count
    }
  }

  private func decode(
    _ column: Int, after header: Int, count: Int, into output: UnsafeMutablePointer<Double>
  ) {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      unsafe PackedFrame.decode(base + (Int(starts[column]) + header), count: count, into: output)
    }
  }

  private func kind(_ column: Int) -> Kind { Kind(rawValue: bytes[Int(starts[column])]) }

  /// Gathers the columns of a block.
  struct Builder {
    private let timeline: Timeline
    private var series: [Int32] = []
    private var starts: [UInt32] = []
    private var bytes: [UInt8] = []
    private var sampleCount = 0

    init(_ timeline: Timeline) { self.timeline = timeline }

    /// Adds the column of a series, later than all before: `values` at `positions`, both not empty.
    mutating func append(_ id: Int32, values: [Double], positions: [Int]) {
      var kind: Kind = []
      let isDense = values.count == timeline.count
      if !isDense { kind.insert(.hasGaps) }
      if values.contains(where: StaleMarker.isStale) { kind.insert(.hasStaleMarkers) }
      series.append(id)
      starts.append(UInt32(bytes.count))
      bytes.append(kind.rawValue)
      if !isDense {
        var mask = [UInt8](repeating: 0, count: (timeline.count + 7) / 8)
        for position in positions { mask[position / 8] |= 1 << UInt8(position % 8) }
        bytes += mask
      }
      unsafe values.withUnsafeBufferPointer { unsafe PackedFrame.append($0, to: &bytes) }
      sampleCount += values.count
    }

    consuming func finish() -> Block {
      bytes.append(contentsOf: repeatElement(0, count: PackedFrame.padding))
      return Block(
        timeline: timeline, series: series.trimmed(), starts: starts.trimmed(),
        bytes: bytes.trimmed(), sampleCount: sampleCount)
    }
  }
}
