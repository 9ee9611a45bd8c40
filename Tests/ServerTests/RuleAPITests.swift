import Evaluator
import Foundation
import Rules
import Server
import Testing
import TimeSeries

/// Rules, alerts, status and federation (http-api.md §11, §12, §16).
@Suite struct RuleAPITests {
  private let store = Store()
  private let api: PrometheusAPI
  private let manager: RuleLoop

  init() throws {
    let text = { (text: String) in Array(text.utf8) }
    let down = RuleDefinition(
      name: "Down", expression: text("up==0"), labels: [NamedText(name: "team", text: "a<b")],
      kind: .alerting(
        RuleDefinition.Alerting(
          holdDuration: 20_000, keepFiringFor: 5000,
          annotations: [NamedText(name: "summary", text: "{{ $labels.job }} is {{ $value }}")])))
    let files = [
      RuleLoop.File(
        path: "b.yml",
        groups: [
          RuleGroup(name: "two", rules: [RuleDefinition(name: "total", expression: text("sum(up)"))]),
          RuleGroup(
            name: "one", interval: 5000, limit: 7,
            rules: [down, RuleDefinition(name: "bad", expression: text("rate(up)"))]),
        ]),
      RuleLoop.File(
        path: "a.yml",
        groups: [
          RuleGroup(
            name: "z",
            rules: [
              RuleDefinition(name: "copy", expression: text("up"), labels: [NamedText(name: "k", text: "v")])
            ])
        ]),
    ]
    let manager = RuleLoop(files, engine: QueryEngine(), interval: 15_000, into: store, now: { 1_030_000 })
    self.manager = manager
    for (job, value) in [("x", 0.0), ("y", 1.0)] {
      for time in [1_000_000, 1_015_000, 1_030_000] as [Int64] {
        try store.append(
          Labels([("__name__", "up"), ("job", job)]), StoredSample(timestamp: time, .float(value)))
      }
    }
    api = PrometheusAPI(
      options: PrometheusAPI.Options(), now: { 1_030_000 },
      surroundings: Surroundings(
        rules: manager,
        facts: ServerFacts(
          started: 1_000_500, retention: "6h", configuration: "global: <x>\n", flags: ["b": "2", "a": "1"]))
    ) { [store] in store.snapshot() }
  }

  private func get(_ path: String, _ query: String = "", accept: String = "") async -> (
    status: Int, text: String
  ) {
    let response = await api.respond(
      to: ServerRequest(.get, path, query: query, headers: HTTPFields([("Accept", accept)])))
    // How long something took is another number each time.
    let text = String(decoding: response.body.bytes, as: UTF8.self)
      .replacing(/"evaluationTime":[0-9.e-]+/, with: "\"evaluationTime\":T")
    return (response.status, text)
  }

  private static let never = #""evaluationTime":T,"lastEvaluation":"0001-01-01T00:00:00Z""#
  private static let once = #""evaluationTime":T,"lastEvaluation":"1970-01-01T00:17:10Z""#

  @Test func `groups by file and name, before anything was evaluated`() async {
    let (status, text) = await get("/api/v1/rules", "file[]=a.yml")
    #expect(status == 200)
    #expect(
      text
        == #"{"status":"success","data":{"groups":[{"name":"z","file":"a.yml","rules":[{"name":"copy","query":"up","#
        + #""labels":{"k":"v"},"health":"unknown",\#(Self.never),"type":"recording"}],"interval":15,"limit":0,"#
        + #"\#(Self.never)}]}}"#)
    #expect(await get("/api/v1/alerts").text == #"{"status":"success","data":{"alerts":[]}}"#)
  }

  @Test func `alerts wait, fire, and are told with their values`() async {
    manager.evaluateAll(at: 1_000_000)
    let pending = await get("/api/v1/alerts").text
    let alert =
      #"{"labels":{"alertname":"Down","job":"x","team":"a\u003cb"},"annotations":{"summary":"x is 0"},"#
    let since = #""activeAt":"1970-01-01T00:16:40Z","value":"0e+00"}"#
    #expect(pending == #"{"status":"success","data":{"alerts":[\#(alert)"state":"pending",\#(since)]}}"#)
    manager.evaluateAll(at: 1_030_000)
    let (_, text) = await get("/api/v1/rules", "rule_group[]=one")
    #expect(
      text == #"{"status":"success","data":{"groups":[{"name":"one","file":"b.yml","rules":["#
        + #"{"state":"firing","name":"Down","query":"up == 0","duration":20,"keepFiringFor":5,"#
        + #""labels":{"team":"a\u003cb"},"annotations":{"summary":"{{ $labels.job }} is {{ $value }}"},"#
        + #""alerts":[\#(alert)"state":"firing",\#(since)],"health":"ok",\#(Self.once),"type":"alerting"},"#
        + #"{"name":"bad","query":"rate(up)","health":"err","lastError":"1:6: parse error: expected type range vector "#
        + #"in call to function \"rate\", got instant vector",\#(Self.once),"type":"recording"}],"#
        + #""interval":5,"limit":7,\#(Self.once)}]}}"#)
    // What the rules wrote can be asked for.
    #expect(await get("/api/v1/query", "query=total").text.contains(#""value":[1030,"1"]"#))
    #expect(await get("/api/v1/query", #"query=ALERTS{alertstate="firing"}"#).text.contains(#""team":"a<b""#))
  }

  @Test func `rules are chosen, and groups come page by page`() async {
    func names(_ query: String) async -> [String] {
      await get("/api/v1/rules", query).text.matches(of: /\{"name":"(\w+)","file|"name":"(\w+)","query/)
        .map { String($0.1 ?? $0.2 ?? "") }
    }
    #expect(await names("") == ["z", "copy", "one", "Down", "bad", "two", "total"])
    #expect(await names("type=alert") == ["one", "Down"])
    #expect(await names("type=record&rule_name[]=total&rule_name[]=bad") == ["one", "bad", "two", "total"])
    #expect(await names(#"match[]={k="v"}"#) == ["z", "copy"])
    #expect(await names("group_limit=2") == ["z", "copy", "one", "Down", "bad"])
    // SHA-256 of "b.yml;two".
    let token = "815ae947388af31558b2c3cd1f6dd05b01ded8539de16c884022ad1f3a19d3a3"
    #expect(await get("/api/v1/rules", "group_limit=2").text.hasSuffix(#"],"groupNextToken":"\#(token)"}}"#))
    #expect(await names("group_limit=2&group_next_token=\(token)") == ["two", "total"])
    #expect(await get("/api/v1/rules", "exclude_alerts=true&type=alert").text.contains(#""alerts":null"#))
    for (query, message) in [
      ("type=foo", #"invalid parameter \"type\": not supported value \"foo\""#),
      (
        "exclude_alerts=x",
        #"invalid parameter \"exclude_alerts\": error converting exclude_alerts: strconv.ParseBool: "#
          + #"parsing \"x\": invalid syntax"#
      ),
      ("group_limit=0", #"invalid parameter \"group_limit\": group_limit needs to be greater than 0"#),
      (
        "group_next_token=x",
        #"invalid parameter \"group_next_token\": group_limit needs to be present in order to paginate over "#
          + "the groups"
      ),
      ("group_limit=1&group_next_token=x", "invalid group_next_token 'x'. were rule groups changed?"),
      (
        "match[]={",
        #"invalid parameter \"match[]\": 1:2: parse error: unexpected end of input inside braces"#
      ),
    ] {
      let (status, text) = await get("/api/v1/rules", query)
      #expect(status == 400 && text.contains(message), "\(query): \(text)")
    }
  }

  @Test func `the server tells of itself`() async {
    #expect(await get("/api/v1/status/flags").text == #"{"status":"success","data":{"a":"1","b":"2"}}"#)
    #expect(
      await get("/api/v1/status/config").text
        == #"{"status":"success","data":{"yaml":"global: \u003cx\u003e\n"}}"#)
    let runtime = await get("/api/v1/status/runtimeinfo").text
    #expect(
      runtime.contains(#""startTime":"1970-01-01T00:16:40.5Z""#)
        && runtime.contains(#""serverTime":"1970-01-01T00:17:10Z""#)
        && runtime.hasSuffix(#""storageRetention":"6h"}}"#), "\(runtime)")
    #expect(
      await get("/api/v1/status/tsdb", "limit=1").text
        == #"{"status":"success","data":{"headStats":{"numSeries":2,"numLabelPairs":3,"chunkCount":2,"#
        + #""minTime":1000000,"maxTime":1030000},"seriesCountByMetricName":[{"name":"up","value":2}],"#
        + #""labelValueCountByLabelName":[{"name":"job","value":2}],"#
        + #""memoryInBytesByLabelName":[{"name":"__name__","value":4}],"#
        + #""seriesCountByLabelValuePair":[{"name":"__name__=up","value":2}]}}"#)
    #expect(await get("/api/v1/status/tsdb", "limit=0").text.contains("limit must be a positive number"))
    #expect(await get("/api/v1/status/tsdb", "limit=10001").text.contains("limit must not exceed 10000"))
    #expect(await get("/version").text.hasPrefix(#"{"version":"#))
    let admin = await api.respond(to: ServerRequest(.post, "/api/v1/admin/tsdb/snapshot"))
    #expect(
      admin.status == 500 && String(decoding: admin.body.bytes, as: UTF8.self).contains("admin APIs disabled")
    )
  }

  @Test func `federation gives the newest samples`() async throws {
    try store.append(
      Labels([("__name__", "gone")]), StoredSample(timestamp: 1_029_000, .float(StaleMarker.value)))
    try store.append(
      Labels([(name: "__name__", value: "demo.dotted"), ("instance", "i"), ("l.x", "a\"b\nc")]),
      StoredSample(timestamp: 1_029_000, .float(1e6)))
    try store.append(Labels([("__name__", "early")]), StoredSample(timestamp: 730_000, .float(1)))
    #expect(await get("/federate").text.isEmpty)
    #expect(
      await get("/federate", #"match[]=up&match[]={__name__=~"up|gone|early|demo.*"}"#).text == #"""
        # TYPE demo_dotted untyped
        demo_dotted{instance="i",l_x="a\"b\nc"} 1e+06 1029000
        # TYPE up untyped
        up{job="x",instance=""} 0 1030000
        up{job="y",instance=""} 1 1030000

        """#)
    #expect(
      await get("/federate", "match[]={\"demo.dotted\"}", accept: "text/plain;escaping=allow-utf-8").text
        == #"""
        # TYPE "demo.dotted" untyped
        {"demo.dotted",instance="i","l.x"="a\"b\nc"} 1e+06 1029000

        """#)
    let (status, text) = await get("/federate", "match[]=%7Bx")
    #expect(status == 400 && text.hasPrefix("1:3: parse error:"), "\(text)")
  }
}
