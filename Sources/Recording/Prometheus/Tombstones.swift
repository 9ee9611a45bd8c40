/// Deleted intervals of time by series (chunks-and-blocks.md §3.3), both ends inclusive, milliseconds.
struct Tombstones: Sendable {
  private var intervals: [UInt64: [ClosedRange<Int64>]] = [:]

  init() {}

  /// Reads a block's file.
  init(path: String) throws(RecordingError) {
    let file = try MappedFile(path: path)
    do throws(BytesEnded) {
      var reader = file.reader(at: 0)
      guard try reader.u32() == 0x0130_BA30, try reader.u8() == 1 else { throw BytesEnded(offset: 0) }
      let end = file.count - 4
      var sum = file.reader(at: max(5, end))
      guard end >= 5, file.checks(5..<end, try sum.u32()) else { throw BytesEnded(offset: 5) }
      reader = file.reader(at: 5, length: end - 5)
      while !reader.isAtEnd {
        let reference = try reader.uvarint()
        add(reference, from: try reader.varint(), through: try reader.varint())
      }
    } catch {
      throw file.fault("the tombstones are damaged", at: error.offset)
    }
  }

  mutating func add(_ reference: UInt64, from: Int64, through: Int64) {
    if from <= through { intervals[reference, default: []].append(from...through) }
  }

  /// Whether a sample of a series was not deleted.
  func keeps(_ reference: UInt64) -> ((Int64) -> Bool)? {
    guard let deleted = intervals[reference] else { return nil }
    return { time in !deleted.contains { $0.contains(time) } }
  }
}
