internal import Scrape
internal import TimeSeries

extension RecordingFormat {
  /// What `promgate record` and `promgate serve --recording` write. One that is being written is read as
  /// far as it goes.
  static let promgate = RecordingFormat(
    name: "promgate", summary: "a recording of promgate's",
    recognises: { $0.entries == nil && !$0.head.isEmpty && $0.head.starts(with: RecordFrame.magic) },
    read: { path, options throws(RecordingError) in
      let reader = try RecordReader(path: path)
      var columns = RecordedColumns(memoryLimit: options.limits.memory)
      while let batch = try reader.next() {
        guard columns.append(batch) else {
          throw RecordingError(
            path: path, "needs more than \(options.limits.memory) bytes", hint: "--data-memory allows more")
        }
      }
      let series = columns.finish()
      var facts = RecordingFacts(
        format: "promgate", families: reader.state.families.values.sorted { $0.name < $1.name })
      facts.samples = series.sampleCount
      facts.timeRange = series.timeRange
      if let note = reader.remainder.note(at: reader.offset) { facts.notes.append(note) }
      facts.loss.bytes = reader.remainder.bytes
      return RecordedSeries(series, facts)
    })
}

/// The samples of a recording, by series.
private struct RecordedColumns {
  private var columns: [SampleColumns] = []
  private var labels: [Labels] = []
  private var places: [Labels: Int] = [:]
  /// The column of each series of the file.
  private var numbers: [Int] = []
  private let memoryLimit: Int
  private var memory = 0

  init(memoryLimit: Int) { self.memoryLimit = memoryLimit }

  /// False when there is no room.
  mutating func append(_ batch: RecordBatch) -> Bool {
    if batch.startsAnew { numbers = [] }
    for series in batch.series {
      memory += 3 * series.bytes.count + 400
      if let place = places[series] {
        numbers.append(place)
      } else {
        places[series] = columns.count
        numbers.append(columns.count)
        labels.append(series)
        columns.append(SampleColumns())
      }
    }
    memory += batch.count * 32
    guard memory <= memoryLimit else { return false }
    if batch.histograms.positions.isEmpty, batch.starts.isEmpty {
      for position in batch.ids.indices {
        let place = numbers[Int(batch.ids[position])]
        columns[place].append(timestamp: batch.times[position], float: batch.values[position])
      }
      return true
    }
    batch.forEachSample { id, sample in columns[numbers[Int(id)]].append(sample) }
    return true
  }

  consuming func finish() -> DecodedSeries {
    var builder = DecodedSeriesBuilder(memoryLimit: memoryLimit)
    for place in labels.indices {
      builder.append(labels[place]) { $0 = columns[place] }
      columns[place] = SampleColumns()
    }
    return builder.finish()
  }
}
