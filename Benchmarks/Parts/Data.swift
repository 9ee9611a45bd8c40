import Evaluator
import PromQL
import TimeSeries

/// Series whose answers are known: counters that grow by the same amount at every sample.
enum Data {
  static let start: Int64 = 1_760_000_000_000

  /// Scraped together: `count` counters `m_total` with labels i, g (of 40) and le (of 12); counter i grows by 1 + i % 7.
  static func counters(_ count: Int, samples: Int, interval: Int64) throws -> Store {
    let store = Store()
    let cohort = store.openCohort()
    var series = (0..<count).map { index in
      ScrapedSeries(
        labels: Labels([
          ("__name__", "m_total"), ("g", "\(index / 12 % 40)"), ("i", "\(index)"),
          ("le", index % 12 == 11 ? "+Inf" : "\(index % 12 + 1)"),
        ]), value: 0)
    }
    for sample in 0..<samples {
      for index in series.indices { series[index].value = Double(sample * (1 + index % 7)) }
      try store.append(&series, at: start + Int64(sample) * interval, to: cohort)
    }
    return store
  }

  static func range(_ query: String, _ source: StoreSnapshot, _ grid: Grid) throws -> [MatrixSeries] {
    guard case .matrix(let series) = try QueryEngine().range(Array(query.utf8), over: grid, in: source).value
    else { throw Benchmark.WrongAnswer(description: "no matrix") }
    return series
  }

  static func instant(_ query: String, _ source: StoreSnapshot, at time: Int64) throws -> [VectorSample] {
    guard case .vector(_, let samples) = try QueryEngine().instant(Array(query.utf8), at: time, over: source).value
    else { throw Benchmark.WrongAnswer(description: "no vector") }
    return samples
  }
}
