extension SampleColumns {
  /// Appends an XOR chunk (chunks-and-blocks.md §1.2).
  mutating func appendXOR(_ bytes: UnsafeRawBufferPointer, slack: Int) throws(ChunkError) {
    guard bytes.count >= 2 else { throw .cut(samples: 0) }
    let total = unsafe Int(UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
    guard total > 0 else { return }
    // A sample takes two bits at least: what cannot be there gets no memory.
    guard bytes.count * 4 >= total else { throw .cut(samples: total) }
    var reader = unsafe BitReader(bytes, slack: slack, from: 2)
    var time = reader.varint()
    var state = XORState(Double(bitPattern: reader.bits(64)))
    let before = count
    timestamps.append(contentsOf: repeatElement(time, count: total))
    values.append(contentsOf: repeatElement(state.value, count: total))
    unsafe timestamps.withUnsafeMutableBufferPointer { times in
      unsafe values.withUnsafeMutableBufferPointer { values in
        var delta: Int64 = 0
        // Both columns have room for `total` samples from `before` on.
        for i in 1..<max(1, total) {
          if i == 1 {
            delta = Int64(bitPattern: reader.uvarint())
          } else {
            delta &+= Self.deltaOfDelta(&reader)
          }
          time &+= delta
          state.read(&reader)
          unsafe times[before + i] = time
          unsafe values[before + i] = state.value
        }
      }
    }
    if reader.isPastEnd { throw .cut(samples: total) }
    if !startTimestamps.isEmpty { startTimestamps += [Int64](repeating: 0, count: total) }
  }

  @inline(__always)
  private static func deltaOfDelta(_ reader: inout BitReader) -> Int64 {
    let word = reader.peek()
    if word >> 63 == 0 {
      reader.position += 1
      return 0
    }
    let ones = min(4, (~word).leadingZeroBitCount)
    switch ones {
    case 1:
      reader.position += 16
      return BitReader.signed((word >> 48) & 0x3FFF, 14)
    case 2:
      reader.position += 20
      return BitReader.signed((word >> 44) & 0x1_FFFF, 17)
    case 3:
      reader.position += 24
      return BitReader.signed((word >> 40) & 0xF_FFFF, 20)
    default:
      reader.position += 4
      return Int64(bitPattern: reader.bits(64))
    }
  }
}
