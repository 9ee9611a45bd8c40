import Foundation
import FoundationXML
import Lint
import Manifests
import PromQL
import Testing

/// Findings as texts, and what people do with them: suppress, accept, mend.
struct ReportTests {
  private static let manifest = """
    apiVersion: flagger.app/v1beta1
    kind: MetricTemplate
    metadata:
      name: error-rate # é
      namespace: test
    spec:
      provider:
        type: prometheus
        address: http://prometheus:9090
      query: |
        rate(r_total{code=~"^5.*$"}[1m]) / rate(r_total[1m])

    """

  private var result: LintResult { Linting.result(Self.manifest) }

  private func object(_ format: LintFormat) throws -> Any {
    let text = LintReport(result, toolVersion: "promgate 1.2.3").text(format)
    return try JSONSerialization.jsonObject(with: Data(text.utf8))
  }

  @Test func `json has a version and ranges in bytes`() throws {
    let report = try #require(try object(.json) as? [String: Any])
    #expect(report["version"] as? Int == 1)
    let findings = try #require(report["findings"] as? [[String: Any]])
    #expect(findings.count == result.findings.count && !findings.isEmpty)
    let bytes = Array(Self.manifest.utf8)
    let ratio = try #require(findings.first { $0["code"] as? String == "MT007" })
    let range = try #require(ratio["range"] as? [String: Any])
    let (start, end) = (
      try #require((range["start"] as? [String: Int])?["byte"]),
      try #require((range["end"] as? [String: Int])?["byte"])
    )
    // Behind a letter of two bytes.
    #expect(
      String(decoding: bytes[start..<end], as: UTF8.self)
        == #"rate(r_total{code=~"^5.*$"}[1m]) / rate(r_total[1m])"#)
  }

  @Test func `sarif names its rules and places`() throws {
    let log = try #require(try object(.sarif) as? [String: Any])
    #expect(log["version"] as? String == "2.1.0")
    let run = try #require((log["runs"] as? [[String: Any]])?.first)
    let driver = try #require((run["tool"] as? [String: Any])?["driver"] as? [String: Any])
    let ids = Set(try #require(driver["rules"] as? [[String: Any]]).compactMap { $0["id"] as? String })
    let results = try #require(run["results"] as? [[String: Any]])
    #expect(results.count == result.findings.count)
    for one in results {
      #expect(ids.contains(one["ruleId"] as? String ?? ""))
      #expect(["error", "warning", "note"].contains(one["level"] as? String))
      let location = try #require(
        (one["locations"] as? [[String: Any]])?.first?["physicalLocation"] as? [String: Any])
      let region = try #require(location["region"] as? [String: Any])
      #expect(try #require(region["startLine"] as? Int) >= 1)
    }
  }

  @Test func `gitlab wants fingerprints of their own`() throws {
    let entries = try #require(try object(.gitlab) as? [[String: Any]])
    let prints = entries.compactMap { $0["fingerprint"] as? String }
    #expect(prints.count == result.findings.count && Set(prints).count == prints.count)
    // They stay the same while lines move.
    let moved = Linting.result("# one more line\n" + Self.manifest)
    var seen: [String: Int] = [:]
    #expect(moved.findings.map { $0.fingerprint(&seen) } == prints)
  }

  @Test func `github's commands and junit escape what they must`() {
    let github = LintReport(result, toolVersion: "1").text(.github)
    #expect(github.split(separator: "\n").count == result.findings.count)
    #expect(github.contains("::error file=manifest.yaml,line=11,"))
    let junit = LintReport(result, toolVersion: "1").text(.junit)
    let parser = XMLCheck(junit)
    #expect(parser.isSound && parser.failures == result.findings.count { $0.severity != .info })
  }

  @Test func `text shows the line with carets below it`() {
    let text = LintReport(result, toolVersion: "1").text(.text)
    #expect(text.contains("11 |     rate(r_total{code=~\"^5.*$\"}[1m]) / rate(r_total[1m])\n   |     ^^^^"))
    #expect(text.contains("--> manifest.yaml:11:5"))
  }

  // MARK: Suppression

  private func linted(_ comment: String, today: String = "2026-01-01") throws -> LintResult {
    var options = LintOptions()
    let parts = today.split(separator: "-").compactMap { Int($0) }
    let calendar = Calendar(identifier: .gregorian)
    let date = try #require(
      DateComponents(
        calendar: calendar, timeZone: TimeZone(identifier: "UTC"), year: parts[0], month: parts[1],
        day: parts[2]
      ).date)
    options.today = Int64(date.timeIntervalSince1970) / 86_400
    return Linting.result(Self.manifest.replacing("  query: |", with: comment), options)
  }

  @Test func `a comment above a value keeps its findings back`() throws {
    let all = result.findings.map(\.code)
    let some = try linted("  # lint:ignore MT007 until=2026-06-30 reason=known\n  query: |")
    #expect(all.contains("MT007") && some.findings.map(\.code) == all.filter { $0 != "MT007" })
    #expect(some.suppressedCount == 1)
    let byName = try linted("  query: | # lint:ignore self-ratio reason=known")
    #expect(byName.findings.map(\.code) == all.filter { $0 != "MT007" })
  }

  @Test func `a suppression that ended, names nothing or suppresses nothing is a finding`() throws {
    let ended = try linted("  # lint:ignore MT007 until=2025-12-31 reason=known\n  query: |")
    #expect(ended.findings.contains { $0.code == "MT048" && $0.message.contains("ended") })
    #expect(ended.findings.contains { $0.code == "MT007" })
    let last = try linted("  # lint:ignore MT007 until=2026-01-01 reason=known\n  query: |")
    #expect(!last.findings.contains { $0.code == "MT007" || $0.code == "MT048" })
    for comment in ["", "MT999", "MT012", "MT007 until=soon"] {
      let found = try linted("  # lint:ignore \(comment) reason=none\n  query: |").findings
      #expect(found.contains { $0.code == "MT048" }, "\(comment)")
    }
  }

  // MARK: Baselines

  @Test func `a baseline hides what is known, and one more of it is new`() throws {
    let baseline = try #require(Baseline(json: Array(Baseline(result).json.utf8)))
    let known = baseline.filtered(result)
    #expect(known.findings.isEmpty)
    let worse = Linting.result(
      Self.manifest.replacing("r_total[1m])\n", with: "r_total[1m]) + 0 * rate(x_ratio[1m])\n"))
    #expect(!baseline.filtered(worse).findings.isEmpty)
    #expect(Baseline(json: Array("{}".utf8)) == nil && Baseline(json: []) == nil)
  }

  // MARK: Fixes

  @Test func `safe fixes touch only their bytes and leave nothing to fix`() throws {
    let fixes = FixApplication(result, unsafe: false)
    #expect(fixes.appliedCount == 1)
    let mended = try #require(fixes.changes.first?.mended)
    #expect(String(decoding: mended, as: UTF8.self) == Self.manifest.replacing("^5.*$", with: "5.*"))
    #expect(
      fixes.diff.hasSuffix(
        """
        @@ -8,4 +8,4 @@
             type: prometheus
             address: http://prometheus:9090
           query: |
        -    rate(r_total{code=~"^5.*$"}[1m]) / rate(r_total[1m])
        +    rate(r_total{code=~"5.*"}[1m]) / rate(r_total[1m])

        """))
    let again = FixApplication(Linting.result(String(decoding: mended, as: UTF8.self)), unsafe: false)
    #expect(again.appliedCount == 0)
  }

  @Test(arguments: Rule.documented.map(\.code))
  func `fixes of examples mend what they are for`(code: String) throws {
    let rule = try #require(Rule.named(code))
    for example in rule.fires where example.data == nil {
      let before = try Linting.result(of: example)
      let wanted = before.findings.filter { $0.code == code && !$0.fixes.isEmpty }
      if wanted.isEmpty { continue }
      let only = LintResult([wanted[0]], sources: before.sources)
      let fixes = FixApplication(only, unsafe: true)
      let mended = String(decoding: try #require(fixes.changes.first?.mended), as: UTF8.self)
      let after = Linting.result(mended).findings
      #expect(
        after.count { $0.code == code } < before.findings.count { $0.code == code }, "\(fixes.diff)")
      // What mends one thing breaks no other: the text still means something.
      #expect(!after.contains { ["MT001", "MT002", "manifest-yaml"].contains($0.code) }, "\(fixes.diff)")
    }
  }

  @Test func `pages of rules are what the documentation holds`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/lint")
    var pages = ["index.md": Rule.indexPage]
    for rule in Rule.documented { pages[rule.code + ".md"] = rule.page }
    if ProcessInfo.processInfo.environment["PROMGATE_WRITE_DOCS"] != nil {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (name, text) in pages { try Data(text.utf8).write(to: folder.appending(path: name)) }
    }
    for (name, text) in pages.sorted(by: { $0.key < $1.key }) {
      let written = try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
      #expect(written == text, "\(name) is not current: make docs")
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("MT") }
    #expect(Set(files) == Set(pages.keys.filter { $0.hasPrefix("MT") }))
  }
}

/// Counts the failures of a JUnit report.
private final class XMLCheck: NSObject, XMLParserDelegate {
  private(set) var isSound = false
  private(set) var failures = 0

  init(_ text: String) {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    isSound = parser.parse()
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    if name == "failure" { failures += 1 }
  }
}
