import Foundation
import Lint
import Manifests
import PromQL
import Recording
import Scrape
import Testing
import TimeSeries

/// The examples of the rules: they are the tests of the rules, and their pages.
struct RuleExampleTests {
  @Test(arguments: Rule.documented.map(\.code))
  func `what a rule says it finds is found`(code: String) throws {
    let rule = try #require(Rule.named(code))
    for example in rule.fires {
      let found = try Linting.findings(of: example)
      #expect(found.contains { $0.code == code }, "\(example.shown) gives \(Linting.summary(found))")
    }
  }

  @Test(arguments: Rule.documented.map(\.code))
  func `what a rule says it leaves alone is left alone`(code: String) throws {
    let rule = try #require(Rule.named(code))
    #expect(!rule.quiet.isEmpty)
    for example in rule.quiet {
      let found = try Linting.findings(of: example).filter { $0.code == code }
      #expect(found.isEmpty, "\(example.shown) gives \(Linting.summary(found))")
    }
  }

  @Test
  func `rules have codes, names and texts of their own`() {
    let rules = Rule.documented
    #expect(Set(rules.map(\.code)).count == rules.count)
    #expect(Set(rules.map(\.name)).count == rules.count)
    for rule in rules {
      #expect(rule.code.wholeMatch(of: /MT[0-9]{3}/) != nil)
      #expect(rule.name.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil)
      #expect(!rule.summary.isEmpty && rule.summary.last != ".")
      #expect(rule.why.count > 40, "\(rule.code)")
    }
    #expect(Set(Rule.all.map(\.code)) == Set(rules.map(\.code)))
  }

  @Test(arguments: Rule.documented.map(\.code))
  func `findings of examples have a place, a message and can be written in every format`(code: String) throws
  {
    let rule = try #require(Rule.named(code))
    for example in rule.fires {
      let result = try Linting.result(of: example)
      for finding in result.findings {
        #expect(!finding.message.isEmpty && finding.message.last != ".")
        #expect(finding.place.range.map { $0.end <= finding.place.source.bytes.count } ?? true)
      }
      for format in LintFormat.allCases {
        #expect(!LintReport(result, toolVersion: "1").text(format).isEmpty)
      }
    }
  }
}

enum Linting {
  static func result(of example: Rule.Example) throws -> LintResult {
    let data = try example.data.map { try LintData(openMetrics: $0) }
    return Linter(example.options, data: data).lint(ManifestReading(reading: example.manifests))
  }

  static func findings(of example: Rule.Example) throws -> [Finding] { try result(of: example).findings }

  static func result(_ manifests: String, _ options: LintOptions = LintOptions()) -> LintResult {
    Linter(options).lint(ManifestReading(reading: manifests))
  }

  static func summary(_ findings: [Finding]) -> String {
    findings.map { "\($0.code) \($0.message)" }.joined(separator: "; ")
  }
}

extension LintData {
  /// A dump; every second of it counts 1,000 milliseconds.
  init(openMetrics text: String) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "lint-\(UUID().uuidString).om")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let recording = try RecordedSeries.open(path: file.path)
    self.init(
      source: recording,
      types: Dictionary(
        recording.facts.families.compactMap { family in
          DeclaredType(rawValue: family.type.rawValue).map { (family.name, $0) }
        }, uniquingKeysWith: { first, _ in first }),
      time: recording.facts.timeRange?.upperBound ?? 0)
  }
}
