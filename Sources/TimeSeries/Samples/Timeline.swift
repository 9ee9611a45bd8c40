import Glibc

/// A column of timestamps: milliseconds since the Unix epoch, strictly ascending.
///
/// Series that are scraped together share one timeline; its identity (`===`) is what lets window
/// bounds be located once and used for every series on it. A collection of its timestamps, in O(1) each.
@safe
public final class Timeline: RandomAccessCollection, @unchecked Sendable {
  // Sendable: everything is immutable; what the column has below its end is never written again.

  /// Keeps the memory alive.
  private let column: TimeColumn
  @usableFromInline let memory: UnsafePointer<Int64>
  /// How many timestamps there are.
  public let count: Int

  /// Its number among the timelines of one selection, from zero on, so that what is known of each can be
  /// found in an array. A hint: other timelines have the same number. `Int.max` where there is none.
  package let number: Int

  /// A timeline over strictly ascending timestamps in milliseconds, which are copied.
  public convenience init(_ timestamps: [Int64]) { self.init(timestamps, number: .max) }

  package convenience init(_ timestamps: [Int64], number: Int) {
    self.init(TimeColumn(timestamps, capacity: timestamps.count), 0..<timestamps.count, number: number)
  }

  /// The timestamps at some positions of a column, which are shared with it.
  init(_ column: TimeColumn, _ positions: Range<Int>, number: Int) {
    self.column = column
    unsafe memory = column.memory(positions)
    count = positions.count
    self.number = number
  }

  public static let empty = Timeline([])

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  /// The timestamp at a position below `count`, milliseconds.
  @inlinable
  public subscript(position: Int) -> Int64 {
    precondition(position >= 0 && position < count, "no such position on the timeline")
    return unsafe memory[position]
  }

  /// All timestamps in one piece of memory.
  @inlinable
  package func withUnsafeBufferPointer<Result>(
    _ body: (UnsafeBufferPointer<Int64>) throws -> Result
  ) rethrows -> Result {
    unsafe try body(UnsafeBufferPointer(start: memory, count: count))
  }

  /// All timestamps in one piece of memory; never nil.
  @inlinable
  public func withContiguousStorageIfAvailable<Result>(
    _ body: (UnsafeBufferPointer<Int64>) throws -> Result
  ) rethrows -> Result? {
    unsafe try body(UnsafeBufferPointer(start: memory, count: count))
  }

  /// Whether these are the timestamps from a position on.
  package func holds(_ timestamps: [Int64], at position: Int = 0) -> Bool {
    guard position >= 0, position <= count - timestamps.count else { return false }
    return unsafe timestamps.withUnsafeBytes { wanted in
      guard let start = wanted.baseAddress else { return true }
      return unsafe memcmp(memory + position, start, wanted.count) == 0
    }
  }

  /// The first position whose timestamp is greater than `time`, `count` if none. O(log n).
  public func firstPosition(after time: Int64) -> Int { partitioningIndex { $0 > time } }
}

extension RandomAccessCollection {
  /// The same as `partitioningIndex`, found from the end: O(log of the distance from there), and what lies
  /// before is not touched.
  @inlinable
  package func partitioningIndexFromEnd(where isBehind: (Element) -> Bool) -> Index {
    var high = endIndex
    var stride = 1
    while high > startIndex {
      let probe = index(high, offsetBy: -stride, limitedBy: startIndex) ?? startIndex
      if !isBehind(self[probe]) {
        return self[index(after: probe)..<high].partitioningIndex(where: isBehind)
      }
      high = probe
      stride *= 2
    }
    return high
  }

  /// The first index whose element satisfies a condition, which all elements behind it satisfy too; the end
  /// if there is none. O(log n).
  @inlinable
  package func partitioningIndex(where isBehind: (Element) -> Bool) -> Index {
    var (low, count) = (startIndex, count)
    while count > 0 {
      let half = count / 2
      let middle = index(low, offsetBy: half)
      if isBehind(self[middle]) {
        count = half
      } else {
        low = index(after: middle)
        count -= half + 1
      }
    }
    return low
  }
}
