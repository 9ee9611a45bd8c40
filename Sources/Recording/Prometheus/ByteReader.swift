internal import CCompression
internal import TimeSeries

/// The bytes end before what they announce.
struct BytesEnded: Error {
  /// Where in the file, in bytes.
  var offset: Int
}

/// Reads numbers and texts from bytes that somebody keeps alive, and never past their end.
@safe
struct ByteReader {
  private let owner: AnyObject
  private let bytes: UnsafeRawBufferPointer
  /// Where the next byte is read.
  private(set) var position: Int
  let end: Int

  /// `range` lies within the bytes, which live as long as the owner.
  init(owner: AnyObject, bytes: UnsafeRawBufferPointer, range: Range<Int>) {
    self.owner = owner
    unsafe self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  var isAtEnd: Bool { position >= end }
  var left: Int { end - position }

  /// Whether nothing but zeros is left.
  var isZero: Bool { unsafe bytes[position..<max(position, end)].allSatisfy { $0 == 0 } }

  /// The checksum of what is left.
  var checksum: UInt32 {
    unsafe promgate_crc32c(
      bytes.baseAddress?.advanced(by: position).assumingMemoryBound(to: UInt8.self), left)
  }

  mutating func u8() throws(BytesEnded) -> UInt8 {
    guard position < end else { throw BytesEnded(offset: position) }
    defer { position += 1 }
    return unsafe bytes[position]
  }

  private mutating func big<Number: FixedWidthInteger>(_ type: Number.Type) throws(BytesEnded) -> Number {
    let size = MemoryLayout<Number>.size
    guard left >= size else { throw BytesEnded(offset: position) }
    defer { position += size }
    return unsafe Number(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: type))
  }

  mutating func u16() throws(BytesEnded) -> UInt16 { try big(UInt16.self) }
  mutating func u32() throws(BytesEnded) -> UInt32 { try big(UInt32.self) }
  mutating func u64() throws(BytesEnded) -> UInt64 { try big(UInt64.self) }
  mutating func i64() throws(BytesEnded) -> Int64 { try big(Int64.self) }
  mutating func f64() throws(BytesEnded) -> Double { Double(bitPattern: try big(UInt64.self)) }

  mutating func uvarint() throws(BytesEnded) -> UInt64 {
    var result: UInt64 = 0
    for group in 0..<10 {
      let byte = try u8()
      result |= UInt64(byte & 0x7F) << UInt64(7 * group)
      if byte < 0x80 { return result }
    }
    throw BytesEnded(offset: position)
  }

  mutating func varint() throws(BytesEnded) -> Int64 {
    let value = try uvarint()
    return Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
  }

  /// A number of things of which each takes `size` bytes at least: no more than there can be.
  mutating func count(of size: Int = 1) throws(BytesEnded) -> Int {
    let start = position
    let value = try uvarint()
    guard value <= UInt64(left / max(1, size)) else { throw BytesEnded(offset: start) }
    return Int(value)
  }

  /// The place of the next bytes, which are skipped.
  mutating func skip(_ count: Int) throws(BytesEnded) -> Range<Int> {
    guard count >= 0, count <= left else { throw BytesEnded(offset: position) }
    defer { position += count }
    return position..<position + count
  }

  /// A text: its length and its bytes.
  mutating func text() throws(BytesEnded) -> Range<Int> { try skip(try count()) }

  /// The bytes of a part that was skipped.
  func array(_ range: Range<Int>) -> [UInt8] {
    unsafe [UInt8](UnsafeRawBufferPointer(rebasing: bytes[range]))
  }

  /// Lets `body` look at a part that was skipped, and says how many bytes there are behind it.
  func withBytes<Result, Failure: Error>(
    _ range: Range<Int>, _ body: (_ part: UnsafeRawBufferPointer, _ behind: Int) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[range]), bytes.count - range.upperBound)
  }

  /// Labels: a number of pairs of texts, in the order of their names.
  mutating func labels() throws(BytesEnded) -> Labels {
    var pairs: [(name: [UInt8], value: [UInt8])] = []
    for _ in 0..<(try count(of: 2)) {
      let name = try text()
      let value = try text()
      pairs.append((array(name), array(value)))
    }
    return Labels(inOrder: pairs)
  }
}

extension Labels {
  /// Labels from pairs in the order of their names; empty values and names out of order are left out.
  init(inOrder pairs: [(name: [UInt8], value: [UInt8])]) {
    var encoder = LabelsEncoder(capacity: pairs.reduce(0) { $0 + $1.name.count + $1.value.count + 2 })
    var last: [UInt8] = []
    for pair in pairs where !pair.value.isEmpty && !pair.name.isEmpty {
      guard last.isEmpty || last.lexicographicallyPrecedes(pair.name) else { continue }
      encoder.append(name: pair.name.span, value: pair.value.span)
      last = pair.name
    }
    self = encoder.labels()
  }
}

/// Bytes in memory, for readers.
@safe
final class ByteBlock: @unchecked Sendable {
  // Sendable: the bytes are never written after init.
  private let memory: UnsafeMutableRawBufferPointer

  init(_ bytes: [UInt8]) {
    unsafe memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 8)
    unsafe memory.copyBytes(from: bytes)
    count = bytes.count
  }

  /// Lets `fill` write the bytes; nil when it says that it could not.
  init?(count: Int, _ fill: (UnsafeMutablePointer<UInt8>) -> Bool) {
    unsafe memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 8)
    self.count = count
    guard let start = unsafe memory.bindMemory(to: UInt8.self).baseAddress, unsafe fill(start) else {
      return nil
    }
  }

  deinit { unsafe memory.deallocate() }

  let count: Int

  func reader(_ range: Range<Int>) -> ByteReader {
    unsafe ByteReader(owner: self, bytes: UnsafeRawBufferPointer(memory), range: range)
  }

  var reader: ByteReader { reader(0..<count) }
}
