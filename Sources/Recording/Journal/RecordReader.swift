private import Glibc
internal import TimeSeries

/// What a recording ends with that cannot be read.
public enum RecordingRemainder: Sendable, Hashable {
  case none
  /// The last record is not complete: its writer is still at it, or was killed.
  case torn(bytes: Int)
  /// A record is damaged; it and what follows cannot be read.
  case damaged(reason: String, bytes: Int)

  /// How many bytes are left out.
  public var bytes: Int {
    switch self {
    case .none: 0
    case .torn(let bytes), .damaged(_, let bytes): bytes
    }
  }

  /// In a sentence; nil for none. `offset` is where it begins.
  public func note(at offset: Int) -> String? {
    switch self {
    case .none: nil
    case .torn(let bytes):
      "the last record is cut at byte \(offset + bytes): the \(bytes) bytes from byte \(offset) on are "
        + "left out"
    case .damaged(let reason, let bytes):
      "damaged at byte \(offset) (\(reason)): the \(bytes) bytes from there on are left out"
    }
  }
}

/// Reads the records of a recording, also of one that is being written: when `next` gives nil it may be
/// asked again later.
public final class RecordReader {
  public let path: String
  private let file: Int32
  private var decoder = RecordDecoder()
  private var damage: String?
  /// Where the next record begins, bytes: all before it was read.
  public private(set) var offset = 0
  private var buffer: [UInt8] = []
  /// Where in the file the buffer begins.
  private var bufferStart = 0

  private static let readSize = 1 << 20

  /// Opens a recording. Throws when there is no such file, or it is something else.
  public init(path: String) throws(RecordingError) {
    self.path = path
    file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw RecordingError(path: path, unsafe String(cString: strerror(errno))) }
    let head = Array(try bytes(at: 0, count: RecordFrame.magic.count))
    guard head == RecordFrame.magic else {
      // A file whose first write was cut is an empty recording.
      if RecordFrame.magic.starts(with: head) { return }
      throw RecordingError(
        path: path, "is no recording of promgate's",
        hint: "name a new file, or one that promgate record wrote")
    }
    offset = head.count
  }

  deinit { close(file) }

  /// What the records brought so far.
  var state: RecordDecoder { decoder }

  /// The file's size, bytes.
  public var size: Int {
    var status = stat()
    return unsafe fstat(file, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Whether the name stands for another file meanwhile.
  public var isReplaced: Bool {
    var (mine, named) = (stat(), stat())
    return unsafe fstat(file, &mine) != 0 || stat(path, &named) != 0 || mine.st_ino != named.st_ino
  }

  /// The next record that is complete; nil where there is none yet, and behind damage.
  public func next() throws(RecordingError) -> RecordBatch? {
    if offset == 0 {
      let head = Array(try bytes(at: 0, count: RecordFrame.magic.count))
      guard head == RecordFrame.magic else { return nil }
      offset = head.count
    }
    guard damage == nil, let payload = try payload() else { return nil }
    do {
      let batch = try decoder.decode(payload.bytes)
      offset = payload.end
      return batch
    } catch {
      damage = error.reason
      return nil
    }
  }

  /// The payload of the frame at `offset`; nil when it is not complete, or damaged.
  private func payload() throws(RecordingError) -> (bytes: [UInt8], end: Int)? {
    let head = try bytes(at: offset, count: 16)
    guard let length = Self.length(head) else {
      if head.count >= 10 { damage = "no length" }
      return nil
    }
    guard length.value > 0, length.value <= RecordFrame.largest else {
      // A file system may leave zeros where a write was cut.
      if try !isZero(from: offset) { damage = "impossible length" }
      return nil
    }
    let start = offset + length.size + 4
    let whole = try bytes(at: offset, count: length.size + 4 + length.value)
    guard whole.count == length.size + 4 + length.value else { return nil }
    let payload = Array(whole.dropFirst(length.size + 4))
    let written = whole.dropFirst(length.size).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard ByteBlock(payload).reader.checksum == written else {
      // The last one may have been cut within its pages.
      if start + length.value < size { damage = "wrong checksum" }
      return nil
    }
    return (payload, start + length.value)
  }

  /// Whether there is a whole record behind the place where reading ended: then that was no cut. Looks at
  /// the next megabytes.
  func findsRecordBehind() throws(RecordingError) -> Bool {
    let rest = Array(try bytes(at: offset, count: 4 << 20))
    let block = ByteBlock(rest)
    var work = 64 << 20
    for start in rest.indices.dropFirst() {
      guard let length = Self.length(rest[start...]), length.value > 0 else { continue }
      let body = start + length.size + 4
      guard length.value < rest.count, body + length.value <= rest.count else { continue }
      work -= length.value
      guard work > 0 else { return false }
      let written = rest[(body - 4)..<body].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      if block.reader(body..<body + length.value).checksum == written { return true }
    }
    return false
  }

  private static func length(_ bytes: ArraySlice<UInt8>) -> (value: Int, size: Int)? {
    var value: UInt64 = 0
    for (place, byte) in bytes.prefix(5).enumerated() {
      value |= UInt64(byte & 0x7F) << UInt64(7 * place)
      if byte < 0x80 { return (Int(value), place + 1) }
    }
    return bytes.count >= 5 ? (Int.max, 5) : nil
  }

  private func isZero(from start: Int) throws(RecordingError) -> Bool {
    var place = start
    while true {
      let part = try bytes(at: place, count: Self.readSize)
      if part.isEmpty { return true }
      guard part.allSatisfy({ $0 == 0 }) else { return false }
      place += part.count
    }
  }

  /// What there is behind the last record that was read.
  public var remainder: RecordingRemainder {
    let left = size - offset
    if left <= 0 { return .none }
    if let damage { return .damaged(reason: damage, bytes: left) }
    return .torn(bytes: left)
  }

  /// The bytes from a place on, fewer at the end of the file.
  private func bytes(at start: Int, count: Int) throws(RecordingError) -> ArraySlice<UInt8> {
    let place = start - bufferStart
    if place < 0 || place + count > buffer.count { try fill(from: start, atLeast: count) }
    let low = min(buffer.count, start - bufferStart)
    return buffer[low..<min(buffer.count, low + count)]
  }

  private func fill(from start: Int, atLeast count: Int) throws(RecordingError) {
    // No memory for bytes that the file does not have.
    let wanted = min(max(count, Self.readSize), max(0, size - start))
    var filled = [UInt8](repeating: 0, count: wanted)
    var done = 0
    while done < wanted {
      let got = unsafe filled.withUnsafeMutableBytes { memory in
        unsafe pread(file, memory.baseAddress.map { unsafe $0 + done }, wanted - done, off_t(start + done))
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw RecordingError(path: path, unsafe String(cString: strerror(errno))) }
      if got == 0 { break }
      done += got
    }
    if done < wanted { filled.removeSubrange(done...) }
    buffer = filled
    bufferStart = start
  }
}
