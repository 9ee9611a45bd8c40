import Lint
import Manifests
import PromQL

/// What is said of the place under the pointer.
struct QueryHover {
  private let queries: [QuerySubject]

  init(_ queries: [QuerySubject]) { self.queries = queries }

  /// The smallest part of a query that holds the offset: what is known of it, the function's line, and the
  /// query as it is sent. Nil outside queries.
  func hover(_ document: Document, _ offset: Int) -> HoverResult? {
    for query in queries where query.site.source.name == document.source.name {
      guard let whole = query.site.text.range, whole.start <= offset, offset < whole.end,
        let part = part(of: query, offset)
      else { continue }
      var text = "**\(part.type)**\n\n" + part.lines.map { "- \($0)\n" }.joined()
      if let help = help(in: document, offset) { text = help + "\n\n" + text }
      text += "\nsent as\n\n```promql\n\(query.text.sent.split { $0 == " " }.joined(separator: " "))\n```\n"
      return HoverResult(contents: MarkupContent(value: text), range: document.range(part.range))
    }
    return nil
  }

  private func part(
    of query: QuerySubject, _ offset: Int
  ) -> (type: String, lines: [String], range: SourceRange)? {
    var found: (type: String, lines: [String], range: SourceRange)?
    for node in query.facts.nodes {
      guard let site = node.site, let range = query.place(site).range, range.start <= offset,
        offset < range.end
      else { continue }
      if let found, found.range.end - found.range.start <= range.end - range.start { continue }
      switch node.content {
      case .vector(_, let facts): found = ("instant vector", facts.lines, range)
      case .windows(_, let facts): found = ("range vector", facts.lines, range)
      case .scalar, .string: continue
      }
    }
    return found
  }

  /// The function or the aggregation whose name is under the pointer.
  private func help(in document: Document, _ offset: Int) -> String? {
    let word = Word(in: document.source.bytes, around: offset).text
    if let function = Function(rawValue: word) { return "`\(function.signature)`: \(function.facts.summary)" }
    if let aggregation = AggregationOperator(rawValue: word) {
      return "`\(word)`: \(aggregation.facts.summary)"
    }
    return nil
  }
}

/// A run of letters, digits, underscores and colons.
struct Word {
  var text: String
  /// Offset of its first byte.
  var start: Int

  init(in bytes: [UInt8], around offset: Int) {
    var start = min(offset, bytes.count)
    var end = start
    while start > 0, Self.isPart(bytes[start - 1]) { start -= 1 }
    while end < bytes.count, Self.isPart(bytes[end]) { end += 1 }
    self.start = start
    text = String(decoding: bytes[start..<end], as: UTF8.self)
  }

  static func isPart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
      true
    default: false
    }
  }
}
