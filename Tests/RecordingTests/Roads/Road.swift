import Foundation
import Recording
import TimeSeries

/// A way by which samples come to a query.
enum Road: String, CaseIterable {
  case scraped, sealed, pushed, pushedOnce, dump, blocks, log, blocksAndLog, recording, pushedRecording,
    replayed

  /// Whether it carries native histograms and tells NaNs from the ends of series.
  var isRich: Bool {
    switch self {
    case .scraped, .sealed, .pushed, .pushedOnce, .blocks, .recording, .pushedRecording, .replayed: true
    case .dump, .log, .blocksAndLog: false
    }
  }

  /// The data at the end of the road; `folder` is empty and takes files.
  func source(of data: RoadData, in folder: URL) throws -> any SeriesSource {
    switch self {
    case .scraped: return try Self.store { try data.scrape(into: $0) }.snapshot()
    case .sealed: return try Self.store { try data.scrape(into: $0, seals: true) }.snapshot()
    case .pushed: return try Self.store { try data.push(into: $0, slice: 60_000) }.snapshot()
    case .pushedOnce: return try Self.store { try data.push(into: $0, slice: 100_000_000) }.snapshot()
    case .dump:
      let file = folder.appending(path: "dump.om")
      try Data(data.dump.utf8).write(to: file)
      return try RecordedSeries.open(path: file.path, options: RecordingOptions(nan: .stale))
    case .blocks:
      try data.blocks(before: .max, into: folder)
      return try RecordedSeries.open(path: folder.path)
    case .log:
      try data.log(since: .min, into: folder)
      return try RecordedSeries.open(path: folder.path)
    case .blocksAndLog:
      let middle = RoadData.start + 200 * RoadData.interval
      try data.blocks(before: middle, into: folder)
      try data.log(since: middle, into: folder)
      return try RecordedSeries.open(path: folder.path)
    case .recording: return try Self.recorded(in: folder) { try data.scrape(into: $0) }
    case .pushedRecording: return try Self.recorded(in: folder) { try data.push(into: $0, slice: 60_000) }
    case .replayed:
      _ = try Self.recorded(in: folder) { try data.scrape(into: $0) }
      let store = Store()
      var replay = StoreReplay(into: store)
      _ = try RecordingWriter.open(path: folder.appending(path: "r").path) { try replay.append($0) }
      return store.snapshot()
    }
  }

  private static func store(_ fill: (Store) throws -> Void) rethrows -> Store {
    let store = Store()
    try fill(store)
    return store
  }

  private static func recorded(in folder: URL, _ fill: (Store) throws -> Void) throws -> RecordedSeries {
    let path = folder.appending(path: "r").path
    let store = Store()
    let writer = try RecordingWriter.open(path: path).writer
    store.keep(writer.take)
    try fill(store)
    try writer.finish()
    return try RecordedSeries.open(path: path)
  }
}

extension RoadData {
  /// Target by target, round by round; what has times of its own comes sample by sample.
  fileprivate func scrape(into store: Store, seals: Bool = false) throws {
    for target in Set(series.compactMap(\.target)).sorted() {
      let own = series.filter { $0.target == target }
      let cohort = store.openCohort("target-\(target)")
      var samples = own.map { $0.samples[...] }
      while let time = samples.compactMap(\.first?.timestamp).min() {
        var rows: [ScrapedSeries] = []
        for index in own.indices where samples[index].first?.timestamp == time {
          if case .float(let value) = samples[index].removeFirst().value {
            rows.append(ScrapedSeries(labels: own[index].labels, value: value))
          }
        }
        try store.append(&rows, at: time, to: cohort)
      }
      if seals { store.seal(cohort) }
    }
    for own in series where own.target == nil {
      for sample in own.samples { try store.append(own.labels, sample) }
    }
  }

  /// What comes in each slice of time goes in one batch.
  fileprivate func push(into store: Store, slice: Int64) throws {
    var samples = series.map { $0.samples[...] }
    for until in stride(from: Self.start + slice, through: Self.end + slice, by: Int64.Stride(slice)) {
      var batch: [PushedSeries] = []
      for index in series.indices {
        let part = samples[index].prefix { $0.timestamp < until }
        samples[index].removeFirst(part.count)
        if !part.isEmpty { batch.append(PushedSeries(labels: series[index].labels, samples: Array(part))) }
      }
      let outcome = store.append(batch, allOrNone: false)
      guard outcome.refusals.isEmpty, outcome.limit == nil else { throw CocoaError(.featureUnsupported) }
    }
  }

  /// As `promtool tsdb dump-openmetrics` writes it.
  fileprivate var dump: String {
    var lines: [String] = []
    for series in series {
      for sample in series.samples {
        guard case .float(let value) = sample.value else { continue }
        let text = StaleMarker.isStale(value) ? "NaN" : "\(value)"
        let labels = series.labels.pairs.filter { $0.name != "__name__" }.map { "\($0.name)=\"\($0.value)\"" }
        let seconds = "\(sample.timestamp / 1000).\(String(sample.timestamp % 1000 + 1000).dropFirst())"
        lines.append("\(series.labels.metricName ?? ""){\(labels.joined(separator: ","))} \(text) \(seconds)")
      }
    }
    return lines.joined(separator: "\n") + "\n# EOF\n"
  }

  /// Two blocks of what lies before a time.
  fileprivate func blocks(before end: Int64, into folder: URL) throws {
    let middle = Self.start + 130 * Self.interval
    for (number, range) in [.min..<middle, middle..<end].enumerated() {
      let parts = series.map { (labels: $0.labels, samples: $0.samples(range)) }.filter {
        $0.samples.count > 0
      }
      try WrittenBlock(parts, number: number).write(into: folder)
    }
  }

  /// A log of one segment, with the samples of each round in a record.
  fileprivate func log(since start: Int64, into folder: URL) throws {
    var records: [WrittenLog.Record] = series.enumerated().map {
      .series(reference: UInt64($0 + 1), labels: $1.labels.pairs.map { ($0.name, $0.value) })
    }
    var floats: [(reference: UInt64, time: Int64, value: Double)] = []
    for (index, series) in series.enumerated() {
      for sample in series.samples where sample.timestamp >= start {
        if case .float(let value) = sample.value {
          floats.append((UInt64(index + 1), sample.timestamp, value))
        }
      }
    }
    let rounds = Dictionary(grouping: floats) { ($0.time - Self.start) / Self.interval }
    for round in rounds.sorted(by: { $0.key < $1.key }) { records.append(.floats(round.value)) }
    let wal = folder.appending(path: "wal")
    try FileManager.default.createDirectory(at: wal, withIntermediateDirectories: true)
    try Data(WrittenLog(records).bytes).write(to: wal.appending(path: "00000000"))
  }
}
