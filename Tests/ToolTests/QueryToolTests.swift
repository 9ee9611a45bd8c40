import Foundation
import Testing

/// `promgate query`, as a user runs it.
@Suite struct QueryToolTests {
  /// A small recording in a folder of its own.
  private func withRecording(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "small.om")
    var text = "# TYPE hits counter\n"
    for code in ["200", "500"] {
      for second in 0..<6 {
        let value = second * (code == "200" ? 10 : 1)
        text += "hits_total{code=\"\(code)\",path=\"a,b\"} \(value) \(1_000_000 + second * 10)\n"
      }
    }
    try (text + "# EOF\n").write(to: file, atomically: true, encoding: .utf8)
    try body(file.path())
  }

  @Test func `an instant query prints a table, at the newest sample unless told otherwise`() throws {
    try withRecording { path in
      let newest = try Tool.run(shell: "promgate query hits_total --data \(path)")
      #expect(
        newest.text == """
          METRIC      CODE  PATH  VALUE
          hits_total  200   a,b      50
          hits_total  500   a,b       5

          """)
      let earlier = try Tool.run(shell: "promgate query 'sum(hits_total)' --time 1000020 --data \(path)")
      #expect(earlier.text == "VALUE\n   22\n")
      let scalar = try Tool.run(shell: "promgate query '1 / 3' --data \(path)")
      #expect(scalar.text == "0.3333333333333333\n")
    }
  }

  @Test func `a range is drawn within eighty columns`() throws {
    try withRecording { path in
      let run = try Tool.run(shell: "promgate query hits_total --start 1000000 --step 10s --data \(path)")
      #expect(run.status == 0)
      let lines = run.text.split(separator: "\n")
      #expect(lines.allSatisfy { $0.count <= 80 })
      #expect(lines.count == 18)
      #expect(lines[0].contains("50 ┤"))
      #expect(lines[15].contains("1970-01-12 13:46:40"))
      #expect(lines[16].contains("▁") && lines[16].contains("{code=\"200\"}"))
      #expect(lines[16].hasSuffix("min 0  max 50  last 50"))
    }
  }

  @Test func `json is what the endpoint answers, csv is quoted`() throws {
    try withRecording { path in
      let json = try Tool.run(shell: "promgate query 'sum(hits_total)' --format json --data \(path)")
      #expect(
        json.text == #"{"status":"success","data":{"resultType":"vector","result":"#
          + #"[{"metric":{},"value":[1000050,"55"]}]}}"#)
      let csv = try Tool.run(
        shell: "promgate query 'hits_total{code=\"200\"}[15s]' --format csv --data \(path)")
      #expect(
        csv.text == """
          __name__,code,path,time,value
          hits_total,200,"a,b",1970-01-12T13:47:20Z,40
          hits_total,200,"a,b",1970-01-12T13:47:30Z,50

          """)
      let failure = try Tool.run(shell: "promgate query '(' --format json --data \(path) 2>/dev/null")
      #expect(failure.text.hasPrefix(#"{"status":"error","errorType":"bad_data","error":"#))
      #expect(failure.status == 2)
    }
  }

  @Test func `what is wrong is said with its place and status 2`() throws {
    try withRecording { path in
      let cases = [
        ("'sum(hits_total' --data \(path)", "query:1:15: error: unclosed left parenthesis\n"),
        ("up --data \(path).none", "\(path).none"),
        ("up --data \(path) --step 0", "a duration is positive"),
        ("up --data \(path) --time yesterday", "cannot parse \"yesterday\" to a valid timestamp"),
        ("up --data \(path) --time 1 --step 1", "--time goes with neither"),
        ("up --data \(path) --format plot", "--format plot draws ranges"),
        ("up --data \(path) --start 0 --end 1000000 --step 1", "more than 11,000 steps"),
        ("up --data \(path) --start 2000000", "before it starts"),
        ("up --data \(path) --start 1 --end 100000 --format pie", "'pie' is invalid"),
        ("up", "--data"), ("--data \(path)", "<expression>"),
      ]
      for (arguments, message) in cases {
        let run = try Tool.run(shell: "promgate query \(arguments)")
        #expect(run.status == 2, "\(arguments)")
        #expect(run.text.contains(message), "\(arguments): \(run.text)")
      }
    }
  }

  @Test func `notes go to standard error`() throws {
    try withRecording { path in
      let empty = try Tool.run(shell: "promgate query nope --data \(path)")
      #expect(empty.text == "the answer is empty: no series matched at this time\n")
      #expect(empty.status == 0)
      let noted = try Tool.run(shell: "(promgate query 'quantile(2, hits_total)' --data \(path) >/dev/null)")
      #expect(
        noted.text
          == "warning: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)\n")
    }
  }
}
