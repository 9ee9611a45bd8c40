/// One scrape's values of all series of a target.
@safe
final class ScrapeRow: @unchecked Sendable {
  // Sendable: the memory is written in init only, and freed with the row.

  /// Milliseconds since the epoch.
  let timestamp: Int64
  /// How many slots the row has; later slots had no sample.
  let slotCount: Int
  let sampleCount: Int
  /// By slot. Readers of many rows keep the pointers and the rows, and touch no reference count.
  let values: UnsafePointer<Double>
  /// A bit a slot, set where there is a sample; nil: every slot has one.
  let presence: UnsafePointer<UInt64>?

  init(timestamp: Int64, values: [Double], presence: [UInt64]?, sampleCount: Int) {
    self.timestamp = timestamp
    self.sampleCount = sampleCount
    slotCount = values.count
    let memory = UnsafeMutablePointer<Double>.allocate(capacity: max(1, values.count))
    unsafe memory.initialize(repeating: 0, count: max(1, values.count))
    for (slot, value) in values.enumerated() { unsafe memory[slot] = value }
    unsafe self.values = unsafe UnsafePointer(memory)
    if let presence {
      let words = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, presence.count))
      unsafe words.initialize(repeating: 0, count: max(1, presence.count))
      for (index, word) in presence.enumerated() { unsafe words[index] = word }
      unsafe self.presence = unsafe UnsafePointer(words)
    } else {
      unsafe self.presence = nil
    }
  }

  deinit {
    unsafe values.deallocate()
    unsafe presence?.deallocate()
  }

  /// The value in a slot; nil when there is none.
  @inline(__always)
  func value(_ slot: Int) -> Double? {
    guard slot < slotCount else { return nil }
    if let presence = unsafe presence, unsafe presence[slot / 64] & (1 << UInt64(slot % 64)) == 0 {
      return nil
    }
    return unsafe values[slot]
  }
}
