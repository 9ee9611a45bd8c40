private import CMemory
public import TimeSeries

/// An opened recording of any format: series to select, and what is known of it without reading samples.
public struct RecordedSeries: SeriesSource {
  /// What there is to know without reading samples.
  public let facts: RecordingFacts
  private let source: any SeriesSource

  init(_ source: any SeriesSource, _ facts: RecordingFacts) {
    self.source = source
    self.facts = facts
  }

  /// The same with more to note.
  func adding(notes: [String]) -> RecordedSeries {
    var facts = facts
    facts.notes += notes
    return RecordedSeries(source, facts)
  }

  /// Opens a recording; its kind is recognised by looking at it, files plain or gzip.
  ///
  /// Text is read whole (compressed, twice: its kind shows at its end); Prometheus' own data is mapped,
  /// and read as it is selected. Throws with file and place when it is broken, and with the limit's flag
  /// when it is too large.
  public static func open(
    path: String, options: RecordingOptions = RecordingOptions(),
    formats: [RecordingFormat] = RecordingFormat.all
  ) throws(RecordingError) -> RecordedSeries {
    let glimpse = try Glimpse(path: path, limit: options.limits.text)
    guard let format = formats.first(where: { $0.recognises(glimpse) }) else {
      if ByteOrderMark.isUTF16(glimpse.head) { throw RecordingError(path: path, ByteOrderMark.advice) }
      throw RecordingError(
        path: path, glimpse.isEmpty ? "is empty" : "is no recording that can be recognised",
        hint: RecordingFormat.expectation)
    }
    let recording = try format.read(path, options)
    // Reading takes several times what stays: the rest goes back to the system.
    promgate_memory_trim()
    return recording
  }

  /// The series that satisfy the matchers and have samples in the interval, in label order. Throws when
  /// the recording turns out to be damaged.
  public func select(_ selection: Selection) throws -> any Selected { try source.select(selection) }

  public func select(_ selections: [Selection]) throws -> [any Selected] { try source.select(selections) }

  /// A server that speaks remote read. Nothing is asked yet, so nothing is known of what it holds.
  public static func remote(_ options: RemoteOptions) throws(RemoteError) -> RecordedSeries {
    RecordedSeries(try RemoteReader(options), RecordingFacts(format: "remote-read"))
  }
}

/// Series whose columns are in memory, on shared timelines.
struct ColumnSeries: SeriesSource {
  /// Names, values and labels of all series.
  let index: SeriesIndex
  let columns: [RecordedColumn]

  /// `labels` ascend, and each has its column.
  init(labels: [Labels], columns: [RecordedColumn]) {
    index = SeriesIndex(sorted: labels)
    self.columns = columns
  }

  /// The series that satisfy the matchers and have samples in the interval, in label order.
  func select(_ selection: Selection) -> any Selected {
    var rows: [RecordedRows.Row] = []
    for row in index.rows(matching: selection.matchers) {
      let range = columns[row].positions(after: selection.after, through: selection.through)
      if !range.isEmpty { rows.append(RecordedRows.Row(series: row, range: range)) }
    }
    return RecordedRows(source: self, rows: rows)
  }
}

/// What a selection found in a recording.
private struct RecordedRows: Selected {
  struct Row: Sendable {
    var series: Int
    var range: Range<Int>
  }

  let source: ColumnSeries
  let rows: [Row]

  var labels: [Labels] { rows.map { source.index.labels[$0.series] } }
  var count: Int { rows.count }
  func labels(_ row: Int) -> Labels { source.index.labels[rows[row].series] }
  var mayHoldHistograms: Bool { false }

  func samples(_ row: Int) -> Samples {
    source.columns[rows[row].series].samples(rows[row].range)
  }
}

/// The samples of one series: a run of positions of a timeline.
struct RecordedColumn: Sendable {
  let timeline: Timeline
  /// The position on the timeline of the first value.
  let first: Int
  let values: PackedColumn
  /// Positions (indexes of `values`), ascending.
  let staleMarkers: [Int]

  /// The positions (indexes of `values`) in an interval of time.
  func positions(after: Int64, through: Int64) -> Range<Int> {
    let low = clamp(timeline.firstPosition(after: after))
    let high = clamp(timeline.firstPosition(after: through))
    return low..<max(low, high)
  }

  private func clamp(_ position: Int) -> Int { min(max(position - first, 0), values.count) }

  /// A part of the column.
  func samples(_ range: Range<Int>) -> Samples {
    Samples(
      timeline: timeline, first: first + range.lowerBound, values: values.values(range),
      staleMarkers: staleMarkers.filter(range.contains).map { $0 - range.lowerBound })
  }
}

extension Glimpse {
  /// Looks at both ends of a file, a compressed one read through, or at the names in a folder.
  init(path: String, limit: Int) throws(RecordingError) {
    head = []
    tail = []
    entries = nil
    let input: RecordingInput
    do throws(RecordingError) { input = try RecordingInput(path: path, limit: limit) } catch {
      let listing = DirectoryListing(path)
      if listing.names.isEmpty { throw error }
      entries = listing.names
      return
    }
    var bytes: [UInt8] = []
    while try input.read(into: &bytes, atMost: input.isCompressed ? 1 << 18 : Self.size) {
      if head.count < Self.size { head.append(contentsOf: bytes.prefix(Self.size - head.count)) }
      let surplus = bytes.count - Self.size
      if surplus > 0 { bytes.removeSubrange(..<surplus) }
      input.skipToEnd(butLast: Self.size)
    }
    tail = bytes
  }
}
