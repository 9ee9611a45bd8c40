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

  public func bound(_ matchers: [LabelMatcher]) -> Int? { source.bound(matchers) }

  public func labelNames(_ selection: Selection) throws -> [ArraySlice<UInt8>] {
    try source.labelNames(selection)
  }

  public func labelValues(of name: [UInt8], _ selection: Selection) throws -> [ArraySlice<UInt8>] {
    try source.labelValues(of: name, selection)
  }

  public func statistics(limit: Int) throws -> SeriesStatistics { try source.statistics(limit: limit) }

  /// A server that speaks remote read. Nothing is asked yet, so nothing is known of what it holds.
  public static func remote(_ options: RemoteOptions) throws(RemoteError) -> RecordedSeries {
    RecordedSeries(try RemoteReader(options), RecordingFacts(format: "remote-read"))
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
