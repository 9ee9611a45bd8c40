import PromQL

/// Why a script cannot be read: the place in the file and the reason.
public struct ScriptError: Error, Sendable, Hashable {
  /// From 1.
  public var line: Int
  /// The byte column in the line without its leading blanks, from 1; nil when the whole line is
  /// meant.
  public var column: Int?
  public var message: String

  public init(line: Int, column: Int? = nil, _ message: String) {
    self.line = line
    self.column = column
    self.message = message
  }
}

extension ScriptError: CustomStringConvertible {
  /// `12:5: parse error: …` in Prometheus' form; `line 12: …` where it would name no place.
  public var description: String {
    if let column { return "\(line):\(column): parse error: \(message)" }
    return "line \(line): \(message)"
  }
}

/// Why a series line cannot be read: the offset in its text and the reason.
public struct SeriesProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// Bytes from the start of the text.
  public var offset: Int
  public var message: String

  public init(offset: Int, _ message: String) {
    self.offset = offset
    self.message = message
  }

  /// Prometheus' form for a text of one line: `1:5: parse error: …`.
  public var description: String { "1:\(offset + 1): parse error: \(message)" }

  func inScript(line: Int) -> ScriptError {
    ScriptError(line: line, column: offset + 1, message)
  }
}
