import Evaluator
import PromQL
import TimeSeries

/// Functions of windows, aggregation, matching and histograms over counters with known answers.
enum Windows {
  private static let series = 480
  private static let samples = 1440
  private static let interval: Int64 = 15_000

  static func benchmarks() throws -> [Benchmark] {
    let store = try Data.counters(series, samples: samples, interval: interval)
    let source = store.snapshot()
    let end = Data.start + Int64(samples - 1) * interval
    let grid = Grid(start: Data.start + 3_600_000, end: end, step: interval)
    let cells = series * grid.count
    // Every sample is decoded and every cell written.
    let bytes = series * samples * 8 + cells * 8
    func each(_ name: String, _ query: String, _ expected: @escaping (Int) -> Double) -> Benchmark {
      Benchmark(name: name, items: cells, unit: "cell", bytes: bytes) {
        let rows = try Data.range(query, source, grid)
        try Benchmark.check(rows.count == series, "\(rows.count) series")
        for row in rows {
          let index = Int(row.labels["i"] ?? "") ?? 0
          guard let value = row.values.last, row.values.count == grid.count,
            abs(value - expected(1 + index % 7)) <= 1e-9 * abs(expected(1 + index % 7)) + 1e-12
          else { throw Benchmark.WrongAnswer(description: "\(query) of \(index): \(row.values.last ?? .nan)") }
        }
      }
    }
    let last = Double(samples - 1)
    var all = [
      each("instant selector", "m_total") { last * Double($0) },
      each("rate [5m]", "rate(m_total[5m])") { Double($0) / 15 },
      each("increase [1h]", "increase(m_total[1h])") { Double($0) * 240 },
      each("changes [5m]", "changes(m_total[5m])") { _ in 19 },
      each("avg_over_time [1h]", "avg_over_time(m_total[1h])") { (last - 119.5) * Double($0) },
      each("max_over_time [1h]", "max_over_time(m_total[1h])") { last * Double($0) },
      each("stddev_over_time [1h]", "stddev_over_time(m_total[1h])") { (Double(240 * 240 - 1) / 12).squareRoot() * Double($0) },
      each("quantile_over_time [1h]", "quantile_over_time(0.5, m_total[1h])") { (last - 119.5) * Double($0) },
      each("deriv [5m]", "deriv(m_total[5m])") { Double($0) / 15 },
      each("arithmetic", "m_total * 2 + 1") { last * Double($0) * 2 + 1 },
      each("match on all labels", "m_total / on (i, g, le) m_total") { _ in 1 },
    ]
    let groups = series / 12
    all.append(
      Benchmark(name: "sum by (le)", items: cells, unit: "cell", bytes: bytes) {
        let rows = try Data.range("sum by (le) (rate(m_total[5m]))", source, grid)
        let sum = rows.compactMap { $0.values.last }.reduce(0, +)
        let expected = (0..<series).reduce(0.0) { $0 + Double(1 + $1 % 7) / 15 }
        try Benchmark.check(rows.count == 12 && abs(sum - expected) < 1e-9 * expected, "\(rows.count), \(sum)")
      })
    all.append(
      Benchmark(name: "histogram_quantile", items: groups * grid.count, unit: "cell", bytes: bytes) {
        let rows = try Data.range("histogram_quantile(0.5, sum by (g, le) (m_total))", source, grid)
        try Benchmark.check(
          rows.count == min(groups, 40) && rows.allSatisfy { ($0.values.last ?? -1) > 0 }, "\(rows.count)")
      })
    all.append(
      Benchmark(name: "topk", items: cells, unit: "cell", bytes: bytes) {
        let rows = try Data.range("topk(3, m_total)", source, grid)
        try Benchmark.check(rows.allSatisfy { row in (row.labels["i"].flatMap { Int($0) } ?? 0) % 7 == 6 }, "topk")
      })
    all.append(
      Benchmark(name: "instant: sum(rate)", items: series, unit: "series") {
        let answer = try Data.instant("sum(rate(m_total[5m]))", source, at: end)
        let expected = (0..<series).reduce(0.0) { $0 + Double(1 + $1 % 7) / 15 }
        guard case .float(let value)? = answer.first?.value, abs(value - expected) < 1e-9 * expected else {
          throw Benchmark.WrongAnswer(description: "\(answer)")
        }
      })
    return all
  }

  /// Windows of a day over five days of samples of ten seconds; and how cost grows when a window is twenty times longer.
  static func long() throws -> [Benchmark] {
    let (series, samples, interval) = (20, 43_201, Int64(10_000))
    let source = try Data.counters(series, samples: samples, interval: interval).snapshot()
    let end = Data.start + Int64(samples - 1) * interval
    let grid = Grid(start: Data.start + 86_400_000, end: end, step: 60_000)
    func benchmark(_ function: String, _ window: String, _ expected: @escaping (Double) -> Double) -> Benchmark {
      Benchmark(
        name: "\(function) [\(window)], 10 s data", items: series * grid.count, unit: "cell",
        bytes: series * (samples + grid.count) * 8
      ) {
        let rows = try Data.range("\(function)(m_total[\(window)])", source, grid)
        for row in rows {
          let step = Double(1 + (Int(row.labels["i"] ?? "") ?? 0) % 7)
          guard let value = row.values.last, abs(value - expected(step)) <= 1e-9 * expected(step) else {
            throw Benchmark.WrongAnswer(description: "\(function): \(row.values.last ?? .nan)")
          }
        }
        try Benchmark.check(rows.count == series, "\(rows.count) series")
      }
    }
    let last = Double(samples - 1)
    var all: [Benchmark] = []
    for (window, count) in [("1d", 8640.0), ("72m", 432.0)] {
      all += [
        benchmark("rate", window) { $0 / 10 },
        benchmark("changes", window) { _ in count - 1 },
        benchmark("max_over_time", window) { last * $0 },
        benchmark("stddev_over_time", window) { ((count * count - 1) / 12).squareRoot() * $0 },
      ]
    }
    return all
  }
}
