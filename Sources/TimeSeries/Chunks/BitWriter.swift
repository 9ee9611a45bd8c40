/// Writes bits, the most significant of a byte first (chunks-and-blocks.md §1.1), into memory that the
/// caller keeps large enough.
@safe
struct BitWriter {
  private let bytes: UnsafeMutablePointer<UInt8>
  /// Whole bytes that are written.
  private var written = 0
  /// Bits that wait for a byte to be full, the first one at the top.
  private var pending: UInt64 = 0
  private var pendingCount = 0

  /// Starts at a place of the memory, which may hold a header before it.
  init(_ bytes: UnsafeMutablePointer<UInt8>, from start: Int) {
    unsafe self.bytes = unsafe bytes
    written = start
  }

  /// Appends the lowest `width` bits of a number, at most 56; the bits above them must be zero.
  @inline(__always)
  mutating func put(_ value: UInt64, _ width: Int) {
    // Fewer than eight bits wait, so there is room for 56 more.
    pending |= value &<< UInt64(64 &- pendingCount &- width)
    pendingCount &+= width
    // The caller left room for eight bytes behind the last.
    unsafe UnsafeMutableRawPointer(bytes + written).storeBytes(of: pending.bigEndian, as: UInt64.self)
    let whole = pendingCount >> 3
    written &+= whole
    pending = whole == 0 ? pending : pending &<< UInt64(whole &* 8)
    pendingCount &= 7
  }

  /// Appends 64 bits.
  @inline(__always)
  mutating func put64(_ value: UInt64) {
    put(value >> 32, 32)
    put(value & 0xFFFF_FFFF, 32)
  }

  /// Appends up to 64 bits.
  @inline(__always)
  mutating func putAny(_ value: UInt64, _ width: Int) {
    if width > 32 {
      put(value >> 32, width &- 32)
      put(value & 0xFFFF_FFFF, 32)
    } else if width > 0 {
      put(value, width)
    }
  }

  mutating func uvarint(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      put(rest & 127 | 128, 8)
      rest >>= 7
    }
    put(rest, 8)
  }

  mutating func varint(_ value: Int64) { uvarint(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  /// How many bytes there are, the last one filled up with zeros.
  var byteCount: Int { written + (pendingCount > 0 ? 1 : 0) }

  /// The bits of the variable numbers, by how many ones stand in front.
  private static let widths = [0, 3, 6, 9, 12, 18, 25, 56, 64]

  private mutating func variable(_ value: UInt64, _ ones: Int) {
    if ones == 8 {
      put(0xFF, 8)
      return put64(value)
    }
    // As many ones, and a zero.
    put((1 << UInt64(ones + 1)) - 2, ones + 1)
    let width = Self.widths[ones]
    putAny(width == 0 ? 0 : value & (~0 >> UInt64(64 - width)), width)
  }

  /// `varbit_int`
  mutating func signedVariable(_ value: Int64) {
    if value == 0 { return variable(0, 0) }
    for ones in 1..<8 {
      let half: Int64 = 1 << Int64(Self.widths[ones] - 1)
      if value > -half, value <= half { return variable(UInt64(bitPattern: value), ones) }
    }
    variable(UInt64(bitPattern: value), 8)
  }

  /// `varbit_uint`
  mutating func unsignedVariable(_ value: UInt64) {
    let bits = 64 - value.leadingZeroBitCount
    let ones = Self.widths.firstIndex { bits <= $0 } ?? 8
    variable(value, ones)
  }
}

/// The state of one column of floats that is written as exclusive ors.
struct XORWriter {
  private(set) var bits: UInt64
  /// The window; a width of 0 is none yet.
  private var leading = 0
  private var width = 0

  init(_ value: Double) { bits = value.bitPattern }

  /// `0`, `10…` or `11…`, behind so many zeros, which cost less here than on their own.
  @inline(__always)
  mutating func write(_ value: Double, _ writer: inout BitWriter, behind zeroBits: Int = 0) {
    let next = value.bitPattern
    let difference = next ^ bits
    bits = next
    if difference == 0 { return writer.put(0, 1 &+ zeroBits) }
    let zeros = min(31, difference.leadingZeroBitCount)
    let trailing = difference.trailingZeroBitCount
    let fits = width > 0 && zeros >= leading && trailing >= 64 &- leading &- width
    if fits {
      let payload = difference &>> UInt64(64 &- leading &- width)
      if width <= 52 { return writer.put(0b10 &<< UInt64(width) | payload, 2 &+ zeroBits &+ width) }
      writer.put(0b10, 2 &+ zeroBits)
    } else {
      leading = zeros
      width = 64 &- zeros &- trailing
      writer.put(0b11 << 11 | UInt64(leading) << 6 | UInt64(width & 63), 13 &+ zeroBits)
    }
    writer.putAny(difference &>> UInt64(64 &- leading &- width), width)
  }
}
