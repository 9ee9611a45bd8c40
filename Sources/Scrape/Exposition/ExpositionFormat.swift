/// The text forms in which metrics are exposed (exposition.md §1).
public enum ExpositionFormat: String, Sendable, Hashable, CaseIterable {
  /// Prometheus' text format, 0.0.4 and 1.0.0.
  case text
  /// OpenMetrics 1.0 text.
  case openMetrics

  /// The media type that announces the format.
  public var mediaType: String {
    switch self {
    case .text: "text/plain"
    case .openMetrics: "application/openmetrics-text"
    }
  }

  /// The Content-Type with which to answer in this format.
  public var contentType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    }
  }

  /// The format that a Content-Type announces, or `fallback` when it announces none that we read.
  /// Throws Prometheus' text when there is no fallback.
  public static func negotiated(
    contentType: String?, fallback: ExpositionFormat? = nil
  ) throws(ContentTypeProblem) -> ExpositionFormat {
    let given = contentType ?? ""
    guard !given.isEmpty else {
      if let fallback { return fallback }
      throw ContentTypeProblem(
        "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol "
          + "specified for target")
    }
    let media = MediaType(given)
    if let media, let known = allCases.first(where: { $0.mediaType == media.type }) { return known }
    if let fallback { return fallback }
    guard media != nil else {
      throw ContentTypeProblem(
        "cannot parse Content-Type \"\(given)\" and no fallback_scrape_protocol for target\n"
          + "mime: expected a media type such as text/plain")
    }
    throw ContentTypeProblem(
      "received unsupported Content-Type \"\(given)\" and no fallback_scrape_protocol specified "
        + "for target")
  }
}

/// Why a Content-Type is of no use; the text is Prometheus'.
public struct ContentTypeProblem: Error, Sendable, Hashable, CustomStringConvertible {
  public var description: String

  init(_ description: String) { self.description = description }
}

/// The media type of a Content-Type, without its parameters.
private struct MediaType {
  /// Lower case.
  var type: String

  /// Nil where the text is no `token/token` followed by well-formed parameters.
  init?(_ text: String) {
    let parts = text.split(separator: ";", omittingEmptySubsequences: false)
    type = parts[0].trimmingBlanks().lowercased()
    let halves = type.split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count <= 2, halves.allSatisfy(Self.isToken) else { return nil }
    for parameter in parts.dropFirst() {
      let trimmed = parameter.trimmingBlanks()
      if trimmed.isEmpty { continue }
      let sides = trimmed.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2, Self.isToken(sides[0]), !sides[1].isEmpty else { return nil }
    }
  }

  private static func isToken(_ text: some StringProtocol) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        byte > 0x20 && byte < 0x7F && !"()<>@,;:\\\"/[]?=".utf8.contains(byte)
      }
  }
}

extension StringProtocol {
  fileprivate func trimmingBlanks() -> String {
    let start = drop { $0 == " " || $0 == "\t" }
    var end = start[...]
    while end.last == " " || end.last == "\t" { end.removeLast() }
    return String(end)
  }
}
