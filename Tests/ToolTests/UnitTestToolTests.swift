import Foundation
import Testing

/// `promgate test` over promtool's unit tests.
@Suite struct UnitTestToolTests {
  private static let rules = """
    groups:
    - name: g
      rules:
      - {record: kept, expr: -x, owner: nobody}
      - {alert: A, expr: x > 1, annotations: {s: "v {{ $value }}"}}
    """

  private static let tests = """
    rule_files: [r*.yml]
    tests:
    - name: one
      input_series: [{series: x, values: 1 2 3}]
      promql_expr_test: [{expr: 'label_replace(-x, "k", "$1", "__name__", "(.+)")', eval_time: 1m, exp_samples: [{labels: '{k="x"}', value: -2}]}]
      alert_rule_test: [{eval_time: 1m, alertname: A, exp_alerts: [{exp_annotations: {s: v 3}}]}]
    - name: two
      promql_expr_test: [{expr: 'max_of(1, 2)', exp_samples: [{value: 2}]}]
    """

  /// Arguments, status, and what is told.
  private static let cases: [(arguments: String, status: Int32, says: [String])] = [
    ("", 2, ["field owner not found in type rulefmt.Rule"]),
    ("--ignore-unknown-fields", 1, ["0 passed, 3 failed", "max_of\" is not enabled"]),
    (
      "--ignore-unknown-fields --enable-feature promql-experimental-functions,promql-delayed-name-removal", 1,
      ["2 passed, 1 failed"]
    ),
    (
      "--ignore-unknown-fields --enable-feature promql-experimental-functions --enable-feature nosuch --run two",
      0,
      ["unknown feature passed to --enable-feature: nosuch", "1 passed, 0 failed"]
    ),
    (
      "--ignore-unknown-fields --diff --run one", 1,
      ["    - {alertname=\"A\"} firing {s=\"v 3\"}\n    + {alertname=\"A\"} firing {s=\"v 2\"}\n"]
    ),
    (
      "--ignore-unknown-fields --debug --run one", 1,
      [
        "DEBUG: Starting test one\nDEBUG: Dump of all data (input_series and rules) at 1m1s:\n",
        "{__name__=\"kept\"} =>\n-2 @[60000]\n", "DEBUG: Test one finished, took ",
      ]
    ),
  ]

  @Test func `unit tests take promtool's flags`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "unit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Self.rules.write(to: folder.appending(path: "rules.yml"), atomically: true, encoding: .utf8)
    let path = folder.appending(path: "t.yml").path()
    try Self.tests.write(toFile: path, atomically: true, encoding: .utf8)
    for (arguments, status, says) in Self.cases {
      let run = try Tool.run(shell: "promgate test \(arguments) \(path)")
      #expect(run.status == status, "\(arguments): \(run.text)")
      for part in says { #expect(run.text.contains(part), "\(arguments): \(run.text)") }
    }
    try Self.tests.replacing("r*.yml", with: "'[r'").write(toFile: path, atomically: true, encoding: .utf8)
    let run = try Tool.run(shell: "promgate test \(path)")
    #expect(run.status == 2 && run.text.contains("syntax error in pattern"), "\(run.text)")
  }
}
