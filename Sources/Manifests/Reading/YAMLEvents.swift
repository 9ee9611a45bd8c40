internal import CYAML
import PromQL
import TimeSeries

/// libyaml's events with byte ranges. Events, not composed nodes: a node knows where it starts but not
/// where it ends, and composing nodes hashes keys, which an alias bomb used as a key makes endless.
@safe final class YAMLEvents {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let text: UnsafeMutableBufferPointer<UInt8>
  private var offsets: CharacterOffsets
  private let marks: LeftOutMarks

  /// - Parameter bytes: valid UTF-8. Byte order marks in front of a line are passed over, as go-yaml does:
  ///   libyaml would take the first for an indentation, and refuse those of texts put together.
  init(_ whole: [UInt8]) {
    let (bytes, marks) = LeftOutMarks.split(whole)
    self.marks = marks
    unsafe text = .allocate(capacity: max(1, bytes.count))
    _ = unsafe text.update(fromContentsOf: bytes)
    unsafe parser = .allocate(capacity: 1)
    unsafe parser.initialize(to: yaml_parser_t())
    unsafe yaml_parser_initialize(parser)
    unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    unsafe yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
    offsets = CharacterOffsets(bytes)
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
    unsafe text.deallocate()
  }

  /// The next event; `streamEnd` again and again at the end.
  func next() throws(YAMLSyntaxError) -> YAMLEvent {
    var event = unsafe yaml_event_t()
    let status = unsafe yaml_parser_parse(parser, &event)
    guard status == 1 else { throw failure() }
    defer { unsafe yaml_event_delete(&event) }
    let start = marks.place(unsafe offsets.byte(of: event.start_mark.index))
    let end = marks.place(unsafe offsets.byte(of: event.end_mark.index))
    return YAMLEvent(kind: unsafe kind(of: event), range: SourceRange(start, max(start, end)))
  }

  private func kind(of event: yaml_event_t) -> YAMLEvent.Kind {
    switch unsafe event.type {
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return .alias(unsafe string(event.data.alias.anchor) ?? [])
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      let value = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      return .scalar(
        anchor: unsafe string(scalar.anchor), tag: unsafe string(scalar.tag),
        value: unsafe Array(value), style: unsafe style(scalar.style))
    case YAML_SEQUENCE_START_EVENT:
      let sequence = unsafe event.data.sequence_start
      return .sequenceStart(
        anchor: unsafe string(sequence.anchor),
        isFlow: unsafe sequence.style == YAML_FLOW_SEQUENCE_STYLE)
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      let mapping = unsafe event.data.mapping_start
      return .mappingStart(
        anchor: unsafe string(mapping.anchor),
        isFlow: unsafe mapping.style == YAML_FLOW_MAPPING_STYLE)
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    case YAML_STREAM_START_EVENT: return .streamStart
    default: return .streamEnd
    }
  }

  private func style(_ style: yaml_scalar_style_t) -> YAMLScalarStyle {
    switch style {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
    case YAML_LITERAL_SCALAR_STYLE: .literal
    case YAML_FOLDED_SCALAR_STYLE: .folded
    default: .plain
    }
  }

  private func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> [UInt8]? {
    guard let pointer = unsafe pointer else { return nil }
    var length = 0
    while unsafe pointer[length] != 0 { length += 1 }
    return unsafe Array(UnsafeBufferPointer(start: pointer, count: length))
  }

  private func failure() -> YAMLSyntaxError {
    let state = unsafe parser.pointee
    let problem = unsafe state.problem.map { unsafe String(cString: $0) } ?? "it cannot be read"
    if unsafe state.error == YAML_READER_ERROR {
      return YAMLSyntaxError(
        message: problem, offset: marks.place(unsafe state.problem_offset), stage: .reader)
    }
    let offset = marks.place(unsafe offsets.byte(of: state.problem_mark.index))
    var error = YAMLSyntaxError(message: problem, offset: offset)
    if unsafe state.error == YAML_SCANNER_ERROR { error.stage = .scanner }
    if let context = unsafe state.context {
      error.context = unsafe String(cString: context)
      error.contextOffset = marks.place(unsafe offsets.byte(of: state.context_mark.index))
    }
    return error
  }
}

/// One event of a YAML stream.
struct YAMLEvent {
  var kind: Kind
  var range: SourceRange

  enum Kind {
    case streamStart
    case streamEnd
    case documentStart
    case documentEnd
    case alias([UInt8])
    case scalar(anchor: [UInt8]?, tag: [UInt8]?, value: [UInt8], style: YAMLScalarStyle)
    case sequenceStart(anchor: [UInt8]?, isFlow: Bool)
    case sequenceEnd
    case mappingStart(anchor: [UInt8]?, isFlow: Bool)
    case mappingEnd
  }
}

/// How a scalar is written.
enum YAMLScalarStyle: Sendable, Hashable {
  case plain
  case singleQuoted
  case doubleQuoted
  case literal
  case folded
}

/// Why a text is no YAML, as libyaml says it.
struct YAMLSyntaxError: Error {
  /// Who met it: go-yaml counts lines differently for each.
  enum Stage { case reader, scanner, parser }

  var message: String
  /// Byte in the text.
  var offset: Int
  var stage = Stage.parser
  /// What was being read, and where it began.
  var context: String?
  var contextOffset = 0
}

/// The byte order marks that were left out of a text, and the way back to the places of the whole.
private struct LeftOutMarks {
  /// Where in the shortened text each mark stood, ascending.
  private var places: [Int] = []

  /// The text without the marks in front of its lines.
  static func split(_ text: [UInt8]) -> (text: [UInt8], marks: LeftOutMarks) {
    var marks = LeftOutMarks()
    guard text.contains(ByteOrderMark.utf8[0]) else { return (text, marks) }
    var rest = text[...]
    var result: [UInt8] = []
    while true {
      if ByteOrderMark.count(rest) > 0 {
        marks.places.append(result.count)
        rest = rest.dropFirst(ByteOrderMark.utf8.count)
      }
      let end = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? rest.endIndex
      result += rest[..<end]
      rest = rest[end...]
      if rest.isEmpty { return marks.places.isEmpty ? (text, marks) : (result, marks) }
    }
  }

  /// The place in the whole text of one in the shortened text.
  func place(_ offset: Int) -> Int {
    offset + ByteOrderMark.utf8.count * places.prefix { $0 <= offset }.count
  }
}

/// Bytes of characters: libyaml counts its marks in characters. Marks come nearly in order, so a
/// cursor that walks from the last one costs little.
private struct CharacterOffsets {
  private let bytes: [UInt8]
  private let isASCII: Bool
  private var character = 0
  private var byte = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    isASCII = bytes.allSatisfy { $0 < 0x80 }
  }

  mutating func byte(of index: Int) -> Int {
    if isASCII { return max(0, min(index, bytes.count)) }
    while character < index, byte < bytes.count {
      byte += 1
      while byte < bytes.count, bytes[byte] & 0xC0 == 0x80 { byte += 1 }
      character += 1
    }
    while character > index, byte > 0 {
      byte -= 1
      while byte > 0, bytes[byte] & 0xC0 == 0x80 { byte -= 1 }
      character -= 1
    }
    return byte
  }
}
