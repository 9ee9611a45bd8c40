/// Something to say about a text: a parse or type error, a lint finding, an annotation of an
/// evaluation, a problem of a manifest. Data only; `DiagnosticRenderer` draws it.
public struct Diagnostic: Sendable, Hashable {
  public enum Severity: String, Sendable, Hashable, CaseIterable {
    /// Cannot run, or is always wrong.
    case error
    /// Likely wrong.
    case warning
    /// Costly, unclear, or merely worth knowing.
    case info
  }

  /// A further place or thought that explains the message.
  public struct Note: Sendable, Hashable {
    public var message: String
    /// In the same text; nil for a note about no place.
    public var range: SourceRange?

    public init(_ message: String, range: SourceRange? = nil) {
      self.message = message
      self.range = range
    }
  }

  /// A replacement of bytes that would mend the problem.
  public struct Fix: Sendable, Hashable {
    public var message: String
    public var range: SourceRange
    public var replacement: String
    /// Whether the fix cannot change the meaning of what already works.
    public var isSafe: Bool

    public init(_ message: String, range: SourceRange, replacement: String, isSafe: Bool) {
      self.message = message
      self.range = range
      self.replacement = replacement
      self.isSafe = isSafe
    }
  }

  /// Stable and short (`parse`, `MT007`); the key by which findings are suppressed and looked up.
  public var code: String
  public var severity: Severity
  /// Where in the text; nil when the diagnostic is about the text as a whole.
  public var range: SourceRange?
  public var message: String
  public var notes: [Note]
  public var fixes: [Fix]

  public init(
    code: String, severity: Severity, range: SourceRange?, message: String, notes: [Note] = [],
    fixes: [Fix] = []
  ) {
    self.code = code
    self.severity = severity
    self.range = range
    self.message = message
    self.notes = notes
    self.fixes = fixes
  }
}
