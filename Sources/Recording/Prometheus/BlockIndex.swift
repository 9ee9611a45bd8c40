internal import TimeSeries

/// The index of a block (chunks-and-blocks.md §3.4): which series it has, and where their chunks are.
///
/// Holds the places of symbols and postings; series are read when they are asked for.
final class BlockIndex: Sendable {
  /// Where a series' samples are: times in milliseconds, both inclusive.
  struct Chunk: Sendable {
    var first: Int64
    var last: Int64
    var reference: UInt64
  }

  private let file: MappedFile
  private let version: UInt8
  /// Where each symbol's length stands; for format 1 the references are places themselves.
  private let symbols: [Int]
  /// Of each label name the values, ascending, with the places of their postings.
  private let postings: [[UInt8]: [(value: [UInt8], offset: Int)]]
  private let allSeries: Int?

  /// How many series there are.
  let seriesCount: Int

  init(path: String) throws(RecordingError) {
    let file = try MappedFile(path: path)
    self.file = file
    (version, symbols, postings, allSeries, seriesCount) = try file.reading {
      var head = file.reader(at: 0)
      guard try head.u32() == 0xBAAA_D700 else { throw file.fault("no index begins", at: 0) }
      let version = try head.u8()
      guard (1...3).contains(version) else {
        throw RecordingError(path: path, "index format \(version) is not known")
      }
      let start = file.count - 52
      guard start >= 5 else { throw file.fault("the index is cut", at: file.count) }
      var contents = file.reader(at: start)
      guard file.checks(start..<start + 48, try Self.sum(file, start + 48)) else {
        throw file.fault("the table of contents is damaged", at: start)
      }
      let places = try (0..<6).map { _ in try contents.u64() }
      let symbols = try Self.symbols(file, places[0])
      let (postings, all) = try Self.postings(file, places[5])
      var count = 0
      if let all {
        var section = try Self.section(file, all)
        count = Int(try section.u32())
      }
      return (version, symbols, postings, all, count)
    }
  }

  private static func sum(_ file: MappedFile, _ offset: Int) throws(BytesEnded) -> UInt32 {
    var reader = file.reader(at: offset)
    return try reader.u32()
  }

  /// The body of a section, its checksum verified.
  private static func section(
    _ file: MappedFile, _ offset: some BinaryInteger
  ) throws -> ByteReader {
    guard let offset = Int(exactly: offset), offset > 0, offset < file.count else {
      throw file.fault("a section lies outside", at: Int(clamping: offset))
    }
    var head = file.reader(at: offset)
    let length = Int(try head.u32())
    let body = try head.skip(length)
    guard file.checks(body, try head.u32()) else { throw file.fault("a section is damaged", at: offset) }
    return file.reader(at: body.lowerBound, length: length)
  }

  private static func symbols(_ file: MappedFile, _ offset: UInt64) throws -> [Int] {
    var section = try section(file, offset)
    let count = Int(try section.u32())
    guard count <= section.left else { throw file.fault("there cannot be \(count) symbols", at: Int(offset)) }
    var places: [Int] = []
    places.reserveCapacity(count)
    for _ in 0..<count {
      places.append(section.position)
      _ = try section.text()
    }
    return places
  }

  private static func postings(
    _ file: MappedFile, _ offset: UInt64
  ) throws -> (postings: [[UInt8]: [(value: [UInt8], offset: Int)]], all: Int?) {
    guard offset != 0 else { return ([:], nil) }
    var section = try section(file, offset)
    let count = Int(try section.u32())
    var found: [[UInt8]: [(value: [UInt8], offset: Int)]] = [:]
    var all: Int?
    var name: [UInt8] = []
    var values: [(value: [UInt8], offset: Int)] = []
    for _ in 0..<count {
      guard try section.uvarint() == 2 else {
        throw file.fault("an entry of the postings is damaged", at: section.position)
      }
      let entryName = section.array(try section.text())
      let value = section.array(try section.text())
      guard let place = Int(exactly: try section.uvarint()) else {
        throw file.fault("an entry of the postings is damaged", at: section.position)
      }
      if entryName.isEmpty, value.isEmpty {
        all = place
        continue
      }
      if entryName != name {
        if !values.isEmpty { found[name, default: []] += values }
        (name, values) = (entryName, [])
      }
      values.append((value, place))
    }
    if !values.isEmpty { found[name, default: []] += values }
    return (found, all)
  }

  // MARK: Selecting

  /// The references of the series that may satisfy the matchers, ascending; matchers that the postings
  /// cannot answer are left for the labels.
  func references(matching matchers: [LabelMatcher]) throws(RecordingError) -> [UInt32] {
    try file.reading { try found(matchers) }
  }

  private func found(_ matchers: [LabelMatcher]) throws -> [UInt32] {
    var result: [UInt32]?
    for matcher in matchers where !matcher.acceptsEmpty {
      guard let values = postings[Array(matcher.name.utf8)] else { return [] }
      var lists: [[UInt32]] = []
      if matcher.operation == .equal {
        let wanted = Array(matcher.value.utf8)
        for entry in values where entry.value == wanted { lists.append(try list(entry.offset)) }
      } else {
        for entry in values where matcher.accepts(entry.value[...]) { lists.append(try list(entry.offset)) }
      }
      let union = lists.count == 1 ? lists[0] : Set(lists.joined()).sorted()
      if let known = result {
        let set = Set(union)
        result = known.filter(set.contains)
      } else {
        result = union
      }
      if result?.isEmpty == true { return [] }
    }
    if let result { return result }
    guard let allSeries else { return [] }
    return try list(allSeries)
  }

  /// All label names, ascending.
  var names: [[UInt8]] { postings.keys.sorted { $0.lexicographicallyPrecedes($1) } }

  /// The values of a label, ascending, with the places of their postings.
  func values(of name: [UInt8]) -> [(value: [UInt8], offset: Int)] { postings[name] ?? [] }

  /// The references of the postings at a place.
  func references(at offset: Int) throws(RecordingError) -> [UInt32] { try file.reading { try list(offset) } }

  /// The first ones of the postings at a place, not checked: their series are.
  func firstReferences(at offset: Int, atMost limit: Int) throws(RecordingError) -> [UInt32] {
    try file.reading {
      var head = file.reader(at: offset)
      var section = file.reader(at: head.position + 4, length: Int(try head.u32()))
      let count = min(limit, Int(try section.u32()), section.left / 4)
      var references: [UInt32] = []
      for _ in 0..<count { references.append(try section.u32()) }
      return references
    }
  }

  private func list(_ offset: Int) throws -> [UInt32] {
    var section = try Self.section(file, offset)
    let count = Int(try section.u32())
    guard count <= section.left / 4 else { throw file.fault("postings are cut", at: offset) }
    var references: [UInt32] = []
    references.reserveCapacity(count)
    for _ in 0..<count { references.append(try section.u32()) }
    return references
  }

  /// A series' labels and chunks.
  func series(_ reference: UInt32) throws(RecordingError) -> (labels: Labels, chunks: [Chunk]) {
    try file.reading {
      var body = try entry(reference)
      var pairs: [(name: [UInt8], value: [UInt8])] = []
      for _ in 0..<(try body.count(of: 2)) {
        let name = try symbol(try body.uvarint())
        let value = try symbol(try body.uvarint())
        pairs.append((name, value))
      }
      return (Labels(inOrder: pairs), try chunks(&body))
    }
  }

  /// A series' chunks; its labels are passed over.
  func chunks(of reference: UInt32) throws(RecordingError) -> [Chunk] {
    try file.reading {
      var body = try entry(reference)
      for _ in 0..<2 * (try body.count(of: 2)) { _ = try body.uvarint() }
      return try chunks(&body)
    }
  }

  /// What stands of a series, its checksum verified.
  private func entry(_ reference: UInt32) throws -> ByteReader {
    let offset = version == 1 ? Int(reference) : Int(reference) * 16
    var entry = file.reader(at: offset)
    let length = try entry.count()
    let start = entry.position
    let body = file.reader(at: start, length: length)
    _ = try entry.skip(length)
    guard file.checks(start..<start + length, try entry.u32()) else {
      throw file.fault("a series is damaged", at: offset)
    }
    return body
  }

  private func chunks(_ body: inout ByteReader) throws(BytesEnded) -> [Chunk] {
    var chunks: [Chunk] = []
    for _ in 0..<(try body.count(of: 3)) {
      var chunk: Chunk
      if let before = chunks.last {
        let first = before.last &+ Int64(bitPattern: try body.uvarint())
        let last = first &+ Int64(bitPattern: try body.uvarint())
        let reference = before.reference &+ UInt64(bitPattern: try body.varint())
        chunk = Chunk(first: first, last: last, reference: reference)
      } else {
        let first = try body.varint()
        let last = first &+ Int64(bitPattern: try body.uvarint())
        chunk = Chunk(first: first, last: last, reference: try body.uvarint())
      }
      chunks.append(chunk)
    }
    return chunks
  }

  private func symbol(_ reference: UInt64) throws -> [UInt8] {
    guard let number = Int(exactly: reference) else { throw file.fault("no symbol \(reference)", at: 0) }
    let place: Int
    if version == 1 {
      place = number
    } else {
      guard number < symbols.count else { throw file.fault("no symbol \(number)", at: symbols.first ?? 0) }
      place = symbols[number]
    }
    var reader = file.reader(at: place)
    return reader.array(try reader.text())
  }
}
