import PromQL
import TimeSeries

/// What a YAML text may cost. Larger ones are refused.
struct YAMLLimits: Sendable {
  /// Levels of nesting, aliases followed.
  static let height = 100
  /// Values in one document, aliases counted as often as they are used.
  static let nodes = 200_000
}

/// Whose reading of YAML is followed where readers differ.
package enum YAMLDialect: Sendable, Hashable {
  /// Of a cluster: keys are what they mean, so that `y` is `true`.
  case kubernetes
  /// Of Prometheus' rule files (go-yaml 3): keys are texts as written, and a key that is null is left out.
  case prometheus
  /// Of Prometheus' configuration (go-yaml 2): keys are texts as written, and who wants a key twice is told
  /// by the reader of the mapping. What is no YAML is refused in go-yaml's words.
  case configuration
}

/// Builds the values of a YAML stream, document by document, as Kubernetes' parser would: anchors,
/// merge keys, keys turned into texts. Keys that are written twice are an error: a cluster would
/// silently keep the last.
package struct YAMLComposer {
  private let events: YAMLEvents
  private let bytes: [UInt8]
  private let dialect: YAMLDialect
  private var end: Int { bytes.count }
  private var anchors: [[UInt8]: ManifestNode] = [:]
  private var nodeCount = 0
  /// Whether the document begins with a brace: tools of a cluster take it for JSON.
  private var isJSON = false
  /// Whether the text is said to be JSON, whose escapes it may have then.
  private var mayEscapeAsJSON = false

  /// - Parameter bytes: valid UTF-8.
  init(_ bytes: [UInt8], dialect: YAMLDialect = .kubernetes) {
    events = YAMLEvents(bytes)
    self.bytes = bytes
    self.dialect = dialect
  }

  /// - Throws: a problem that says how to save the text when it is no UTF-8, or holds NUL bytes.
  ///
  /// - Parameter isJSON: whether the text is JSON, which is YAML but for an escape.
  package init(
    checking bytes: [UInt8], dialect: YAMLDialect = .kubernetes, isJSON: Bool = false
  ) throws(ManifestProblem) {
    try Self.check(bytes)
    self.init(bytes, dialect: dialect)
    mayEscapeAsJSON = isJSON
  }

  /// go-yaml reads YAML 1.1 only, and says so where a text asks for another version.
  package static func checkVersion(_ bytes: [UInt8]) throws(ManifestProblem) {
    let directive = Array("%YAML ".utf8)
    guard bytes.starts(with: directive) else { return }
    let version = bytes[directive.count...].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    guard !version.drop(while: { $0 == UInt8(ascii: " ") }).starts(with: Array("1.1".utf8)) else { return }
    throw ManifestProblem(
      ManifestCode.rule, "yaml: found incompatible YAML document",
      at: SourceRange(0, directive.count + version.count))
  }

  private static func check(_ bytes: [UInt8]) throws(ManifestProblem) {
    if ByteOrderMark.isUTF16(bytes) {
      throw ManifestProblem(ManifestCode.yaml, ByteOrderMark.advice, at: SourceRange(0, 2))
    }
    if let offset = firstInvalidUTF8(bytes) {
      throw ManifestProblem(
        ManifestCode.yaml, "the text is no UTF-8 here: save it as UTF-8",
        at: SourceRange(offset, offset + 1))
    }
    if let offset = bytes.firstIndex(of: 0) {
      throw ManifestProblem(
        ManifestCode.yaml, "a NUL byte: the file is damaged or no text",
        at: SourceRange(offset, offset + 1))
    }
  }

  private static func firstInvalidUTF8(_ bytes: [UInt8]) -> Int? {
    // The standard library's own check is fast; only a text that fails it is looked at closely.
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    var offset = 0
    while offset < bytes.count {
      let (scalar, length) = GoQuote.decode(bytes, at: offset)
      if scalar == nil { return offset }
      offset += length
    }
    return nil
  }

  /// The next document's value; nil at the end of the stream. After an error the rest of the stream
  /// cannot be read.
  package mutating func nextDocument() throws(ManifestProblem) -> ManifestNode? {
    while true {
      let event = try next()
      switch event.kind {
      case .streamStart: continue
      case .documentStart:
        anchors = [:]
        nodeCount = 0
        let first = try next()
        isJSON = first.range.start < end && bytes[first.range.start] == UInt8(ascii: "{")
        let root = try node(first, depth: 1)
        _ = try next()
        return root
      case .streamEnd, .documentEnd, .alias, .scalar, .sequenceStart, .sequenceEnd, .mappingStart,
        .mappingEnd:
        return nil
      }
    }
  }

  private func next() throws(ManifestProblem) -> YAMLEvent {
    do {
      return try events.next()
    } catch {
      if dialect == .configuration { throw error.refusal(of: bytes) }
      // libyaml has a limit of its own, which it words for programmers.
      if error.message.hasPrefix("Maximum nesting level") { throw tooDeep(at: error.offset) }
      var message = "YAML: \(error.message)"
      if let context = error.context { message += " \(context)" }
      let place = min(error.offset, end)
      var diagnostic = Diagnostic(
        code: ManifestCode.yaml, severity: .error, range: SourceRange(place, place), message: message)
      if error.context != nil, error.contextOffset != error.offset {
        let start = min(error.contextOffset, end)
        diagnostic.notes = [Diagnostic.Note("it began here", range: SourceRange(start, start))]
      }
      if let advice = error.advice(byte: place < end ? bytes[place] : nil) {
        diagnostic.notes.append(Diagnostic.Note(advice))
      }
      throw ManifestProblem(diagnostic)
    }
  }

  private mutating func node(_ event: YAMLEvent, depth: Int) throws(ManifestProblem) -> ManifestNode {
    guard depth <= YAMLLimits.height else { throw tooDeep(at: event.range.start) }
    switch event.kind {
    case .alias(let name):
      return try alias(name, at: event.range, depth: depth)
    case .scalar(let anchor, let tag, let value, let style):
      // To go-yaml a lone ! says nothing.
      let isBare = dialect != .kubernetes && tag?.elementsEqual("!".utf8) ?? false
      return try scalar(
        value, style: style, tag: isBare ? .none : YAMLTag(tag), anchor: anchor, at: event.range)
    case .sequenceStart(let anchor, let isFlow):
      return try sequence(from: event, isFlow: isFlow, anchor: anchor, depth: depth)
    case .mappingStart(let anchor, let isFlow):
      return try mapping(from: event, isFlow: isFlow, anchor: anchor, depth: depth)
    case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
      throw ManifestProblem(ManifestCode.yaml, "YAML: a value is missing here", at: event.range)
    }
  }

  private func tooDeep(at offset: Int) -> ManifestProblem {
    ManifestProblem(
      ManifestCode.limit, "nested more than \(YAMLLimits.height) levels deep",
      at: SourceRange(min(offset, end), min(offset, end)))
  }

  private mutating func count(_ nodes: Int, at range: SourceRange) throws(ManifestProblem) {
    nodeCount += nodes
    guard nodeCount <= YAMLLimits.nodes else {
      throw ManifestProblem(
        ManifestCode.limit,
        "the document holds more than \(YAMLLimits.nodes) values, aliases followed", at: range)
    }
  }

  private mutating func alias(
    _ name: [UInt8], at range: SourceRange, depth: Int
  ) throws(ManifestProblem) -> ManifestNode {
    guard let target = anchors[name] else {
      let text = String(decoding: name, as: UTF8.self)
      if dialect == .configuration {
        throw ManifestProblem(ManifestCode.yaml, "yaml: unknown anchor '\(text)' referenced", at: range)
      }
      throw ManifestProblem(
        ManifestCode.yaml, "YAML: no anchor &\(text) comes before this alias", at: range)
    }
    try count(target.weight, at: range)
    guard depth + target.height - 1 <= YAMLLimits.height else {
      throw ManifestProblem(
        ManifestCode.limit, "nested more than \(YAMLLimits.height) levels deep, aliases followed",
        at: range)
    }
    return target
  }

  private mutating func scalar(
    _ bytes: [UInt8], style: YAMLScalarStyle, tag: YAMLTag, anchor: [UInt8]?, at range: SourceRange
  ) throws(ManifestProblem) -> ManifestNode {
    try count(1, at: range)
    guard let value = ScalarValue(resolving: bytes, style: style, tag: tag) else {
      if dialect == .configuration {
        let found = ScalarValue(resolving: bytes, style: .plain, tag: .none)?.tagName ?? "!!str"
        let text = String(decoding: bytes, as: UTF8.self)
        throw ManifestProblem(
          ManifestCode.yaml, "yaml: cannot decode \(found) `\(text)` as a \(tag.name)", at: range)
      }
      throw ManifestProblem(
        ManifestCode.yaml, "YAML: the text does not fit its tag; leave the tag out", at: range)
    }
    let text = try goText(bytes, style, tag, range)
    let content = ManifestNode.Scalar(bytes: text, style: style, tag: tag, value: value)
    let node = ManifestNode(range: range, content: .scalar(content), weight: 1, height: 1)
    if let anchor { anchors[anchor] = node }
    return node
  }

  private mutating func sequence(
    from start: YAMLEvent, isFlow: Bool, anchor: [UInt8]?, depth: Int
  ) throws(ManifestProblem) -> ManifestNode {
    try count(1, at: start.range)
    var items: [ManifestNode] = []
    var event = try next()
    while !event.kind.isSequenceEnd {
      items.append(try node(event, depth: depth + 1))
      event = try next()
    }
    let end = isFlow ? event.range.end : items.last?.range.end ?? start.range.end
    let node = ManifestNode(
      range: SourceRange(start.range.start, max(start.range.start, end)), content: .sequence(items),
      weight: items.reduce(1) { $0 + $1.weight }, height: 1 + (items.map(\.height).max() ?? 0))
    if let anchor { anchors[anchor] = node }
    return node
  }

  private mutating func mapping(
    from start: YAMLEvent, isFlow: Bool, anchor: [UInt8]?, depth: Int
  ) throws(ManifestProblem) -> ManifestNode {
    try count(1, at: start.range)
    var builder = MappingBuilder(dialect: dialect, source: bytes)
    var last = start.range.end
    var event = try next()
    while !event.kind.isMappingEnd {
      let key = try node(event, depth: depth + 1)
      let value = try node(try next(), depth: depth + 1)
      last = value.range.end
      if case .alias = event.kind {} else { last = max(last, key.range.end) }
      try builder.add(key, value)
      event = try next()
    }
    let end = isFlow ? event.range.end : last
    let entries = builder.mapping.entries
    let node = ManifestNode(
      range: SourceRange(start.range.start, max(start.range.start, end)),
      content: .mapping(builder.mapping),
      weight: entries.reduce(1) { $0 + 1 + $1.value.weight },
      height: 1 + (entries.map(\.value.height).max() ?? 0))
    if let anchor { anchors[anchor] = node }
    return node
  }
}

extension YAMLComposer {
  /// What go-yaml makes of a scalar beyond libyaml: base 64 is decoded, and JSON's `\/` is no escape. A text
  /// of JSON goes another way into a cluster.
  private func goText(
    _ text: [UInt8], _ style: YAMLScalarStyle, _ tag: YAMLTag, _ range: SourceRange
  ) throws(ManifestProblem) -> [UInt8] {
    let written = bytes[max(0, range.start)..<max(range.start, min(range.end, bytes.count))]
    if style == .doubleQuoted, !mayEscapeAsJSON, dialect != .kubernetes || !isJSON,
      let quote = written.firstIndex(of: UInt8(ascii: "\""))
    {
      var at = quote + 1
      while at + 1 < written.endIndex {
        guard written[at] == UInt8(ascii: "\\") else {
          at += 1
          continue
        }
        if written[at + 1] == UInt8(ascii: "/") {
          if dialect == .configuration {
            throw YAMLSyntaxError(message: "found unknown escape character", offset: at, stage: .scanner)
              .refusal(of: bytes)
          }
          throw ManifestProblem(
            ManifestCode.yaml, "YAML: found unknown escape character", at: SourceRange(at, at + 2))
        }
        at += 2
      }
    }
    guard tag == .binary else { return text }
    guard let decoded = Base64.decode(text) else {
      throw ManifestProblem(
        ManifestCode.yaml,
        "\(dialect == .configuration ? "yaml" : "YAML"): !!binary value contains invalid base64 data",
        at: range)
    }
    return decoded
  }
}

/// Base 64 as Go's `StdEncoding` reads it: padded, line breaks between the digits left out.
private enum Base64 {
  static func decode(_ text: [UInt8]) -> [UInt8]? {
    let digits = text.filter { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    guard digits.count % 4 == 0 else { return nil }
    let padding = digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard padding <= 2 else { return nil }
    var result: [UInt8] = []
    var bits: UInt32 = 0
    for (index, digit) in digits.dropLast(padding).enumerated() {
      guard let value = value(digit) else { return nil }
      bits = bits << 6 | value
      if index % 4 > 0 { result.append(UInt8(truncatingIfNeeded: bits >> UInt32(6 - 2 * (index % 4)))) }
    }
    return result
  }

  private static func value(_ digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}

extension YAMLEvent.Kind {
  fileprivate var isSequenceEnd: Bool { if case .sequenceEnd = self { true } else { false } }
  fileprivate var isMappingEnd: Bool { if case .mappingEnd = self { true } else { false } }
}
