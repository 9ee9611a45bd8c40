import Evaluator
import Foundation
import PromQL
import Testing
import TimeSeries

/// The same samples give the same answers, whatever road they came by.
struct RoadsTests {
  private static let grid = Grid(
    start: RoadData.start - 100_000, end: RoadData.end + 400_000, step: 227_000)
  private static let engine = QueryEngine()

  private static let windows = [
    "rate", "irate", "increase", "delta", "idelta", "deriv", "changes", "resets", "avg_over_time",
    "sum_over_time",
    "min_over_time", "max_over_time", "count_over_time", "last_over_time", "first_over_time",
    "stddev_over_time",
    "stdvar_over_time", "present_over_time", "absent_over_time", "mad_over_time", "ts_of_last_over_time",
    "ts_of_max_over_time",
  ]
  private static let folds = ["sum", "avg", "min", "max", "count", "stddev", "stdvar", "group"]

  /// What every road is asked.
  static let plain: [String] = {
    var queries = windows.flatMap { name in
      [
        "\(name)(c[2m])", "\(name)(g[11m])", "\(name)({__name__=~\"few|own\"}[4m] offset 3m)",
        "sum by (zone) (\(name)(c{code=\"500\"}[5m]))",
      ]
    }
    for fold in folds {
      queries += ["", "by (zone) ", "without (pod) ", "by (code, node) "].flatMap { by in
        ["\(fold) \(by)(c)", "\(fold) \(by)({pod=~\"pod-[12]|\", __name__=~\"[cg].*\"})"]
      }
    }
    queries += [
      "c", "g", "own", "few", "{pod!=\"pod-1\", __name__=~\".+\"}", "{__name__=~\".+\", zone=\"\"}",
      "c offset -5m",
      "c @ start()",
      "c @ 1700002000", "g[7m]", "own[3m]", "{n=~\".\"}[1m]", "topk(2, c)", "bottomk by (zone) (1, g)",
      "quantile by (zone) (0.3, g)", "quantile_over_time(0.9, g[6m])", "predict_linear(g[10m], 600)",
      "double_exponential_smoothing(g[10m], 0.5, 0.5)",
      "histogram_quantile(0.9, sum by (le) (rate(h_bucket[5m])))",
      "histogram_quantile(0.5, h_bucket)", "histogram_fraction(0, 0.5, rate(h_bucket[5m]))",
      "count_values(\"v\", few)", "count_values by (zone) (\"v\", few)", "c / on (pod, zone) group_left few",
      "c * on (pod) group_left (node) info", "c and on (pod) g > 0", "c or g", "c unless on (pod) (g < 0)",
      "label_replace(c, \"x\", \"$1\", \"pod\", \"pod-(.*)\")",
      "label_join(g, \"x\", \"-\", \"pod\", \"zone\")",
      "absent(c{pod=\"pod-2\"})", "absent(nothing)", "sort_by_label(c, \"pod\")", "sort_desc(g)",
      "scalar(own{n=\"0\"})",
      "vector(1) + on () group_right g", "timestamp(c)", "timestamp(own)", "-g", "abs(g) ^ 2",
      "clamp(g, -10, 10)",
      "c > bool 1000", "c{code=\"200\"} == on (pod) group_left () max by (pod) (c)",
      "max_over_time(sum(c)[10m:1m])", "rate(sum by (zone) (c)[5m:30s])", "avg_over_time(rate(c[1m])[7m:])",
      "sum_over_time(own[5m:13s] offset 2m)", "rate(c[5m] @ end())", "info(c)",
      "sum(rate(c[2m])) by (code) / 3",
      "stddev by (pod) (rate(c[3m]))", "limitk(2, c)", "count({zone=\"b\"})", "round(g, 0.1)",
      "day_of_week(c)",
      "group by (__name__) ({__name__!=\"\"})", "sum({__name__=\"c\", code!~\"5..\"})", "delta(few[10m])",
    ]
    return queries
  }()

  /// What roads with native histograms and NaNs are asked beside.
  static let rich = [
    "native", "rate(native[5m])", "histogram_quantile(0.9, rate(native[5m]))", "sum(native)",
    "histogram_sum(native)",
    "histogram_count(increase(native[10m]))", "avg(native)", "native[3m]",
    "count({__name__=~\"native|nans\"})",
    "nans", "sum by (zone) (nans)", "max_over_time(nans[3m])", "min_over_time(nans[10m])", "rate(nans[2m])",
    "changes(nans[5m])", "nans == nans", "count_values(\"v\", nans)", "topk(1, nans)",
    "avg_over_time(nans[1m])",
    "last_over_time(native[2m])", "resets(native[15m])", "changes(native[4m])", "native * 2",
    "absent(native)",
  ]

  /// Names, values and counts of what a source holds at some times.
  private static func listings(_ source: any SeriesSource) throws -> [String] {
    let intervals = [Selection.everything.after, RoadData.start + 1_600_000].map { ($0, Int64.max) }
    var lines: [String] = []
    for (after, through) in intervals + [(.min, RoadData.start + 1000)] {
      for matchers in [[], [LabelMatcher("zone", equals: "b")]] {
        let selection = Selection(matchers: matchers, after: after, through: through)
        // Blocks tell of chunks, not of samples: what lies in the same chunks is the same.
        let isWhole = after == .min && through == .max
        let names = try source.labelNames(selection)
        let rows = try source.select(selection)
        #expect(names == Listing.labelNames(of: rows))
        for name in names {
          #expect(
            try source.labelValues(of: Array(name), selection)
              == Listing.labelValues(of: Array(name), in: rows))
        }
        if isWhole { lines.append("\(names.map { String(decoding: $0, as: UTF8.self) }) \(rows.count)") }
      }
    }
    let counts = try source.statistics(limit: 100)
    lines.append(
      "\(counts.series) \(counts.labelPairs) \(counts.seriesOfPair) \(String(describing: counts.timeRange))")
    return lines
  }

  /// Everything that a source answers, query by query.
  private static func answers(_ source: any SeriesSource, _ queries: [String]) -> [String] {
    queries.map { query in
      let text = Array(query.utf8)
      let range = Result { "\(try engine.range(text, over: grid, in: source).value)" }
      let instant = Result {
        "\(try engine.instant(text, at: RoadData.start + 2_711_000, over: source).value)"
      }
      return [range, instant].map { result in
        switch result {
        case .success(let text): text
        case .failure(let error): "error: \(error)"
        }
      }.joined(separator: "\n")
    }
  }

  private static func atTheEnd<Value>(
    of road: Road, _ data: RoadData, _ body: (any SeriesSource) throws -> Value
  ) throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "promgate-road-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(try road.source(of: data, in: folder))
  }

  private static let plainData = RoadData(isRich: false)
  private static let richData = RoadData(isRich: true)
  private static let plainAnswers = Result {
    try atTheEnd(of: .scraped, plainData) { answers($0, plain) }
  }
  private static let richAnswers = Result {
    try atTheEnd(of: .scraped, richData) { answers($0, plain + rich) }
  }

  @Test(arguments: Road.allCases) func `the same answers by every road`(_ road: Road) throws {
    let queries = road.isRich ? Self.plain + Self.rich : Self.plain
    let expected = try (road.isRich ? Self.richAnswers : Self.plainAnswers).get()
    let found = try Self.atTheEnd(of: road, road.isRich ? Self.richData : Self.plainData) {
      Self.answers($0, queries)
    }
    for (query, (found, expected)) in zip(queries, zip(found, expected)) where found != expected {
      let line = zip(found.split(separator: "\n"), expected.split(separator: "\n")).first { $0.0 != $0.1 }
      let place = line.map { zip($0.0, $0.1).prefix { $0.0 == $0.1 }.count } ?? 0
      let near = line.map {
        ($0.0.dropFirst(max(0, place - 80)).prefix(160), $0.1.dropFirst(max(0, place - 80)).prefix(160))
      }
      Issue.record("\(query) by \(road): \(near?.0 ?? "") instead of \(near?.1 ?? "")")
    }
  }

  @Test(arguments: Road.allCases) func `the same names, values and counts by every road`(_ road: Road) throws
  {
    let data = road.isRich ? Self.richData : Self.plainData
    let expected = try Self.atTheEnd(of: .scraped, data) { try Self.listings($0) }
    #expect(try Self.atTheEnd(of: road, data) { try Self.listings($0) } == expected)
  }

  @Test func `most queries are answered, and with something`() throws {
    let answers = try Self.richAnswers.get()
    for (query, answer) in zip(Self.plain + Self.rich, answers) {
      // A range vector is no range query.
      let isAnswered =
        !answer.contains("error:") || answer.contains("invalid expression type \"range vector\"")
      #expect(isAnswered, "\(query): \(answer)")
    }
    #expect(answers.count { $0.count < 60 } < 12)
  }
}
