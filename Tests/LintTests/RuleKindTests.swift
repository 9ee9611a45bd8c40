import Foundation
import Lint
import Manifests
import PromQL
import Testing

/// Rules of rule files in many spellings, each beside one that looks alike and is fine.
struct RuleKindTests {
  private static func findings(_ rules: [String]) -> [Finding] {
    let lines = rules.map { "  - \($0)\n" }.joined()
    return Linting.result("groups:\n- name: g\n  rules:\n\(lines)").findings
  }

  /// Of an alert with an expression, and perhaps with a text.
  private static func alert(_ expression: String, _ text: String? = nil) -> [Finding] {
    let annotation = text.map { ", annotations: {s: '\($0.replacing("'", with: "''"))'}" } ?? ""
    return findings([
      "{alert: A, for: 5m, expr: '\(expression.replacing("'", with: "''"))'\(annotation)}"
    ])
  }

  private static func codes(_ found: [Finding]) -> Set<String> { Set(found.map(\.code)) }

  private static let never = [
    "x > 5 and x < 3", "(x > 5) and (x < 3)", "x > 5 and y > 3 and x < 2", "x > 5 and x <= 5",
    "x == 5 and x != 5",
    "x > x", "x < x", "rate(x_total[5m]) > rate( x_total[5m] )", "x % 10 >= 10", "floor(x) % 2 == 2",
    "minute() % 60 == 60", "abs(x) < 0", "hour() > 23", "hour() >= 22 and hour() < 6", "day_of_week() == 7",
    "month() == 0", "up > 1", "avg(up) > 1", "count(up) == 0", "x > Inf", "x == NaN", "x > 5 < 3",
    "up and absent(up)", "absent(up) and up", "x unless x", "x > 5 unless x > 3", "x > 5 unless x",
    "sum(x) > 5 and on (job) sum(x) < 3", "clamp_max(x, 5) > 5", "sgn(x) > 1", "cos(x) > 1", "vector(1) > 2",
    "present_over_time(x[5m]) == 0", "x * 0 > 1", "changes(x[5m]) < 0",
  ]

  @Test(arguments: never) func `what can never hold is told`(expression: String) {
    let found = Self.alert(expression)
    #expect(Self.codes(found).contains("MT071"), "\(expression): \(Linting.summary(found))")
  }

  private static let sometimes = [
    "x > 3 and x < 5", "x >= 5 and x <= 5", "x > 5 and on (job) x < 3", "x > 5 and x offset 5m < 3", "x != x",
    "x > x offset 5m", "x{a=\"1\"} > ignoring (a) x{a=\"2\"}", "x % 10 >= 9", "x % 10 < 0", "hour() > 22",
    "hour() >= 22 or hour() < 6", "up == 0", "up != 1", "x < Inf", "up offset 5m and absent(up)",
    "x > 5 unless x > 6", "x > 5 unless on (job) x > 3", "x unless x offset 5m", "x > 3 unless (x > 3 and y)",
    "clamp_max(x, 5) >= 5", "deriv(x[5m]) < 0", "delta(x[5m]) < 0", "x * 0 == 0", "count(up == 1) < 3",
    "x > 5 and (x > 3 or x < 2)", "ceil(x_ratio) > 1", "sum(up) < 1", "histogram_avg(x) < 0",
  ]

  @Test(arguments: sometimes) func `what can hold is left alone`(expression: String) {
    let found = Self.alert(expression)
    #expect(
      Self.codes(found).isDisjoint(with: ["MT070", "MT071", "MT113"]),
      "\(expression): \(Linting.summary(found))")
  }

  private static let always = [
    "hour() <= 23", "abs(x) >= 0", "x >= x", "x > 5 or x <= 5", "x > 5 or x < 10", "x != 5 or x == 5",
    "day_of_month() > 0 or x >= x", "rate(x_total[5m]) >= 0", "x != NaN", "up <= 1",
  ]

  @Test(arguments: always) func `what always holds is told, as a whole and as a part`(expression: String) {
    let whole = Self.alert(expression)
    #expect(Self.codes(whole).contains("MT070"), "\(expression): \(Linting.summary(whole))")
    #expect(!Self.codes(whole).contains("MT071"), "\(expression)")
  }

  @Test func `a part that always holds is told beside one that does not`() {
    for part in ["hour() <= 23", "up <= 1", "(hour() > 5 or hour() < 10)", "rate(x_total[5m]) >= 0"] {
      let found = Self.alert("y > 5 and on () \(part)")
      #expect(Self.codes(found) == ["MT113"], "\(part): \(Linting.summary(found))")
    }
    for part in ["hour() <= 22", "count(up) > 0", "rate(x_total[5m]) / rate(y_total[5m]) >= 0"] {
      let found = Self.alert("y > 5 and on () \(part)")
      #expect(!Self.codes(found).contains("MT113"), "\(part): \(Linting.summary(found))")
    }
  }

  private static let apart = [
    "a{x=\"1\"} / on (x) b{x=\"2\"} > 1", "a{x=~\"1.*\"} / on (x) b{x=~\"2.*\"} > 1",
    "a{x=~\"1|2\"} / on (x) b{x!~\"1|2\"} > 1",
    "a{x=\"1\"} and b{x=~\"2.*\"}", "sum by (x) (a{x=\"1\"}) / b{x=\"2\"} > 1",
    "sum(a) / on (x) b{x=\"1\"} > 1",
    "a{x=\"1\"} * on (y) group_left (x) b{x=\"2\"} * on (x) c{x=\"1\"} > 1",
    "(a / on (x) b{x=\"1\"}) * on (x) c{x=\"2\"} > 1", "a{x=\"\"} / on (x) b{x!=\"\"} > 1",
    "max without (x) (a) / b{x=\"1\"} > 1",
  ]

  @Test(arguments: apart) func `sides whose labels exclude each other never meet`(expression: String) {
    let found = Self.alert(expression)
    #expect(Self.codes(found).contains("MT032"), "\(expression): \(Linting.summary(found))")
  }

  private static let together = [
    "a{x=\"1\"} / ignoring (x) b{x=\"2\"} > 1", "a{x=~\"1.*\"} / on (x) b{x=~\".*2\"} > 1",
    "a{x=\"1\"} / on (y) b{x=\"2\"} > 1",
    "label_replace(a{x=\"1\"}, \"x\", \"2\", \"\", \"\") / on (x) b{x=\"2\"} > 1",
    "a{x!=\"1\"} / on (x) b{x!=\"2\"} > 1",
    "(a{x=\"1\"} or a{x=\"2\"}) / on (x) b{x=\"2\"} > 1", "a{x=\"\"} / on (x) b{x=\"\"} > 1",
    "sum by (x) (a{x=~\"1|2\"}) / on (x) b{x=\"2\"} > 1", "a{x=\"1\"} or b{x=\"2\"} > 1",
  ]

  @Test(arguments: together) func `sides that may meet are left alone`(expression: String) {
    let found = Self.alert(expression)
    #expect(
      Self.codes(found).isDisjoint(with: ["MT032", "MT112"]), "\(expression): \(Linting.summary(found))")
  }

  @Test func `what rules record is known to those that read it, over several steps`() {
    let rules = [
      "{record: 'job:r:rate5m', expr: 'sum by (job, pod) (rate(r_total{code=~\"5..\"}[5m]))'}",
      "{record: 'job:r:sum', expr: 'sum by (job) (job:r:rate5m)'}",
      "{record: 'job:e:ratio', expr: 'sum by (job) (rate(r_total{code=~\"5..\"}[5m])) / sum by (job) (rate(r_total[5m]))'}",
    ]
    for (expression, code) in [
      ("job:r:sum{pod=\"a\"} > 5", "MT114"), ("job:r:sum / on (pod) b{pod=\"a\"} > 5", "MT032"),
      ("job:r:sum / on (pod) group_right b > 5", "MT112"), ("job:e:ratio > 5", "MT071"),
      ("job:e:ratio >= 0", "MT070"),
      ("rate(job:r:rate5m[5m]) > 5", "MT082"), ("avg(job:e:ratio) > 0.5", "MT018"),
    ] {
      let found = Self.findings(rules + ["{alert: A, for: 5m, expr: '\(expression)'}"])
      #expect(Self.codes(found).contains(code), "\(expression): \(Linting.summary(found))")
    }
    for expression in [
      "job:r:sum{job=\"a\"} > 5", "job:r:rate5m{pod=\"a\"} > 5", "job:r:sum{cluster=\"a\"} > 5",
      "job:e:ratio > 0.5",
      "job:r:sum / on (job) b > 5",
    ] {
      let found = Self.findings(rules + ["{alert: A, for: 5m, expr: '\(expression)'}"])
      #expect(found.isEmpty, "\(expression): \(Linting.summary(found))")
    }
  }

  private static let share = "sum(rate(r_total{code=~\"5..\"}[5m])) / sum(rate(r_total[5m]))"

  @Test func `templates are tried in every branch, through variables, and read as they are printed`() {
    let cases: [(expression: String, text: String, code: String?)] = [
      ("up == 0", "{{ if eq $labels.job \"x\" }}{{ printf \"%d\" $value }}{{ end }}", "MT115"),
      ("up == 0", "{{ with $labels.job }}{{ . }}{{ else }}{{ printf \"%s\" $value }}{{ end }}", "MT115"),
      ("up == 0", "{{ printf \"%s %s\" $labels.job }}", "MT115"),
      ("up == 0", "{{ printf \"%v\" $value }}", nil),
      ("up == 0", "{{ if gt $value 5.0 }}a{{ else if lt $value 0.0 }}{{ $value.x }}{{ end }}", "MT076"),
      ("up == 0", "{{ range query \"up\" }}{{ .Value }}{{ else }}{{ humanize }}{{ end }}", "MT076"),
      (
        "up == 0", "{{ if match \"[0-9]+\" $labels.job }}{{ humanize $labels.job }}{{ else }}no{{ end }}", nil
      ),
      ("up == 0", "{{ with query \"up\" }}{{ . | first | value }}{{ else }}none{{ end }}", nil),
      ("sum by (job) (up) == 0", "{{ $l := $labels }}{{ $l.pod }}", "MT073"),
      ("sum by (job) (up) == 0", "{{ with $labels }}{{ .pod }}{{ end }}", "MT073"),
      ("sum by (job) (up) == 0", "{{ $l := $labels }}{{ $l.job }}", nil),
      ("sum by (job) (up) == 0", "{{ range $l := query \"up\" }}{{ $l.Labels.pod }}{{ end }}", nil),
      ("\(Self.share) > 0.1", "{{ $value }}%", "MT116"),
      ("\(Self.share) > 0.1", "{{ printf \"%.2f\" $value }}%", "MT116"),
      ("\(Self.share) > 0.1", "{{ $value }}", "MT116"),
      ("\(Self.share) > 0.1", "{{ $value | humanizePercentage }}", nil),
      ("\(Self.share) * 100 > 10", "{{ $value }}%", nil),
      ("100 * \(Self.share) > 10", "{{ $value | humanizePercentage }}", "MT078"),
      ("100 - a / b * 100 > 10", "{{ $value | humanizePercentage }}", "MT078"),
      ("(1 - avg(rate(c_seconds_total[5m]))) * 100 > 10", "{{ $value | humanizePercentage }}", "MT078"),
      ("a / b > 0.9", "{{ $value }}%", "MT116"), ("a / b > 90", "{{ $value }}%", nil),
      ("a / b > 0.9", "{{ $value | humanizePercentage }}", nil),
    ]
    for (expression, text, code) in cases {
      let found = Self.alert(expression, text)
      #expect(
        Self.codes(found) == Set([code].compactMap(\.self)),
        "\(expression) \(text): \(Linting.summary(found))")
    }
  }

  @Test func `a rule file and a file of unit tests are told apart`() {
    let test =
      "rule_files: [a.yml]\ntests:\n- promql_expr_test: [{expr: up, eval_time: 1m}]\n  # alert groups\n"
    let found = Linting.result(test).findings
    #expect(found.map(\.code) == ["manifest-kind"] && found[0].message.contains("promgate test"))
    #expect(!ManifestSource(name: "t.yml", bytes: Array(test.utf8)).isRuleFile)
    #expect(ManifestSource(name: "r.yml", bytes: Array("groups:\n- name: a\n  rules: []\n".utf8)).isRuleFile)
  }

  @Test func `a note on the line that is shown is marked below it`() {
    let found = Linting.result("groups:\n- name: g\n  rules:\n  - alert: B\n    expr: up ==\n")
    let text = LintReport(found, toolVersion: "1").text(.text)
    #expect(text.split(separator: "\n").count { $0.contains("expr: up ==") } == 1, "\(text)")
    #expect(text.contains("- here"), "\(text)")
  }
}
