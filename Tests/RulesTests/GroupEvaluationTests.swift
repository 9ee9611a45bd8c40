import Evaluator
import Rules
import Testing
import TimeSeries

@Suite struct GroupEvaluationTests {
  private static let query = RuleQuery(engine: QueryEngine())

  private static func labels(_ pairs: [String: String]) -> Labels {
    Labels(pairs.map { (name: $0.key, value: $0.value) })
  }

  /// A store with one sample a minute of `x{j="1"}`.
  private static func store(_ values: [Double]) throws -> Store {
    let store = Store()
    for (index, value) in values.enumerated() {
      try store.append(
        labels(["__name__": "x", "j": "1"]), StoredSample(timestamp: Int64(index) * 60_000, .float(value)))
    }
    return store
  }

  private static func alert(
    _ expression: String, hold: Int64 = 0, keep: Int64 = 0, labels: [NamedText] = [], summary: String = ""
  ) -> RuleDefinition {
    RuleDefinition(
      name: "A", expression: Array(expression.utf8), labels: labels,
      kind: .alerting(
        RuleDefinition.Alerting(
          holdDuration: hold, keepFiringFor: keep,
          annotations: [NamedText(name: "summary", text: summary)])))
  }

  /// The states of the alert, a letter a minute: pending, firing, or a dash.
  private static func course(_ rule: RuleDefinition, over values: [Double]) throws -> String {
    let store = try store(values)
    var group = GroupEvaluation(RuleGroup(name: "g", rules: [rule]), query: query)
    var course = ""
    for minute in values.indices {
      #expect(group.evaluate(at: Int64(minute) * 60_000, in: store).isEmpty)
      course += group.alerts(named: "A").first.map { String($0.state.rawValue.prefix(1)) } ?? "-"
    }
    return course
  }

  @Test func `an alert waits, fires, and is kept as its rule says`() throws {
    let values = [0, 2, 2, 2, 2, 0, 2, 2, 0, 0, 0] as [Double]
    for (hold, keep, expected) in [
      (0, 0, "-ffff-ff---"), (120_000, 0, "-ppff-pp---"), (0, 60_000, "-ffffffff--"),
      (120_000, 120_000, "-ppfffffff-"),
    ] as [(Int64, Int64, String)] {
      let rule = Self.alert("x > 1", hold: hold, keep: keep)
      #expect(try Self.course(rule, over: values) == expected, "for \(hold), keep_firing_for \(keep)")
    }
  }

  @Test func `alerts are series of their own, which end with the state`() throws {
    let store = try Self.store([2, 2, 0])
    var group = GroupEvaluation(
      RuleGroup(name: "g", rules: [Self.alert("x > 1", hold: 60_000)]), query: Self.query)
    var seen: [[String]] = []
    for time in [0, 60_000, 120_000] as [Int64] {
      _ = group.evaluate(at: time, in: store)
      let samples = try Self.query.samples(
        of: Array("{__name__=~\"ALERTS.*\"}".utf8), at: time, over: store.snapshot())
      seen.append(samples.map { "\($0.labels["alertstate"] ?? "since") \($0.value.float ?? .nan)" }.sorted())
    }
    #expect(seen == [["pending 1.0", "since 0.0"], ["firing 1.0", "since 0.0"], []])
  }

  @Test func `what a recording rule no longer yields goes stale`() throws {
    let store = try Self.store([2, 0])
    var group = GroupEvaluation(
      RuleGroup(
        name: "g",
        rules: [
          RuleDefinition(
            name: "y", expression: Array("x > 1".utf8),
            labels: [NamedText(name: "j", text: ""), NamedText(name: "k", text: "v")])
        ]), query: Self.query)
    for (time, expected) in [(0, ["y{k=v}"]), (60_000, [])] as [(Int64, [String])] {
      #expect(group.evaluate(at: time, in: store).isEmpty)
      let samples = try Self.query.samples(of: Array("y".utf8), at: time, over: store.snapshot())
      let shown = samples.map { sample in
        "\(sample.labels.metricName ?? "")"
          + "{\(sample.labels.pairs.filter { $0.name != "__name__" }.map { "\($0.name)=\($0.value)" }.joined())}"
      }
      #expect(shown == expected)
    }
  }

  @Test func `rules fail in Prometheus' words and write nothing`() throws {
    let store = try Self.store([1])
    try store.append(Self.labels(["__name__": "x", "j": "2"]), StoredSample(timestamp: 0, .float(5)))
    let same = [NamedText(name: "j", text: "same")]
    for (rule, limit, message) in [
      (
        RuleDefinition(name: "y", expression: Array("x".utf8), labels: same), 0,
        "vector contains metrics with the same labelset after applying rule labels"
      ),
      (
        Self.alert("x", labels: same), 0,
        "vector contains metrics with the same labelset after applying alert labels"
      ),
      (RuleDefinition(name: "y", expression: Array("x".utf8)), 1, "exceeded limit of 1 with 2 series"),
      (Self.alert("x"), 1, "exceeded limit of 1 with 2 alerts"),
      (RuleDefinition(name: "y", expression: Array("'x'".utf8)), 0, "rule result is not a vector or scalar"),
      (
        RuleDefinition(name: "y", expression: Array("x[1m]".utf8)), 0,
        "rule result is not a vector or scalar"
      ),
    ] as [(RuleDefinition, Int, String)] {
      var group = GroupEvaluation(RuleGroup(name: "g", limit: limit, rules: [rule]), query: Self.query)
      #expect(group.evaluate(at: 0, in: store).map(\.failure.message) == [message])
      let written = try Self.query.samples(
        of: Array("{__name__!=\"x\",__name__!=\"\"}".utf8), at: 0, over: store.snapshot())
      #expect(written.isEmpty, "\(message)")
    }
  }

  /// Templates of alerts, and their text for `x{j="1"} 2` beside `x{j="2"} 1`; checked with promtool.
  private static let templates: [(template: String, text: String)] = [
    ("{{ $labels.nope }}|{{ $labels.j }}|{{ .Value }}", "|1|2"),
    (
      #"{{ humanize 1234567.0 }} {{ humanize 0.00012 }} {{ humanize 0 }} {{ humanize "1000" }}"#,
      "1.235M 120u 0 1k"
    ),
    ("{{ humanize1024 1048576.0 }} {{ humanize1024 0.5 }} {{ humanize1024 1500 }}", "1Mi 0.5 1.465ki"),
    (
      "{{ humanizeDuration 899.99 }} {{ humanizeDuration 90061.0 }} {{ humanizeDuration 0.1 }} "
        + "{{ humanizeDuration 0.0000001 }} {{ humanizeDuration -3700 }} {{ humanizeDuration 0 }} "
        + "{{ humanizeDuration 59.5 }}",
      "14m 59s 1d 1h 1m 1s 100ms 100ns -1h 1m 40s 0s 59.5s"
    ),
    (
      "{{ humanizePercentage 0.12345 }} {{ humanizeTimestamp 1435065584.128 }} {{ toTime 0 }}",
      "12.35% 2015-06-23 13:19:44.128 +0000 UTC 1970-01-01 00:00:00 +0000 UTC"
    ),
    ("{{ toDuration 90.5 }} {{ toDuration 0.0015 }} {{ now }}", "1m30.5s 1.5ms 0"),
    (
      #"{{ title "aa bb_cc dd-ee" }} {{ toUpper "abcß" }} {{ toLower "ABC" }} {{ match "a+" "baa" }}"#,
      "Aa Bb_cc Dd-Ee ABCß abc true"
    ),
    (
      #"{{ reReplaceAll "(a)b*" "<$1>" "abbaab cab" }} {{ reReplaceAll "x*" "-" "abxc" }}"#,
      "<a><a><a> c<a> -a-b-c-"
    ),
    (
      #"{{ stripPort "a.b.c:80" }} {{ stripPort "[::1]:80" }} {{ stripDomain "a.b.c:80" }} "#
        + #"{{ stripDomain "10.0.0.1:80" }} {{ stripDomain "a.b" }} {{ parseDuration "1h30m" }}"#,
      "a.b.c ::1 a:80 10.0.0.1:80 a 5400"
    ),
    (
      #"{{ graphLink "up == 0" }} {{ tableLink "a b" }} {{ $externalLabels.region }} {{ $externalURL }}"#,
      "/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=a+b&g0.tab=1 eu http://p.example/prom"
    ),
    ("{{ externalURL }} {{ pathPrefix }}", "http://p.example/prom /prom"),
    (
      #"{{ range query "x" }}{{ .Labels.j }}={{ .Value }};{{ end }}{{ with query "sum(x)" }}{{ . | first | value }}{{ end }}"#,
      "1=2;2=1;3"
    ),
    (
      #"{{ query "x" | first | label "j" }} {{ (query "x" | sortByLabel "j" | first).Value }} {{ len (query "x") }}"#,
      "1 2 2"
    ),
    (#"{{ printf "%.2f %d %v %T" $value 3 $labels $value }}"#, "2.00 3 map[__name__:x j:1] float64"),
    (#"{{ if gt $value 1.0 }}big{{ end }} {{ eq $labels.j "1" }} {{ index $labels "j" }}"#, "big true 1"),
    (#"{{ define "t" }}{{ .arg0 }}/{{ .arg1 }}{{ end }}{{ template "t" (args 1 "b") }}"#, "1/b"),
    (
      #"{{ args 1 "b" }} {{ len (args 1 2) }} {{ index (args 7) "arg0" }} {{ (args 1).arg5 }}"#,
      "map[arg0:1 arg1:b] 2 7 <no value>"
    ),
    (#"{{ range $k, $v := args 2.5 "x" }}{{ $k }}={{ $v }};{{ end }}"#, "arg0=2.5;arg1=x;"),
    (
      #"{{ (toTime 1435065584.128).Format "Mon Jan _2 15:04:05.000 2006 MST -07:00 Z07:00 3PM __2 Monkey" }}"#,
      "Tue Jun 23 13:19:44.128 2015 UTC +00:00 Z 1PM 174 Monkey"
    ),
    (
      "{{ $t := toTime 1435065584.128 }}{{ $t.Unix }} {{ $t.UnixMilli }} {{ $t.Year }} {{ $t.Month }} {{ $t.Day }} {{ $t.Weekday }} "
        + "{{ $t.Hour }}:{{ $t.Minute }}:{{ $t.Second }} {{ $t.YearDay }} {{ $t.IsZero }} {{ $t.UTC.Location }}",
      "1435065584 1435065584128 2015 June 23 Tuesday 13:19:44 174 false UTC"
    ),
    (
      #"{{ $t := toTime 1435065584 }}{{ ($t.Add (toDuration 90)).Unix }} {{ ($t.AddDate 0 8 8).Format "2006-01-02" }} "#
        + "{{ $t.Before (toTime 5) }} {{ $t.Sub (toTime 1435065000) }} {{ ($t.Truncate (toDuration 3600)).Minute }} {{ eq $t.Month 6 }}",
      "1435065674 2016-03-02 false 9m44s 0 true"
    ),
    (
      "{{ $d := toDuration 93784.5 }}{{ $d }} {{ $d.Hours }} {{ $d.Seconds }} {{ $d.Milliseconds }} {{ $d.Round 60000000000 }} {{ humanizeDuration $d.Abs }}",
      "26h3m4.5s 26.05125 93784.5 93784500 26h3m0s 1d 2h 3m 4s"
    ),
    (
      #"{{ printf "%+v|%#v|%#v|%f" (toTime 0).Month (toTime 5).UTC (toTime 5).Month (toTime 5).Month }}"#,
      "January|time.Date(1970, time.January, 1, 0, 0, 5, 0, time.UTC)|1|%!f(time.Month=1)"
    ),
    (
      #"{{ eq 1 "a" }}"#,
      "<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "
        + #""__alert_A" at <eq 1 "a">: error calling eq: incompatible types for comparison: int and string>"#
    ),
    (
      #"{{ printf "%+v" (query "sum(x)" | first) }} {{ query "sum(x)" | first }}"#,
      "&{Labels:map[] Value:3} {map[] 3}"
    ),
    (
      #"{{ title "CC o'neil x.y.z a..b foo:bar 3d _ab a-b a,b ŉ ß ﬁx a日b it’s" }}"#,
      "CC O'neil X.y.z A..B Foo:bar 3D _Ab A-B A,B ʼN Ss Fix A日B It’s"
    ),
    (
      #"{{ printf "%d %s %v %T" (toTime 0).Month (toTime 0).Weekday (toDuration 1).Abs (toTime 0) }}"#,
      "1 Thursday 1s *time.Time"
    ),
    (
      "{{ (toTime 5).Nope }}",
      #"<error expanding template: error executing template __alert_A: template: __alert_A:1:123: executing "__alert_A" at <5>: can't evaluate field Nope in type *time.Time>"#
    ),
    (
      #"{{ range $i, $s := query "x" }}{{ $i }}{{ $s.Labels }}{{ end }}"#,
      "0map[__name__:x j:1]1map[__name__:x j:2]"
    ),
    (#"{{ safeHtml "<b>" }}{{ strvalue (query "x" | first) }}{{ urlQueryEscape "a b" }}"#, "<b>a+b"),
    (
      #"{{ query "nope" | first }}"#,
      "<error expanding template: error executing template __alert_A: template: __alert_A:1:130: executing "
        + #""__alert_A" at <first>: error calling first: first() called on vector with no elements>"#
    ),
    (
      #"{{ query "sum(" }}"#,
      "<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "
        + #""__alert_A" at <query "sum(">: error calling query: 1:5: parse error: unclosed left parenthesis>"#
    ),
    (
      "{{ $value.Foo }}",
      "<error expanding template: error executing template __alert_A: template: __alert_A:1:121: executing "
        + #""__alert_A" at <$value.Foo>: can't evaluate field Foo in type float64>"#
    ),
    (
      #"{{ reReplaceAll "(" "" "" }}"#,
      "<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing "
        + #""__alert_A" at <reReplaceAll "(" "" "">: error calling reReplaceAll: "#
        + "regexp: Compile(`(`): error parsing regexp: missing closing ): `(`>"
    ),
  ]

  @Test func `templates of alerts have Prometheus' functions`() throws {
    let store = try Self.store([2])
    try store.append(Self.labels(["__name__": "x", "j": "2"]), StoredSample(timestamp: 0, .float(1)))
    let external = ExternalFacts(labels: ["region": "eu"], url: "http://p.example/prom")
    for (template, text) in Self.templates {
      var group = GroupEvaluation(
        RuleGroup(name: "g", rules: [Self.alert("x > 1", summary: template)]), query: Self.query,
        external: external)
      #expect(group.evaluate(at: 0, in: store).isEmpty)
      #expect(group.alerts(named: "A").first?.annotations["summary"] == text, "\(template)")
    }
  }
}

extension VectorSample.Value {
  fileprivate var float: Double? {
    switch self {
    case .float(let value): value
    case .histogram: nil
    }
  }
}
