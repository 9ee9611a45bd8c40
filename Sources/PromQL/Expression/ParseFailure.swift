/// Why a text is no valid query: syntax or type errors, in Prometheus' order, at least one.
public struct ParseFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// Code `parse`, all errors.
  public let diagnostics: [Diagnostic]
  /// The query's text.
  public let text: [UInt8]

  /// The first error as Prometheus prints it: `1:4: parse error: unexpected end of input`
  /// (promql-syntax.md §5.4).
  public var description: String {
    guard let first = diagnostics.first else { return "parse error" }
    return "\(place(of: first)): parse error: \(first.message)"
  }

  private func place(of diagnostic: Diagnostic) -> String {
    if text.isEmpty { return "unknown position" }
    guard let range = diagnostic.range, let place = SourcePlace(offset: range.start, in: text) else {
      return "invalid position"
    }
    return place.description
  }
}
