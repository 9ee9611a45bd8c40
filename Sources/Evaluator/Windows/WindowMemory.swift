/// Memory for what is known of windows, given back all at once: many targets ask for as many small pieces.
@safe
final class WindowMemory {
  private var blocks: [UnsafeMutableRawPointer] = unsafe []
  /// What is left of the last block.
  private var free: UnsafeMutableRawBufferPointer = unsafe .init(start: nil, count: 0)
  /// What all blocks take, bytes.
  private var total = 0

  /// Blocks grow to this size, bytes: the allocator takes larger ones from the system each time.
  private static let largestBlock = 1 << 16
  private static let alignment = 16

  deinit {
    for unsafe block in unsafe blocks { unsafe block.deallocate() }
  }

  /// Room for `count` values, which lives as long as this does; nothing is written to it.
  func allocate<Value: BitwiseCopyable>(_ type: Value.Type, count: Int) -> UnsafeMutablePointer<Value> {
    let bytes = max(1, count) * MemoryLayout<Value>.stride
    let taken = (bytes + Self.alignment - 1) / Self.alignment * Self.alignment
    if unsafe free.count < taken {
      // As much again as there is.
      let size = max(taken, min(total, Self.largestBlock))
      let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Self.alignment)
      unsafe blocks.append(block)
      unsafe free = UnsafeMutableRawBufferPointer(start: block, count: size)
      total += size
    }
    defer { unsafe free = UnsafeMutableRawBufferPointer(rebasing: free[taken...]) }
    guard let start = unsafe free.baseAddress else { preconditionFailure("allocated memory has an address") }
    return unsafe start.bindMemory(to: Value.self, capacity: max(1, count))
  }
}
