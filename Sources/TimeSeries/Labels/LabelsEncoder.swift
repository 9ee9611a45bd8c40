/// Writes a label set label by label in the order of its names: the quick door for parsers, which
/// have bytes at hand and sort before they write. One allocation a set.
public struct LabelsEncoder: Sendable {
  private var bytes: [UInt8] = []

  /// `capacity` is how many bytes the names and values have together.
  public init(capacity: Int) { bytes.reserveCapacity(capacity) }

  /// Adds a label. Its name must come after the last one's in byte order, its value must not be
  /// empty, and both must be shorter than 2^24 bytes: the caller has seen to that.
  public mutating func append(name: Span<UInt8>, value: Span<UInt8>) {
    append(name)
    append(value)
  }

  public consuming func labels() -> Labels { Labels(bytes: bytes) }

  private mutating func append(_ text: Span<UInt8>) {
    if text.count < 0xFF {
      bytes.append(UInt8(text.count))
    } else {
      bytes.append(0xFF)
      for shift in [0, 8, 16] { bytes.append(UInt8(truncatingIfNeeded: text.count >> shift)) }
    }
    unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
  }
}
