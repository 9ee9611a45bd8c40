import Synchronization

/// Memory for timestamps that grows at its end: what timelines show of it stays as it is.
@safe
final class TimeColumn: @unchecked Sendable {
  // Sendable: who raises `count` writes behind it, and nobody reads there before being handed more.

  private let memory: UnsafeMutableBufferPointer<Int64>
  /// How many timestamps were written.
  private let count: Atomic<Int>

  /// Some timestamps, and room for up to `capacity`.
  init(_ timestamps: some Collection<Int64>, capacity: Int) {
    unsafe memory = .allocate(capacity: max(1, timestamps.count, capacity))
    let (_, end) = unsafe memory.initialize(from: timestamps)
    count = Atomic(end)
  }

  deinit { unsafe memory.deallocate() }

  /// How many timestamps there is room for.
  var capacity: Int { unsafe memory.count }

  /// Writes a timestamp at a position; false where the column does not end there, or is full.
  func append(_ timestamp: Int64, at position: Int) -> Bool {
    guard position < capacity,
      count.compareExchange(expected: position, desired: position + 1, ordering: .relaxed).exchanged
    else { return false }
    unsafe memory.initializeElement(at: position, to: timestamp)
    return true
  }

  /// The timestamps at positions that were written; whoever keeps the address keeps the column.
  func memory(_ positions: Range<Int>) -> UnsafePointer<Int64> {
    precondition(positions.lowerBound >= 0 && positions.upperBound <= count.load(ordering: .relaxed))
    guard let start = unsafe memory.baseAddress else {
      preconditionFailure("allocated memory has an address")
    }
    return unsafe UnsafePointer(start + positions.lowerBound)
  }
}
