import Foundation
import Recording
import Scrape
import Testing
import TimeSeries

@Suite struct DumpTests {
  /// Writes a file, opens it as a recording, and removes it.
  private func open(
    _ bytes: [UInt8], _ options: RecordingOptions = RecordingOptions()
  ) throws -> RecordedSeries {
    let file = FileManager.default.temporaryDirectory.appending(path: "promgate-\(UUID()).txt")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    do {
      return try RecordedSeries.open(path: file.path, options: options)
    } catch {
      var error = error
      error.path = "FILE"
      throw error
    }
  }

  private func open(
    _ text: String, _ options: RecordingOptions = RecordingOptions()
  ) throws -> RecordedSeries {
    try open(Array(text.utf8), options)
  }

  private func all(
    _ recording: RecordedSeries, _ matchers: [LabelMatcher] = [], after: Int64 = .min,
    through: Int64 = .max
  ) throws -> [String] {
    let found = try recording.select(Selection(matchers: matchers, after: after, through: through))
    return try found.labels.indices.map { row in
      let run = try found.samples(row)
      let samples = (0..<run.count).map { position in
        let isStale = run.staleMarkers.contains(position)
        return "\(isStale ? "x" : GoText.json(run.values[position]))@\(run.timestamp(position))"
      }
      return "\(found.labels[row]) " + samples.joined(separator: " ")
    }
  }

  @Test func `both kinds of dump are recognised and read`() throws {
    let openMetrics = try open("# TYPE b counter\nb{x=\"1\"} 1 0.5\nb{x=\"1\"} 2 1.5\na 3 1\n# EOF\n")
    #expect(openMetrics.facts.format == "openmetrics")
    #expect(try all(openMetrics) == [#"{__name__="a"} 3@1000"#, #"{__name__="b", x="1"} 1@500 2@1500"#])
    #expect(openMetrics.facts.families == [MetricFamily(name: "b", type: .counter)])
    #expect(openMetrics.facts.timeRange == 500...1500 && openMetrics.facts.samples == 3)
    let text = try open("\n# HELP b x\nb{x=\"1\"} 1 500\na 3 1000\nb{x=\"1\"} 2 1500")
    #expect(text.facts.format == "text")
    #expect(try all(text) == (try all(openMetrics)))
    #expect(try all(open("{\"u.t\",l=\"v\"} 1 5\n")) == [#"{__name__="u.t", l="v"} 1@5"#])
  }

  @Test func `selections take matchers and an interval`() throws {
    let recording = try open(
      (1...9).flatMap { time in
        ["a{n=\"1\"} \(time) \(time)", "a{n=\"2\"} \(time) \(time)", "b \(time) \(time + 20)"]
      }.joined(separator: "\n"))
    let one = [LabelMatcher(LabelName.metric, equals: "a"), try LabelMatcher("n", .matches, "[2-9]")]
    #expect(try all(recording, one, after: 3, through: 5) == [#"{__name__="a", n="2"} 4@4 5@5"#])
    #expect(try all(recording, after: 9, through: 21) == [#"{__name__="b"} 1@21"#])
    #expect(try all(recording, after: 29).isEmpty)
    #expect(try all(recording, [LabelMatcher("n", equals: "3")]).isEmpty)
    #expect(try seriesCount(recording) == 3)
  }

  @Test func `series share timelines, also in part`() throws {
    var lines: [String] = []
    for time in 1...100 {
      lines.append("a \(time) \(time)")
      lines.append("b \(time) \(time)")
      if time > 40, time <= 60 { lines.append("late \(time) \(time)") }
      if time % 2 == 0 { lines.append("half \(time) \(time)") }
    }
    let recording = try open(lines.joined(separator: "\n"))
    let found = try recording.select(Selection(matchers: [], after: .min, through: .max))
    var runs: [String: Samples] = [:]
    for row in found.labels.indices { runs[found.labels[row].metricName ?? ""] = try found.samples(row) }
    #expect(recording.facts.timelines == 2)
    #expect(runs["a"]?.timeline === runs["b"]?.timeline && runs["a"]?.timeline === runs["late"]?.timeline)
    #expect(runs["late"]?.first == 40 && runs["late"]?.timestamp(0) == 41 && runs["late"]?.count == 20)
    #expect(runs["half"]?.timeline !== runs["a"]?.timeline)
    #expect(
      try all(recording, [LabelMatcher(LabelName.metric, equals: "late")], after: 58) == [
        #"{__name__="late"} 59@59 60@60"#
      ])
  }

  @Test func `samples out of order are sorted, and the first of two at a time stays`() throws {
    let recording = try open("a 3 3\na 1 1\na 9 3\na 1 1\na 2 2\nb 1 1\n")
    #expect(try all(recording) == [#"{__name__="a"} 1@1 2@2 3@3"#, #"{__name__="b"} 1@1"#])
    let facts = recording.facts
    #expect(facts.outOfOrder == 2 && facts.repeated == 1 && facts.conflicting == 1 && facts.samples == 4)
    #expect(facts.warnings == ["1 samples repeat a timestamp with another value; the first is used"])
  }

  @Test func `NaN is a sample or the end of the series, as asked`() throws {
    let text = "a 1 1\na NaN 2\na 3 3\n"
    let kept = try open(text)
    #expect(try all(kept) == [#"{__name__="a"} 1@1 NaN@2 3@3"#])
    #expect(kept.facts.nans == 1 && kept.facts.warnings.first?.contains("--nan stale") == true)
    let ended = try open(text, RecordingOptions(nan: .stale))
    #expect(try all(ended) == [#"{__name__="a"} 1@1 x@2 3@3"#])
    #expect(try all(ended, after: 1, through: 2) == [#"{__name__="a"} x@2"#])
    #expect(ended.facts.staleMarkers == 1 && ended.facts.warnings.isEmpty)
  }

  @Test func `what is wrong is told with file, line and column`() throws {
    // Every kind that there is.
    let known =
      "(a recording is " + RecordingFormat.all.map(\.summary).joined(separator: ", or ") + ")"
    #expect(known.contains("data directory") && known.contains("OpenMetrics"))
    let cases: [(text: String, description: String)] = [
      ("", "FILE: is empty \(known)"),
      ("{\"other\":\"success\"}", "FILE: is no recording that can be recognised \(known)"),
      ("<html>", "FILE: is no recording that can be recognised \(known)"),
      ("a\u{0}b 1 1\n", "FILE: is no recording that can be recognised \(known)"),
      (
        "a 1 1\nb 2\n",
        "FILE:2:1: a sample without a timestamp (in a recording every sample has one; record with "
          + "timestamps)"
      ),
      ("a 1 1\nb{x=1} 2 1\n", #"FILE:2:5: expected label value, got "1" ("INVALID") while parsing: "b{x=1""#),
      ("a 1 1\n b{x=\"1\",x=\"1\"} 2 1\n", #"FILE:2:2: label name "x" is not unique: invalid sample"#),
      (
        "a 1 1.5\n",
        #"FILE:1:6: expected next entry after timestamp, got "." ("INVALID") while parsing: "a 1 1." "#
          + #"(if this is OpenMetrics, it must end in # EOF; is the file cut?)"#
      ),
      (
        "a 1 99999999999999999\n",
        "FILE:1:1: the timestamp is out of range (text has milliseconds since 1970, OpenMetrics seconds)"
      ),
      (
        "a 1\n# EOF\n",
        "FILE:1:1: a sample without a timestamp (in a recording every sample has one; record with "
          + "timestamps)"
      ),
    ]
    for (text, description) in cases {
      let error = #expect(throws: RecordingError.self, "\(text)") { try open(text) }
      #expect(error?.description == description)
    }
    let absent = #expect(throws: RecordingError.self) { try RecordedSeries.open(path: "/no/such/file") }
    #expect(absent?.description == "/no/such/file: No such file or directory")
    let folder = #expect(throws: RecordingError.self) { try RecordedSeries.open(path: "/") }
    #expect(folder?.reason == "is no recording that can be recognised")
  }

  @Test func `a text in seconds is suspected`() throws {
    let recording = try open("a 1 1700000000\n")
    #expect(
      recording.facts.warnings == [
        "all timestamps lie before 1973; if they are seconds, this is OpenMetrics without # EOF"
      ])
    #expect(try open("a 1 60000\n").facts.warnings.isEmpty)
  }

  @Test func `a long dump is read in pieces and faults keep their place`() throws {
    var lines = ["# HELP a " + String(repeating: "h", count: 300_000)]
    for time in 1...20_000 { lines.append("a{v=\"raw\nline é \(time % 7)\"} \(time) \(time)") }
    let recording = try open(lines.joined(separator: "\n"))
    #expect(try recording.facts.samples == 20_000 && seriesCount(recording) == 7)
    #expect(recording.facts.families.first?.help.utf8.count == 300_000)
    lines.append("b{ 1")
    let error = #expect(throws: RecordingError.self) { try open(lines.joined(separator: "\n")) }
    #expect(error?.line == 40_002 && error?.column == 4)
  }

  @Test func `limits end the reading and name their flag`() throws {
    let text = (0..<1000).map { "a{n=\"\($0)\"} 1 1\n" }.joined()
    let cases: [(limits: RecordingLimits, words: String)] = [
      (RecordingLimits(memory: 100_000), "(raise it with --data-memory, or record less)"),
      (RecordingLimits(text: 10_000), "the text has more than 10000 bytes (raise it with --data-size)"),
      (RecordingLimits(line: 5), "a line has more than 5 bytes"),
    ]
    for (limits, words) in cases {
      let long = limits.line == 5 ? "a" + String(repeating: " ", count: 1_000_000) : text
      let error = #expect(throws: RecordingError.self) { try open(long, RecordingOptions(limits: limits)) }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
  }

  @Test func `gzip is read, and damage to it is noticed`() throws {
    let text = (0..<50_000).map { "a{n=\"\($0 % 10)\"} \($0) \($0)\n" }.joined()
    let plain = FileManager.default.temporaryDirectory.appending(path: "promgate-\(UUID())")
    try Data(text.utf8).write(to: plain)
    defer { try? FileManager.default.removeItem(at: plain) }
    let gzip = Process()
    gzip.executableURL = URL(filePath: "/usr/bin/env")
    gzip.arguments = ["gzip", "-c", plain.path]
    let pipe = Pipe()
    gzip.standardOutput = pipe
    try gzip.run()
    let packed = Array(pipe.fileHandleForReading.readDataToEndOfFile())
    gzip.waitUntilExit()
    #expect(packed.count < text.utf8.count / 2)
    let recording = try open(packed)
    #expect(recording.facts.samples == 50_000 && recording.facts.format == "text")
    #expect(try all(recording) == (try all(open(text))))
    let doubled = try open(packed + packed)
    #expect(doubled.facts.repeated == 50_000)
    let cut = #expect(throws: RecordingError.self) { try open(Array(packed.dropLast(50))) }
    #expect(cut?.description == "FILE: the gzip file is cut (check it with gzip -t)")
    var damaged = packed
    for place in 2000..<2050 { damaged[place] ^= 0x5A }
    let broken = #expect(throws: RecordingError.self) { try open(damaged) }
    #expect(broken != nil)
  }

  @Test func `recorded dumps of real servers are read`() throws {
    let beside = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared")
    let given = ProcessInfo.processInfo.environment["PROMGATE_SHARED"].map { URL(filePath: $0) }
    let file = (given ?? beside).appending(path: "fixtures/tsdb-block/input.om")
    guard FileManager.default.fileExists(atPath: file.path) else {
      print("recorded dump: skipped, there are no fixtures")
      return
    }
    let recording = try RecordedSeries.open(path: file.path)
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    let samples = lines.filter { !$0.hasPrefix("#") }.count
    print("recorded dump: \(samples) samples, \(try seriesCount(recording)) series")
    #expect(recording.facts.samples + recording.facts.repeated + recording.facts.conflicting == samples)
  }
}

private func seriesCount(_ recording: RecordedSeries) throws -> Int {
  try recording.select(Selection(matchers: [], after: .min, through: .max)).labels.count
}
