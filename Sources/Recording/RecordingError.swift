/// Why a recording cannot be read: the file, the place in it, the reason, and what to do.
public struct RecordingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file.
  public var path: String
  /// Counted from 1; nil where the fault has no place in the text.
  public var line: Int?
  /// In bytes, counted from 1.
  public var column: Int?
  /// What is wrong.
  public var reason: String
  /// What to do about it; nil where the reason says it.
  public var hint: String?

  public init(
    path: String, line: Int? = nil, column: Int? = nil, _ reason: String, hint: String? = nil
  ) {
    self.path = path
    self.line = line
    self.column = column
    self.reason = reason
    self.hint = hint
  }

  /// `FILE:LINE:COLUMN: reason (hint)`.
  public var description: String {
    let place = [line, column].compactMap { $0.map { ":\($0)" } }.joined()
    return "\(path)\(place): \(reason)" + (hint.map { " (\($0))" } ?? "")
  }
}
