/// A fault in an exposition, and where it is.
public struct ExpositionError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, in Prometheus' words (exposition.md §2, §3).
  public var reason: String
  /// Bytes before the fault.
  public var offset: Int
  /// Counted from 1.
  public var line: Int
  /// In bytes, counted from 1.
  public var column: Int

  public init(reason: String, offset: Int, line: Int, column: Int) {
    self.reason = reason
    self.offset = offset
    self.line = line
    self.column = column
  }

  public var description: String { "line \(line), column \(column): \(reason)" }
}
