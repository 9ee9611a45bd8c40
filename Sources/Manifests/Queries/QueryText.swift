public import PromQL

/// A query on its way from a template to a server: what was rendered, what is sent, and the way back
/// to the places where its parts were written.
public struct QueryText: Sendable, Hashable {
  /// The template that it came from.
  public var template: ManifestText
  /// What the template engine wrote.
  public var rendered: String
  /// From `rendered` to `template.text`.
  public var renderedMap: PositionMap
  /// What a server is asked: every run of whitespace made one blank, inside string literals and
  /// across comments too (flagger.md §4.2).
  public var sent: String
  /// From `sent` to `rendered`.
  public var sentMap: PositionMap

  public init(template: ManifestText, rendered: String, renderedMap: PositionMap) {
    self.template = template
    self.rendered = rendered
    self.renderedMap = renderedMap
    (sent, sentMap) = Self.collapsingWhitespace(rendered)
  }

  /// A query that is no template and is sent as it is written: one of a rule file.
  public init(verbatim text: ManifestText) {
    let map = PositionMap(verbatim: SourceRange(0, text.text.utf8.count))
    template = text
    rendered = text.text
    renderedMap = map
    sent = text.text
    sentMap = map
  }

  /// A query in which somebody else than Flagger put values, which is sent as it came out.
  init(verbatim text: ManifestText, rendered: String, _ renderedMap: PositionMap) {
    template = text
    self.rendered = rendered
    self.renderedMap = renderedMap
    sent = rendered
    sentMap = PositionMap(verbatim: SourceRange(0, rendered.utf8.count))
  }

  /// Where a part of the sent query was written in the template's text.
  public func templateRange(_ inSent: SourceRange) -> SourceRange {
    renderedMap.range(sentMap.range(inSent))
  }

  /// Where a part of the sent query was written in the manifest's file; nil when the template was
  /// made by code.
  public func fileRange(_ inSent: SourceRange) -> SourceRange? {
    template.fileRange(templateRange(inSent))
  }

  /// Replaces every run of Go's `\s` (tab, line feed, form feed, carriage return, blank) by one
  /// blank, and says where each byte was.
  public static func collapsingWhitespace(_ text: String) -> (text: String, map: PositionMap) {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    var map = PositionMap()
    var position = 0
    while position < bytes.count {
      let start = position
      if isSpace(bytes[position]) {
        while position < bytes.count, isSpace(bytes[position]) { position += 1 }
        result.append(UInt8(ascii: " "))
        map.append(1, standingFor: SourceRange(start, position))
      } else {
        while position < bytes.count, !isSpace(bytes[position]) { position += 1 }
        result.append(contentsOf: bytes[start..<position])
        map.appendVerbatim(SourceRange(start, position))
      }
    }
    return (String(decoding: result, as: UTF8.self), map)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), 0x0C: true
    default: false
    }
  }
}
