import Foundation
import Lint
import Manifests
import Testing

/// The pages of codes that are found while files are read.
struct ReadingCodeTests {
  @Test func `the page of a code shows a finding of it`() {
    for code in ReadingCode.all {
      guard let example = code.example else { continue }
      let found = Linter().lint(ManifestReading(reading: example)).findings
      #expect(found.contains { $0.code == code.code }, "\(code.code): \(Linting.summary(found))")
      #expect(code.page.contains("\n> "))
    }
  }

  @Test func `every code of reading has a page`() throws {
    let source = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/Manifests/Reading/ManifestProblem.swift")
    let text = try String(contentsOf: source, encoding: .utf8)
    let codes = text.matches(of: /public static let [a-zA-Z]+ = "([a-z-]+)"/).map { String($0.1) }
    #expect(codes.count > 10 && Set(codes) == Set(ReadingCode.all.map(\.code)))
    #expect(
      ReadingCode.named("Manifest-Value")?.code == "manifest-value" && ReadingCode.named("nosuch") == nil)
  }

  @Test func `a page says what its examples are linted with`() throws {
    for (code, setting) in [
      ("MT010", "with `interval: 1m30`"), ("MT020", "with `thresholdRange: {min: 99}`"),
      ("MT042", "--backend victoriametrics"), ("MT081", "with `--require-alert-label severity`"),
      ("MT012", "`--scrape-interval 30s`"),
    ] {
      let page = try #require(Rule.named(code)).page
      #expect(page.contains(setting), "\(page)")
    }
  }

  @Test func `a title of GitHub's says a code once`() {
    let found = Linting.result("apiVersion: flagger.app/v1beta1\nkind: Canry\nmetadata: {name: a}\n")
    let text = LintReport(found, toolVersion: "1").text(.github)
    #expect(text.contains("title=manifest-kind::"), "\(text)")
  }
}
