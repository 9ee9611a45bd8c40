import Evaluator
import PromQL
import TimeSeries

/// Samples that did not come by scrapes of lasting targets, and what is asked of the index.
enum Roads {
  private static let series = 5000
  private static let interval: Int64 = 15_000

  static func benchmarks() throws -> [Benchmark] {
    let pushed = try pushed().snapshot()
    let churned = try churned().snapshot()
    let grid = Grid(start: Data.start + 3_600_000, end: Data.start + 7_140_000, step: 60_000)
    let all = Selection(matchers: [], after: Data.start, through: Data.start + 7_200_000)
    return [
      Benchmark(name: "pushed: count by", items: series, unit: "series") {
        let rows = try Data.range("count by (code) (m_total)", pushed, grid)
        try Benchmark.check(rows.count == 12, "\(rows.count)")
      },
      Benchmark(name: "pushed: sum by rate", items: series, unit: "series") {
        let rows = try Data.range("sum by (code) (rate(m_total[5m]))", pushed, grid)
        try Benchmark.check(rows.count == 12 && rows[0].values.count == 60, "\(rows.count)")
      },
      Benchmark(name: "churn: selector", items: series, unit: "series") {
        let rows = try Data.range("m_total", churned, grid)
        try Benchmark.check(rows.count > series / 3 && rows.count < series, "\(rows.count)")
      },
      Benchmark(name: "churn: sum by rate", items: series, unit: "series") {
        let rows = try Data.range("sum by (code) (rate(m_total[5m]))", churned, grid)
        try Benchmark.check(rows.count == 12, "\(rows.count)")
      },
      Benchmark(name: "count_values", items: series / 10 * 60, unit: "sample") {
        let rows = try Data.range(#"count_values("v", m_total{pod=~".*7"})"#, pushed, grid)
        try Benchmark.check(rows.count > 1000, "\(rows.count)")
      },
      Benchmark(name: "label names", items: 100, unit: "listing") {
        for _ in 0..<100 { try Benchmark.check(pushed.labelNames(all).count == 6, "") }
      },
      Benchmark(name: "label values", items: 100, unit: "listing") {
        for _ in 0..<100 {
          try Benchmark.check(churned.labelValues(of: Array("code".utf8), all).count == 12, "")
        }
      },
      Benchmark(name: "statistics", items: 10, unit: "page") {
        for _ in 0..<10 { try Benchmark.check(pushed.statistics(limit: 10).series == series, "") }
      },
    ]
  }

  private static func labels(_ index: Int) -> Labels {
    Labels([
      ("__name__", "m_total"), ("code", "\(index % 12)"), ("instance", "10.0.0.\(index / 12):9090"),
      ("job", "pods"),
      ("namespace", "shop"), ("pod", "pod-\(index / 12)"),
    ])
  }

  /// Two hours, each scrape of a target in a batch.
  private static func pushed() throws -> Store {
    let store = Store()
    var targets = stride(from: 0, to: series, by: 12).map { first in
      (first..<min(first + 12, series)).map { PushedSeries(labels: labels($0), samples: []) }
    }
    for sample in 0..<480 {
      for target in targets.indices {
        let time = Data.start + Int64(target) + Int64(sample) * interval
        for index in targets[target].indices {
          targets[target][index].samples = [
            StoredSample(timestamp: time, .float(Double(sample * (1 + index % 7) + target)))
          ]
        }
        let outcome = store.append(&targets[target], allOrNone: true)
        try Benchmark.check(outcome.refusals.isEmpty && outcome.limit == nil, "refused")
      }
    }
    return store
  }

  /// The same series, each for five minutes of the two hours.
  private static func churned() throws -> Store {
    let store = Store()
    for target in 0..<(series + 11) / 12 {
      let cohort = store.openCohort()
      let first = Data.start + Int64(target) * 6_900_000 / Int64(series / 12)
      var rows = (target * 12..<min(target * 12 + 12, series)).map {
        ScrapedSeries(labels: labels($0), value: 0)
      }
      for sample in 0..<20 {
        for index in rows.indices { rows[index].value = Double(sample * (1 + index % 7)) }
        try store.append(&rows, at: first + Int64(sample) * interval, to: cohort)
      }
    }
    return store
  }
}
