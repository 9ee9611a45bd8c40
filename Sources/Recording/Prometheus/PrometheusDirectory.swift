internal import Scrape
private import Synchronization
internal import TimeSeries

/// A server's data: blocks, and what it had in memory. Read in place and never written.
struct PrometheusDirectory: SeriesSource {
  private let path: String
  private let blocks: [PrometheusBlock]
  private let head: PrometheusHead?
  let facts: RecordingFacts

  /// What in-order compaction does not do: such a block says nothing of how far the head was written.
  private static let hints: Set<String> = [
    "from-out-of-order", "from-stale-series", "from-selected-series",
  ]

  /// Opens a data directory, a snapshot, or one block.
  init(path: String) throws(RecordingError) {
    self.path = path
    let listing = DirectoryListing(path)
    var warnings: [String] = []
    var known: [(path: String, facts: PrometheusBlock.Facts)] = []
    for folder in listing.names.contains("meta.json") ? [path] : listing.blocks.map({ path + "/" + $0 }) {
      do throws(RecordingError) {
        known.append((folder, try PrometheusBlock.facts(path: folder)))
      } catch {
        // A block that is being written or deleted has no readable facts; a block alone must have some.
        if folder == path { throw error }
        warnings.append("\(error); the block is left out")
      }
    }
    let parents = Set(known.flatMap { ($0.facts.compaction?.parents ?? []).map(\.ulid) })
    let current = known.filter { !parents.contains($0.facts.ulid) && $0.facts.compaction?.deletable != true }
    var blocks: [PrometheusBlock] = []
    for (folder, facts) in current { blocks.append(try PrometheusBlock(path: folder, facts: facts)) }
    self.blocks = blocks.sorted { ($0.facts.minTime, $0.facts.ulid) < ($1.facts.minTime, $1.facts.ulid) }
    let written = current.filter { block in
      Self.hints.isDisjoint(with: block.facts.compaction?.hints ?? [])
    }
    head =
      listing.names.contains("wal") || listing.names.contains("chunks_head")
      ? try PrometheusHead(directory: path, minimum: written.map(\.facts.maxTime).max() ?? .min) : nil
    facts = Self.facts(current.map(\.facts), head, warnings)
  }

  private static func facts(
    _ blocks: [PrometheusBlock.Facts], _ head: PrometheusHead?, _ warnings: [String]
  ) -> RecordingFacts {
    var facts = RecordingFacts(format: "prometheus", families: head?.families ?? [])
    facts.notes = warnings + (head?.losses.notes ?? [])
    facts.loss = head?.losses.loss ?? RecordingLoss()
    var ranges = blocks.map { $0.minTime...max($0.minTime, $0.maxTime - 1) }
    ranges += (head?.series ?? []).compactMap(\.timeRange)
    if let first = ranges.map(\.lowerBound).min(), let last = ranges.map(\.upperBound).max() {
      facts.timeRange = first...last
    }
    facts.samples = blocks.reduce(0) { $0 + ($1.stats?.numSamples ?? 0) }
    return facts
  }

  func select(_ selection: Selection) throws -> any Selected {
    var rows: [Labels: DirectoryRow] = [:]
    for block in blocks where block.overlaps(after: selection.after, through: selection.through) {
      let found = try block.rows(
        matching: selection.matchers, after: selection.after, through: selection.through)
      for row in found { rows[row.labels, default: DirectoryRow()].blocks.append((block, row)) }
    }
    if let head {
      for number in head.index.rows(matching: selection.matchers) {
        let series = head.series[number]
        guard series.overlaps(selection) else { continue }
        rows[series.labels, default: DirectoryRow()].head = series
      }
    }
    return DirectorySelection(rows, selection)
  }

  /// Chunks may be of histograms.
  func bound(_ matchers: [LabelMatcher]) -> Int? { nil }

  func labelNames(_ selection: Selection) throws -> [ArraySlice<UInt8>] {
    guard selection.matchers.isEmpty else { return Listing.labelNames(of: try select(selection)) }
    var lists: [[ArraySlice<UInt8>]] = []
    for block in blocks where block.overlaps(after: selection.after, through: selection.through) {
      lists.append(try block.labelNames(after: selection.after, through: selection.through))
    }
    if let head {
      lists.append(head.index.labelNames(matching: []) { head.series[$0].overlaps(selection) })
    }
    return Listing.merged(lists)
  }

  func labelValues(of name: [UInt8], _ selection: Selection) throws -> [ArraySlice<UInt8>] {
    guard selection.matchers.isEmpty else { return Listing.labelValues(of: name, in: try select(selection)) }
    var lists: [[ArraySlice<UInt8>]] = []
    for block in blocks where block.overlaps(after: selection.after, through: selection.through) {
      lists.append(try block.labelValues(of: name, after: selection.after, through: selection.through))
    }
    if let head {
      lists.append(head.index.labelValues(of: name, matching: []) { head.series[$0].overlaps(selection) })
    }
    return Listing.merged(lists)
  }

  /// Looks at all series, and at the times of their chunks.
  func statistics(limit: Int) throws -> SeriesStatistics {
    var labels = Set<Labels>()
    var (first, last) = (Int64.max, Int64.min)
    for block in blocks {
      for row in try block.rows(matching: [], after: .min, through: .max) {
        labels.insert(row.labels)
        for chunk in row.chunks { (first, last) = (min(first, chunk.first), max(last, chunk.last)) }
      }
    }
    for series in head?.series ?? [] {
      guard let range = series.timeRange else { continue }
      labels.insert(series.labels)
      (first, last) = (min(first, range.lowerBound), max(last, range.upperBound))
    }
    return SeriesIndex(sorted: labels.sorted())
      .statistics(limit: limit, timeRange: first <= last ? first...last : nil)
  }
}

extension PrometheusHead.Series {
  /// Whether it has samples that may lie in the interval.
  fileprivate func overlaps(_ selection: Selection) -> Bool {
    timeRange.map { $0.lowerBound <= selection.through && $0.upperBound > selection.after } ?? false
  }
}

/// Where the samples of one series are.
private struct DirectoryRow: Sendable {
  /// In the order of the blocks' times.
  var blocks: [(block: PrometheusBlock, row: PrometheusBlock.Row)] = []
  var head: PrometheusHead.Series?

  /// All samples in (after, through], one a time; of several at a time that of the first part stays.
  func samples(after: Int64, through: Int64) throws(RecordingError) -> SampleColumns {
    var all = SampleColumns()
    for (block, row) in blocks {
      let columns = try block.samples(row)
      if all.isEmpty { all = columns } else { all.append(columns) }
    }
    if let head {
      for part in try head.parts(after: after, through: through) {
        if all.isEmpty { all = part } else { all.append(part) }
      }
    }
    return all.sorted().clipped(after == .max ? .max : after + 1, through)
  }
}

/// The rows that a selection found in a directory, decoded when they are read.
private final class DirectorySelection: Selected {
  let labels: [Labels]
  let mayHaveTypeOrUnit: Bool
  private let rows: [DirectoryRow]
  private let selection: Selection
  private let timelines = Mutex(TimelineTable())

  init(_ found: [Labels: DirectoryRow], _ selection: Selection) {
    let sorted = found.sorted { $0.key < $1.key }
    labels = sorted.map(\.key)
    mayHaveTypeOrUnit = labels.contains { $0.hasTypeOrUnit }
    rows = sorted.map(\.value)
    self.selection = selection
  }

  /// Chunks of blocks that follow one another go as they are.
  func chunks(
    _ row: Int, first: Int64, last: Int64, _ writer: inout ChunkWriter
  ) throws -> [WrittenChunk] {
    var written: [WrittenChunk] = []
    var isSimple = rows[row].head == nil
    for (block, part) in rows[row].blocks where isSimple {
      let chunks = try block.chunks(part, first: first, last: last, &writer)
      guard let chunks else {
        isSimple = false
        break
      }
      if let end = written.last?.timeRange.upperBound, let next = chunks.first,
        next.timeRange.lowerBound <= end
      {
        isSimple = false
      }
      written += chunks
    }
    return isSimple ? written : writer.chunks(try samples(row), first: first, last: last)
  }

  var count: Int { rows.count }

  func labels(_ row: Int) -> Labels { labels[row] }

  /// The labels were made of the index' symbols for each row: numbers are not kept.
  func numbers(of names: LabelNames) -> RowNumbers? { nil }

  /// Chunks tell only when they are decoded.
  func extent(_ row: Int) -> SampleExtent? { nil }

  func read(_ row: Int, into result: inout Samples) throws { result = try samples(row) }

  /// Chunks tell only when they are decoded.
  var mayHoldHistograms: Bool { true }

  func samples(_ row: Int) throws -> Samples {
    let columns = try rows[row].samples(after: selection.after, through: selection.through)
    guard !columns.isEmpty else { return .none }
    return columns.samples(on: timelines.withLock { $0.timeline(columns.timestamps) })
  }
}
