import Testing
import TimeSeries

@Suite struct RelabellingTests {
  private static func rule(
    _ action: RelabelRule.Action = .replace, _ sources: [String] = [],
    _ change: (inout RelabelRule) -> Void = { _ in }
  ) -> RelabelRule {
    var rule = RelabelRule()
    rule.action = action
    rule.sourceLabels = sources
    change(&rule)
    return rule
  }

  private static let start: KeyValuePairs<String, String> = [
    "env": "Prod-Ä", "num": "007", "multi": "a\nb", "__address__": "10.0.0.1:8080",
  ]

  /// Rules, and the label that they leave; nil where it is gone or was never there.
  private static let cases: [(rule: RelabelRule, label: String, value: String?)] = [
    (rule(.replace, ["env", "num", "nope"]) { $0.targetLabel = "out" }, "out", "Prod-Ä;007;"),
    (
      rule(.replace, ["env"]) {
        $0.regex = #"(\w+)-(.*)"#
        $0.replacement = "${2}_$1"
        $0.targetLabel = "out"
      }, "out", "Ä_Prod"
    ),
    // $1_x is the group called 1_x, which there is not.
    (
      rule(.replace, ["env"]) {
        $0.regex = "(.*)-(.*)"
        $0.replacement = "$1_x"
        $0.targetLabel = "env"
      }, "env", nil
    ),
    (
      rule(.replace, ["num"]) {
        $0.regex = "00"
        $0.targetLabel = "num"
        $0.replacement = "x"
      }, "num", "007"
    ),
    (
      rule(.replace, ["num"]) {
        $0.regex = "007|008"
        $0.targetLabel = "num"
        $0.replacement = "[$0$1$$]"
      }, "num", "[007$]"
    ),
    (
      rule(.replace, ["multi"]) {
        $0.regex = "a.b"
        $0.targetLabel = "out"
        $0.replacement = "yes"
      }, "out", "yes"
    ),
    (
      rule {
        $0.targetLabel = "fixed"
        $0.replacement = "v"
      }, "fixed", "v"
    ),
    (
      rule(.replace, ["nope"]) {
        $0.regex = ""
        $0.targetLabel = "out"
        $0.replacement = "empty"
      }, "out", "empty"
    ),
    (
      rule(.replace, ["env"]) {
        $0.regex = "(.*)-.*"
        $0.targetLabel = "to_$1"
        $0.replacement = "v"
      }, "to_Prod", "v"
    ),
    (rule(.lowercase, ["env"]) { $0.targetLabel = "env" }, "env", "prod-ä"),
    (rule(.uppercase, ["env"]) { $0.targetLabel = "ENV ß" }, "ENV ß", "PROD-Ä"),
    (
      rule(.hashmod, ["__address__"]) {
        $0.modulus = 1_000_000
        $0.targetLabel = "out"
      }, "out", "357260"
    ),
    (
      rule(.labelmap) {
        $0.regex = "(e.*)"
        $0.replacement = "copy_$1"
      }, "copy_env", "Prod-Ä"
    ),
    (rule(.labeldrop) { $0.regex = "e.*" }, "env", nil),
    (rule(.labeldrop) { $0.regex = "e" }, "env", "Prod-Ä"),
    (rule(.labelkeep) { $0.regex = "env|num" }, "multi", nil),
    (rule(.labelkeep) { $0.regex = "env|num" }, "num", "007"),
  ]

  @Test func `every action writes what Prometheus writes`() throws {
    for (rule, label, value) in Self.cases {
      let labels = Labels(Self.start.map { (name: $0.key, value: $0.value) })
      let result = try Relabelling([rule]).labels(from: labels)
      #expect(result?[label] == value, "\(rule)")
    }
  }

  /// Rules, and whether they keep the whole.
  private static let filters: [(rule: RelabelRule, isKept: Bool)] = [
    (rule(.keep, ["num"]) { $0.regex = "007" }, true), (rule(.keep, ["num"]) { $0.regex = "00" }, false),
    (rule(.keep, ["num"]) { $0.regex = "0.7" }, true), (rule(.keep, ["nope"]) { $0.regex = "" }, true),
    (rule(.keep, ["nope"]), true), (rule(.drop, ["num"]) { $0.regex = "0+7" }, false),
    (rule(.drop, ["num"]) { $0.regex = "7" }, true),
    (rule(.keepequal, ["num"]) { $0.targetLabel = "num" }, true),
    (rule(.keepequal, ["num"]) { $0.targetLabel = "env" }, false),
    (rule(.dropequal, ["nope"]) { $0.targetLabel = "other" }, false),
  ]

  @Test func `a rule keeps or drops the whole`() throws {
    for (rule, isKept) in Self.filters {
      let labels = Labels(Self.start.map { (name: $0.key, value: $0.value) })
      #expect(try Relabelling([rule]).labels(from: labels) == (isKept ? labels : nil), "\(rule)")
    }
  }

  @Test func `hashes are those of RFC 1321`() throws {
    // Of the RFC's own examples, and of lengths around a block.
    let x = { String(repeating: "x", count: $0) }
    for (text, value) in [
      ("abc", "505458"), ("[::1]:80", "466786"), (x(55), "211442"), (x(56), "806603"), (x(64), "731862"),
      (x(119), "834255"),
    ] {
      var rule = RelabelRule()
      rule.action = .hashmod
      rule.sourceLabels = ["a"]
      rule.targetLabel = "out"
      rule.modulus = 1_000_000
      let result = try Relabelling([rule]).labels(from: Labels([(name: "a", value: text)]))
      #expect(result?["out"] == value, "\(text)")
    }
  }
}
