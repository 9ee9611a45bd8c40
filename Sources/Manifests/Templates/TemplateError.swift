public import PromQL

/// Why a template yields no query, in Go's words where flagger.md §2 and §10 pin them.
public struct TemplateError: Error, Sendable, Hashable {
  public var phase: Phase
  /// Go's text without Flagger's prefix: `template: latency:3:5: executing …`.
  public var message: String
  /// Where in the template's text.
  public var range: SourceRange

  public enum Phase: String, Sendable, Hashable {
    /// The template cannot be read at all.
    case parsing
    /// It can, but these values break it.
    case execution
    /// It takes more steps, or writes more, than this library allows; a cluster would go on.
    case limit
  }

  public init(_ phase: Phase, _ message: String, at range: SourceRange) {
    self.phase = phase
    self.message = message
    self.range = range
  }
}

extension TemplateError: CustomStringConvertible {
  /// As Flagger's events quote it, its spelling included.
  public var description: String {
    switch phase {
    case .parsing: "template parsing failed: \(message)"
    case .execution: "template excution failed: \(message)"
    case .limit: message
    }
  }
}
