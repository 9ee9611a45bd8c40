extension SampleColumns {
  /// Appends an XOR2 chunk (chunks-and-blocks.md §1.3).
  mutating func appendXOR2(_ bytes: UnsafeRawBufferPointer, slack: Int) throws(ChunkError) {
    guard bytes.count >= 3 else { throw .cut(samples: 0) }
    let total = unsafe Int(UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
    guard total > 0 else { return }
    // From the third sample on a sample takes a bit at least.
    guard bytes.count * 8 >= total else { throw .cut(samples: total) }
    var starts = unsafe StartTimestampReader(bytes[2])
    var reader = unsafe BitReader(bytes, slack: slack, from: 3)
    var time = reader.varint()
    let value = Double(bitPattern: reader.bits(64))
    var baseline = XORState(StaleMarker.isStale(value) ? 0 : value)
    reserve(total)
    append(time, value, starts.read(&reader, 0, previous: time))
    var delta: Int64 = 0
    for i in 1..<max(1, total) {
      let previous = time
      var current: Double
      if i == 1 {
        delta = Int64(bitPattern: reader.uvarint())
        current = Self.step(&baseline, &reader)
      } else {
        (delta, current) = Self.joint(delta, &baseline, &reader)
      }
      time &+= delta
      append(time, current, starts.read(&reader, i, previous: previous))
    }
    if reader.isPastEnd { throw .cut(samples: total) }
  }

  @inline(__always)
  private mutating func append(_ time: Int64, _ value: Double, _ start: Int64) {
    timestamps.append(time)
    values.append(value)
    noteStart(start)
  }

  /// `0`, `10…`, `110…`, or `111` for a stale marker.
  @inline(__always)
  private static func step(_ baseline: inout XORState, _ reader: inout BitReader) -> Double {
    let ones = min(3, (~reader.peek()).leadingZeroBitCount)
    reader.position += min(ones + 1, 3)
    switch ones {
    case 0: break
    case 1: baseline.readInWindow(&reader)
    case 2: baseline.readWindow(&reader)
    default: return StaleMarker.value
    }
    return baseline.value
  }

  /// The control that says something of time and value at once.
  @inline(__always)
  private static func joint(
    _ delta: Int64, _ baseline: inout XORState, _ reader: inout BitReader
  ) -> (delta: Int64, value: Double) {
    let ones = min(5, (~reader.peek()).leadingZeroBitCount)
    reader.position += min(ones + 1, 5)
    switch ones {
    case 0: return (delta, baseline.value)
    case 1:
      if reader.bit() {
        baseline.readWindow(&reader)
      } else {
        baseline.readInWindow(&reader)
      }
      return (delta, baseline.value)
    case 2: return (delta &+ twosComplement(&reader, 13), step(&baseline, &reader))
    case 3: return (delta &+ twosComplement(&reader, 20), step(&baseline, &reader))
    case 4: return (delta &+ Int64(bitPattern: reader.bits(64)), step(&baseline, &reader))
    default: return (delta, StaleMarker.value)
    }
  }

  @inline(__always)
  private static func twosComplement(_ reader: inout BitReader, _ width: Int) -> Int64 {
    let shift = UInt64(64 - width)
    return Int64(bitPattern: reader.bits(width) << shift) >> Int64(shift)
  }
}
