import Foundation
import Recording
import Testing
import TimeSeries

/// Data directories that servers wrote, against what those servers answered.
struct PrometheusDirectoryTests {
  /// A sample of an answer: what the API writes of it.
  private struct Answer: Equatable {
    var time: Int64
    var text: String
  }

  private static let shared = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "shared/fixtures")

  @Test(
    arguments: [
      ("live-3.5.3", "data"), ("blocks-3.5.3", "data"), ("snapshot-3.5.3", "data"), ("st-3.14", "data"),
      ("memsnapshot-3.5.3", "data"), ("wal-uncompressed-3.5.3", "data"), ("wal-zstd-3.5.3", "data"),
      ("tsdb-block", ""),
    ])
  func `a directory holds what its server answered`(_ fixture: (name: String, data: String)) throws {
    let folder = Self.shared.appending(path: fixture.name)
    guard let json = try? Data(contentsOf: folder.appending(path: "all.query.json")) else {
      return print("\(fixture.name): absent, skipped")
    }
    let expected = try Self.answers(json)
    let recording = try RecordedSeries.open(path: folder.appending(path: fixture.data).path())
    #expect(recording.facts.notes.isEmpty, "\(recording.facts.notes)")
    let all = try recording.select(Selection(matchers: [], after: .min, through: .max))
    var found: [String: [Answer]] = [:]
    for row in all.labels.indices {
      let answers = Self.answers(try all.samples(row))
      if !answers.isEmpty { found[Self.key(all.labels[row].pairs.map { ($0.name, $0.value) })] = answers }
    }
    #expect(Set(found.keys) == Set(expected.keys))
    var samples = 0
    for (key, wanted) in expected {
      let got = found[key] ?? []
      samples += wanted.count
      guard got != wanted else { continue }
      let difference = zip(got, wanted).first { $0 != $1 }
      Issue.record(
        "\(fixture.name) \(key): \(got.count) of \(wanted.count) samples, first difference \(String(describing: difference))"
      )
    }
    print("\(fixture.name): \(expected.count) series, \(samples) samples agree")
    #expect(samples > 200)
  }

  @Test(arguments: ["blocks-3.5.3", "snapshot-3.5.3", "st-3.14", "live-3.5.3"])
  func `chunks that are handed over hold the samples`(_ name: String) throws {
    let path = Self.shared.appending(path: name + "/data").path()
    guard FileManager.default.fileExists(atPath: path) else { return print("\(name): absent, skipped") }
    let recording = try RecordedSeries.open(path: path)
    let range = try #require(recording.facts.timeRange)
    let third = (range.upperBound - range.lowerBound) / 3
    var writer = ChunkWriter()
    for (first, last) in [
      (Int64.min, Int64.max), (range.lowerBound + third, range.upperBound - third),
    ] {
      let all = try recording.select(
        Selection(matchers: [], after: first == .min ? .min : first - 1, through: last))
      for row in all.labels.indices {
        let samples = try all.samples(row)
        var read = SampleColumns()
        for chunk in try all.chunks(row, first: first, last: last, &writer) {
          try unsafe chunk.bytes.withUnsafeBytes { try unsafe read.append(chunk: $0, chunk.encoding) }
        }
        let times = (0..<samples.count).map(samples.timestamp)
        let isSame =
          read.timestamps == times && read.histograms.positions == (samples.histograms?.positions ?? [])
        #expect(isSame, "\(all.labels[row])")
      }
    }
  }

  // MARK: Reading

  private static func key(_ labels: [(String, String)]) -> String {
    labels.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }.map { "\($0.0)=\($0.1)" }
      .joined(separator: "\u{1}")
  }

  /// What the API shows of samples: no stale markers, histograms by count, sum and buckets.
  private static func answers(_ samples: Samples) -> [Answer] {
    let stale = Set(samples.staleMarkers)
    var histograms: [Int: NativeHistogram] = [:]
    for (position, histogram) in zip(
      samples.histograms?.positions ?? [], samples.histograms?.histograms ?? [])
    {
      histograms[position] = histogram
    }
    return (0..<samples.count).filter { !stale.contains($0) }.map { position in
      let text: String
      if let histogram = histograms[position] {
        let buckets = histogram.buckets.filter { $0.count != 0 }
          .map { "\($0.lower)…\($0.upper):\($0.count)" }
        text = "\(histogram.count) \(histogram.sum) \(buckets.joined(separator: " "))"
      } else {
        text = samples.values[position].isNaN ? "nan" : "\(samples.values[position])"
      }
      return Answer(time: samples.timestamp(position), text: text)
    }
  }

  private static func answers(_ json: Data) throws -> [String: [Answer]] {
    let root = try JSONSerialization.jsonObject(with: json) as? [String: Any]
    let data = root?["data"] as? [String: Any]
    var found: [String: [Answer]] = [:]
    for case let series as [String: Any] in data?["result"] as? [Any] ?? [] {
      let metric = series["metric"] as? [String: String] ?? [:]
      var answers: [Answer] = []
      for case let pair as [Any] in series["values"] as? [Any] ?? [] {
        answers.append(Answer(time: milliseconds(pair[0]), text: "\(number(pair[1]))"))
      }
      for case let pair as [Any] in series["histograms"] as? [Any] ?? [] {
        let histogram = pair[1] as? [String: Any] ?? [:]
        let buckets = (histogram["buckets"] as? [[Any]] ?? []).map {
          "\(number($0[1]))…\(number($0[2])):\(number($0[3]))"
        }
        let text =
          "\(number(histogram["count"] ?? 0)) \(number(histogram["sum"] ?? 0)) \(buckets.joined(separator: " "))"
        answers.append(Answer(time: milliseconds(pair[0]), text: text))
      }
      found[key(metric.map { ($0.key, $0.value) })] = answers.sorted { $0.time < $1.time }
    }
    return found
  }

  private static func milliseconds(_ value: Any) -> Int64 {
    Int64(((value as? Double ?? 0) * 1000).rounded())
  }

  private static func number(_ value: Any) -> Double {
    switch value as? String {
    case "+Inf": .infinity
    case "-Inf": -.infinity
    case "NaN": .nan
    case let text?: Double(text) ?? .nan
    case nil: value as? Double ?? .nan
    }
  }
}
