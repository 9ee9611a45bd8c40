import Foundation
import Recording
import Testing
import TimeSeries

/// Data directories that somebody damaged: what is read and what is said to be lost make up the whole.
struct LogLossTests {
  /// A directory with one segment, and head chunks perhaps.
  private func opened(_ segment: [UInt8], chunks: [UInt8]? = nil) throws -> (
    samples: Int, facts: RecordingFacts
  ) {
    try opened(["wal/00000000": segment], chunks: chunks)
  }

  private func opened(
    _ files: [String: [UInt8]], chunks: [UInt8]? = nil
  ) throws -> (samples: Int, facts: RecordingFacts) {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    var files = files
    if let chunks { files["chunks_head/000001"] = chunks }
    for (name, bytes) in files {
      let file = folder.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: file)
    }
    let recording = try RecordedSeries.open(path: folder.path())
    return (try RecordingSummary(of: recording).samples, recording.facts)
  }

  private static func labels(_ reference: UInt64) -> [(String, String)] {
    [("__name__", "m"), ("series", "\(reference)")]
  }

  /// Series records, each before its samples, and records of samples of several series.
  private func records(
    series: Int, rounds: Int, _ random: inout SplitMix
  ) -> [(record: WrittenLog.Record, samples: [UInt64: Int])] {
    var records: [(record: WrittenLog.Record, samples: [UInt64: Int])] = []
    var known: [UInt64] = []
    for round in 0..<rounds {
      if known.count < series, round == 0 || random.below(2) == 0 {
        let reference = UInt64(known.count + 1) * (random.below(4) == 0 ? 5_000_001 : 1)
        known.append(reference)
        records.append((.series(reference: reference, labels: Self.labels(reference)), [:]))
      }
      let chosen = known.filter { _ in random.below(3) > 0 }
      let samples = chosen.map {
        (
          reference: $0, time: Int64(1_700_000_000_000 + 15_000 * round + random.below(100)),
          value: Double(round)
        )
      }
      records.append((.floats(samples), Dictionary(chosen.map { ($0, 1) }) { $0 + $1 }))
    }
    return records
  }

  @Test func `samples whose series record is gone are counted, with their series`() throws {
    var random = SplitMix(state: 21)
    for turn in 0..<60 {
      let whole = records(series: 1 + random.below(8), rounds: 1 + random.below(40), &random)
      var gone: Set<UInt64> = []
      let left = whole.filter { part in
        guard case .series(let reference, _) = part.record, random.below(3) == 0 else { return true }
        gone.insert(reference)
        return false
      }
      var counts: [UInt64: Int] = [:]
      for part in whole { counts.merge(part.samples, uniquingKeysWith: +) }
      let lost = counts.filter { gone.contains($0.key) }
      let read = try opened(WrittenLog(left.map(\.record)).bytes)
      #expect(read.facts.loss.samples == lost.values.reduce(0, +), "turn \(turn)")
      #expect(read.facts.loss.series == lost.count, "turn \(turn)")
      #expect(read.samples + read.facts.loss.samples == counts.values.reduce(0, +), "turn \(turn)")
      #expect(read.facts.notes.isEmpty == lost.isEmpty, "turn \(turn)")
    }
  }

  @Test func `a log may be cut at any byte: what is whole is read, and the rest is told in bytes`() throws {
    var random = SplitMix(state: 3)
    let records = records(series: 3, rounds: 12, &random)
    let log = WrittenLog(records.map(\.record))
    for length in 0...log.bytes.count {
      let whole = log.ends.count { $0 <= length }
      let read = try opened(Array(log.bytes[..<length]))
      let samples = records[..<whole].reduce(0) { $0 + $1.samples.values.reduce(0, +) }
      let rest = length - (whole == 0 ? 0 : log.ends[whole - 1])
      #expect(read.samples == samples && read.facts.loss.bytes == rest, "at \(length)")
      #expect(read.facts.notes.isEmpty == (rest == 0), "at \(length)")
      if rest > 0 { #expect(read.facts.notes.first?.contains("ends in the middle of a record") == true) }
    }
  }

  @Test func `a record over several pages may be cut anywhere`() throws {
    let samples = (0..<9000).map { (reference: UInt64(1), time: Int64($0) * 1000, value: Double($0)) }
    let log = WrittenLog([.series(reference: 1, labels: Self.labels(1)), .floats(samples)])
    #expect(log.bytes.count > 3 * 32768)
    for length in [log.ends[0] + 1, 32767, 32768, 32769, 40_000, 65536, 65540, log.bytes.count - 1] {
      let read = try opened(Array(log.bytes[..<length]))
      #expect(read.samples == 0 && read.facts.loss.bytes == length - log.ends[0], "at \(length)")
    }
    let whole = try opened(log.bytes)
    #expect(whole.samples == 9000 && whole.facts.loss.isNone)
  }

  @Test func `garbage behind a log is told in bytes, zeros are its padding`() throws {
    var random = SplitMix(state: 5)
    let records = records(series: 3, rounds: 12, &random)
    let log = WrittenLog(records.map(\.record)).bytes
    let samples = records.reduce(0) { $0 + $1.samples.values.reduce(0, +) }
    for turn in 0..<200 {
      var garbage = (0..<(1 + random.below(300))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if turn % 3 == 0 { garbage = [UInt8](repeating: 0, count: random.below(20)) + garbage }
      if garbage.allSatisfy({ $0 == 0 }) { continue }
      let read = try opened(log + garbage)
      #expect(read.samples == samples && read.facts.loss.bytes == garbage.count, "turn \(turn)")
      #expect(read.facts.notes.count == 1, "turn \(turn)")
    }
    let padded = try opened(log + [UInt8](repeating: 0, count: 32768 - log.count))
    #expect(padded.samples == samples && padded.facts.loss.isNone && padded.facts.notes.isEmpty)
  }

  @Test func `a changed byte is never read over in silence`() throws {
    var random = SplitMix(state: 7)
    let records = records(series: 3, rounds: 12, &random)
    let log = WrittenLog(records.map(\.record)).bytes
    for place in log.indices {
      var damaged = log
      damaged[place] ^= UInt8(1 << random.below(8))
      let read = try opened(damaged)
      #expect(!read.facts.loss.isNone && !read.facts.notes.isEmpty, "at \(place)")
    }
  }

  @Test func `what lies behind damage in an earlier segment is counted too`() throws {
    let series = WrittenLog([.series(reference: 1, labels: Self.labels(1))]).bytes
    let samples = WrittenLog([.floats([(1, 1000, 1)])]).bytes
    let broken = Array(samples.dropLast())
    let read = try opened(["wal/00000000": series, "wal/00000001": broken, "wal/00000002": samples])
    #expect(read.facts.loss.bytes == broken.count + samples.count)
    #expect(
      read.facts.notes.first?.hasSuffix("and the \(samples.count) bytes of the segments behind it") == true)
    let gap = try opened(["wal/00000000": series, "wal/00000002": samples])
    #expect(
      gap.facts.loss.bytes == samples.count && gap.facts.notes.first?.contains("not sequential") == true)
    let late = try opened(["wal/00000003": samples])
    #expect(late.facts.loss.samples == 1 && late.facts.notes.count == 2)
    // A checkpoint takes the place of the segments that it ends.
    let checked = try opened([
      "wal/checkpoint.00000002/00000000": series, "wal/00000003": samples, "wal/00000004": [],
    ])
    #expect(checked.samples == 1 && checked.facts.notes.isEmpty)
    let records = WrittenLog([.series(reference: 1, labels: Self.labels(1)), .floats([(1, 1, 1)])]).bytes
    let unknown: [UInt8] = [99, 1, 2, 3]
    let head: [UInt8] = [1, 0, 4] + WrittenLog.big(Castagnoli.sum(unknown))
    let foreign = try opened(records + head + unknown)
    #expect(foreign.samples == 1 && foreign.facts.loss.records == 1)
  }

  // MARK: Head chunks

  /// A file of head chunks, each of a series with samples at some times.
  private func chunks(_ parts: [(reference: UInt64, times: [Int64])]) -> [UInt8] {
    var bytes: [UInt8] = [0x01, 0x30, 0xBC, 0x91, 1, 0, 0, 0]
    var writer = ChunkWriter()
    for part in parts {
      let samples = Samples(timeline: Timeline(part.times), first: 0, values: part.times.map { Double($0) })
      for chunk in writer.chunks(samples, first: .min, last: .max) {
        var entry =
          WrittenLog.big(part.reference) + WrittenLog.big(chunk.timeRange.lowerBound)
          + WrittenLog.big(chunk.timeRange.upperBound)
        entry += [chunk.encoding.rawValue] + WrittenLog.unsigned(UInt64(chunk.bytes.count)) + chunk.bytes
        bytes += entry + WrittenLog.big(Castagnoli.sum(entry))
      }
    }
    return bytes
  }

  @Test func `chunks of unknown series are counted, and what the log repeats of them once`() throws {
    let file = chunks([(1, [1000, 2000]), (2, [1000, 2000, 3000])])
    var samples: [(reference: UInt64, time: Int64, value: Double)] = []
    for second in 1...5 as ClosedRange<Int64> {
      samples += [(1, second * 1000, 1), (2, second * 1000, 2)]
    }
    let first = WrittenLog.Record.series(reference: 1, labels: Self.labels(1))
    let second = WrittenLog.Record.series(reference: 2, labels: Self.labels(2))
    let whole = try opened(WrittenLog([first, second, .floats(samples)]).bytes, chunks: file)
    #expect(whole.samples == 10 && whole.facts.loss.isNone)
    let part = try opened(WrittenLog([first, .floats(samples)]).bytes, chunks: file)
    #expect(part.samples == 5 && part.facts.loss.samples == 5 && part.facts.loss.series == 1)
    let none = try opened(WrittenLog([.floats(samples)]).bytes, chunks: file)
    #expect(none.samples == 0 && none.facts.loss.samples == 10 && none.facts.loss.series == 2)
    let chunksAlone = try opened([], chunks: file)
    #expect(chunksAlone.samples == 0 && chunksAlone.facts.loss.samples == 5)
  }

  @Test func `head chunks may be cut or changed at any byte: the log holds their samples too`() throws {
    let file = chunks([(1, [1000, 2000]), (1, [3000, 4000])])
    let samples = (1...5).map { (reference: UInt64(1), time: Int64($0) * 1000, value: Double($0) * 1000) }
    let log = WrittenLog([.series(reference: 1, labels: Self.labels(1)), .floats(samples)]).bytes
    let second = chunks([(1, [1000, 2000])]).count
    for length in file.indices {
      let cut = try opened(log, chunks: Array(file[..<length]))
      #expect(cut.samples == 5, "cut at \(length)")
      // The last file may have been begun, a whole chunk is no cut, and zeros may be what is not written yet.
      let rest = file[(length < second ? min(8, length) : second)..<length]
      let isWhole = length < 8 || rest.allSatisfy { $0 == 0 }
      #expect(cut.facts.notes.isEmpty == isWhole, "cut at \(length): \(cut.facts.notes)")
      var damaged = file
      damaged[length] ^= 0x40
      let changed = try opened(log, chunks: damaged)
      #expect(changed.samples == 5, "changed at \(length)")
      // Bytes 5 to 7 mean nothing.
      #expect(changed.facts.notes.isEmpty == (5..<8).contains(length), "changed at \(length)")
    }
  }
}

/// A small generator, the same everywhere.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }
}
