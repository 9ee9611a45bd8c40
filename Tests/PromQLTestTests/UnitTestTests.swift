import Manifests
import PromQLTest
import Synchronization
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
        "\(text)\n\(TestText().render(TestReport(files: [report])))")
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
      let shown = TestText().render(TestReport(files: [report]))
      for part in says { #expect(shown.contains(part), "\(part) in\n\(shown)") }
      #expect(report.failed == 1, "\(shown)")
    }
  }

  /// Files that are no tests, and the message.
  private static let broken: [(file: String, says: String)] = [
    ("tests: [", "YAML"),
    ("tests:\n- foo: 1", "2:3: a test has no field foo"),
    ("tests:\n- input_serie: []", "write input_series"),
    ("tests: []\n~: 1", "a unit test file has no field without a name"),
    ("tests: []\ntests: []", "already defined at line 1"),
    ("group_eval_order: [g, g]", "group name repeated in evaluation order: g"),
    ("tests:\n- promql_expr_test: [{expr: '1', eval_time: 5}]", #"not a valid duration string: "5""#),
    ("tests:\n- promql_expr_test: [{expr: '1', exp_samples: [{value: x}]}]", "value must be a number"),
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
    let report = Self.run(
      Self.test("  promql_expr_test: [{expr: x}]"),
      rules: "groups:\n- name: g\n  rules:\n  - {record: a, expr: '1 +'}\n")
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
    #expect(report.outcomes.first?.failure?.problem == "more than 10000000 evaluations of the rules")
  }

  /// What is wrong with one test fails that test only.
  private static let brokenTests: [(test: String, says: String)] = [
    ("input_series: [{series: h, values: 1+}]", "unexpected end of input"),
    ("input_series: [{series: 'h{', values: 1}]", "input_series \"h{\": character"),
    ("input_series: [{series: '', values: 1}]", "unexpected number \"1\" in series values"),
    (
      "alert_rule_test: [{eval_time: 3m}]",
      "misses required attribute alertname at eval_time 3m (in TestGroup broken)"
    ),
    ("promql_expr_test: [{expr: '1', exp_samples: [{histogram: '1'}]}]", "expected histogram, got 1"),
    ("promql_expr_test: [{expr: '1', exp_samples: [{histogram: '{{}} {{}}'}]}]", "expected 1 value, got 2"),
    ("promql_expr_test: [{expr: '1', exp_samples: [{labels: 'x{'}]}]", "labels \"x{\": 1:"),
    (
      "promql_expr_test: [{expr: '1', exp_samples: [{labels: '{} 5', value: 1}]}]",
      "labels \"{} 5\": 1:4: parse error: unexpected \"5\""
    ),
    (
      "{input_series: [{series: 'x{a=\"1\",a=\"2\"}', values: 1}], promql_expr_test: [{expr: x}]}",
      "label name \"a\" is not unique"
    ),
    (
      "{input_series: [{series: x, values: 1x99999999}], promql_expr_test: [{expr: x, eval_time: 100000000m}]}",
      "too many values"
    ),
  ]

  @Test func `a broken test fails alone`() {
    for (text, says) in Self.brokenTests {
      let body = text.hasPrefix("{") ? "{name: broken, " + text.dropFirst() : "{name: broken, \(text)}"
      let report = Self.run(
        "tests:\n- \(body)\n- {promql_expr_test: [{expr: '1', exp_samples: [{value: 1}]}]}")
      let shown = TestText().render(TestReport(files: [report]))
      #expect(report.passed == 1 && report.failed == 1, "\(text): \(shown)")
      #expect(shown.contains(says), "\(shown)")
    }
  }

  /// Each passes or fails with promtool 3.5.3 as it does here.
  private static let alike: [(passes: Bool, test: String)] = [
    // Keys of label maps are texts.
    (
      true,
      "alert_rule_test: [{eval_time: 1m, alertname: N, exp_alerts: [{exp_labels: {n: '1', yes: '2', off: '3'}}]}]"
    ),
    // So are values, as written.
    (
      true,
      "alert_rule_test: [{eval_time: 1m, alertname: V, exp_alerts: [{exp_labels: {a: yes, b: 0x10, c: 1.0, d: 2001-01-01}}]}]"
    ),
    (
      true,
      "promql_expr_test: [{expr: x, exp_samples: [{labels: ' x {n=\"1\", yes=\"2\", off=\"3\"} ', value: 1}]}]"
    ),
    (true, "promql_expr_test: [{expr: sum(x), exp_samples: [{value: 1}]}]"),
    (true, "promql_expr_test: [{expr: z, exp_samples: [{labels: 'z{b=\"\"}', value: 2}]}]"),
    (false, "promql_expr_test: [{expr: z, exp_samples: [{labels: '{__name__=\"z\",b=\"\"}', value: 2}]}]"),
    (false, "promql_expr_test: [{expr: z, exp_samples: [{labels: 'z{b=\"1\",b=\"1\"}', value: 2}]}]"),
    (
      false,
      "alert_rule_test: [{eval_time: 1m, alertname: N, exp_alerts: [{exp_labels: {n: '1', yes: '2', off: '3', e: ''}}]}]"
    ),
    // Behind flags.
    (false, "promql_expr_test: [{expr: 'max_of(1, 2)', exp_samples: [{value: 2}]}]"),
    (false, "promql_expr_test: [{expr: 'limitk(1, z)', exp_samples: [{labels: z, value: 2}]}]"),
    // Of two lines of one series the later one counts; an empty line ends the input.
    (
      true,
      "promql_expr_test: [{expr: twice, exp_samples: [{labels: twice, value: 2}]}, {expr: behind, exp_samples: []}]"
    ),
    (
      true,
      "promql_expr_test: [{expr: 'count_over_time(z[100000s])', eval_time: 99999s, exp_samples: [{value: 1667}]}]"
    ),
  ]

  @Test func `tests pass where promtool passes them`() {
    let rules = """
      groups:
      - name: g
        rules:
        - {alert: N, expr: x}
        - {alert: V, expr: z, labels: {a: yes, b: 0x10, c: 1.0, d: 2001-01-01}}
      """
    let head = """
      tests:
      - interval: 1m
        input_series:
        - {series: 'x{n="1",yes="2",off="3"}', values: 1x100000000000}
        - {series: twice, values: 1}
        - {series: twice, values: 2}
        - {series: z, values: "2x100000\\n"}
        - {series: behind, values: 1}
        external_url: http://example.org

      """
    for (passes, test) in Self.alike {
      let report = Self.run(head + "  " + test, rules: rules)
      let shown = TestText().render(TestReport(files: [report]))
      #expect((report.failed == 0 && report.passed > 0) == passes, "\(test): \(shown)")
    }
  }

  @Test func `features are off until they are enabled`() {
    let text = Self.test(
      """
        promql_expr_test:
        - {expr: 'label_replace(-x, "k", "$1", "__name__", "(.+)")', exp_samples: [{labels: '{job="a",k="x"}', value: 0}]}
        - {expr: 'max_of(1, 2)', exp_samples: [{value: 2}]}
        - {expr: 'x + fill(0) x{job="b"}', exp_samples: [{labels: '{job="a"}', value: 0}]}
        - {expr: 'rate(x[2m] anchored)', eval_time: 2m, exp_samples: [{labels: '{job="a"}', value: 0.08333333333333333}]}
      """)
    let features = [
      "promql-delayed-name-removal", "promql-experimental-functions", "promql-binop-fill-modifiers",
      "promql-extended-range-selectors",
    ]
    for count in 0...features.count {
      var switches = UnitTestSwitches()
      #expect(
        switches.enable((features.prefix(count) + ["nosuch", ""]).joined(separator: ",")) == ["nosuch"])
      guard let file = try? UnitTestFile(reading: ManifestSource(name: "t.yml", bytes: Array(text.utf8)))
      else {
        Issue.record("\(text)")
        return
      }
      let report = FileReport(
        path: "t.yml", unitTests: file, ruleFiles: [], runner: UnitTestRunner(switches: switches))
      #expect(report.passed == count, "\(TestText().render(TestReport(files: [report])))")
    }
  }

  @Test func `unknown keys of rules are passed over when that is wished`() {
    let rules = "groups: [{name: g, note: a, rules: [{record: y, expr: x, owner: b}]}]"
    guard
      case .unreadable(let reason) = Self.run(Self.test("  promql_expr_test: [{expr: y}]"), rules: rules)
        .content
    else {
      Issue.record("the keys were known")
      return
    }
    #expect(reason.contains("field note not found"), "\(reason)")
    var switches = UnitTestSwitches()
    switches.ignoresUnknownRuleKeys = true
    let text = Self.test("  promql_expr_test: [{expr: y, exp_samples: [{labels: 'y{job=\"a\"}', value: 0}]}]")
    let source = ManifestSource(name: "t.yml", bytes: Array(text.utf8))
    let ruleSource = ManifestSource(name: "r.yml", bytes: Array(rules.utf8))
    guard let file = try? UnitTestFile(reading: source) else {
      Issue.record("\(text)")
      return
    }
    let report = FileReport(
      path: "t.yml", unitTests: file, ruleFiles: [ruleSource], runner: UnitTestRunner(switches: switches))
    #expect(report.passed == 1, "\(TestText().render(TestReport(files: [report])))")
  }

  @Test func `what happens can be told`() {
    let told = Mutex<[String]>([])
    let runner = UnitTestRunner(observing: { event in
      told.withLock { told in
        switch event {
        case .started(let name): told.append("started \(name)")
        case .data(let text, let time): told.append("\(time): \(text)")
        case .finished(let name): told.append("finished \(name)")
        }
      }
    })
    let text =
      "tests:\n- {input_series: [{series: x, values: 1 2 3}], promql_expr_test: [{expr: x, eval_time: 1m}]}"
    guard let file = try? UnitTestFile(reading: ManifestSource(name: "t.yml", bytes: Array(text.utf8))) else {
      Issue.record("\(text)")
      return
    }
    _ = runner.run(file, groups: [])
    #expect(
      told.withLock { $0 } == [
        "started unnamed#0", "61000: {__name__=\"x\"} =>\n2 @[60000]", "finished unnamed#0",
      ])
  }

  @Test func `differences stand below each other when that is wished`() {
    let report = Self.run(Self.test("  promql_expr_test: [{expr: x, exp_samples: [{labels: x, value: 1}]}]"))
    let plain = TestText(differences: .lines(colored: false)).render(TestReport(files: [report]))
    #expect(plain.contains("    - {__name__=\"x\"} 1\n    + {__name__=\"x\", job=\"a\"} 0\n"), "\(plain)")
    let colored = TestText(differences: .lines(colored: true)).render(TestReport(files: [report]))
    #expect(colored.contains("\u{1B}[31m- {__name__=\"x\"} 1\u{1B}[0m"), "\(colored)")
  }
}
