/// One scrape's values of all series of a target. A value: rows lie one behind the other, so that a search
/// among them touches no other memory.
@safe
struct ScrapeRow: @unchecked Sendable {
  // Sendable: the memory is written in init only, and freed with the last copy of the row.

  /// Milliseconds since the epoch.
  let timestamp: Int64
  /// How many slots the row has; later slots had no sample.
  let slotCount: Int
  let sampleCount: Int
  /// Whether any of the values is a stale marker: rows without one need not be looked through.
  let holdsStaleMarkers: Bool
  /// By slot. Readers of many rows keep the pointers and the rows, and touch no reference count.
  let values: UnsafePointer<Double>
  /// A bit a slot, set where there is a sample; nil: every slot has one.
  let presence: UnsafePointer<UInt64>?
  private let memory: Memory

  /// Owns what the pointers point to.
  @safe
  private final class Memory: @unchecked Sendable {
    let values: UnsafeMutablePointer<Double>
    let presence: UnsafeMutablePointer<UInt64>?

    init(_ values: [Double], _ presence: [UInt64]?) {
      unsafe self.values = Self.copy(values)
      unsafe self.presence = presence.map { unsafe Self.copy($0) }
    }

    deinit {
      unsafe values.deallocate()
      unsafe presence?.deallocate()
    }

    private static func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeMutablePointer<Element>
    {
      let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(1, elements.count))
      for (index, element) in elements.enumerated() { unsafe (memory + index).initialize(to: element) }
      return unsafe memory
    }
  }

  init(timestamp: Int64, values: [Double], presence: [UInt64]?, sampleCount: Int) {
    self.timestamp = timestamp
    self.sampleCount = sampleCount
    slotCount = values.count
    holdsStaleMarkers = values.contains(where: StaleMarker.isStale)
    memory = Memory(values, presence)
    unsafe self.values = unsafe UnsafePointer(memory.values)
    unsafe self.presence = unsafe memory.presence.map { unsafe UnsafePointer($0) }
  }

  /// Whether every slot has a sample.
  var isDense: Bool { unsafe presence == nil }

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
