import Foundation
import Recording
import Scrape
import Testing
import TimeSeries

/// promgate's own recordings: what is written is read, wherever the file is cut (docs/recordings.md).
@Suite struct RecordingFileTests {
  private struct Random {
    var state: UInt64

    mutating func callAsFunction(_ limit: UInt64) -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state % limit
    }
  }

  private func path(_ name: String = "r") -> String {
    FileManager.default.temporaryDirectory.appending(path: "promgate-\(UUID().uuidString)-\(name).rec").path()
  }

  /// A store with everything that a record can hold, told to a writer as it is filled.
  private func fill(_ store: Store, _ random: inout Random, rounds: Int, from start: Int64) throws {
    var rows: [ScrapedSeries] = (0..<12).map {
      ScrapedSeries(labels: Labels([("__name__", "row"), ("n", "\($0)")]), value: 0)
    }
    let cohort = store.openCohort("target")
    for round in 0..<rounds {
      let time = start + Int64(round) * 1000
      for index in rows.indices {
        switch random(8) {
        case 0: rows[index].value = nil
        case 1: rows[index].value = StaleMarker.value
        case 2: rows[index].value = Double(bitPattern: random(.max))
        case 3: rows[index].value = [.infinity, .nan, -0.0, 1e300, -1][Int(random(5))]
        case 4: break
        default: rows[index].value = (rows[index].value ?? 0) + Double(random(1000))
        }
      }
      var present = rows.filter { $0.value != nil }
      try store.append(&present, at: time, to: cohort)
      var histogram = NativeHistogram()
      histogram.positive = [.init(index: 1, count: Double(round + 1)), .init(index: 4, count: 2)]
      histogram.count = Double(round + 3)
      histogram.sum = 1.5
      let pushed = [
        PushedSeries(
          labels: Labels([("__name__", "pushed"), ("round", "\(round % 3)")]),
          samples: (0..<Int64(random(4))).map {
            StoredSample(timestamp: time + $0, .float(Double(random(100)) / 8), startTimestamp: start - 5)
          }),
        PushedSeries(
          labels: Labels([("__name__", "h")]), samples: [StoredSample(timestamp: time, .histogram(histogram))]
        ),
        // Older than what there is: refused, and not written.
        PushedSeries(
          labels: Labels([("__name__", "h")]),
          samples: [StoredSample(timestamp: start - 10, .float(1)), StoredSample(timestamp: time, .float(1))]),
      ]
      _ = store.append(pushed, allOrNone: false)
    }
  }

  /// All samples in words, which compare bit for bit.
  private func text(of source: some SeriesSource) throws -> [String] {
    let all = try source.select(Selection(matchers: [], after: .min, through: .max))
    var lines: [String] = []
    for row in all.labels.indices {
      let samples = try all.samples(row)
      var histogram = 0
      for position in 0..<samples.count {
        var value = "\(samples.values[position].bitPattern)"
        if samples.staleMarkers.contains(position) { value = "stale" }
        if let column = samples.histograms, histogram < column.positions.count,
          column.positions[histogram] == position
        {
          value = "\(column.histograms[histogram].count) \(column.histograms[histogram].positive)"
          histogram += 1
        }
        let start = samples.startTimestamps?[position] ?? 0
        lines.append("\(all.labels[row]) \(samples.timestamp(position)) \(value) \(start)")
      }
    }
    return lines
  }

  private func write(_ path: String, seed: UInt64, rounds: Int, from start: Int64, into store: Store) throws {
    var random = Random(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1)
    var replay = StoreReplay(into: store)
    let opened = try RecordingWriter.open(path: path) { try replay.append($0) }
    store.keep(opened.writer.take)
    opened.writer.take(families: [MetricFamily(name: "row", type: .counter, help: "Rows.", unit: "")])
    for part in 0..<4 {
      try fill(store, &random, rounds: rounds / 4, from: start + Int64(part * rounds / 4) * 1000)
      try opened.writer.commit()
    }
    store.keep { _ in }
  }

  @Test(arguments: 1..<6 as Range<UInt64>) func `what a store takes is what is read`(_ seed: UInt64) throws {
    let file = path()
    defer { try? FileManager.default.removeItem(atPath: file) }
    let store = Store()
    try write(file, seed: seed, rounds: 400, from: 1_000_000, into: store)
    let written = try text(of: store.snapshot())
    let read = try RecordedSeries.open(path: file)
    #expect(read.facts.notes.isEmpty && read.facts.format == "promgate")
    #expect(read.facts.families.map(\.help) == ["Rows."])
    #expect(try text(of: read) == written, "seed \(seed)")

    // A store that begins with it holds the same, and goes on.
    let second = Store()
    try write(file, seed: seed + 7, rounds: 200, from: 2_000_000, into: second)
    let more = try text(of: second.snapshot())
    #expect(more.count > written.count && Set(more).isSuperset(of: written))
    #expect(try text(of: RecordedSeries.open(path: file)) == more)
    #expect(second.openCohort("target") == second.openCohort("target"))
  }

  @Test func `a cut loses what lies behind it, and says so`() throws {
    let (file, part) = (path(), path("cut"))
    defer {
      try? FileManager.default.removeItem(atPath: file)
      try? FileManager.default.removeItem(atPath: part)
    }
    try write(file, seed: 3, rounds: 12, from: 1_000_000, into: Store())
    let bytes = try Data(contentsOf: URL(filePath: file))
    let all = try text(of: RecordedSeries.open(path: file))
    var longest = 0
    for length in 21..<bytes.count {
      try bytes.prefix(length).write(to: URL(filePath: part))
      let recording = try RecordedSeries.open(path: part)
      let lines = try text(of: recording)
      let isPart = Set(lines).isSubset(of: all) && lines.count >= longest
      #expect(isPart, "\(length)")
      longest = lines.count
      // At the end of a record nothing is missing that could be noticed.
      if recording.facts.notes.isEmpty { continue }
      #expect(recording.facts.notes[0].hasPrefix("the last record is cut at byte \(length)"), "\(length)")
      // Going on behind a cut leaves a whole recording.
      guard length % 16 == 0 else { continue }
      let store = Store()
      try write(part, seed: 9, rounds: 4, from: 3_000_000, into: store)
      let mended = try RecordedSeries.open(path: part)
      #expect(mended.facts.notes.isEmpty)
      #expect(try Set(text(of: mended)).isSuperset(of: lines))
    }
    // Zeros behind the end are what a file system may leave of a write.
    try (bytes + Data(count: 5000)).write(to: URL(filePath: part))
    #expect(try text(of: RecordedSeries.open(path: part)) == all)
    try write(part, seed: 9, rounds: 4, from: 3_000_000, into: Store())
    #expect(try RecordedSeries.open(path: part).facts.notes.isEmpty)
  }

  @Test func `damage is told, and nothing is appended behind it`() throws {
    let (file, part) = (path(), path("damaged"))
    defer {
      try? FileManager.default.removeItem(atPath: file)
      try? FileManager.default.removeItem(atPath: part)
    }
    try write(file, seed: 5, rounds: 8, from: 1_000_000, into: Store())
    let bytes = try Data(contentsOf: URL(filePath: file))
    let all = try Set(text(of: RecordedSeries.open(path: file)))
    var told = 0
    for place in 21..<bytes.count {
      for flip in [1, 0x80, 0xFF] as [UInt8] {
        var damaged = bytes
        damaged[place] ^= flip
        try damaged.write(to: URL(filePath: part))
        let recording = try RecordedSeries.open(path: part)
        let lines = try text(of: recording)
        #expect(Set(lines).isSubset(of: all), "byte \(place) ^ \(flip)")
        told += recording.facts.notes.isEmpty ? 0 : 1
        guard place < bytes.count / 2, flip == 1 else { continue }
        // Whole records follow: this is no cut.
        let failure = #expect(throws: RecordingError.self, "byte \(place)") {
          try RecordingWriter.open(path: part)
        }
        #expect(failure?.reason.contains("damaged at byte") == true, "\(String(describing: failure))")
      }
    }
    #expect(told == (bytes.count - 21) * 3)
  }

  @Test func `what is large goes into several records`() throws {
    let file = path()
    defer { try? FileManager.default.removeItem(atPath: file) }
    let opened = try RecordingWriter.open(path: file)
    let store = Store()
    store.keep(opened.writer.take)
    // Ninety megabytes of labels in one scrape, and sixty of histograms: more than a record may have.
    let long = String(repeating: "x", count: 300_000)
    var rows = (0..<300).map {
      ScrapedSeries(labels: Labels([("__name__", "m"), ("n", "\($0)"), ("x", long)]), value: Double($0))
    }
    try store.append(&rows, at: 1000, to: store.openCohort("t"))
    var histogram = NativeHistogram()
    histogram.positive = (0..<20_000).map { .init(index: Int32($0), count: 1) }
    histogram.count = 20_000
    histogram.sum = 1
    let samples = (1...300 as ClosedRange<Int64>).map { StoredSample(timestamp: $0, .histogram(histogram)) }
    let outcome = store.append(
      [PushedSeries(labels: Labels([("__name__", "h")]), samples: samples)], allOrNone: true)
    #expect(outcome.histograms == 300)
    try opened.writer.commit()
    let read = try RecordedSeries.open(path: file)
    #expect(read.facts.notes.isEmpty && read.facts.samples == 600)
    #expect(try RecordingSummary(of: read).series == 301)
  }

  @Test func `old samples are left out when a file is rewritten`() throws {
    let file = path()
    defer { try? FileManager.default.removeItem(atPath: file) }
    var random = Random(state: 77)
    let opened = try RecordingWriter.open(path: file)
    let store = Store()
    store.keep(opened.writer.take)
    // Numbers that do not compress: the file must become long enough to be worth it.
    let labels = (0..<200).map { Labels([("__name__", "m"), ("n", "\($0)")]) }
    var rows = labels.map { ScrapedSeries(labels: $0, value: 0) }
    let cohort = store.openCohort("t")
    for round in 0..<4_300 {
      for index in rows.indices { rows[index].value = Double(bitPattern: random(.max) >> 2) }
      try store.append(&rows, at: Int64(round) * 1000, to: cohort)
      try opened.writer.commit()
    }
    let before = opened.writer.extent
    try opened.writer.rewriteIfWorthwhile(retention: 1_000_000, from: 1 << 20)
    let after = opened.writer.extent
    #expect(before.samples == 860_000 && after.samples == 200_200)
    #expect(after.bytes * 4 < before.bytes)
    for index in rows.indices { rows[index].value = 7 }
    try store.append(&rows, at: 5_000_000, to: cohort)
    try opened.writer.commit()
    let read = try RecordedSeries.open(path: file)
    #expect(read.facts.samples == 200_400 && read.facts.timeRange == 3_299_000...5_000_000)
    #expect(FileManager.default.fileExists(atPath: file + ".new") == false)
  }

  @Test func `a file has one writer, and readers follow it`() throws {
    let file = path()
    defer { try? FileManager.default.removeItem(atPath: file) }
    let opened = try RecordingWriter.open(path: file)
    let refused = #expect(throws: RecordingError.self) { try RecordingWriter.open(path: file) }
    #expect(refused?.reason == "another process is writing it")
    let reader = try RecordReader(path: file)
    #expect(try reader.next() == nil)
    let store = Store()
    store.keep(opened.writer.take)
    for time in 1..<5 as Range<Int64> {
      try store.append(Labels([("__name__", "m")]), StoredSample(timestamp: time, .float(Double(time))))
      #expect(try reader.next() == nil)
      try opened.writer.commit()
      #expect(try reader.next()?.times == [time])
    }
    #expect(reader.remainder == .none)
    let text = path("text")
    defer { try? FileManager.default.removeItem(atPath: text) }
    try Data("up 1\n".utf8).write(to: URL(filePath: text))
    let other = #expect(throws: RecordingError.self) { try RecordingWriter.open(path: text) }
    #expect(other?.reason == "is no recording of promgate's")
    #expect(try String(contentsOfFile: text, encoding: .utf8) == "up 1\n")
  }
}
