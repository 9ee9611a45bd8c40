import Evaluator
import Foundation
import PromQL
import PromQLTest
import Testing
import TimeSeries

/// What queries hold, and that it is asked for.
@Suite struct QueryMemoryTests {
  @Test func `a subquery holds the samples that are there, not its steps`() throws {
    let store = Store()
    let up = Labels([(LabelName.metric, "up")])
    for (time, value) in [(60_000, 1.0), (1_800_000, 2), (3_540_000, 3)] {
      try store.append(up, StoredSample(timestamp: Int64(time), .float(value)))
    }
    var options = EvaluationOptions()
    options.lookback = 5000
    // 3.6 million steps: a column of them would take 29 MB.
    let budget = MemoryBudget(each: 8 << 20, all: 8 << 20)
    let engine = QueryEngine(options: options, memory: budget)
    for (query, expected) in [
      ("max_over_time(up[1h:1ms])", 3.0), ("count_over_time(up[1h:1ms])", 15_000),
      ("sum_over_time((up + 1)[1h:1ms])", 45_000), ("count_over_time(sum(up)[1h:1ms])", 15_000),
      ("max_over_time(count_over_time(up[10m:1s])[50m:1s])", 5),
    ] {
      let result = try engine.instant(Array(query.utf8), at: 3_600_000, over: store.snapshot())
      guard case .vector(_, let samples) = result.value, case .float(let value)? = samples.first?.value else {
        Issue.record("\(query) has no answer")
        continue
      }
      #expect(value == expected, "\(query)")
    }
    #expect(budget.held == 0)
  }

  @Test func `our scripts pass with every subquery evaluated two or three steps at a time`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Scripts")
    for size in [2, 3] {
      var options = ScriptRunner.options
      options.subqueryStretch = size
      let runner = ScriptRunner(engine: QueryEngine(options: options, features: .all))
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { $0.hasSuffix(".test") }.sorted()
      #expect(names.count >= 24)
      let report = TestReport(
        files: try names.map {
          FileReport(
            path: $0, script: Array(try Data(contentsOf: folder.appending(path: $0))), runner: runner)
        })
      #expect(report.failed == 0 && report.passed >= 400, "\(TestText().render(report))")
    }
  }

  /// Queries whose operators hold something, over the series of `crowd`.
  private static let holding = [
    "m", "m[5m]", "sort(m)", "topk(3, m)", "bottomk by (g) (2, m)", "quantile(0.5, m)", "limitk(4, m)",
    "limit_ratio(0.5, m)", "count_values(\"v\", m)", "count_values without (i) (\"v\", m)",
    "sum by (i) (m)", "avg(m)", "stddev by (g) (m)", "m or n", "m and on (i) n", "m unless n",
    "m + on (i) group_left () n", "m * ignoring (g) n", "m == bool on (i) group_right () n",
    "label_replace(m, \"x\", \"$1$1\", \"i\", \"(.*)\")", "label_join(m, \"x\", \",\", \"i\", \"g\")",
    "histogram_quantile(0.5, m)", "histogram_quantiles(m, \"q\", 0.1, 0.9)", "absent(m)",
    "scalar(n{i=\"1\"}) + m",
    "max_over_time(m[10m:1s])", "sum_over_time(rate(m[1m])[5m:10s])", "max_over_time(topk(3, m)[20m:10s])",
    "info(m)", "time() * vector(1)", "-m", "clamp(m, 1, 2)", "rate(m[3m]) > 0", "m @ end()",
  ]

  private static func crowd() throws -> StoreSnapshot {
    let store = Store()
    for series in 0..<60 {
      for (name, factor) in [("m", 1.0), ("n", 2)] {
        let labels = Labels([
          (LabelName.metric, name), ("g", "\(name)\(series % 7)"), ("i", "\(series)"), ("le", "\(series).5"),
        ])
        for minute in 0..<20 {
          try store.append(
            labels,
            StoredSample(timestamp: Int64(minute) * 60_000, .float(Double(series * minute) * factor)))
        }
      }
    }
    return store.snapshot()
  }

  @Test(arguments: holding)
  func `whatever memory there is, a query is answered or names the flag`(query: String) throws {
    let source = try Self.crowd()
    var options = EvaluationOptions()
    options.subqueryStretch = 64
    let grid = Grid(start: 0, end: 1_140_000, step: 20_000)
    func answer(_ budget: MemoryBudget) throws -> String {
      let engine = QueryEngine(options: options, features: .all, memory: budget)
      let result =
        query.hasSuffix("[5m]")
        ? try engine.instant(Array(query.utf8), at: grid.end, over: source)
        : try engine.range(Array(query.utf8), over: grid, in: source)
      return "\(result.value)"
    }
    let whole = try answer(.unlimited)
    var (refused, passed) = (0, 0)
    var size = 256.0
    while size < 1e9 {
      let budget = MemoryBudget(each: Int(size), all: .max)
      do {
        #expect(try answer(budget) == whole, "\(query) in \(Int(size)) bytes")
        passed += 1
      } catch QueryError.evaluation(.tooMuchMemory(let shortage), _) {
        #expect("\(shortage)".contains("--query.max-memory raises the limit"))
        #expect(passed == 0, "\(query): \(Int(size)) bytes are not enough, and fewer were")
        refused += 1
      }
      #expect(budget.held == 0, "\(query)")
      size *= passed == 0 ? 1.2 : 10
    }
    #expect(refused > 0 && passed > 0, "\(query)")
  }

  @Test func `labels that double are refused before they are made`() throws {
    let source = try Self.crowd()
    let engine = QueryEngine(memory: MemoryBudget(each: 16 << 20, all: 16 << 20))
    for shape in [
      "label_join(Q, \"g\", \"\", \"g\", \"g\")", "label_replace(Q, \"g\", \"$1$1\", \"g\", \"(.*)\")",
    ] {
      var query = "m"
      for _ in 0..<60 { query = shape.replacing("Q", with: query) }
      do {
        _ = try engine.instant(Array(query.utf8), at: 0, over: source)
        Issue.record("2^60 bytes were made")
      } catch QueryError.evaluation(.tooMuchMemory, _) {
        continue
      }
    }
  }

  @Test func `samples are counted as Prometheus counts them`() throws {
    let source = try Self.crowd()
    for (query, most, isRefused) in [
      ("sum(m)", 60 * 20, false), ("sum(m)", 60 * 20 - 1, true), ("count(m)", 60 * 20 - 1, true),
      ("m", 60 * 20 - 1, true), ("max_over_time(m[19m:1m])", 60 * 20, false),
    ] {
      let engine = QueryEngine(options: EvaluationOptions(maximumSamples: most))
      let grid = Grid(start: 0, end: 1_140_000, step: 60_000)
      do {
        _ = try engine.range(Array(query.utf8), over: grid, in: source)
        #expect(!isRefused, "\(query) with \(most) samples")
      } catch QueryError.evaluation(.tooManySamples, _) {
        #expect(isRefused, "\(query) with \(most) samples")
      }
    }
  }

  @Test func `a text that takes more memory than there is is not read`() throws {
    let engine = QueryEngine(memory: MemoryBudget(each: 4 << 20, all: 4 << 20))
    let long = "1" + String(repeating: "+1", count: 100_000)
    do {
      _ = try engine.prepare(Array(long.utf8), at: 0)
      Issue.record("it was read")
    } catch QueryError.evaluation(.tooMuchMemory(let shortage), _) {
      #expect(
        "\(shortage)"
          == "the query would hold more than 4 MiB of memory (--query.max-memory raises the limit)")
    }
    // A long string is one token.
    let text = "label_replace(vector(1), \"a\", \"\(String(repeating: "x(", count: 50_000))\", \"\", \"\")"
    _ = try engine.prepare(Array(text.utf8), at: 0)
  }
}
