import TimeSeries

/// Where the lines of a text begin, for whoever asks for many places of one text.
public struct SourceLines: Sendable, Hashable {
  /// Ascending; the first is 0, or what follows a byte order mark.
  private let starts: [Int]
  private let count: Int

  /// Linear in the text.
  public init(_ text: [UInt8]) {
    var starts = [ByteOrderMark.count(text)]
    for (position, byte) in text.enumerated() where byte == UInt8(ascii: "\n") { starts.append(position + 1) }
    self.starts = starts
    count = text.count
  }

  /// The place of a byte offset, as `SourcePlace.init(offset:in:)` finds it. Nil when the offset lies outside
  /// of the text. O(log lines).
  public func place(_ offset: Int) -> SourcePlace? {
    guard offset >= 0, offset <= count else { return nil }
    let line = max(1, starts.partitioningIndex { $0 > offset })
    return SourcePlace(line: line, column: offset - min(offset, starts[line - 1]) + 1)
  }
}
