import TimeSeries

/// Draws diagnostics as text: the place, the message, the line with carets under the range. The only
/// place that draws carets.
public struct DiagnosticRenderer: Sendable {
  /// What the text is called in front of the place: a file, `query`.
  public var name: String
  public var usesColor: Bool

  public init(name: String, usesColor: Bool = false) {
    self.name = name
    self.usesColor = usesColor
  }

  /// Several lines without a trailing newline:
  ///
  ///     query:1:6: error: unexpected end of input
  ///       1 | sum(
  ///         |     ^
  public func render(_ diagnostic: Diagnostic, in text: some Collection<UInt8>) -> String {
    var lines = [heading(diagnostic.range, diagnostic.severity.rawValue, diagnostic.message, in: text)]
    if let range = diagnostic.range { lines += frame(range, in: text) }
    for note in diagnostic.notes {
      lines.append(heading(note.range, "note", note.message, in: text))
      if let range = note.range { lines += frame(range, in: text) }
    }
    for fix in diagnostic.fixes { lines.append("  help: \(VisibleText.lines(fix.message))") }
    return lines.joined(separator: "\n")
  }

  private func heading(
    _ range: SourceRange?, _ severity: String, _ message: String, in text: some Collection<UInt8>
  ) -> String {
    let place = range.flatMap { SourcePlace(offset: $0.start, in: text) }
    let name = VisibleText.line(name)
    let prefix = place.map { "\(name):\($0)" } ?? name
    return "\(prefix): \(colored(severity)): \(VisibleText.lines(message))"
  }

  private func colored(_ severity: String) -> String {
    guard usesColor else { return severity }
    let code = severity == "error" ? "31" : severity == "warning" ? "33" : "36"
    return "\u{1B}[1;\(code)m\(severity)\u{1B}[0m"
  }

  /// Longest part of a line that is shown, in bytes.
  private static let width = 100

  private func frame(_ range: SourceRange, in text: some Collection<UInt8>) -> [String] {
    let bytes = Array(text)
    guard let place = SourcePlace(offset: range.start, in: bytes) else { return [] }
    let lineStart = range.start - place.column + 1
    let lineEnd = bytes[lineStart...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    // A long line is cut to a window that starts a little before the range.
    let windowStart =
      place.column > Self.width * 3 / 4
      ? Self.boundary(range.start - Self.width / 2, in: bytes) : lineStart
    let windowEnd = min(lineEnd, Self.boundary(windowStart + Self.width, in: bytes))
    let shown = VisibleText.lines(String(decoding: bytes[windowStart..<windowEnd], as: UTF8.self))
    let before = String(decoding: bytes[windowStart..<range.start], as: UTF8.self)
    let marked = bytes[range.start..<max(range.start, min(range.end, windowEnd))]
    let carets = max(1, String(decoding: marked, as: UTF8.self).unicodeScalars.count)
    let number = String(place.line)
    let gutter = String(repeating: " ", count: number.utf8.count)
    let blanks = before.unicodeScalars.map { $0 == "\t" ? "\t" : " " }.joined()
    let lead = windowStart > lineStart ? "…" : ""
    let tail = windowEnd < lineEnd ? "…" : ""
    return [
      "  \(number) | \(lead)\(shown)\(tail)",
      "  \(gutter) | \(lead.isEmpty ? "" : " ")\(blanks)\(String(repeating: "^", count: carets))",
    ]
  }

  /// The nearest offset at or after `offset` at which a character starts.
  private static func boundary(_ offset: Int, in bytes: [UInt8]) -> Int {
    var offset = max(0, min(offset, bytes.count))
    while offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset += 1 }
    return offset
  }
}
