import Evaluator
import PromQL
import Testing
import TimeSeries

/// Why parts of a query are empty: a case for each reason.
struct ExaminationTests {
  /// Series with a sample every 10 s over 10 minutes, and what the examination looks for.
  private static func source() throws -> StoreSnapshot {
    let store = Store()
    func add(
      _ name: String, _ labels: [String: String], from: Int64 = 0, to: Int64 = 600,
      endsStale: Bool = false, _ value: (Int64) -> Double
    ) throws {
      let all = Labels(
        ([(LabelName.metric, name)] + labels.map { ($0.key, $0.value) }).map { (name: $0.0, value: $0.1) })
      for second in stride(from: from, through: to, by: 10) {
        try store.append(all, StoredSample(timestamp: second * 1000, .float(value(second))))
      }
      if endsStale {
        try store.append(all, StoredSample(timestamp: (to + 10) * 1000, .float(StaleMarker.value)))
      }
    }
    try add("requests_total", ["pod": "a", "job": "web", "code": "200"]) { Double($0) }
    try add("requests_total", ["pod": "b", "job": "web", "code": "200"]) { Double($0) }
    try add("limits", ["pod": "a", "node": "n1"]) { _ in 4 }
    try add("limits", ["pod": "b", "node": "n1"]) { _ in 8 }
    try add("nodes", ["node": "n2", "job": "kube"]) { _ in 1 }
    try add("idle_total", [:]) { _ in 7 }
    try add("young", [:], from: 590) { _ in 1 }
    try add("gone", [:], to: 200, endsStale: true) { _ in 1 }
    try add("silent", [:], to: 200) { _ in 1 }
    try add("undefined", [:]) { _ in .nan }
    try add("later", [:], from: 700, to: 900) { _ in 1 }
    return store.snapshot()
  }

  static let reasons: [(query: String, reason: String)] = [
    ("request_total", "there is no series called request_total; did you mean requests_total?"),
    ("zzz", "there is no series called zzz"),
    (
      #"requests_total{cod="200"}"#,
      #"no series of requests_total has cod="200"; the label was never seen; did you mean code?"#
    ),
    (
      #"requests_total{job="wed"}"#,
      #"no series of requests_total has job="wed"; seen: "web"; did you mean "web"?"#
    ),
    (
      #"requests_total{code=~"5.."}"#, #"no series of requests_total has code=~"5.."; seen: "200""#
    ),
    (
      #"{__name__=~"requests_total|limits", code="200", node="n1"}"#,
      #"each matcher of {__name__=~"requests_total|limits", code="200", node="n1"} matches some series, all together match none"#
    ),
    (
      "silent",
      "silent matches 1 series without a sample in the last 5m; the newest is from 1970-01-01 00:03:20Z"
    ),
    (
      "gone[2m]",
      "gone matches 1 series without a sample in the last 2m; the newest is from 1970-01-01 00:03:20Z, where the series ended"
    ),
    ("later", "later matches 1 series without a sample in the last 5m; they begin later"),
    ("rate(young[10s])", "young has one sample in the last 10s (1 series); a rate needs two"),
    (
      "rate(idle_total[1m]) / rate(idle_total[1m])",
      "0/0: rate(idle_total[1m]) is 0, nothing happened in its window"
    ),
    (
      "requests_total / limits",
      "no series of requests_total has the labels of one of limits: only the left has code, job; only the right has node; on (pod) would match"
    ),
    (
      "requests_total * on (job) nodes",
      #"no series of requests_total has the labels of one of nodes: job is "web" on the left, "kube" on the right"#
    ),
    (
      "limits > on (node) group_left nodes",
      #"no series of limits has the labels of one of nodes: node is "n1" on the left, "n2" on the right"#
    ),
    (
      "limits > 10",
      "the comparison limits > 10 removed 2 series with values from 4 to 8; with bool it would answer 0"
    ),
    ("limits and nodes", "and left nothing of limits"),
    ("limits unless limits", "unless left nothing of limits"),
    ("sum(undefined)", "undefined was exported as NaN"),
    (
      "histogram_quantile(0.9, limits)",
      #"limits has no usable buckets: it wants the label le, and one with le="+Inf""#
    ),
    ("sum(limits) / sum(zzz)", "there is no series called zzz"),
    ("(((zzz)))", "there is no series called zzz"),
    ("max_over_time(zzz[5m:1m])", "there is no series called zzz"),
  ]

  @Test(arguments: reasons) func `an empty part says why`(_ item: (query: String, reason: String)) throws {
    var examination = try #require(
      Examination(of: item.query, at: 600_000, over: Self.source(), engine: QueryEngine()))
    let said = examination.findings().map(\.description)
    #expect(said.contains(item.reason), "\(item.query): \(said)")
  }

  @Test(arguments: ["requests_total", "sum(limits)", "1", "absent(zzz)", "vector(0)", "limits[5m]"])
  func `what has a value gives no reason`(_ query: String) throws {
    var examination = try #require(
      Examination(of: query, at: 600_000, over: Self.source(), engine: QueryEngine()))
    #expect(examination.findings().isEmpty, "\(query)")
  }

  @Test func `every part is reported, the whole first`() throws {
    let text = "sum by (job) (rate(requests_total[1m])) / (max_over_time(zzz[5m:1m] offset 1m) + 2)"
    let expression = try Expression.parse(text)
    let reports = Examination(expression, at: 600_000, over: try Self.source(), engine: QueryEngine())
      .reports(shown: 1)
    let lines = reports.map { report in
      let what: String =
        switch report.yields {
        case .scalar(let value): "scalar \(value)"
        case .series(let count, let shown): "\(count) series, \(shown.count) shown"
        case .windows(let count, let samples, let shown):
          "\(count) series, \(samples) samples, \(shown.count) shown"
        case .failed(let problem): problem
        }
      return "\(report.level) \(expression.headline(of: report.node)) @\(report.time / 1000): \(what)"
    }
    #expect(
      lines == [
        "0 operator / @600: 0 series, 0 shown",
        "1 aggregation sum by (job) @600: 1 series, 1 shown",
        "2 call rate @600: 2 series, 1 shown",
        "3 range [1m] @600: 2 series, 12 samples, 1 shown",
        "1 operator + @600: 0 series, 0 shown",
        "2 call max_over_time @600: 0 series, 0 shown",
        "3 subquery [5m:1m] offset 1m @600: 0 series, 0 samples, 0 shown",
        "4 zzz @540: 0 series, 0 shown",
      ])
  }

  @Test func `a query of many parts costs a bounded number of evaluations`() throws {
    let text = Array(repeating: "zzz", count: 400).joined(separator: " + ")
    let reports = try Examination(
      Expression.parse(text), at: 600_000, over: Self.source(), engine: QueryEngine()
    ).reports(limit: 50)
    #expect(reports.count == 50)
  }
}
