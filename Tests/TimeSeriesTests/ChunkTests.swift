import Testing
import TimeSeries

/// Chunks that no writer wrote: refused, or decoded into no more than their bytes can hold.
struct ChunkTests {
  /// Three samples, 15 s apart, 1 2 4 (written by hand after chunks-and-blocks.md §1.2).
  private static let xor: [UInt8] = {
    var bits = BitWriter()
    bits.bytes = [0, 3]
    bits.varint(1000)
    bits.write(1.0.bitPattern, 64)
    bits.uvarint(15_000)
    bits.write(0b11, 2)
    let first = 1.0.bitPattern ^ 2.0.bitPattern
    bits.write(UInt64(first.leadingZeroBitCount), 5)
    let width = 64 - first.leadingZeroBitCount - first.trailingZeroBitCount
    bits.write(UInt64(width), 6)
    bits.write(first >> UInt64(first.trailingZeroBitCount), width)
    bits.write(0, 1)
    bits.write(0b11, 2)
    let second = 2.0.bitPattern ^ 4.0.bitPattern
    let secondWidth = 64 - second.leadingZeroBitCount - second.trailingZeroBitCount
    bits.write(UInt64(second.leadingZeroBitCount), 5)
    bits.write(UInt64(secondWidth), 6)
    bits.write(second >> UInt64(second.trailingZeroBitCount), secondWidth)
    return bits.finished
  }()

  private struct BitWriter {
    var bytes: [UInt8] = []
    private var pending: [Bool] = []

    mutating func write(_ value: UInt64, _ width: Int) {
      for i in stride(from: width - 1, through: 0, by: -1) { pending.append(value >> UInt64(i) & 1 == 1) }
    }

    mutating func uvarint(_ value: UInt64) {
      var rest = value
      while rest >= 0x80 {
        write(rest & 0x7F | 0x80, 8)
        rest >>= 7
      }
      write(rest, 8)
    }

    mutating func varint(_ value: Int64) { uvarint(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

    var finished: [UInt8] {
      var result = bytes
      for start in stride(from: 0, to: pending.count, by: 8) {
        var byte: UInt8 = 0
        for i in 0..<8 where start + i < pending.count && pending[start + i] { byte |= 1 << UInt8(7 - i) }
        result.append(byte)
      }
      return result
    }
  }

  private static func decode(_ bytes: [UInt8], _ encoding: ChunkEncoding) throws -> SampleColumns {
    var columns = SampleColumns()
    try unsafe bytes.withUnsafeBytes { try unsafe columns.append(chunk: $0, encoding) }
    return columns
  }

  @Test func `a chunk decodes into its samples`() throws {
    let columns = try Self.decode(Self.xor, .xor)
    #expect(columns.timestamps == [1000, 16_000, 31_000])
    #expect(columns.values == [1, 2, 4])
  }

  @Test func `a chunk that is cut is refused, and nothing of it stays`() throws {
    for length in 2..<Self.xor.count {
      var columns = SampleColumns()
      columns.append(StoredSample(timestamp: 1, .float(1)))
      let cut = Array(Self.xor.prefix(length))
      #expect(throws: ChunkError.self, "\(length) bytes") {
        try unsafe cut.withUnsafeBytes { try unsafe columns.append(chunk: $0, .xor) }
      }
      #expect(columns.count == 1)
    }
  }

  @Test func `any bytes are refused or decoded, in every encoding`() {
    var random = Lcg(state: 99)
    var decoded = 0
    for round in 0..<20_000 {
      var bytes =
        round % 3 == 0 ? Self.xor : (0..<Int(random.next() % 60)).map { _ in UInt8(random.next() & 0xFF) }
      if !bytes.isEmpty {
        bytes[Int(random.next() % UInt64(bytes.count))] ^= UInt8(1 << (random.next() % 8))
        if round % 2 == 0 { bytes[0] = 0 }
      }
      for encoding in ChunkEncoding.allCases {
        guard let columns = try? Self.decode(bytes, encoding) else { continue }
        decoded += 1
        // No memory beyond what the bytes can hold.
        #expect(columns.count <= bytes.count * 8)
        #expect(columns.values.count == columns.count)
      }
    }
    #expect(decoded > 1000)
  }
}
