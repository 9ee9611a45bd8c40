private import TimeSeries

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
    do {
      let type = try MediaType(given).type
      if let known = allCases.first(where: { $0.mediaType == type }) { return known }
      if let fallback { return fallback }
    } catch {
      if let fallback { return fallback }
      throw ContentTypeProblem(
        "cannot parse Content-Type \(GoText.quoted(given)) and no fallback_scrape_protocol for target\n"
          + "mime: \(error.description)")
    }
    throw ContentTypeProblem(
      "received unsupported Content-Type \(GoText.quoted(given)) and no fallback_scrape_protocol specified "
        + "for target")
  }
}

/// Why a Content-Type is of no use; the text is Prometheus'.
public struct ContentTypeProblem: Error, Sendable, Hashable, CustomStringConvertible {
  public var description: String

  init(_ description: String) { self.description = description }
}

/// The media type of a Content-Type; its parameters only have to be well-formed. The words are Go's.
private struct MediaType {
  /// Lower case.
  var type: String

  init(_ text: String) throws(ContentTypeProblem) {
    let bytes = Array(text.utf8)
    let end = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
    type = String(decoding: bytes[..<end], as: UTF8.self).trimmingBlanks().lowercased()
    try Self.check(Array(type.utf8)[...])
    var rest = bytes[end...]
    while true {
      rest = rest.drop(while: Self.isBlank)
      if rest.isEmpty { return }
      guard let after = Self.parameter(rest) else {
        // A semicolon at the end is no fault.
        if rest.dropFirst().allSatisfy(Self.isBlank), rest.first == UInt8(ascii: ";") { return }
        throw ContentTypeProblem("invalid media parameter")
      }
      rest = after
    }
  }

  /// A token, or two with a slash between them.
  private static func check(_ text: ArraySlice<UInt8>) throws(ContentTypeProblem) {
    let first = text.prefix(while: isToken)
    if first.isEmpty { throw ContentTypeProblem("no media type") }
    var rest = text.dropFirst(first.count)
    if rest.isEmpty { return }
    guard rest.popFirst() == UInt8(ascii: "/") else {
      throw ContentTypeProblem("expected slash after first token")
    }
    let second = rest.prefix(while: isToken)
    if second.isEmpty { throw ContentTypeProblem("expected token after slash") }
    guard second.count == rest.count else {
      throw ContentTypeProblem("unexpected content after media subtype")
    }
  }

  /// What follows `; name=value`; nil for anything else.
  private static func parameter(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard text.first == UInt8(ascii: ";") else { return nil }
    var rest = text.dropFirst().drop(while: isBlank)
    let name = rest.prefix(while: isToken)
    rest = rest.dropFirst(name.count).drop(while: isBlank)
    guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { return nil }
    rest = rest.drop(while: isBlank)
    guard rest.first == UInt8(ascii: "\"") else {
      let value = rest.prefix(while: isToken)
      return value.isEmpty ? nil : rest.dropFirst(value.count)
    }
    rest = rest.dropFirst()
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\"") { return rest }
      if byte == UInt8(ascii: "\\") { _ = rest.popFirst() }
    }
    return nil
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private static func isToken(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && !"()<>@,;:\\\"/[]?=".utf8.contains(byte)
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
