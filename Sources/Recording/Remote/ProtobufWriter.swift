import TimeSeries

/// Writes a message's fields; zeros are left out as proto3 does.
struct ProtobufWriter {
  private var output: [UInt8] = []

  var count: Int { output.count }

  init(capacity: Int = 0) { output.reserveCapacity(capacity) }

  /// A sample as a field of its own; a zero is left out.
  mutating func sample(_ field: UInt64, _ value: Double, at time: Int64) {
    let bits = UInt64(bitPattern: time)
    let timeSize = time == 0 ? 0 : 1 + max(1, (70 - bits.leadingZeroBitCount) / 7)
    let isWritten = value != 0
    varint(field << 3 | 2)
    output.append(UInt8(timeSize + (isWritten ? 9 : 0)))
    double(1, value)
    integer(2, time)
  }

  mutating func labels(_ field: UInt64, _ labels: Labels) {
    for (name, value) in labels.pairs {
      var label = ProtobufWriter(capacity: name.utf8.count + value.utf8.count + 8)
      label.text(1, name)
      label.text(2, value)
      bytes(field, label.output)
    }
  }

  consuming func finish() -> [UInt8] { output }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      output.append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    output.append(UInt8(rest))
  }

  mutating func unsigned(_ field: UInt64, _ value: UInt64) {
    guard value != 0 else { return }
    varint(field << 3)
    varint(value)
  }

  mutating func integer(_ field: UInt64, _ value: Int64) { unsigned(field, UInt64(bitPattern: value)) }

  mutating func zigzag(_ field: UInt64, _ value: Int64) {
    unsigned(field, UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  /// - Parameter always: writes zeros too, as for members of a oneof.
  mutating func double(_ field: UInt64, _ value: Double, always: Bool = false) {
    guard always || value != 0 else { return }
    varint(field << 3 | 1)
    fixed(value)
  }

  mutating func text(_ field: UInt64, _ value: String) {
    guard !value.isEmpty else { return }
    bytes(field, Array(value.utf8))
  }

  mutating func bytes(_ field: UInt64, _ value: [UInt8]) {
    varint(field << 3 | 2)
    varint(UInt64(value.count))
    output += value
  }

  /// What is encoded already.
  mutating func raw(_ encoded: [UInt8]) { output += encoded }

  mutating func chunk(_ field: UInt64, _ chunk: WrittenChunk) {
    var head = ProtobufWriter()
    head.integer(1, chunk.timeRange.lowerBound)
    head.integer(2, chunk.timeRange.upperBound)
    head.unsigned(3, UInt64(chunk.encoding.rawValue))
    head.varint(4 << 3 | 2)
    head.varint(UInt64(chunk.bytes.count))
    varint(field << 3 | 2)
    varint(UInt64(head.count + chunk.bytes.count))
    output += head.output
    output += chunk.bytes
  }

  /// Buckets as spans of neighbours and their counts.
  private mutating func buckets(
    _ spanField: UInt64, _ countField: UInt64, _ buckets: [NativeHistogram.Bucket]
  ) {
    var start = 0
    var next: Int32 = 0
    while start < buckets.count {
      var end = start + 1
      while end < buckets.count, buckets[end].index == buckets[end - 1].index + 1 { end += 1 }
      var span = ProtobufWriter()
      span.zigzag(1, Int64(buckets[start].index - next))
      span.unsigned(2, UInt64(end - start))
      bytes(spanField, span.finish())
      next = buckets[end - 1].index + 1
      start = end
    }
    packed(countField, buckets.map(\.count))
  }

  private mutating func packed(_ field: UInt64, _ values: [Double]) {
    guard !values.isEmpty else { return }
    varint(field << 3 | 2)
    varint(UInt64(values.count * 8))
    for value in values { fixed(value) }
  }

  private mutating func fixed(_ value: Double) {
    unsafe withUnsafeBytes(of: value.bitPattern.littleEndian) { unsafe output.append(contentsOf: $0) }
  }

  /// A histogram as floats, which every reader takes (remote-storage.md §12).
  static func histogram(_ histogram: NativeHistogram, at time: Int64) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.double(2, histogram.count, always: true)
    writer.double(3, histogram.sum)
    writer.zigzag(4, Int64(histogram.schema))
    writer.double(5, histogram.zeroThreshold)
    writer.double(7, histogram.zeroCount, always: true)
    writer.buckets(8, 10, histogram.negative)
    writer.buckets(11, 13, histogram.positive)
    writer.unsigned(14, UInt64(histogram.hint.rawValue))
    writer.integer(15, time)
    writer.packed(16, histogram.customBounds)
    return writer.finish()
  }
}
