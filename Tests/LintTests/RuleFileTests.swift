import Foundation
import Lint
import Manifests
import PromQL
import Testing

/// Rule files as lint takes them: told from other files, refused as Prometheus refuses them.
struct RuleFileTests {
  private static func lint(_ text: String, isSearched: Bool = false) -> LintResult {
    let source = ManifestSource(name: "r.yml", bytes: Array(text.utf8))
    return Linter().lint(ManifestReading(reading: source, skipsForeign: isSearched))
  }

  @Test func `what Prometheus refuses is an error of the code rule with its place`() {
    let head = "groups:\n- name: a\n  rules:\n"
    for (text, place) in [
      (head + "  - {alert: y, expr: up == 0, for: 5 minutes}\n", "4:36"),
      (head + "  - {record: x, alert: y, expr: up == 0}\n", "4:24"),
      (head + "  - {record: y, expr: up, for: 5m}\n", "4:32"),
      (head + "  - {alert: y, exprr: up, expr: up == 0}\n", "4:16"),
      (head + "  - {alert: y, expr: up == 0, annotations: {s: \"{{ .Foo }\"}}\n", "4:57"),
      (head + "  - {alert: y, expr: up == 0, expr: up}\n", "4:31"), (head + "  - {alert: y\n", "5:1"),
      ("group:\n- name: a\n", "1:1"), ("groups: {a: b}\n", "1:9"), ("groups: 5\n", "1:9"),
    ] {
      let found = Self.lint(text).findings.filter { $0.severity == .error }
      let shown = found.map { finding in
        let place = SourcePlace(offset: finding.place.range?.start ?? 0, in: finding.place.source.bytes)
        return "\(finding.code) \(place?.line ?? 0):\(place?.column ?? 0)"
      }
      #expect(shown == ["rule \(place)"], "\(text) \(Linting.summary(found))")
    }
  }

  @Test func `a file that somebody names is a rule file by a word, one in a folder by its shape`() {
    for (text, isNamed, isFound) in [
      ("groups: []\n", true, false), ("groups:\n- name: a\n  rules: []\n", true, true),
      ("gruops:\n- name: a\n  rules: []\n", true, true),
      ("groups:\n- name: admins\n  members: [a]\n", true, false),
      ("rules:\n- {alert: a, expr: up == 0}\n", true, false), ("a: b\n", false, false),
      ("apiVersion: 1\ngroups:\n- name: a\n  rules: [{title: a}]\n", false, false),
    ] {
      func isRead(_ isSearched: Bool) -> Bool {
        let source = ManifestSource(name: "r.yml", bytes: Array(text.utf8))
        return !ManifestReading(reading: source, skipsForeign: isSearched).ruleDocuments.isEmpty
      }
      #expect(isRead(false) == isNamed && isRead(true) == isFound, "\(text)")
    }
  }

  @Test func `only the first document of a rule file is read, resources are read wherever they stand`() {
    let text = """
      groups:
      - name: one
        rules: [{record: 'a:b', expr: up}]
      ---
      groups:
      - name: two
        rules: [{alert: Broken, expr: up(}]
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: PrometheusRule
      metadata: {name: p}
      spec:
        groups:
        - name: three
          rules: [{alert: Broken, expr: up(}]
      """
    #expect(Self.lint(text).findings.map(\.code) == ["MT088", "rule"])
  }

  @Test func `vmalert's keys and VictoriaMetrics' language are refused for Prometheus only`() {
    let text =
      "groups:\n- name: a\n  concurrency: 2\n  rules:\n  - {record: 'a:b', expr: 'rate(x_total) default 0', debug: true}\n"
    #expect(Self.lint(text).findings.filter { $0.code == "rule" }.count == 2)
    var options = LintOptions()
    options.isVictoriaMetrics = true
    #expect(!Linting.result(text, options).findings.contains { $0.code == "rule" })
  }

  @Test func `a server's flags and version decide what it reads`() {
    func codes(_ expression: String, _ change: (inout LintOptions) -> Void = { _ in }) -> [String] {
      var options = LintOptions()
      change(&options)
      let text = "groups:\n- name: a\n  rules:\n  - {record: 'a:b', expr: '\(expression)'}\n"
      return Linting.result(text, options).findings.map(\.code)
    }
    #expect(codes("mad_over_time(up[5m])") == ["rule"])
    #expect(codes("mad_over_time(up[5m])") { $0.features = [.experimentalFunctions] } == [])
    #expect(codes("max_over_time(up[5m * 2])") == [])
    #expect(
      codes("max_over_time(up[5m * 2])") { $0.prometheusVersion = PrometheusVersion(major: 3, minor: 5) } == [
        "rule"
      ])
  }

  @Test func `findings in a template stand where its author wrote it`() throws {
    let text = """
      groups:
      - name: a
        rules:
        - alert: Errors
          expr: sum by (job) (rate(errors_total[5m])) > 5
          annotations:
            description: |
              In {{ $labels.job }}
              and {{ $labels.instance }} too
      """
    let found = Self.lint(text).findings
    #expect(found.map(\.code) == ["MT073"])
    let range = try #require(found.first?.place.range)
    let bytes = Array(text.utf8)
    #expect(String(decoding: bytes[range.start..<range.end], as: UTF8.self).contains("$labels.instance"))
  }
}
