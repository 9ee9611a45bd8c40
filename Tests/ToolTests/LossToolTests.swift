import Foundation
import Testing

/// Recordings that lose something, in every command that reads them.
@Suite struct LossToolTests {
  /// A log with the series `hits` and a sample of it, and three samples of two series that it does not
  /// describe.
  private static let log =
    "AQAYg6dIzwEAAAAAAAAAAQEIX19uYW1lX18EaGl0cwEAOzYyocACAAAAAAAAAAEAAAGLz+VoAAAAP/AAAAAAAAACAEAAAAAAAAAABABACAAAAAAAAASw6gFAEAAAAAAAAA=="

  private func withDirectory(behind garbage: [UInt8] = [], _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(
      at: folder.appending(path: "wal"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let bytes = try #require(Data(base64Encoded: Self.log))
    try (bytes + garbage).write(to: folder.appending(path: "wal/00000000"))
    try body(folder.path())
  }

  @Test func `inspect shows what is lost, in numbers and in words`() throws {
    try withDirectory(behind: [1, 2, 3]) { folder in
      let text = try Tool.run(shell: "promgate inspect \(folder) --top 1")
      #expect(text.status == 0)
      #expect(
        text.text.contains(
          """
          lost      3 samples, 2 series, 3 bytes
          warning   \(folder)/wal/00000000 ends in the middle of a record: the 3 bytes from byte 97 on are left out
          warning   \(folder)/wal: 3 samples of 2 unknown series are left out: no record says their names and labels

          """), "\(text.text)")
      #expect(!text.text.contains("warning:"))
      let json = try Tool.run(shell: "promgate inspect \(folder) --format json")
      #expect(
        json.text.contains(#""lost":{"samples":3,"series":2,"records":0,"bytes":3},"warnings":["#),
        "\(json.text)")
      let series = try Tool.run(shell: "promgate inspect \(folder) --series hits")
      #expect(
        series.text.contains("warning: \(folder): ") && series.text.contains("3 samples of 2 unknown series"))
    }
    let whole = try Tool.run(shell: "promgate inspect Examples/recordings/good.om.gz --format json")
    #expect(whole.text.contains(#""lost":{"samples":0,"series":0,"records":0,"bytes":0},"warnings":[]"#))
    #expect(try !Tool.run(shell: "promgate inspect Examples/recordings/good.om.gz").text.contains("lost"))
  }

  @Test(arguments: [
    "query hits --data D", "explain hits --data D", "lint --expr hits --data D",
    "gate -f Examples/podinfo --data D",
    "replay -f Examples/podinfo --data D", "lsp --data D < /dev/null",
    "timeout 2 promgate serve --listen 127.0.0.1:0 --data D",
  ]) func `every other command warns of it on standard error`(_ line: String) throws {
    try withDirectory { folder in
      let command =
        (line.hasPrefix("timeout") ? "" : "promgate ") + line.replacing("--data D", with: "--data \(folder)")
      let run = try Tool.run(shell: "{ \(command) > /dev/null; }")
      #expect(
        run.text.contains(
          "warning: \(folder): \(folder)/wal: 3 samples of 2 unknown series are left out: no record says their names"
        ),
        "\(line): \(run.text)")
    }
  }

  @Test func `a cut text is told where it can be seen`() throws {
    let script = """
      d=$(mktemp -d); cd $d; printf 'up 1 1000\\nup 2 20' > a.prom; promgate query up --data a.prom --format csv
      gzip -c "$OLDPWD/README.md" | head -c 1000 > b.gz; promgate query up --data b.gz; echo $?
      { gzip -c a.prom; echo garbage; } > c.prom.gz; promgate query up --data c.prom.gz; echo $?; rm -r $d
      """
    let run = try Tool.run(shell: "{ \(script)\n}")
    #expect(
      run.text.contains(
        "warning: a.prom: the last line has no end: if the file was cut, what it says is not whole"))
    #expect(run.text.contains("b.gz: the gzip file is cut (check it with gzip -t)\n2\n"), "\(run.text)")
    #expect(
      run.text.contains("c.prom.gz: the gzip data is damaged (check it with gzip -t)\n2\n"), "\(run.text)")
  }
}
