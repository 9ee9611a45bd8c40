import TimeSeries

/// A run of bytes of a source text: start inclusive, end exclusive, counted in UTF-8 bytes from 0.
///
/// Prometheus itself reports a few ranges whose end lies before their start (promql-syntax.md §5.3);
/// they are kept as they are, so this is not a Swift `Range`.
public struct SourceRange: Sendable, Hashable {
  public var start: Int
  public var end: Int

  public init(_ start: Int, _ end: Int) {
    self.start = start
    self.end = end
  }
}

/// A place in a text as people count: line and column from 1, the column in bytes.
public struct SourcePlace: Sendable, Hashable, CustomStringConvertible {
  public var line: Int
  public var column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// The place of a byte offset, as Prometheus counts (promql.md §5): only LF starts a new line.
  /// A byte order mark takes no column. Nil when the offset lies outside the text. Linear in the offset.
  public init?(offset: Int, in text: some Collection<UInt8>) {
    guard offset >= 0, offset <= text.count else { return nil }
    var line = 1
    var lineStart = min(offset, ByteOrderMark.count(text))
    for (position, byte) in text.prefix(offset).enumerated() where byte == UInt8(ascii: "\n") {
      line += 1
      lineStart = position + 1
    }
    self.init(line: line, column: offset - lineStart + 1)
  }

  /// `3:14`
  public var description: String { "\(line):\(column)" }
}
