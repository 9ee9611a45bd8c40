internal import Scrape
internal import TimeSeries

extension RecordingFormat {
  /// OpenMetrics text whose samples have timestamps, as `promtool tsdb dump-openmetrics` writes it.
  static let openMetrics = RecordingFormat(
    name: "openmetrics", summary: "an OpenMetrics dump (it ends in # EOF)",
    recognises: { $0.looksLikeMetrics && $0.ends(withLine: "# EOF") },
    read: { path, options throws(RecordingError) in
      let input = try RecordingInput(path: path, limit: options.limits.text)
      var reader = DumpReader(input, options, .openMetrics)
      return try reader.read(formatName: "openmetrics")
    })

  /// Prometheus' text format whose samples have timestamps.
  static let text = RecordingFormat(
    name: "text", summary: "text with a timestamp in milliseconds on every sample",
    recognises: { $0.looksLikeMetrics },
    read: { path, options throws(RecordingError) in
      let input = try RecordingInput(path: path, limit: options.limits.text)
      var reader = DumpReader(input, options, .text)
      return try reader.read(formatName: "text")
    })
}

/// Reads an exposition with timestamps piece by piece, so that memory goes to samples only.
struct DumpReader {
  private let input: RecordingInput
  private let options: RecordingOptions
  private let format: ExpositionFormat
  private var cache = SeriesCache()
  private var metadata = MetadataTable()
  private var builder: RecordingBuilder

  private static let pieceSize = 1 << 18
  /// Times further than this from the epoch are absurd and would overflow arithmetic.
  private static let farthest: Int64 = 1 << 53

  init(_ input: RecordingInput, _ options: RecordingOptions, _ format: ExpositionFormat) {
    self.input = input
    self.options = options
    self.format = format
    builder = RecordingBuilder(memoryLimit: options.limits.memory)
  }

  mutating func read(formatName: String) throws(RecordingError) -> RecordedSeries {
    var reader = ExpositionReader(format: format)
    var window: [UInt8] = []
    var isLast = false
    var isDone = false
    var isOpen = false
    while !isDone {
      let read = reader.position
      reader.discard(window.span)
      window.removeSubrange(..<read)
      guard window.count <= options.limits.line else {
        let error = reader.error(window.span, at: 0, "a line has more than \(options.limits.line) bytes")
        throw located(error)
      }
      if !isLast, try !input.read(into: &window, atMost: max(Self.pieceSize, window.count)) {
        isLast = true
        // A value or a timestamp that was cut is a number still.
        isOpen = format == .text && window.last.map { $0 != UInt8(ascii: "\n") } ?? false
        if format == .text { window.append(UInt8(ascii: "\n")) }
      }
      isDone = try readRecords(&reader, window.span, isLast: isLast)
    }
    let notes = isOpen ? ["the last line has no end: if the file was cut, what it says is not whole"] : []
    // Moved out, so that nothing is copied.
    var whole = RecordingBuilder(memoryLimit: 0)
    swap(&whole, &builder)
    return whole.finish(format: formatName, families: metadata.families, options: options).adding(
      notes: notes)
  }

  /// Reads what is whole in the window; true at the end of the exposition.
  private mutating func readRecords(
    _ reader: inout ExpositionReader, _ bytes: Span<UInt8>, isLast: Bool
  ) throws(RecordingError) -> Bool {
    while true {
      let predicted = cache.predictedText(reader.type.numericLabel)
      let record: ExpositionReader.Record
      do {
        record = try reader.next(
          bytes, known: cache.texts.span.extracting(predicted), isLast: isLast)
      } catch {
        throw located(error, hint: hint(bytes.extracting(reader.start..<bytes.count)))
      }
      switch record {
      case .sample: try take(reader, bytes)
      case .help, .type, .unit: metadata.note(record, reader, bytes, time: 0)
      case .comment: continue
      case .starved: return false
      case .end:
        guard isLast, reader.position >= bytes.count else {
          throw located(reader.error(bytes, at: reader.position, "a zero byte in front of a line"))
        }
        return true
      }
    }
  }

  private mutating func take(
    _ reader: borrowing ExpositionReader, _ bytes: Span<UInt8>
  ) throws(RecordingError) {
    guard let timestamp = reader.timestamp else {
      throw located(
        reader.error(bytes, at: reader.series.lowerBound, "a sample without a timestamp"),
        hint: "in a recording every sample has one; record with timestamps")
    }
    guard timestamp.magnitude <= Self.farthest.magnitude else {
      throw located(
        reader.error(bytes, at: reader.series.lowerBound, "the timestamp is out of range"),
        hint: "text has milliseconds since 1970, OpenMetrics seconds")
    }
    let entry = try entry(reader, bytes)
    cache.advance(to: entry, pass: 0)
    let fits = builder.append(timestamp, reader.value, to: cache.entries[entry].slot)
    if !fits { throw overLimit() }
  }

  /// The cache's entry for the sample that was read last.
  private mutating func entry(
    _ reader: borrowing ExpositionReader, _ bytes: Span<UInt8>
  ) throws(RecordingError) -> Int {
    if reader.isKnown, let entry = cache.predicted { return entry }
    let text = bytes.extracting(reader.series)
    let type = reader.type.numericLabel
    let found = cache.find(text, type)
    if let entry = found.entry { return entry }
    let labels: Labels
    do {
      labels = try reader.exposedLabels(bytes).checked()
    } catch {
      throw located(reader.error(bytes, at: reader.series.lowerBound, error.reason))
    }
    guard let slot = builder.series(labels, textCount: text.count) else { throw overLimit() }
    return cache.insert(text, type, hash: found.hash, slot: slot, pass: 0)
  }

  private func overLimit() -> RecordingError {
    RecordingError(
      path: input.path,
      "the recording needs more than \(options.limits.memory) bytes of memory after "
        + "\(builder.sampleCount) samples of \(builder.seriesCount) series",
      hint: "raise it with --data-memory, or record less")
  }

  private func located(_ error: ExpositionError, hint: String? = nil) -> RecordingError {
    RecordingError(
      path: input.path, line: error.line, column: error.column, error.reason, hint: hint)
  }

  /// What is a fault in text but not in OpenMetrics suggests a dump that lost its end.
  private func hint(_ bytes: Span<UInt8>) -> String? {
    guard format == .text else { return nil }
    var other = ExpositionReader(format: .openMetrics)
    do {
      guard case .sample = try other.next(bytes, known: bytes.extracting(0..<0), isLast: false) else {
        return nil
      }
    } catch {
      return nil
    }
    return "if this is OpenMetrics, it must end in # EOF; is the file cut?"
  }
}
