/// Grows a text byte by byte, in parts of bounded size. Appending costs a bounds check; what was written
/// moves only while the text is small.
struct ByteWriter {
  /// What is complete.
  private var parts: [[UInt8]] = []
  /// The part that is being written; bytes beyond `used` are room.
  private var storage: [UInt8]
  private var used = 0
  private var complete = 0

  /// Parts grow to this size, bytes. Small enough for the allocator to keep and use again.
  private static let partSize = 1 << 18

  init(capacity: Int = 512) {
    storage = [UInt8](repeating: 0, count: min(max(capacity, 16), Self.partSize))
  }

  /// How many bytes were written.
  var count: Int { complete + used }

  /// What was written, in one piece. Ends the writing.
  consuming func finish() -> [UInt8] { body().bytes }

  /// What was written. Ends the writing.
  consuming func body() -> ResponseBody {
    storage.removeSubrange(used...)
    return ResponseBody(parts: parts + [storage])
  }

  /// Hands over what was written, in order.
  func forEachPart(_ body: (ArraySlice<UInt8>) -> Void) {
    for part in parts { body(part[...]) }
    body(storage[..<used])
  }

  /// Starts anew with the room that there is.
  mutating func removeAll() {
    parts = []
    (used, complete) = (0, 0)
  }

  /// Makes room for `room` more bytes, so that `fillMemory` may write them without asking.
  mutating func reserve(_ room: Int) {
    guard storage.count - used < room else { return }
    if storage.count < Self.partSize, used + room <= Self.partSize {
      let target = min(Self.partSize, max(storage.count * 2, used + room))
      storage.append(contentsOf: repeatElement(0, count: target - storage.count))
      return
    }
    complete += used
    storage.removeSubrange(used...)
    parts.append(storage)
    storage = [UInt8](repeating: 0, count: max(Self.partSize, room))
    used = 0
  }

  /// Writes at most `room` bytes from a place in memory on; `body` says how many.
  @inline(__always)
  mutating func fillMemory(_ room: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
    reserve(room)
    unsafe storage.withUnsafeMutableBufferPointer { buffer in
      // There is room, so there is an address.
      guard let start = buffer.baseAddress else { return }
      used += unsafe body(start + used)
    }
  }

  mutating func append(_ byte: UInt8) {
    reserve(1)
    storage[used] = byte
    used += 1
  }

  mutating func append(_ text: String) { append(contentsOf: text.utf8) }

  mutating func append(contentsOf bytes: some Collection<UInt8>) {
    let isCopied: Void? = bytes.withContiguousStorageIfAvailable { source in
      unsafe fillMemory(source.count) { target in
        if let first = source.baseAddress { unsafe target.update(from: first, count: source.count) }
        return source.count
      }
    }
    if isCopied == nil { for byte in bytes { append(byte) } }
  }
}
