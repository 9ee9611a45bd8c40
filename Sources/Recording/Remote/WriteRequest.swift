internal import CRemote
public import Scrape
private import Synchronization
public import TimeSeries

/// Which message a remote write carries (remote-storage.md §7, §8).
public enum WriteMessage: Sendable, Hashable {
  /// `prometheus.WriteRequest`
  case one
  /// `io.prometheus.write.v2.Request`, with a table of symbols.
  case two
}

/// What a sender of remote write hands over, decoded.
public struct WriteRequest: Sendable {
  /// One entry of the request. Senders repeat a series' labels in each entry.
  public struct Entry: Sendable {
    /// Sorted, without empty values; a failure says why the labels cannot be.
    public var labels: Result<Labels, Problem>
    /// Floats, then histograms, each in the order sent.
    public var samples: [StoredSample]
    /// What is wrong with a histogram that cannot be, by its position in `samples`: there one stands in its
    /// place that no store takes.
    public var problems: [Int: Problem] = [:]
    /// Times of the exemplars of 2.0, milliseconds, which are acknowledged and not kept.
    public var exemplarTimes: [Int64] = []
    /// What is wrong with exemplars of 2.0, some of them where it is many.
    public var exemplarProblems: [Problem] = []
    /// What is wrong with the metadata of 2.0.
    public var metadataProblem: Problem?
    /// The labels as they were written, for messages: `{a="1", b=""}`. Of 2.0 alone.
    public var text: String { written.text }
    var written = WrittenLabels()
    /// Where its series lives, if an earlier request brought it; and its place among what is known.
    public var reference: SeriesReference?
    var place: Int?
  }

  /// What is wrong with one entry, in Prometheus' words.
  public struct Problem: Error, Sendable, CustomStringConvertible {
    public var description: String
    /// The memory that there was not, where that is the problem.
    public var shortage: MemoryShortage?

    public init(_ description: String) { self.description = description }
  }

  /// The largest body, and the largest after decompression.
  public static let sizeLimit = 32 << 20
  /// The longest name or value of a label.
  private static let labelLimit = (1 << 24) - 1
  private static var tooLong: RemoteFormatError {
    RemoteFormatError("a label is longer than \(labelLimit) bytes")
  }

  public var entries: [Entry] = []
  private var table = KnownTable()
  /// What the labels of 2.0 take so far.
  private var labelBytes = 0
  /// What is decoded is asked from here, until the request is given up.
  private let memory: MemoryAccount
  /// What is said about metrics.
  public var families: [MetricFamily] = []

  /// Decodes a snappy block. Throws with a reason when it is damaged or too large; what is wrong with
  /// single series is in their entries. Memory goes to what the bytes can hold.
  /// - Parameters:
  ///   - known: labels of earlier requests, by their bytes; 1.0 senders repeat them in each.
  ///   - memory: asked for everything that is decoded, before it is.
  public init(
    _ body: [UInt8], message: WriteMessage, known: KnownLabels = KnownLabels(),
    memory: MemoryAccount = MemoryAccount(.unlimited)
  ) throws(Problem) {
    self.memory = memory
    do throws(RemoteFormatError) {
      let block = try SnappyBlock.decompressed(
        body, limit: Self.sizeLimit, library: "s2", memory: memory)
      guard let arena = MessageArena(limit: 4 * Self.sizeLimit, memory: memory) else {
        throw RemoteFormatError("no memory")
      }
      switch message {
      case .one:
        table = known.copy()
        table.settle()
        try readOne(block, arena)
      case .two: try readTwo(block, arena)
      }
    } catch {
      var problem = Problem(error.reason)
      problem.shortage = error.shortage
      throw problem
    }
  }

  /// Asks for what an entry takes, and what its series and refusals take on their way into a store.
  /// - Parameter texts: bytes of labels and the like that it holds.
  private func takeEntry(samples: Int, texts: Int) throws(RemoteFormatError) {
    let entry = 2 * (MemoryLayout<Entry>.stride + MemoryLayout<PushedSeries>.stride) + 128
    // Beside each sample may stand why it is refused.
    try memory.takeDecoded(entry + samples * (MemoryLayout<StoredSample>.stride + 64) + 2 * texts)
  }

  // MARK: 1.0

  private mutating func readOne(
    _ body: ByteBlock, _ arena: MessageArena
  ) throws(RemoteFormatError) {
    var reader = body.reader
    while !reader.isAtEnd {
      guard let field = try ProtobufFields.next(&reader, names: [1: "Timeseries", 3: "Metadata"]) else {
        continue
      }
      switch field.number {
      case 1: try appendOne(field.place, body, arena)
      case 3: try appendMetadata(field.place, body, arena)
      default: break
      }
    }
  }

  private mutating func appendOne(
    _ place: Range<Int>, _ body: ByteBlock, _ arena: MessageArena
  ) throws(RemoteFormatError) {
    // The labels come first: where their bytes are known, only the rest is taken apart.
    let written = try Self.labelBytes(place, body)
    let key = place.lowerBound..<written
    var early = unsafe body.reader.withBytes(key) { bytes, _ in unsafe table.place(of: bytes) }
    let rest = early == nil ? place : written..<place.upperBound
    var found = try unsafe arena.series(rest, body)
    if early != nil, unsafe found.n_labels > 0 {
      early = nil
      unsafe found = try unsafe arena.series(place, body)
    }
    let message = unsafe found
    try unsafe takeEntry(samples: message.n_samples + message.n_histograms, texts: place.count)
    var samples: [StoredSample] = []
    unsafe samples.reserveCapacity(Int(message.n_samples) + Int(message.n_histograms))
    for i in unsafe 0..<message.n_samples {
      guard let sample = unsafe message.samples[i]?.pointee else { continue }
      unsafe samples.append(StoredSample(timestamp: sample.timestamp, .float(sample.value)))
    }
    let problems = unsafe Self.append(message.histograms, message.n_histograms, to: &samples)
    for i in unsafe 0..<message.n_labels {
      guard let label = unsafe message.labels[i]?.pointee else { continue }
      guard unsafe max(label.name.len, label.value.len) <= Self.labelLimit else { throw Self.tooLong }
    }
    let labels: Result<Labels, Problem>
    do throws(RemoteFormatError) {
      if let early {
        labels = .success(table.labels(at: early))
      } else {
        let decoded = try unsafe RemoteLabels.written(message.labels, message.n_labels)
        early = unsafe body.reader.withBytes(key) { bytes, _ in unsafe table.remember(decoded, bytes) }
        labels = .success(decoded)
      }
    } catch {
      labels = .failure(Problem(error.reason))
    }
    entries.append(
      Entry(
        labels: labels, samples: samples, problems: problems,
        reference: early.flatMap { table.reference(at: $0) }, place: early))
  }

  /// Appends the histograms of a series; for what cannot be one stands one that is refused, because its
  /// time is looked at before.
  private static func append(
    _ histograms: UnsafeMutablePointer<UnsafeMutablePointer<Promgate__Histogram>?>?, _ count: Int,
    to samples: inout [StoredSample]
  ) -> [Int: Problem] {
    var problems: [Int: Problem] = [:]
    for i in 0..<count {
      guard let histogram = unsafe histograms?[i]?.pointee else { continue }
      do throws(RemoteFormatError) {
        let value = try unsafe NativeHistogram(written: histogram, at: 0)
        unsafe samples.append(
          StoredSample(
            timestamp: histogram.timestamp, .histogram(value), startTimestamp: histogram.start_timestamp))
      } catch {
        problems[samples.count] = Problem(error.reason)
        var impossible = NativeHistogram()
        impossible.schema = .max
        unsafe samples.append(StoredSample(timestamp: histogram.timestamp, .histogram(impossible)))
      }
    }
    return problems
  }

  /// Notes where the series of entries live, for the next request that brings them.
  /// - Parameters:
  ///   - batch: as the store has taken it.
  ///   - numbers: the entry of each of its series.
  ///   - store: that has taken it; what it has no longer is forgotten now and then.
  public mutating func note(
    _ batch: [PushedSeries], of numbers: [Int], in known: KnownLabels, _ store: Store
  ) {
    for index in batch.indices {
      if let place = entries[numbers[index]].place { table.note(batch[index].reference, at: place) }
    }
    if table.isChanged {
      table.forgetGone(from: store)
      table.settle()
      known.replace(with: table)
    }
  }

  /// Where the leading labels of a series end.
  private static func labelBytes(_ place: Range<Int>, _ body: ByteBlock) throws(RemoteFormatError) -> Int {
    var reader = body.reader(place)
    var end = place.lowerBound
    while !reader.isAtEnd, try ProtobufFields.next(1, &reader) != nil { end = reader.position }
    return end
  }

  private mutating func appendMetadata(
    _ place: Range<Int>, _ body: ByteBlock, _ arena: MessageArena
  ) throws(RemoteFormatError) {
    try arena.permit(place.count)
    try memory.takeDecoded(2 * (MemoryLayout<MetricFamily>.stride + place.count))
    let found = unsafe body.reader.withBytes(place) { part, _ in
      unsafe promgate_metadata_decode(
        arena.pointer, part.baseAddress?.assumingMemoryBound(to: UInt8.self), part.count)
    }
    guard let message = unsafe found?.pointee else { throw arena.failure("metadata", at: place.lowerBound) }
    unsafe families.append(
      MetricFamily(
        name: message.metric_family_name.text, type: MetricType(written: message.type),
        help: message.help.text, unit: message.unit.text))
  }

  // MARK: 2.0

  /// Two passes: the symbols may stand behind the series that name them.
  private mutating func readTwo(_ body: ByteBlock, _ arena: MessageArena) throws(RemoteFormatError) {
    var symbols: [[UInt8]] = []
    var series: [Range<Int>] = []
    var reader = body.reader
    while !reader.isAtEnd {
      guard let field = try ProtobufFields.next(&reader, names: [4: "Symbols", 5: "Timeseries"]) else {
        continue
      }
      switch field.number {
      case 4:
        guard field.place.count <= Self.labelLimit else { throw Self.tooLong }
        try memory.takeDecoded(field.place.count + 64)
        symbols.append(body.reader.array(field.place))
      case 5:
        try memory.takeDecoded(2 * MemoryLayout<Range<Int>>.stride)
        series.append(field.place)
      default: break
      }
    }
    for place in series { try appendTwo(place, symbols, body, arena) }
  }

  private mutating func appendTwo(
    _ place: Range<Int>, _ symbols: [[UInt8]], _ body: ByteBlock, _ arena: MessageArena
  ) throws(RemoteFormatError) {
    try arena.permit(place.count)
    let found = unsafe body.reader.withBytes(place) { part, _ in
      unsafe promgate_written_series_decode(
        arena.pointer, part.baseAddress?.assumingMemoryBound(to: UInt8.self), part.count)
    }
    guard let message = unsafe found?.pointee else { throw arena.failure("series", at: place.lowerBound) }
    // References and times of exemplars as whole numbers; what they say is wrong.
    try unsafe takeEntry(
      samples: message.n_samples + message.n_histograms,
      texts: 256 + 16 * (message.n_labels_refs + message.n_exemplars))
    var samples: [StoredSample] = []
    for i in unsafe 0..<message.n_samples {
      guard let sample = unsafe message.samples[i]?.pointee else { continue }
      unsafe samples.append(
        StoredSample(
          timestamp: sample.timestamp, .float(sample.value), startTimestamp: sample.start_timestamp))
    }
    let problems = unsafe Self.append(message.histograms, message.n_histograms, to: &samples)
    let references = unsafe (0..<message.n_labels_refs).map { unsafe Int(message.labels_refs[$0]) }
    var entry = Entry(labels: .success(.none), samples: samples, problems: problems)
    do throws(Problem) {
      entry.written = try WrittenLabels(references, symbols)
    } catch {
      let list = references.prefix(1000).map(String.init).joined(separator: " ")
      entry.labels = .failure(Problem("parsing labels for series [\(list)]: \(error.description)"))
    }
    labelBytes += entry.written.byteCount
    try memory.takeDecoded(2 * entry.written.byteCount)
    guard labelBytes <= 4 * Self.sizeLimit else {
      // Few bytes can name a long symbol many times.
      throw RemoteFormatError("the labels take more than \(4 * Self.sizeLimit) bytes")
    }
    if case .success = entry.labels { entry.labels = entry.written.labels() }
    for i in unsafe 0..<message.n_exemplars {
      let exemplar = unsafe message.exemplars[i]
      let bytes = unsafe [UInt8](UnsafeBufferPointer(start: exemplar.data, count: exemplar.len))
      let references = try ProtobufFields.numbers(1, of: bytes)
      let time = try ProtobufFields.number(3, of: bytes)
      do throws(Problem) {
        _ = try WrittenLabels(references, symbols)
        entry.exemplarTimes.append(time)
      } catch {
        if entry.exemplarProblems.count < 100 { entry.exemplarProblems.append(error) }
      }
    }
    if case .success(let labels) = entry.labels, let metadata = unsafe message.metadata?.pointee {
      do throws(Problem) {
        try unsafe append(metadata, of: labels, symbols)
      } catch {
        entry.metadataProblem = error
      }
    }
    entries.append(entry)
  }

  private mutating func append(
    _ metadata: Promgate__WrittenMetadata, of labels: Labels, _ symbols: [[UInt8]]
  ) throws(Problem) {
    let (help, unit) = unsafe (Int(metadata.help_ref), Int(metadata.unit_ref))
    for (name, reference) in [("help_ref", help), ("unit_ref", unit)] where reference >= max(1, symbols.count)
    {
      throw Problem("\(name) = \(reference) outside of symbols table (size \(symbols.count))")
    }
    let type = unsafe MetricType(written: metadata.type)
    guard type != .unknown || help > 0 || unit > 0, let name = labels["__name__"] else { return }
    func text(_ reference: Int) -> String {
      reference < symbols.count ? String(decoding: symbols[reference], as: UTF8.self) : ""
    }
    families.append(MetricFamily(name: name, type: type, help: text(help), unit: text(unit)))
  }
}

extension RemoteLabels {
  /// Labels of a 1.0 series: empty values mean that the label is absent.
  static func written(
    _ pointers: UnsafeMutablePointer<UnsafeMutablePointer<Promgate__Label>?>?, _ count: Int
  ) throws(RemoteFormatError) -> Labels {
    let all = try unsafe labels(pointers, count, at: 0)
    guard all["__name__"] != nil else {
      throw RemoteFormatError("invalid metric name or labels, got \(all)")
    }
    return all
  }
}

extension MetricType {
  /// By the protocol's number; others are unknown.
  fileprivate init(written number: UInt32) {
    let all: [MetricType] = [
      .unknown, .counter, .gauge, .histogram, .gaugehistogram, .summary, .info, .stateset,
    ]
    self = number < all.count ? all[Int(number)] : .unknown
  }
}

extension ProtobufCBinaryData {
  fileprivate var text: String {
    unsafe String(decoding: UnsafeBufferPointer(start: data, count: len), as: UTF8.self)
  }
}
