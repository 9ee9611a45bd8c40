import Manifests
import PromQLTest
import Testing

@Suite struct UnitTestTests {
  private static let rules = """
    groups:
    - name: first
      rules:
      - {record: "job:x:sum", expr: "sum by (job) (x)"}
      - {alert: High, expr: "x > 10", for: 2m, keep_firing_for: 1m, labels: {severity: page}, annotations: {summary: "{{ $labels.job }} is {{ $value }}"}}
    - name: second
      rules:
      - {record: doubled, expr: "2 * job:x:sum"}
    """

  private static func run(_ text: String, rules: String = rules) -> FileReport {
    let source = ManifestSource(name: "t.yml", bytes: Array(text.utf8))
    do {
      return FileReport(
        path: "t.yml", unitTests: try UnitTestFile(reading: source),
        ruleFiles: [ManifestSource(name: "r.yml", bytes: Array(rules.utf8))], runner: UnitTestRunner())
    } catch {
      return FileReport(path: "t.yml", content: .unreadable(error.description))
    }
  }

  private static func test(_ body: String, series: String = "0+5x10 _x2 stale", head: String = "") -> String {
    """
    \(head)
    tests:
    - interval: 1m
      input_series:
      - {series: 'x{job="a"}', values: '\(series)'}
    \(body)
    """
  }

  /// Tests that must pass; promtool passes them too.
  private static let passing: [String] = [
    test(
      "  promql_expr_test:\n  - {expr: 'job:x:sum', eval_time: 5m, exp_samples: [{labels: 'job:x:sum{job=\"a\"}', value: 25}]}"
    ),
    test("  promql_expr_test:\n  - {expr: 1 + 1, eval_time: 0s, exp_samples: [{value: 2, labels: '{}'}]}"),
    test(
      "  promql_expr_test:\n  - {expr: doubled, eval_time: 2m, exp_samples: [{labels: 'doubled{job=\"a\"}', value: 20}]}"
    ),
    test(
      "  promql_expr_test:\n  - {expr: doubled, eval_time: 2m, exp_samples: [{labels: 'doubled{job=\"a\"}', value: 10}]}",
      head: "group_eval_order: [second, first]"),
    test(
      "  alert_rule_test:\n  - {eval_time: 4m59s, alertname: High}\n"
        + "  - {eval_time: 5m30s, alertname: High, exp_alerts: [{exp_labels: {job: a, severity: page}, exp_annotations: {summary: a is 25}}]}"
    ),
    test(
      "  start_timestamp: 2025-06-01T00:00:00Z\n  promql_expr_test:\n"
        + "  - {expr: timestamp(x), eval_time: 5m, exp_samples: [{labels: '{job=\"a\"}', value: 1748736300}]}"
    ),
    test(
      "  promql_expr_test:\n  - {expr: x * 3, eval_time: 0m, exp_samples: [{labels: '{job=\"a\"}', value: 0.3}]}",
      series: "0.1", head: "fuzzy_compare: true"),
    test(
      "  promql_expr_test:\n  - {expr: x, eval_time: 0m, exp_samples: [{labels: 'x{job=\"a\"}', histogram: '{{schema:1 count:3 sum:5 buckets:[1 2]}}'}]}",
      series: "{{schema:1 count:3 sum:5 buckets:[1 2]}}x2"),
    // Samples behind the last evaluation are not seen: 90 s are evaluated at 60 s.
    "evaluation_interval: 1m\ntests:\n- interval: 15s\n  input_series: [{series: x, values: 1 2 3 4 5 6 7}]\n"
      + "  promql_expr_test: [{expr: x, eval_time: 90s, exp_samples: [{labels: x, value: 5}]}]",
    "evaluation_interval: 30s\ntests:\n- interval: 10s\n  input_series: [{series: x, values: 0+1x30}]\n"
      + "  promql_expr_test: [{expr: 'count_over_time(x[5m:])', eval_time: 5m, exp_samples: [{value: 10}]}]",
  ]

  @Test func `tests that hold pass`() {
    for text in Self.passing {
      let report = Self.run(text)
      #expect(
        report.passed > 0 && report.failed == 0,
        "\(text)\n\(TextReport().render(TestReport(files: [report])))")
    }
  }

  /// Tests that must fail, and what the report says.
  private static let failing: [(test: String, says: [String])] = [
    (
      test(
        "  promql_expr_test:\n  - {expr: 'job:x:sum', eval_time: 5m, exp_samples: [{labels: 'job:x:sum{job=\"a\"}', value: 26}]}"
      ),
      ["t.yml:7: job:x:sum", "as written, at 300 s", "has another value", "26", "25"]
    ),
    (test("  promql_expr_test:\n  - {expr: x, eval_time: 5m}"), ["is not expected", "(none)", "25"]),
    (
      test("  promql_expr_test:\n  - {expr: y, eval_time: 5m, exp_samples: [{labels: y, value: 1}]}"),
      ["is missing"]
    ),
    (test("  promql_expr_test:\n  - {expr: 'foo(', eval_time: 0s}"), ["the query failed: 1:5: parse error"]),
    (
      test("  promql_expr_test:\n  - {expr: 'x[1m]', eval_time: 0s}"),
      ["rule result is not a vector or scalar"]
    ),
    (
      test(
        "  promql_expr_test:\n  - {expr: x * 3, eval_time: 0m, exp_samples: [{labels: '{job=\"a\"}', value: 0.3}]}",
        series: "0.1"),
      ["0.30000000000000004"]
    ),
    (
      test(
        "  promql_expr_test:\n  - {expr: x, eval_time: 0m, exp_samples: [{labels: 'x{job=\"a\"}', value: .nan}]}",
        series: "NaN"),
      ["has another value"]
    ),
    (
      test(
        "  alert_rule_test:\n  - {eval_time: 5m, alertname: High, exp_alerts: [{exp_labels: {job: a, severity: page}, exp_annotations: {summary: a is 24}}]}"
      ),
      ["alerts, at 300 s", "a is 24", "a is 25", "other alerts fire than expected"]
    ),
    (test("  alert_rule_test:\n  - {eval_time: 5m, alertname: High}"), ["(none)", "firing"]),
  ]

  @Test func `tests that do not hold show expected and got`() {
    for (text, says) in Self.failing {
      let report = Self.run(text)
      let shown = TextReport().render(TestReport(files: [report]))
      for part in says { #expect(shown.contains(part), "\(part) in\n\(shown)") }
      #expect(report.failed == 1, "\(shown)")
    }
  }

  /// Files that are no tests, and the message.
  private static let broken: [(file: String, says: String)] = [
    ("tests: [", "YAML"),
    ("tests:\n- foo: 1", "2:3: a test has no field foo"),
    ("tests:\n- input_serie: []", "write input_series"),
    ("tests: []\ntests: []", "written twice"),
    ("group_eval_order: [g, g]", "group name repeated in evaluation order: g"),
    ("tests:\n- input_series: [{series: h, values: 1+}]", "unexpected end of input"),
    ("tests:\n- input_series: [{series: 'h{', values: 1}]", "series: 1:"),
    ("tests:\n- input_series: [{series: h, values: 1x99999999}]", "values: 1:"),
    ("tests:\n- alert_rule_test: [{eval_time: 3m}]", "misses required attribute alertname at eval_time 3m"),
    ("tests:\n- promql_expr_test: [{expr: '1', eval_time: 5}]", #"not a valid duration string: "5""#),
    ("tests:\n- promql_expr_test: [{expr: '1', exp_samples: [{value: x}]}]", "value must be a number"),
    (
      "tests:\n- promql_expr_test: [{expr: '1', exp_samples: [{histogram: '1'}]}]",
      "histogram must be one literal"
    ),
    ("tests:\n- promql_expr_test: [{expr: '1', exp_samples: [{labels: 'x{'}]}]", "labels \"x{\": 1:"),
    ("tests:\n- start_timestamp: yesterday", "start_timestamp must be a time"),
  ]

  @Test func `files that are no tests say where and why`() {
    for (text, says) in Self.broken {
      guard case .unreadable(let reason) = Self.run(text).content else {
        Issue.record("\(text) was read")
        continue
      }
      #expect(reason.contains(says), "\(reason)")
    }
  }

  @Test func `a broken rule file makes its tests unreadable`() {
    let report = Self.run("tests: []", rules: "groups:\n- name: g\n  rules:\n  - {record: a, expr: '1 +'}\n")
    guard case .unreadable(let reason) = report.content else {
      Issue.record("the rules were read")
      return
    }
    #expect(reason.hasPrefix(" r.yml:4:23: group \"g\", rule 1"), "\(reason)")
  }

  @Test func `a rule that fails ends its test`() {
    let rules = "groups: [{name: g, rules: [{record: y, expr: \"'x'\"}]}]"
    let report = Self.run(Self.test("  promql_expr_test:\n  - {expr: x, eval_time: 1m}"), rules: rules)
    #expect(report.outcomes.count == 1)
    #expect(report.outcomes.first?.subject == "rule y")
    #expect(report.outcomes.first?.failure?.problem == "rule result is not a vector or scalar")
  }

  @Test func `a test that would take for ever is refused`() {
    let report = Self.run(
      "evaluation_interval: 1ms\ntests:\n- promql_expr_test: [{expr: '1', eval_time: 100y}]")
    #expect(report.outcomes.first?.failure?.problem == "more than 1000000 evaluations of the rules")
  }
}
