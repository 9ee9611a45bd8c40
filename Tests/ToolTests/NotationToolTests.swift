import Foundation
import Testing

/// Series in the notation of tests as recordings, and compressed dumps.
@Suite struct NotationToolTests {
  private func withFile(_ name: String, _ text: String, _ body: (String) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString)-\(name)")
    try text.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    try body(file.path())
  }

  @Test func `a script's loads and promtool's input series are recordings`() throws {
    let script = "# what a test loads\nload 1m\n  hits_total{a=\"b\"} 0+6x10\n"
    let unit =
      "evaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n  - series: 'hits_total{a=\"b\"}'\n    values: '0+6x10'\n"
    for (name, text) in [("load.test", script), ("unit.yml", unit)] {
      try withFile(name, text) { path in
        let rate = try Tool.run(shell: "promgate query 'rate(hits_total[5m])' --data \(path) --format csv")
        #expect(rate.text == "a,value\nb,0.1\n", "\(name)")
        #expect(
          try Tool.run(shell: "promgate inspect \(path)").text.contains(
            "format    notation\nseries    1\nsamples   11"))
      }
    }
    try withFile("broken.test", "load 1m\n  x{ 0+1x10\n") { path in
      let run = try Tool.run(shell: "promgate query x --data \(path)")
      #expect(run.status == 2 && run.text.contains("2:4: parse error: unexpected character inside braces"))
    }
  }

  @Test func `dumps are read through gzip and zstd`() throws {
    try withFile("dump.om", "# TYPE up gauge\nup{a=\"b\"} 1 100\nup{a=\"b\"} 0 115\n# EOF\n") { path in
      let plain = try Tool.run(shell: "promgate inspect \(path) | tail -n +2")
      for (tool, ending) in [("gzip", "gz"), ("zstd", "zst")] {
        let packed = "\(path).\(ending)"
        defer { try? FileManager.default.removeItem(atPath: packed) }
        let made = try Tool.run(shell: "\(tool) -c \(path) > \(packed)")
        guard made.status == 0 else {
          print("\(tool) is absent, skipped")
          continue
        }
        #expect(try Tool.run(shell: "promgate inspect \(packed) | tail -n +2").text == plain.text)
        let cut = try Tool.run(
          shell: "{ head -c 30 \(packed) > \(packed).cut; promgate inspect \(packed).cut; }")
        defer { try? FileManager.default.removeItem(atPath: packed + ".cut") }
        #expect(cut.text.contains("the \(tool) file is cut"), "\(cut.text)")
      }
    }
  }
}
