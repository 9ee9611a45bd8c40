import Foundation
import Testing

/// `promgate lint`, as a user runs it.
@Suite struct LintToolTests {
  private static let manifest = """
    apiVersion: flagger.app/v1beta1
    kind: MetricTemplate
    metadata: {name: errors, namespace: test}
    spec:
      provider: {type: prometheus, address: "http://prometheus:9090"}
      # a comment that stays
      query: sum(rate(hits_total{code=~"^5.*$"}[1m]))

    """

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Self.manifest.write(to: folder.appending(path: "template.yaml"), atomically: true, encoding: .utf8)
    try body(folder)
  }

  @Test func `the exit status is 1 from the chosen severity on, and 2 when files cannot be read`() throws {
    try withFolder { folder in
      let path = folder.appending(path: "template.yaml").path()
      #expect(try Tool.run(shell: "promgate lint \(path)").status == 0)
      #expect(try Tool.run(shell: "promgate lint \(path) --fail-on info").status == 1)
      let missing = try Tool.run(shell: "promgate lint \(path) \(path).no")
      #expect(missing.status == 2 && missing.text.contains("No such file"))
      for wrong in [
        "", "--expr x --baseline a --write-baseline b", "x.yaml --prometheus-version three", "- --fix",
        "--expr x --fix",
      ] {
        #expect(try Tool.run(shell: "promgate lint \(wrong) < /dev/null").status == 2, "\(wrong)")
      }
    }
  }

  @Test func `diff shows what fix does, and fix does it`() throws {
    try withFolder { folder in
      let file = folder.appending(path: "template.yaml")
      let shown = try Tool.run(shell: "promgate lint --fix --diff \(file.path())")
      #expect(
        shown.text.contains(
          "-  query: sum(rate(hits_total{code=~\"^5.*$\"}[1m]))\n+  query: sum(rate(hits_total{code=~\"5.*\"}[1m]))"
        ))
      #expect(try String(contentsOf: file, encoding: .utf8) == Self.manifest)
      let fixed = try Tool.run(shell: "promgate lint --fix \(file.path())")
      #expect(fixed.text.contains("1 fix applied"))
      #expect(try String(contentsOf: file, encoding: .utf8) == Self.manifest.replacing("^5.*$", with: "5.*"))
      #expect(try Tool.run(shell: "promgate lint --fix \(file.path())").text.contains("0 fixes applied"))
    }
  }

  @Test func `what a baseline holds is not reported again`() throws {
    try withFolder { folder in
      let (file, known) = (folder.path() + "/template.yaml", folder.path() + "/known.json")
      #expect(try Tool.run(shell: "promgate lint \(file) --write-baseline \(known)").status == 0)
      let quiet = try Tool.run(
        shell: "promgate lint \(file) --baseline \(known) --fail-on info --format concise")
      #expect(quiet.text.isEmpty && quiet.status == 0)
      try "no".write(toFile: known, atomically: true, encoding: .utf8)
      let broken = try Tool.run(shell: "promgate lint \(file) --baseline \(known)")
      #expect(broken.status == 2 && broken.text.contains("is no baseline"))
    }
  }

  @Test func `what a target exposes tells a typo and a gauge`() throws {
    try withFolder { folder in
      let (file, metrics) = (folder.path() + "/template.yaml", folder.path() + "/metrics.txt")
      try "# TYPE hit_total counter\nhit_total{code=\"200\"} 1\n".write(
        toFile: metrics, atomically: true, encoding: .utf8)
      let typo = try Tool.run(shell: "promgate lint \(file) --metrics \(metrics)")
      #expect(
        typo.status == 1 && typo.text.contains("MT062") && typo.text.contains("did you mean hit_total?"))
      try "# TYPE hits_total gauge\nhits_total{code=\"500\"} 1\n".write(
        toFile: metrics, atomically: true, encoding: .utf8)
      let gauge = try Tool.run(shell: "promgate lint \(file) --metrics \(metrics)")
      #expect(gauge.text.contains("MT025") && !gauge.text.contains("MT062"))
      let nobody = try Tool.run(shell: "promgate lint \(file) --metrics http://127.0.0.1:9/")
      #expect(nobody.status == 2)
    }
  }

  @Test func `standard input, a list and an explanation`() throws {
    let input = try Tool.run(
      shell:
        "echo 'groups: [{name: g, rules: [{record: r, expr: \"sum(\"}]}]' | promgate lint - --format concise")
    #expect(input.status == 1 && input.text.contains("error[rule]"))
    let list = try Tool.run(shell: "promgate lint --list")
    #expect(list.text.split(separator: "\n").count > 55 && list.status == 0)
    let page = try Tool.run(shell: "promgate lint --explain self-ratio")
    #expect(page.text.hasPrefix("# MT007 self-ratio\n"))
    #expect(try Tool.run(shell: "promgate lint --explain MT999").status == 2)
    let types = try Tool.run(shell: "promgate explain --types 'sum(rate(a_total[1m])) > 3'")
    #expect(
      types.text.contains(
        "series: at most one (none when nothing selected is there, or a comparison or a function keeps none)")
    )
    #expect(types.text.contains("values: from just above 3 to +Inf"))
  }
}
