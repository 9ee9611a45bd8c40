import Manifests
import PromQL
import Rules
import Testing

@Suite struct RuleReadingTests {
  private static func read(_ text: String) -> RuleReading {
    RuleReading(ManifestSource(name: "r.yml", bytes: Array(text.utf8)))
  }

  /// One rule in flow style, and what there is to say about it.
  private static let refused: [(rule: String, message: String)] = [
    (#"{record: a, alert: b, expr: "1"}"#, "only one of 'record' and 'alert' must be set"),
    (#"{expr: "1"}"#, "one of 'record' or 'alert' must be set"),
    ("{record: a}", "field 'expr' must be set in rule"),
    (#"{record: a, expr: "1 +"}"#, "could not parse expression: 1:4: parse error: unexpected end of input"),
    (#"{record: a, expr: "1", for: 1m}"#, "invalid field 'for' in recording rule"),
    (#"{record: a, expr: "1", keep_firing_for: 1m}"#, "invalid field 'keep_firing_for' in recording rule"),
    (#"{record: a, expr: "1", annotations: {x: y}}"#, "invalid field 'annotations' in recording rule"),
    (#"{record: "a{b}", expr: "1"}"#, "braces present in the recording rule name"),
    (#"{alert: a, expr: "1", labels: {__name__: b}}"#, "invalid label name: __name__"),
    (#"{alert: a, expr: "1", labels: {"": b}}"#, "invalid label name: "),
    (#"{alert: a, expr: "1", annotations: {"": b}}"#, "invalid annotation name: "),
    (
      #"{alert: a, expr: "1", annotations: {x: "{{ foo }}"}}"#,
      #"annotation "x": template: __alert_a:1: function "foo" not defined"#
    ),
    (#"{alert: a, expr: "1", labels: {x: "{{"}}"#, #"label "x": template: __alert_a:1: unclosed action"#),
    (#"{alert: a, expr: "1", annotation: {x: y}}"#, "a rule has no field annotation"),
    (#"{alert: a, expr: "1", for: 1}"#, #"for: not a valid duration string: "1""#),
    (#"{alert: a, expr: [1]}"#, "expr must be a text, not a list"),
    ("7", "a rule must be a mapping, not a number"),
  ]

  @Test func `a rule that Prometheus refuses is refused in its words`() {
    for (rule, message) in Self.refused {
      let reading = Self.read("groups:\n- name: g\n  rules:\n  - \(rule)\n")
      #expect(reading.findings.count == 1, "\(rule)")
      #expect(
        reading.findings.first?.diagnostic.message.contains(message) ?? false, "\(rule): \(reading.findings)")
      #expect(reading.groups.first?.rules.isEmpty ?? false, "\(rule)")
    }
  }

  @Test func `every broken rule of a file is named with its place`() {
    let reading = Self.read(
      "groups:\n- name: g\n  rules:\n  - {record: a}\n  - {alert: b, expr: \"(\"}\n- name: g\n- rules: []\n")
    #expect(reading.findings.count == 4)
    let shown = reading.findings.map { $0.rendered() }.joined()
    #expect(shown.contains("r.yml:5:22: error: group \"g\", rule 2, \"b\": could not parse"))
    #expect(shown.contains("r.yml:6:9: error: groupname: \"g\" is repeated in the same file"))
    #expect(shown.contains("Groupname must not be empty"))
  }

  @Test func `labels of a group are on every rule, a rule's own win`() throws {
    let reading = Self.read(
      """
      groups:
      - name: g
        interval: 30s
        query_offset: 1m
        limit: 3
        labels: {team: one, tier: two}
        rules:
        - {record: a, expr: 1, labels: {team: mine}}
        - {alert: b, expr: a > 0, for: 5m, keep_firing_for: 1h, annotations: {s: "{{ $value }}"}}
      """)
    #expect(reading.findings.isEmpty)
    let group = try #require(reading.groups.first)
    #expect(group.interval == 30_000 && group.queryOffset == 60_000 && group.limit == 3)
    #expect(
      group.rules[0].labels == [NamedText(name: "tier", text: "two"), NamedText(name: "team", text: "mine")])
    #expect(
      group.rules[1].kind
        == .alerting(
          Rule.Alerting(
            holdDuration: 300_000, keepFiringFor: 3_600_000,
            annotations: [NamedText(name: "s", text: "{{ $value }}")])))
  }

  @Test func `empty files have no groups, broken ones say so`() {
    for text in ["", "# nothing\n", "groups:\n", "{}"] {
      #expect(Self.read(text).findings.isEmpty, "\(text)")
      #expect(Self.read(text).groups.isEmpty)
    }
    for text in ["groups: [", "\u{0}", "- a", "groups: {a: b}", "rules: []", "groups: [{name: [a]}]"] {
      #expect(Self.read(text).findings.count == 1, "\(text)")
    }
  }
}
