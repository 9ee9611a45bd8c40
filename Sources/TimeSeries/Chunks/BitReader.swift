/// Reads bits, the most significant of a byte first (chunks-and-blocks.md §1.1). Past the end there are
/// zeros; `isPastEnd` tells that there were.
@safe
struct BitReader {
  private let bytes: UnsafeRawPointer
  private let count: Int
  /// Bytes that may be looked at, those behind the end included.
  private let readable: Int
  /// Counted in bits from the beginning.
  var position = 0

  /// `slack`: so many bytes behind the buffer may be looked at.
  init(_ bytes: UnsafeRawBufferPointer, slack: Int, from start: Int) {
    // An empty buffer may have no address; nothing is read from it then.
    unsafe self.bytes = unsafe bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 8).unsafelyUnwrapped
    count = bytes.count
    readable = bytes.count + slack
    position = start * 8
  }

  var isPastEnd: Bool { position > count * 8 }

  /// The next 64 bits, without taking them.
  @inline(__always)
  func peek() -> UInt64 {
    let byte = position >> 3
    let shift = UInt64(position & 7)
    guard byte + 9 <= readable else { return peekNearEnd(byte, shift) }
    // Nine bytes from here on may be looked at.
    let word = unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: byte, as: UInt64.self))
    let next = unsafe UInt64(bytes.load(fromByteOffset: byte + 8, as: UInt8.self))
    return (word << shift) | (next >> (8 - shift))
  }

  private func peekNearEnd(_ byte: Int, _ shift: UInt64) -> UInt64 {
    var result: UInt64 = 0
    for i in 0..<9 {
      let value = byte + i < count ? unsafe UInt64(bytes.load(fromByteOffset: byte + i, as: UInt8.self)) : 0
      let place = 56 - 8 * i + Int(shift)
      result |= place >= 0 ? value << UInt64(place) : value >> UInt64(-place)
    }
    return result
  }

  /// The next `width` bits, at most 64, as an unsigned number.
  @inline(__always)
  mutating func bits(_ width: Int) -> UInt64 {
    guard width > 0 else { return 0 }
    let result = peek() >> UInt64(64 - width)
    position += width
    return result
  }

  @inline(__always)
  mutating func bit() -> Bool {
    let result = peek() >> 63 == 1
    position += 1
    return result
  }

  mutating func uvarint() -> UInt64 {
    var result: UInt64 = 0
    for group in 0..<10 {
      let byte = bits(8)
      result |= (byte & 0x7F) << UInt64(7 * group)
      if byte < 0x80 { break }
    }
    return result
  }

  mutating func varint() -> Int64 {
    let value = uvarint()
    return Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
  }

  /// A signed number of `width` bits whose largest negative one stands for a positive (rule A).
  @inline(__always)
  static func signed(_ value: UInt64, _ width: Int) -> Int64 {
    guard width < 64 else { return Int64(bitPattern: value) }
    let half: UInt64 = 1 << UInt64(width - 1)
    return value > half ? Int64(bitPattern: value) &- Int64(bitPattern: half << 1) : Int64(bitPattern: value)
  }

  /// The widths of the variable numbers, by how many ones stand in front.
  private static let widths = [0, 3, 6, 9, 12, 18, 25, 56, 64]

  @inline(__always)
  private mutating func variable() -> (value: UInt64, width: Int) {
    let ones = min(8, (~peek()).leadingZeroBitCount)
    position += min(ones + 1, 8)
    let width = Self.widths[ones]
    return (bits(width), width)
  }

  /// `varbit_int`
  @inline(__always)
  mutating func signedVariable() -> Int64 {
    let (value, width) = variable()
    return width == 0 ? 0 : Self.signed(value, width)
  }

  /// `varbit_uint`
  @inline(__always)
  mutating func unsignedVariable() -> UInt64 { variable().value }
}

/// The state of one column of floats that differ from the one before by exclusive or.
struct XORState {
  private(set) var bits: UInt64
  private var leading = 0
  private var trailing = 0

  init(_ value: Double) { bits = value.bitPattern }

  var value: Double { Double(bitPattern: bits) }

  /// `0`, `10…` or `11…`
  @inline(__always)
  mutating func read(_ reader: inout BitReader) {
    let word = reader.peek()
    if word >> 63 == 0 {
      reader.position += 1
    } else if word >> 62 == 0b10 {
      reader.position += 2
      readInWindow(&reader)
    } else {
      reader.position += 2
      readWindow(&reader)
    }
  }

  /// The bits of the window that stands.
  @inline(__always)
  mutating func readInWindow(_ reader: inout BitReader) {
    bits ^= reader.bits(64 - leading - trailing) << UInt64(trailing)
  }

  /// A new window and its bits.
  @inline(__always)
  mutating func readWindow(_ reader: inout BitReader) {
    leading = Int(reader.bits(5))
    let significant = Int(reader.bits(6))
    let width = significant == 0 ? 64 : significant
    // More bits than there is room for: hostile, and harmless once cut.
    trailing = max(0, 64 - leading - width)
    bits ^= reader.bits(min(width, 64 - leading)) << UInt64(trailing)
  }
}
