import Evaluator
import PromQL
import TimeSeries

/// The question: text, tree, plan.
enum Language {
  static let query = """
    sum by (job, le) (rate(http_request_duration_seconds_bucket{job=~"api|web",code!~"5.."}[5m] offset 1m))
      / on (job) group_left sum by (job) (rate(http_requests_total[5m])) > bool 0.99
      and quantile_over_time(0.9, (sum(up) + 1)[10m:30s]) < topk(3, count_values("v", build_info))
    """

  static func benchmarks() -> [Benchmark] {
    let text = Array(query.utf8)
    let context = QueryContext(
      grid: Grid(start: Data.start, end: Data.start + 3_600_000, step: 15_000), isInstant: false,
      lookback: 300_000, defaultSubqueryStep: 60_000)
    return [
      Benchmark(name: "lex and parse", items: text.count * 100, unit: "byte", bytes: text.count * 100) {
        for _ in 0..<100 {
          let tree = try Expression.parse(text)
          try Benchmark.check(tree.nodes.count > 20, "\(tree.nodes.count) nodes")
        }
      },
      Benchmark(name: "print", items: 100, unit: "query") {
        let tree = try Expression.parse(text)
        for _ in 0..<100 { try Benchmark.check(tree.description.utf8.count > 200, tree.description) }
      },
      Benchmark(name: "plan", items: 100, unit: "query") {
        for _ in 0..<100 {
          let plan = try QueryEngine().plan(text, context)
          try Benchmark.check(plan.selections.count == 4, "\(plan.selections.count) selections")
        }
      },
    ]
  }
}
