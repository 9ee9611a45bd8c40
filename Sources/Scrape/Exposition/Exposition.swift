public import TimeSeries

/// An exposition, read as a whole: what a dump, a pushed body or a test has in hand.
///
/// Scraping does not go through it: a repeated scrape recognises its series by their bytes.
public struct Exposition: Sendable, Hashable {
  /// One sample.
  public struct Sample: Sendable, Hashable {
    /// As exposed, `__name__` among them for a sample.
    public var labels: Labels
    /// Never a stale marker: every NaN becomes the ordinary one.
    public var value: Double
    /// Milliseconds since the epoch; nil when the sample has none.
    public var timestamp: Int64?
    /// Nil when the sample has none.
    public var exemplar: Exemplar?
  }

  /// An example of an observation behind a sample.
  public struct Exemplar: Sendable, Hashable {
    /// As exposed, `__name__` among them for a sample.
    public var labels: Labels
    /// Never a stale marker: every NaN becomes the ordinary one.
    public var value: Double
    /// Milliseconds since the epoch; nil when the exemplar has none.
    public var timestamp: Int64?
  }

  /// In the order of the text.
  public var samples: [Sample] = []
  /// In the order in which the metrics are first mentioned.
  public var families: [MetricFamily] = []

  /// Reads an exposition to its end. Linear; throws where Prometheus' parser or its rules for
  /// labels would refuse it (exposition.md §2, §3).
  public init(_ bytes: [UInt8], format: ExpositionFormat) throws(ExpositionError) {
    var bytes = bytes
    if format == .text { bytes.append(UInt8(ascii: "\n")) }
    var reader = ExpositionReader(format: format)
    var metadata = MetadataTable()
    let window = bytes.span
    reading: while true {
      let record = try reader.next(window, known: window.extracting(0..<0))
      switch record {
      case .sample: try samples.append(Self.sample(window, reader))
      case .help, .type, .unit: metadata.note(record, reader, window, time: 0)
      case .comment: continue
      case .end, .starved: break reading
      }
    }
    families = metadata.families
  }

  private static func sample(
    _ window: Span<UInt8>, _ reader: ExpositionReader
  ) throws(ExpositionError) -> Sample {
    var sample: Sample
    do {
      let labels = try reader.exposedLabels(window).checked()
      sample = Sample(labels: labels, value: reader.value, timestamp: reader.timestamp)
    } catch {
      throw reader.error(window, at: reader.series.lowerBound, error.reason)
    }
    if let exemplar = reader.exemplar {
      sample.exemplar = Exemplar(
        labels: reader.exemplarLabels(window, exemplar), value: exemplar.value,
        timestamp: exemplar.timestamp)
    }
    return sample
  }
}

/// What the metadata lines of expositions say, metric by metric.
package struct MetadataTable: Sendable {
  private var index: [[UInt8]: Int] = [:]
  private var entries: [(family: MetricFamily, time: Int)] = []

  package init() {}

  /// In the order in which the metrics were first mentioned.
  package var families: [MetricFamily] { entries.map(\.family) }
  var count: Int { entries.count }

  /// Takes in the line that was read last; `time` says in which scrape it was seen.
  package mutating func note(
    _ record: ExpositionReader.Record, _ reader: ExpositionReader, _ window: Span<UInt8>, time: Int
  ) {
    let name = reader.metadataName(window)
    let place = index[name] ?? entries.count
    if place == entries.count {
      index[name] = place
      entries.append((MetricFamily(name: String(decoding: name, as: UTF8.self)), time))
    }
    entries[place].time = time
    switch record {
    case .type: entries[place].family.type = reader.type
    case .help: Self.set(&entries[place].family.help, reader.metadataText(window))
    case .unit: Self.set(&entries[place].family.unit, reader.metadataText(window))
    case .sample, .comment, .end, .starved: break
    }
  }

  /// Most texts are what they were.
  private static func set(_ text: inout String, _ bytes: [UInt8]) {
    if !text.utf8.elementsEqual(bytes) { text = String(decoding: bytes, as: UTF8.self) }
  }

  /// Forgets what was last seen before a time.
  mutating func forget(before time: Int) {
    guard entries.contains(where: { $0.time < time }) else { return }
    entries.removeAll { $0.time < time }
    index = [:]
    for (place, entry) in entries.enumerated() { index[Array(entry.family.name.utf8)] = place }
  }
}
