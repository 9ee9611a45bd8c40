/// The values of one series in memory, in packed frames: about a byte a value for counters.
///
/// Immutable. A range decodes the frames that it touches and no other.
public struct PackedColumn: Sendable {
  /// How many values there are.
  public let count: Int
  /// Where each frame begins among the bytes.
  private let frames: [UInt32]
  private let bytes: [UInt8]

  /// How many values a frame holds; the last one may hold fewer.
  public static let frameLength = 128

  /// Packs values, bit for bit; about ten nanoseconds a value.
  public init(_ values: [Double]) {
    count = values.count
    var frames: [UInt32] = []
    var bytes: [UInt8] = []
    frames.reserveCapacity((values.count + Self.frameLength - 1) / Self.frameLength)
    unsafe values.withUnsafeBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: Self.frameLength) {
        frames.append(UInt32(bytes.count))
        let end = min(start + Self.frameLength, values.count)
        unsafe PackedFrame.append(UnsafeBufferPointer(rebasing: values[start..<end]), to: &bytes)
      }
    }
    bytes.append(contentsOf: repeatElement(0, count: PackedFrame.padding))
    self.frames = frames
    self.bytes = bytes.trimmed()
  }

  /// What the column takes in memory, bytes.
  public var byteCount: Int { bytes.count + 4 * frames.count + MemoryLayout<Self>.size }

  /// The values at a range of positions, which lies within the column. About a nanosecond a value.
  public func values(_ range: Range<Int>) -> [Double] {
    guard !range.isEmpty else { return [] }
    return unsafe [Double](unsafeUninitializedCapacity: range.count) { output, initialized in
      unsafe bytes.withUnsafeBufferPointer { bytes in
        // Neither is empty, so both have base addresses.
        guard let source = bytes.baseAddress, let target = output.baseAddress else { return }
        let last = (range.upperBound - 1) / Self.frameLength
        for frame in range.lowerBound / Self.frameLength...last {
          let start = frame * Self.frameLength
          let held = start..<min(start + Self.frameLength, count)
          let wanted = held.clamped(to: range)
          let place = unsafe target + (wanted.lowerBound - range.lowerBound)
          if wanted == held {
            unsafe PackedFrame.decode(source + Int(frames[frame]), count: held.count, into: place)
          } else {
            unsafe withUnsafeTemporaryAllocation(of: Double.self, capacity: held.count) { scratch in
              guard let whole = scratch.baseAddress else { return }
              unsafe PackedFrame.decode(
                source + Int(frames[frame]), count: wanted.upperBound - start, into: whole)
              unsafe place.update(
                from: whole + (wanted.lowerBound - start), count: wanted.count)
            }
          }
        }
        initialized = range.count
      }
    }
  }
}

extension Array {
  /// The same elements without what appending left unused.
  func trimmed() -> [Element] {
    var result: [Element] = []
    result.reserveCapacity(count)
    result.append(contentsOf: self)
    return result
  }
}
