private import FoundationEssentials
internal import TimeSeries

/// A persistent block (chunks-and-blocks.md §3): immutable files, read where they are.
final class PrometheusBlock: Sendable {
  /// `meta.json`, as far as reading needs it.
  struct Facts: Decodable, Sendable {
    struct Compaction: Decodable, Sendable {
      struct Parent: Decodable, Sendable { var ulid: String }

      var parents: [Parent]?
      var hints: [String]?
      var deletable: Bool?
    }

    struct Stats: Decodable, Sendable { var numSamples: Int? }

    var version: Int
    var ulid: String
    /// Inclusive, milliseconds.
    var minTime: Int64
    /// Exclusive, milliseconds.
    var maxTime: Int64
    var stats: Stats?
    var compaction: Compaction?
  }

  let facts: Facts
  private let index: BlockIndex
  private let chunks: BlockChunks
  private let tombstones: Tombstones

  /// One series of the block that a selection found.
  struct Row: Sendable {
    var labels: Labels
    var reference: UInt32
    var chunks: [BlockIndex.Chunk]
  }

  static func facts(path: String) throws(RecordingError) -> Facts {
    let name = path + "/meta.json"
    do {
      let facts = try JSONDecoder().decode(Facts.self, from: Data(contentsOf: URL(filePath: name)))
      guard facts.version == 1 else {
        throw RecordingError(path: name, "unexpected meta file version \(facts.version)")
      }
      return facts
    } catch let error as RecordingError {
      throw error
    } catch {
      throw RecordingError(path: name, "is no block's meta.json")
    }
  }

  init(path: String, facts: Facts) throws(RecordingError) {
    self.facts = facts
    index = try BlockIndex(path: path + "/index")
    let folder = path + "/chunks"
    chunks = try BlockChunks(paths: DirectoryListing(folder).numbered().map { folder + "/" + $0.name })
    let deleted = path + "/tombstones"
    let hasDeleted = FileManager.default.fileExists(atPath: deleted)
    tombstones = hasDeleted ? try Tombstones(path: deleted) : Tombstones()
  }

  var seriesCount: Int { index.seriesCount }

  /// Whether the block says something of samples in (after, through].
  func overlaps(after: Int64, through: Int64) -> Bool {
    facts.minTime <= through && facts.maxTime > after
  }

  /// The series that satisfy the matchers and have chunks in (after, through], in label order.
  func rows(
    matching matchers: [LabelMatcher], after: Int64, through: Int64
  ) throws(RecordingError) -> [Row] {
    var rows: [Row] = []
    for reference in try index.references(matching: matchers) {
      let (labels, all) = try index.series(reference)
      guard matchers.allSatisfy({ $0.accepts(labels) }) else { continue }
      let chunks = all.filter { $0.first <= through && $0.last > after }
      if !chunks.isEmpty { rows.append(Row(labels: labels, reference: reference, chunks: chunks)) }
    }
    return rows
  }

  /// The names of the labels that series with chunks in (after, through] have, ascending.
  func labelNames(after: Int64, through: Int64) throws(RecordingError) -> [ArraySlice<UInt8>] {
    var names: [ArraySlice<UInt8>] = []
    for name in index.names {
      for entry in index.values(of: name)
      where try holds(entry.offset, after: after, through: through) {
        names.append(name[...])
        break
      }
    }
    return names
  }

  /// The values that a label has in series with chunks in (after, through], ascending.
  func labelValues(
    of name: [UInt8], after: Int64, through: Int64
  ) throws(RecordingError) -> [ArraySlice<UInt8>] {
    var values: [ArraySlice<UInt8>] = []
    for entry in index.values(of: name) where try holds(entry.offset, after: after, through: through) {
      values.append(entry.value[...])
    }
    return values
  }

  /// Whether one of some postings' series has chunks in (after, through]. The first one has, mostly: not all
  /// are read for it.
  private func holds(_ offset: Int, after: Int64, through: Int64) throws(RecordingError) -> Bool {
    func isHere(_ reference: UInt32) throws(RecordingError) -> Bool {
      try index.chunks(of: reference).contains { $0.first <= through && $0.last > after }
    }
    for reference in try index.firstReferences(at: offset, atMost: 4) where try isHere(reference) {
      return true
    }
    for reference in try index.references(at: offset) where try isHere(reference) { return true }
    return false
  }

  /// A row's chunks in first...last, as they are where they lie inside and newly written where they do
  /// not; nil when something of the row was deleted, or somebody damaged the order of its chunks.
  func chunks(
    _ row: Row, first: Int64, last: Int64, _ writer: inout ChunkWriter
  ) throws(RecordingError) -> [WrittenChunk]? {
    guard tombstones.keeps(UInt64(row.reference)) == nil else { return nil }
    let (first, last) = (max(first, facts.minTime), min(last, facts.maxTime - 1))
    var written: [WrittenChunk] = []
    written.reserveCapacity(row.chunks.count)
    for chunk in row.chunks where chunk.first <= last && chunk.last >= first {
      if let before = written.last, chunk.first <= before.timeRange.upperBound { return nil }
      if chunk.first >= first, chunk.last <= last, chunk.first <= chunk.last {
        let (encoding, bytes) = try chunks.chunk(chunk.reference)
        written.append(
          WrittenChunk(timeRange: chunk.first...chunk.last, encoding: encoding, bytes: bytes))
      } else {
        var columns = SampleColumns()
        try chunks.append(chunk.reference, to: &columns)
        let samples = columns.samples(on: Timeline(columns.timestamps))
        written += writer.chunks(samples, first: first, last: last)
      }
    }
    return written
  }

  /// The samples of a row's chunks: clipped to the block, what was deleted left out.
  func samples(_ row: Row) throws(RecordingError) -> SampleColumns {
    var columns = SampleColumns()
    columns.reserve(row.chunks.count * 120)
    for chunk in row.chunks { try chunks.append(chunk.reference, to: &columns) }
    // Chunks of one series do not overlap, unless somebody damaged them.
    columns = columns.sorted().clipped(facts.minTime, facts.maxTime - 1)
    if let keeps = tombstones.keeps(UInt64(row.reference)) { columns = columns.filtered(keeps) }
    return columns
  }
}
