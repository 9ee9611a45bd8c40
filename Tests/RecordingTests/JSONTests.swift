import Foundation
import Recording
import Testing
import TimeSeries

/// Recordings in JSON: exports of VictoriaMetrics, saved answers of the HTTP API.
struct JSONTests {
  private static func open(_ text: String) throws -> RecordedSeries {
    let file = FileManager.default.temporaryDirectory.appending(path: "promgate-\(UUID()).json")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    do { return try RecordedSeries.open(path: file.path) } catch {
      var error = error
      error.path = "FILE"
      throw error
    }
  }

  private static func all(_ recording: RecordedSeries) throws -> [String] {
    let found = try recording.select(Selection(matchers: [], after: .min, through: .max))
    return try found.labels.indices.map { row in
      let samples = try found.samples(row)
      let texts = (0..<samples.count).map { "\(GoText.json(samples.values[$0]))@\(samples.timestamp($0))" }
      return "\(found.labels[row]) " + texts.joined(separator: " ")
    }
  }

  @Test func `lines of an export are series, or parts of one`() throws {
    let recording = try Self.open(
      """
      {"metric":{"__name__":"up","job":"a"},"values":[1,0.5,null],"timestamps":[1000,2000,3000]}

      {"metric":{"__name__":"down"},"values":["Infinity",-1],"timestamps":[1500,2500]}
      {"metric":{"__name__":"up","job":"a"},"values":[7],"timestamps":[4000]}
      """)
    #expect(recording.facts.format == "victoriametrics")
    #expect(
      try Self.all(recording) == [
        #"{__name__="down"} +Inf@1500 -1@2500"#, #"{__name__="up", job="a"} 1@1000 0.5@2000 NaN@3000 7@4000"#,
      ])
  }

  @Test func `saved answers are series`() throws {
    let raw = try Self.open(
      #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up"},"values":[[1.5,"1"],[2.5,"NaN"]]},{"metric":{"__name__":"x"},"values":[[1.7,"+Inf"]]}]}}"#
    )
    #expect(raw.facts.format == "answer" && raw.facts.notes.isEmpty)
    #expect(try Self.all(raw) == [#"{__name__="up"} 1@1500 NaN@2500"#, #"{__name__="x"} +Inf@1700"#])
    let instant = try Self.open(
      #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[3,"4"]}]}}"#)
    #expect(try Self.all(instant) == [#"{a="b"} 4@3000"#])
    let steps = try Self.open(
      #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[60,"4"],[120,"5"]]},{"metric":{"a":"c"},"values":[[60,"4"]]}]}}"#
    )
    #expect(steps.facts.warnings.contains { $0.contains("range query") })
    let native = try Self.open(
      #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"histograms":[[60.5,{"count":"4"}]]}]}}"#
    )
    #expect(native.facts.warnings.contains { $0.hasPrefix("1 native histograms are left out") })
  }

  @Test func `what is wrong is told`() throws {
    let cases: [(text: String, error: String)] = [
      (
        #"{"metric":{},"values":[1],"timestamps":[1000,2000]}"#,
        "FILE:1: there are 1 values and 2 timestamps"
      ),
      (
        #"{"metric":{},"values":[1],"timestamps":[1000]}"# + "\n" + #"{"metric":{},"values":[1"#,
        "FILE:2: is no line of an export"
      ),
      (
        #"{"metric":{},"values":["x"],"timestamps":[1000]}"#, "FILE:1: is no line of an export"
      ),
      (
        #"{"metric":{},"values":[1],"timestamps":[9223372036854775807]}"#,
        "FILE: the timestamp 9223372036854775807 is out of range"
      ),
      (#"{"status":"error","error":"no"}"#, "FILE: is an error: no"),
      (
        #"{"status":"success","data":{"resultType":"matrix","result":[{"#,
        "FILE: is no answer of the HTTP API"
      ),
      (#"{"status":"success"}"#, "FILE: is an error: it has no data"),
      (
        #"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1e300,"4"]}]}}"#,
        "FILE: the timestamp 1e+300 is out of range"
      ),
    ]
    for item in cases {
      let error = #expect(throws: RecordingError.self, "\(item.text)") { try Self.open(item.text) }
      #expect(error?.description.hasPrefix(item.error) == true, "\(String(describing: error))")
    }
  }
}
