/// Grows a text byte by byte. Appending costs a bounds check and, rarely, a move.
struct ByteWriter {
  /// Bytes beyond `count` are room.
  private(set) var storage: [UInt8]
  private(set) var count = 0

  init(capacity: Int = 512) { storage = [UInt8](repeating: 0, count: capacity) }

  /// What was written. Ends the writing.
  consuming func finish() -> [UInt8] {
    storage.removeSubrange(count...)
    return storage
  }

  /// Makes room for `room` more bytes, so that `fill` may write them without asking.
  mutating func reserve(_ room: Int) {
    guard storage.count - count < room else { return }
    let target = max(storage.count * 2, count + room)
    storage.append(contentsOf: repeatElement(0, count: target - storage.count))
  }

  /// Writes at most `room` bytes through a cursor over the room.
  mutating func fill(_ room: Int, _ body: (inout MutableSpan<UInt8>, inout Int) -> Void) {
    reserve(room)
    var position = count
    var span = storage.mutableSpan
    body(&span, &position)
    count = position
  }

  mutating func append(_ byte: UInt8) {
    reserve(1)
    storage[count] = byte
    count += 1
  }

  mutating func append(_ text: String) { append(contentsOf: text.utf8) }

  mutating func append(contentsOf bytes: some Collection<UInt8>) {
    let length = bytes.count
    reserve(length)
    storage.replaceSubrange(count..<count + length, with: bytes)
    count += length
  }
}
