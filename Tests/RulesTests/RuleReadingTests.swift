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
    (#"{alert: a, expr: "1", annotation: {x: y}}"#, "field annotation not found in type rulefmt.Rule"),
    (#"{alert: a, expr: "1", for: 1}"#, #"not a valid duration string: "1""#),
    (#"{alert: a, expr: [1]}"#, "cannot unmarshal !!seq into string"),
    ("7", "cannot unmarshal !!int `7` into rulefmt.Rule"),
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
          RuleDefinition.Alerting(
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

  /// What go-yaml makes of a text, which is not what a cluster makes of it.
  private static let loaded = [
    "groups: [~]", "groups: [{name: a, rules: [~]}]", "groups: [{name: 5}]",
    "groups: [{name: true, limit: 1.5}]",
    "groups: [{name: a, limit: -1, interval: 0}]", "groups: [{name: a, limit: ~, interval: ~, labels: ~}]",
    "groups: [{name: a, limit: ! 5}]", "groups: [{name: a, limit: -99999999999999999999}]",
    "groups: [{name: a, labels: {y: b, yes: c, ~: d}}]", "groups: [{name: a, ~: b}]",
    "groups: [{name: !!binary YQ==}]",
    "groups: [{name: a, rules: [{alert: b, expr: up, labels: {c: ~, d: 5}}]}]",
    "groups: [{name: a, rules: [&r {record: b, expr: up}, {<<: *r, record: c}, {<<: [*r, {expr: 1}], record: d}]}]",
    "groups: [{name: a, rules: [{record: b, expr: up, for: 0s, annotations: {}}]}]",
    "%YAML 1.1\n---\ngroups: []", "groups: []\n---\nfoo: 1\n", "groups: []\n---\nfoo: b: c\n",
  ]

  private static let refusedTexts: [(text: String, message: String)] = [
    ("groups: []\ngroups: []", #"mapping key "groups" already defined at line 1"#),
    ("groups: [{name: a, labels: {1: b, '1': c}}]", #"mapping key "1" already defined"#),
    ("groups: [{name: a, labels: {~: b, ~: c}}]", #"mapping key "~" already defined"#),
    ("groups: [{name: a, <<: {}, <<: {}}]", #"mapping key "<<" already defined"#),
    ("groups: [{name: a, limit: '5'}]", "cannot unmarshal !!str `5` into int"),
    ("groups: [{name: a, limit: 9223372036854775808}]", "into int"),
    ("groups: [{name: a, limit: .nan}]", "into int"),
    ("groups: [{name: a, interval: ''}]", "empty duration string"),
    ("groups: [{name: a, interval: 300y}]", "duration out of range"),
    ("groups: [{name: a, query_offset: -1m}]", #"not a valid duration string: "-1m""#),
    ("groups: [{name: a, labels: {__name__: b}}]", "invalid label name: __name__"),
    ("groups: [{name: a, labels: {b: !!binary /w==}}]", "invalid label value: "),
    ("groups: [{name: !!binary Y}]", "invalid base64"),
    ("groups: [{name: \"a\\/b\"}]", "unknown escape character"),
    ("groups: [{name: a, source_tenants: [b]}]", "field source_tenants not found in type rulefmt.RuleGroup"),
    (
      "groups: [{name: a, rules: [{<<: {foo: 1}, record: b, expr: up}]}]",
      "field foo not found in type rulefmt.Rule"
    ),
    ("groups: [{name: a, rules: [{<<: 5, record: b, expr: up}]}]", "only mappings can be merged"),
    ("group: []", "field group not found in type rulefmt.RuleGroups"), ("7", "cannot unmarshal !!int `7`"),
    ("%YAML 1.2\n---\ngroups: []", "found incompatible YAML document"),
    ("groups: [{name: a, rules: {}}]", "cannot unmarshal !!map into []rulefmt.Rule"),
    ("groups: [{name: a, rules: [{record: b, expr: 'mad_over_time(up[5m])'}]}]", "is not enabled"),
  ]

  @Test func `YAML is read as Prometheus reads it`() {
    func findings(_ text: String) -> [ManifestFinding] {
      let source = ManifestSource(name: "r.yml", bytes: Array(text.utf8))
      let features: LanguageFeatures = [.atModifier, .negativeOffset, .durationExpressions]
      return RuleReading(RuleDocument(in: source), for: .prometheus(features)).findings
    }
    for text in Self.loaded { #expect(findings(text).isEmpty, "\(text): \(findings(text))") }
    for (text, message) in Self.refusedTexts {
      let found = findings(text)
      #expect(found.contains { $0.diagnostic.message.contains(message) }, "\(text): \(found)")
      #expect(found.allSatisfy { $0.diagnostic.code == "rule" && $0.diagnostic.range != nil }, "\(text)")
    }
  }

  @Test func `everything that is wrong with a rule is told, each at its place`() {
    let reading = Self.read(
      """
      groups:
      - name: g
        rules:
        - record: a
          alert: b
          expr: sum(
          for: 1m
          labels: {"": x}
          annotations:
            s: "ok {{ $labels.x }} {{ nope }}"
      """)
    let shown = reading.findings.map { finding in
      let place = SourcePlace(offset: finding.diagnostic.range?.start ?? 0, in: finding.source.bytes)
      return "\(place?.line ?? 0):\(place?.column ?? 0)"
    }
    #expect(shown == ["5:12", "6:11", "10:7", "7:10", "8:14", "10:33"], "\(reading.findings)")
  }

  /// What a cluster and the operator make of a PrometheusRule: a number is no text there.
  private static let resources: [(rule: String, group: String, message: String?)] = [
    ("{alert: a, expr: up}", "", nil), ("{record: a, expr: 1}", "", nil),
    ("{alert: a, expr: up}", "partial_response_strategy: Abort", nil),
    ("{alert: a, expr: up}", "partial_response_strategy: maybe", "must be abort or warn"),
    ("{alert: a, expr: up, labels: {m: 5}}", "", "labels.m must be a text, not a number"),
    ("{alert: a, expr: up, for: 0}", "", "for must be a text"),
    ("{alert: a, expr: 1.5}", "", "expr must be a text"),
    ("{alert: a, expr: up, exprr: up}", "", "a rule has no field exprr"),
    ("{alert: a, expr: up(}", "", "could not parse expression"),
    ("{alert: a, expr: up, for: 5 minutes}", "", "unknown unit"),
    ("{alert: a, expr: up, annotations: {s: '{{ nope }}'}}", "", #"function "nope" not defined"#),
  ]

  @Test func `a PrometheusRule is read as a cluster and the operator take it`() {
    for (rule, group, message) in Self.resources {
      let text =
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: p}\nspec:\n  groups:\n"
        + "  - name: g\n\(group.isEmpty ? "" : "    \(group)\n")    rules:\n    - \(rule)\n"
      let source = ManifestSource(name: "p.yaml", bytes: Array(text.utf8))
      let reading = RuleReading(RuleDocument(.resource, in: source))
      let found = reading.findings.map(\.diagnostic.message)
      if let message {
        #expect(found.count == 1 && found[0].contains(message), "\(rule): \(found)")
      } else {
        #expect(found.isEmpty && reading.groups.first?.rules.count == 1, "\(rule): \(found)")
      }
    }
  }
}
