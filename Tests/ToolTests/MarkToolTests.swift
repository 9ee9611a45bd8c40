import Foundation
import Testing

/// Byte order marks in front of the texts that the tool reads.
@Suite struct MarkToolTests {
  /// A folder with each text twice: with a mark in front (`m-…`), and without (`p-…`).
  private func withTexts(_ texts: [String: String], _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in texts {
      for (prefix, mark) in [("p-", ""), ("m-", "\u{FEFF}")] {
        try Data((mark + text).utf8).write(to: folder.appending(path: prefix + name))
      }
    }
    try body(folder.path())
  }

  private static func example(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: Tool.root.appending(path: "Examples/" + path)), as: UTF8.self)
  }

  @Test func `a mark changes no answer, place or status`() throws {
    let dump =
      "# TYPE hits counter\nhits_total{code=\"200\"} 1 1000000\nhits_total{code=\"200\"} 5 1000010\n# EOF\n"
    let text = "hits 1 1000000000\nhits 5 1000010000\n"
    let export = #"{"metric":{"__name__":"hits"},"values":[1,5],"timestamps":[1000000000,1000010000]}"# + "\n"
    let answer =
      #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"hits"},"#
      + #""values":[[1000000,"1"],[1000010.5,"5"]]}]}}"#
    let script = "load 1m\n  hits 1 2\n\neval instant at 1m hits\n  hits 3\n"
    let texts = [
      "broken.om": "hits_total{code=} 1 1000000\n# EOF\n", "dump.om": dump, "text.prom": text,
      "export.jsonl": export,
      "answer.json": answer, "script.test": script, "query.promql": "sum(hits_total",
      "fine.promql": "hits_total + 1",
      "templates.yaml": try Self.example("broken/templates.yaml"),
      "canary.yaml": try Self.example("broken/canary.yaml"),
      "good.yaml": try Self.example("podinfo/canary.yaml"),
      "latency.yaml": try Self.example("podinfo/latency.yaml"),
      "first.yaml": "kindd: Canary\napiVersion: flagger.app/v1beta1\n", "flow.yaml": "{kind: [}\n",
      "checkout_test.yml": try Self.example("rules/checkout_test.yml").replacing(
        "checkout.yml", with: "*-checkout.yml"),
      "exposed.prom": "# HELP up Is it.\nup 1\n", "faulty.prom": "up{ 1\n",
    ]
    let lines = [
      "query hits_total --data X-dump.om --format json", "query hits --data X-text.prom --format json",
      "query hits --data X-export.jsonl --format json", "query hits --data X-answer.json --format json",
      "query hits --data X-script.test --format json", "inspect X-dump.om", "inspect X-text.prom",
      "inspect X-broken.om", "query - --data p-dump.om < X-fine.promql",
      "query - --data p-dump.om < X-query.promql",
      "query \"$(cat X-fine.promql)\" --data p-dump.om", "fmt - < X-fine.promql",
      "explain - < X-query.promql",
      "explain --types \"$(cat X-fine.promql)\"", "lint --expr \"$(cat X-fine.promql)\"",
      "inspect p-dump.om --series \"$(cat X-query.promql | tr '(' '_')\"",
      "test X-script.test", "test X-checkout_test.yml", "lint X-templates.yaml X-canary.yaml",
      "lint X-templates.yaml X-canary.yaml --format concise", "lint X-good.yaml X-latency.yaml",
      "lint X-first.yaml", "lint X-flow.yaml", "lint - < X-templates.yaml",
      "lint X-good.yaml --metrics X-exposed.prom",
      "lint X-good.yaml --metrics X-faulty.prom", "lint p-templates.yaml --baseline X-exposed.prom",
      "replay -f X-good.yaml -f X-latency.yaml --data \"$OLDPWD/Examples/recordings/slow.om.gz\" --format json",
    ]
    try withTexts(texts) { folder in
      try Self.example("rules/checkout.yml").write(
        toFile: folder + "/p-checkout.yml", atomically: true, encoding: .utf8)
      for line in lines {
        let runs = try ["p-", "m-"].map { prefix in
          try Tool.run(shell: "cd \(folder); { promgate \(line.replacing("X-", with: prefix)); }")
        }
        #expect(runs[0].status == runs[1].status, "\(line)")
        #expect(runs[0].text == runs[1].text.replacing("m-", with: "p-"), "\(line): \(runs[1].text)")
        #expect(!runs[0].text.isEmpty || line.hasPrefix("lint X-good"), "\(line)")
      }
    }
  }

  @Test func `fixes and places in bytes are right for the file as it is`() throws {
    let texts = ["canary.yaml", "templates.yaml"]
    let both = Dictionary(uniqueKeysWithValues: try texts.map { ($0, try Self.example("broken/\($0)")) })
    try withTexts(both) { folder in
      let mended = try Tool.run(
        shell:
          "cd \(folder); for p in p m; do"
          + " promgate lint --fix --unsafe-fixes $p-canary.yaml $p-templates.yaml > /dev/null 2>&1; done;"
          + " head -c 3 m-templates.yaml | od -An -tx1; tail -c +4 m-templates.yaml | diff - p-templates.yaml && echo same;"
          + " cmp -s p-templates.yaml \(Tool.root.path())Examples/broken/templates.yaml || echo mended")
      #expect(mended.text == " ef bb bf\nsame\nmended\n", "\(mended.text)")
    }
    // Later texts of a stream may have a mark of their own.
    let joined = try Tool.run(
      shell: "m=$(printf '\\357\\273\\277'); { printf %s \"$m\"; cat Examples/broken/canary.yaml; echo ---;"
        + " printf %s \"$m\"; cat Examples/broken/templates.yaml; } | promgate lint - --format concise")
    let plain = try Tool.run(
      shell: "{ cat Examples/broken/canary.yaml; echo ---; cat Examples/broken/templates.yaml; }"
        + " | promgate lint - --format concise")
    #expect(joined.status == 1 && joined.text == plain.text, "\(joined.text)")
    let ignored =
      "{ printf '\\357\\273\\277'; printf '# lint:ignore MT031 MT001\\nkind: 1\\n'; } | promgate lint - --format concise"
    let without = ignored.replacing("printf '\\357\\273\\277'; ", with: "")
    #expect(try Tool.run(shell: ignored).text == Tool.run(shell: without).text)
  }

  @Test func `a text in UTF-16 is told as one`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let texts = [
      "a.yaml": "kind: Canary\n", "a_test.yml": "tests:\n", "a.test": "clear\n", "a.om": "up 1 1\n# EOF\n",
      "q.promql": "up", "b.json": "{}",
    ]
    for (name, text) in texts {
      try (text.data(using: .utf16) ?? Data()).write(to: folder.appending(path: name))
    }
    let lines = [
      "lint a.yaml", "test a_test.yml", "test a.test", "test .", "query up --data a.om", "fmt - < q.promql",
      "lint --expr up --metrics a.om", "lint --expr up --baseline b.json",
    ]
    for line in lines {
      let run = try Tool.run(shell: "cd \(folder.path()); promgate \(line)")
      #expect(
        run.status != 0 && run.text.contains("the text is UTF-16: save it as UTF-8"), "\(line): \(run.text)")
    }
  }

  @Test func `files of tests in which no test is found are status 2`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(
      at: folder.appending(path: "nothing"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let texts = [
      "load.test": "load 1m\n  a 1\n", "comment.test": "# eval instant at 0 1\n", "empty.test": "",
      "empty.yml": "",
      "null_test.yml": "tests:\n", "list_test.yml": "tests: []\n", "comment_test.yml": "# tests:\n",
      "input_test.yml": "tests:\n- input_series:\n  - series: a\n    values: 1\n",
    ]
    for (name, text) in texts {
      try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
      let run = try Tool.run(shell: "promgate test \(folder.path())/\(name)")
      #expect(run.status == 2 && run.text.contains("no test was found"), "\(name): \(run.text)")
    }
    let none = try Tool.run(shell: "promgate test \(folder.path())/nothing")
    #expect(none.status == 2 && none.text.contains("no *.test file and no unit test in this folder"))
    let unmatched = try Tool.run(shell: "promgate test --run nosuch Examples/rules/checkout_test.yml")
    #expect(unmatched.status == 2 && unmatched.text.contains("no test was found whose name matches --run"))
  }
}
