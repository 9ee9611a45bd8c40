import Foundation
import Recording
import Testing
import TimeSeries

/// Directories that servers wrote, damaged: an error that names a file, or fewer samples with a note,
/// and never other samples.
struct DamageTests {
  private static let shared = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "shared/fixtures")

  private struct Sample: Hashable {
    var series: String
    var time: Int64
    var value: UInt64
  }

  /// Every sample of a directory; histograms by their sums.
  private static func samples(_ path: String) throws -> Set<Sample> {
    let recording = try RecordedSeries.open(path: path)
    let all = try recording.select(Selection(matchers: [], after: .min, through: .max))
    var found: Set<Sample> = []
    for row in all.labels.indices {
      let samples = try all.samples(row)
      let histograms = Dictionary(
        uniqueKeysWithValues: zip(samples.histograms?.positions ?? [], samples.histograms?.histograms ?? []))
      for position in 0..<samples.count {
        let value = histograms[position]?.sum ?? samples.values[position]
        found.insert(
          Sample(
            series: all.labels[row].description, time: samples.timestamp(position), value: value.bitPattern))
      }
    }
    return found
  }

  @Test(arguments: [
    "blocks-3.5.3/data", "live-3.5.3/data", "st-3.14/data", "wal-zstd-3.5.3/data", "tsdb-block",
  ])
  func `damaged directories never give other samples`(_ name: String) throws {
    let source = Self.shared.appending(path: name)
    guard FileManager.default.fileExists(atPath: source.path()) else {
      return print("\(name): absent, skipped")
    }
    let copy = FileManager.default.temporaryDirectory.appending(path: "promgate-\(UUID())")
    try FileManager.default.copyItem(at: source, to: copy)
    defer { try? FileManager.default.removeItem(at: copy) }
    let whole = try Self.samples(copy.path())
    let files = try FileManager.default.subpathsOfDirectory(atPath: copy.path()).sorted().filter { path in
      let kind = try? FileManager.default.attributesOfItem(atPath: copy.appending(path: path).path())[.type]
      return kind as? FileAttributeType == .typeRegular
    }
    var state: UInt64 = 7
    func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(max(1, bound)))
    }
    let rounds = ProcessInfo.processInfo.environment["PROMGATE_CASES"].flatMap { Int($0) } ?? 20
    var (refused, fewer, same) = (0, 0, 0)
    for _ in 0..<rounds {
      let file = copy.appending(path: files[below(files.count)])
      let original = try Data(contentsOf: file)
      guard !original.isEmpty else { continue }
      var damaged = original
      // Most bytes of mapped files are zero: look for one that is not, too.
      var place = below(min(original.count, 1 << 20))
      for _ in 0..<50 where original[place] == 0 { place = below(min(original.count, 1 << 20)) }
      if below(4) == 0 { damaged = damaged.prefix(place) } else { damaged[place] ^= UInt8(1 << below(8)) }
      try FileManager.default.removeItem(at: file)
      try damaged.write(to: file)
      do {
        let found = try Self.samples(copy.path())
        let others = found.subtracting(whole)
        // A bound of time in meta.json is no checksum's business; what a log deleted comes back when the
        // log is cut before.
        if !file.path().hasSuffix("meta.json"), !file.path().contains("/wal/") {
          #expect(others.isEmpty, "\(file.lastPathComponent) at \(place): \(others.prefix(2))")
        }
        if found.count < whole.count { fewer += 1 } else { same += 1 }
      } catch let error as RecordingError {
        #expect(!error.reason.isEmpty && !error.path.isEmpty)
        refused += 1
      }
      try FileManager.default.removeItem(at: file)
      try original.write(to: file)
    }
    print("\(name): \(refused) refused, \(fewer) with fewer samples, \(same) whole")
    #expect(try Self.samples(copy.path()) == whole)
  }
}
