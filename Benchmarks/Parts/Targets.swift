import Evaluator
import PromQL
import TimeSeries

/// What a gate asks: queries at one time over many targets, each scraped on its own.
enum Targets {
  private static let targets = 60
  private static let codes = 12
  private static let samples = 240
  private static let interval: Int64 = 15_000
  /// How often each query is asked in a run: the first one costs more.
  private static let times = 20

  static func benchmarks() throws -> [Benchmark] {
    let store = try requests()
    let source = store.snapshot()
    let end = Data.start + Int64(samples - 1) * interval + 5_000
    let series = targets * codes
    func total(_ rows: [VectorSample]) -> Double {
      rows.reduce(0) { sum, row in
        if case .float(let value) = row.value { sum + value } else { .nan }
      }
    }
    // Series i of a target grows by 1 + i % 7 at every sample.
    let rises = Double(targets) * (0..<codes).reduce(0.0) { $0 + Double(1 + $1 % 7) }
    func each(_ name: String, _ query: String, _ rows: Int, _ expected: Double) -> Benchmark {
      Benchmark(name: name, items: times * series, unit: "series") {
        for _ in 0..<times {
          let answer = try Data.instant(query, source, at: end)
          try Benchmark.check(
            answer.count == rows && abs(total(answer) - expected) <= 1e-9 * expected,
            "\(answer.count), \(total(answer))")
        }
      }
    }
    return [
      each("instant: selector", "requests_total", series, rises * Double(samples - 1)),
      each("instant: count by", "count by (code) (requests_total)", codes, Double(series)),
      each("instant: sum by rate", "sum by (code) (rate(requests_total[5m]))", codes, rises / 15),
      each("instant: avg_over_time", "avg_over_time(requests_total[5m])", series, rises * (Double(samples) - 10.5)),
      each(
        "instant: group_left", "sum by (node) (rate(requests_total[5m]) * on (pod) group_left (node) pod_info)", 6,
        rises / 15),
      each(
        "instant: regular expression", #"sum(rate(requests_total{pod=~"pod-[0-9]+",code!~"10.*"}[5m]))"#, 1,
        rises / 15 - Double(targets) * 4 / 15),
    ]
  }

  private static func requests() throws -> Store {
    let store = Store()
    for target in 0..<targets {
      let cohort = store.openCohort()
      let pod = "pod-\(target)"
      var series = (0..<codes).map { code in
        ScrapedSeries(
          labels: Labels([
            ("__name__", "requests_total"), ("code", "\(code)"), ("instance", "10.0.0.\(target):9090"), ("job", "pods"),
            ("namespace", "shop"), ("pod", pod),
          ]), value: 0)
      }
      let info = Labels([("__name__", "pod_info"), ("instance", "10.0.0.\(target):9090"), ("node", "n\(target % 6)"), ("pod", pod)])
      series.append(ScrapedSeries(labels: info, value: 1))
      for sample in 0..<samples {
        for index in 0..<codes { series[index].value = Double(sample * (1 + index % 7)) }
        try store.append(&series, at: Data.start + Int64(target) + Int64(sample) * interval, to: cohort)
      }
    }
    return store
  }
}
