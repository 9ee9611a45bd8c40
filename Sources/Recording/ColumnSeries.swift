internal import TimeSeries

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

extension ColumnSeries {
  func bound(_ matchers: [LabelMatcher]) -> Int? { index.bound(matchers) }

  func labelNames(_ selection: Selection) -> [ArraySlice<UInt8>] {
    index.labelNames(matching: selection.matchers) { holds($0, selection) }
  }

  func labelValues(of name: [UInt8], _ selection: Selection) -> [ArraySlice<UInt8>] {
    index.labelValues(of: name, matching: selection.matchers) { holds($0, selection) }
  }

  func statistics(limit: Int) -> SeriesStatistics {
    let ranges = columns.compactMap(\.timeRange)
    let times = ranges.map(\.lowerBound).min().flatMap { first in
      ranges.map(\.upperBound).max().map { first...$0 }
    }
    return index.statistics(limit: limit, timeRange: times)
  }

  private func holds(_ row: Int, _ selection: Selection) -> Bool {
    !columns[row].positions(after: selection.after, through: selection.through).isEmpty
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

  var mayHaveTypeOrUnit: Bool { source.index.mayHaveTypeOrUnit }

  func numbers(of names: LabelNames) -> RowNumbers? {
    source.index.numbers(of: names, rows: rows.map(\.series))
  }

  func extent(_ row: Int) -> SampleExtent? { source.columns[rows[row].series].extent(rows[row].range) }

  func samples(_ row: Int) -> Samples {
    source.columns[rows[row].series].samples(rows[row].range)
  }

  func read(_ row: Int, into result: inout Samples) { result = samples(row) }

  func chunks(
    _ row: Int, first: Int64, last: Int64, _ writer: inout ChunkWriter
  ) -> [WrittenChunk] {
    writer.chunks(samples(row), first: first, last: last)
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

  /// The times of the first and the last sample; nil for none.
  var timeRange: ClosedRange<Int64>? {
    values.count == 0 ? nil : timeline[first]...timeline[first + values.count - 1]
  }

  /// Where a part of the column lies; nil where a series ends in it.
  func extent(_ range: Range<Int>) -> SampleExtent? {
    staleMarkers.contains(where: range.contains)
      ? nil : SampleExtent(timeline, first + range.lowerBound..<first + range.upperBound)
  }

  /// A part of the column.
  func samples(_ range: Range<Int>) -> Samples {
    Samples(
      timeline: timeline, first: first + range.lowerBound, values: values.values(range),
      staleMarkers: staleMarkers.filter(range.contains).map { $0 - range.lowerBound })
  }
}
