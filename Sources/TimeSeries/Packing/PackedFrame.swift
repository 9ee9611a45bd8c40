internal import CColumns

/// The encoding of a run of floats in memory: bit for bit what was put in, in as few bytes as the kind
/// of values needs, and decoded at about a nanosecond a value.
///
/// Values become 64-bit integers: scaled decimals where that loses nothing, otherwise their bit
/// patterns (which ascend with positive values). The integers are packed with one width for the whole
/// frame: as offsets from the least one, or as differences of neighbours; zero bits that all share at
/// the low end are left out. All arithmetic wraps, so any 64-bit pattern survives.
///
/// Bytes: decimal exponent or 15 for bit patterns, plus 16 for differences; width; shift; base
/// (and least difference) as zigzag varints; packed bits, low end first.
enum PackedFrame {
  /// Readers load whole words: so many bytes must follow the last frame.
  static let padding = Int(PROMGATE_UNPACK_PADDING)

  private static let bitPatterns: UInt8 = 15
  private static let differences: UInt8 = 16
  /// 10⁰ … 10¹⁴: exact as doubles, and so is the correctly rounded quotient by one of them.
  private static let powers: [Double] = [
    1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
  ]

  /// Appends the encoding of `values`, which are not empty.
  static func append(_ values: UnsafeBufferPointer<Double>, to bytes: inout [UInt8]) {
    var integers = [Int64](repeating: 0, count: values.count)
    let exponent = unsafe scale(values, into: &integers)
    if exponent == nil {
      for i in integers.indices { integers[i] = unsafe Int64(bitPattern: values[i].bitPattern) }
    }
    let offsets = Packing(integers)
    let deltas = Packing(differencesOf: integers)
    let isDifferences = deltas.size(integers.count - 1) + 2 < offsets.size(integers.count)
    let packing = isDifferences ? deltas : offsets
    bytes.append((exponent ?? bitPatterns) | (isDifferences ? differences : 0))
    bytes.append(UInt8(packing.width))
    bytes.append(UInt8(packing.shift))
    var writer = PackedBitsWriter()
    if isDifferences {
      appendVarint(integers[0], to: &bytes)
      appendVarint(packing.base, to: &bytes)
      for i in 1..<integers.count {
        writer.write(packing.code(integers[i] &- integers[i - 1]), packing.width, to: &bytes)
      }
    } else {
      appendVarint(packing.base, to: &bytes)
      for integer in integers { writer.write(packing.code(integer), packing.width, to: &bytes) }
    }
    writer.finish(&bytes)
  }

  /// Finds the least decimal exponent at which all values are integers below 2⁵³; nil if there is none.
  private static func scale(
    _ values: UnsafeBufferPointer<Double>, into integers: inout [Int64]
  ) -> UInt8? {
    var exponent = 0
    var i = 0
    while i < integers.count {
      let value = unsafe values[i]
      let scaled = (value * powers[exponent]).rounded()
      // Infinities and NaN fail here; a zero with a sign fails below.
      guard scaled.magnitude < 0x1p53 else { return nil }
      let integer = Int64(scaled)
      if (Double(integer) / powers[exponent]).bitPattern == value.bitPattern {
        integers[i] = integer
        i += 1
      } else {
        exponent += 1
        guard exponent < powers.count, value != 0 else { return nil }
        i = 0
      }
    }
    return UInt8(exponent)
  }

  /// What a frame's header says, and where its codes begin.
  @unsafe
  private struct Header {
    var packing = promgate_packing()
    var codes: UnsafePointer<UInt8>

    @inline(__always)
    init(_ bytes: UnsafePointer<UInt8>) {
      let kind = unsafe bytes[0]
      unsafe packing.width = bytes[1]
      unsafe packing.shift = bytes[2]
      unsafe codes = bytes + 3
      unsafe packing.base = readVarint(&codes)
      if kind & differences != 0 {
        unsafe packing.holds_differences = 1
        unsafe packing.least = readVarint(&codes)
      }
      let exponent = kind & ~differences
      unsafe packing.divisor = exponent == bitPatterns ? 0 : powers[Int(exponent)]
    }
  }

  /// Decodes a frame of `count` values, which another part of the store counted. Returns whether its header
  /// shows that none is lower than the one before: differences of whole numbers or decimals, none below zero.
  @discardableResult
  @inline(__always)
  static func decode(
    _ bytes: UnsafePointer<UInt8>, count: Int, into output: UnsafeMutablePointer<Double>
  ) -> Bool {
    var header = unsafe Header(bytes)
    unsafe promgate_unpack(&header.packing, header.codes, count, output)
    let packing = unsafe header.packing
    return packing.holds_differences != 0 && packing.least >= 0 && packing.divisor != 0
  }

  private static func appendVarint(_ integer: Int64, to bytes: inout [UInt8]) {
    var rest = UInt64(bitPattern: (integer << 1) ^ (integer >> 63))
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  @inline(__always)
  private static func readVarint(_ cursor: inout UnsafePointer<UInt8>) -> Int64 {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = unsafe cursor[0]
      unsafe cursor += 1
      result |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { break }
      shift += 7
    }
    return Int64(bitPattern: (result >> 1) ^ (0 &- (result & 1)))
  }
}

/// How a list of integers is packed: their distance from the least one, without common low zeros.
private struct Packing {
  private(set) var base: Int64
  private(set) var shift: Int
  private(set) var width: Int

  init(_ integers: [Int64]) {
    self.init(count: integers.count) { integers[$0] }
  }

  init(differencesOf integers: [Int64]) {
    self.init(count: integers.count - 1) { integers[$0 + 1] &- integers[$0] }
  }

  @inline(__always)
  private init(count: Int, _ integer: (Int) -> Int64) {
    guard count > 0 else {
      (base, shift, width) = (0, 0, 0)
      return
    }
    var least = integer(0)
    for i in 1..<max(1, count) { least = min(least, integer(i)) }
    var union: UInt64 = 0
    for i in 0..<count { union |= UInt64(bitPattern: integer(i) &- least) }
    base = least
    shift = union == 0 ? 0 : union.trailingZeroBitCount
    width = 64 - (union >> UInt64(shift)).leadingZeroBitCount
  }

  /// Bytes of so many codes.
  func size(_ count: Int) -> Int { (count * width + 7) / 8 }

  @inline(__always)
  func code(_ integer: Int64) -> UInt64 { UInt64(bitPattern: integer &- base) >> UInt64(shift) }
}

/// Writes codes of one width, low end first.
private struct PackedBitsWriter {
  private var pending: UInt64 = 0
  private var count = 0

  mutating func write(_ code: UInt64, _ width: Int, to bytes: inout [UInt8]) {
    pending |= code << UInt64(count)
    if count + width < 64 {
      count += width
      return
    }
    for i in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: pending >> UInt64(8 * i))) }
    let written = 64 - count
    pending = written == 64 ? 0 : code >> UInt64(written)
    count = width - written
  }

  mutating func finish(_ bytes: inout [UInt8]) {
    while count > 0 {
      bytes.append(UInt8(truncatingIfNeeded: pending))
      pending >>= 8
      count -= 8
    }
  }
}
