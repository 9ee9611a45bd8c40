import Evaluator
import Lint
import Manifests
import PromQL
import Testing
import TimeSeries

/// Fixes that say they keep every result do.
@Suite struct SafeFixTests {
  private static let patterns = [
    "^a$", "^a|b$", "^a", "a$", #"a\\$"#, #"^\\$"#, "^^a$$", "^$", "^(a|b)$", "(^a)$", "^a.*$", ".*^a",
    "[^a]$", "^[ab$]$", "a|^b", "(?i)^a$",
  ]
  private static let values = [
    "", "a", "b", "ab", "ba", "A", "$", "a$", "^a", "aa", "xa", "ax", "c", "\n", "a\n",
  ]

  @Test(arguments: patterns)
  func `anchors that are left out change nothing`(pattern: String) throws {
    let store = Store()
    for value in Self.values {
      let labels = Labels([("__name__", "m"), ("x", "y")] + (value.isEmpty ? [] : [("l", value)]))
      try store.append(labels, StoredSample(timestamp: 0, .float(1)))
    }
    let engine = QueryEngine()
    for operation in ["=~", "!~"] {
      let query = "sum by (l) (m{x=\"y\",l\(operation)\"\(pattern)\"})"
      let result = Linter().lint(query: ManifestSource(name: "query", bytes: Array(query.utf8)))
      let fixes = FixApplication(result, unsafe: false)
      guard let mended = fixes.changes.first?.mended else { continue }
      let before = try engine.instant(Array(query.utf8), at: 0, over: store.snapshot())
      let after = try engine.instant(mended, at: 0, over: store.snapshot())
      #expect("\(before.value)" == "\(after.value)", "\(query) → \(String(decoding: mended, as: UTF8.self))")
    }
  }

  @Test func `only what is known to keep results is called safe`() {
    var safe: Set<String> = []
    for rule in Rule.documented {
      for example in rule.fires where example.data == nil {
        let found = Linter().lint(ManifestReading(reading: example.manifests)).findings
        for finding in found where finding.fixes.contains(where: \.isSafe) { safe.insert(finding.code) }
      }
    }
    // Anchors and plain patterns; `threshold` as the range that it means; the interval without which every check fails.
    #expect(safe == ["MT066", "MT053", "MT009", "MT083"])
  }
}
