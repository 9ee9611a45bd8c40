import Evaluator
import Glibc
import PromQL
import TimeSeries

/// Elementary functions of whole columns, each beside the C library's over the same columns.
enum Elementary {
  private static let series = 480
  private static let samples = 1440
  private static let interval: Int64 = 15_000

  private static let functions: [(name: String, query: String, library: @Sendable (Double) -> Double)] = [
    ("exp", "exp(m_total / 1e3)", { exp($0 / 1e3) }), ("ln", "ln(m_total / 1e3)", { log($0 / 1e3) }),
    ("log2", "log2(m_total / 1e3)", { log2($0 / 1e3) }),
    ("log10", "log10(m_total / 1e3)", { log10($0 / 1e3) }),
    ("sin", "sin(m_total / 1e3)", { sin($0 / 1e3) }), ("tanh", "tanh(m_total / 1e3)", { tanh($0 / 1e3) }),
    ("^ 2", "(m_total / 1e3) ^ 2", { pow($0 / 1e3, 2) }),
    ("^ 0.35", "(m_total / 1e3) ^ 0.35", { pow($0 / 1e3, 0.35) }),
    ("^ 7.35", "(m_total / 1e3) ^ 7.35", { pow($0 / 1e3, 7.35) }),
    ("2 ^", "2 ^ (m_total / 1e3)", { pow(2, $0 / 1e3) }),
    ("atan2", "(m_total / 1e3) atan2 2", { atan2($0 / 1e3, 2) }),
  ]

  static func benchmarks() throws -> [Benchmark] {
    let source = try Data.counters(series, samples: samples, interval: interval).snapshot()
    let end = Data.start + Int64(samples - 1) * interval
    let grid = Grid(start: Data.start + 3_600_000, end: end, step: interval)
    let cells = series * grid.count
    func check(_ name: String, _ rows: [[Double]], _ library: (Double) -> Double) throws {
      try Benchmark.check(rows.count == series, "\(rows.count) series")
      // The smallest step between samples is that of the first series.
      let expected = library(Double(samples - 1))
      let found = rows.contains { abs(($0.last ?? .nan) - expected) <= 1e-12 * abs(expected) }
      try Benchmark.check(found, "\(name): none is \(expected)")
    }
    return functions.flatMap { name, query, library in
      [
        Benchmark(name: "elementary: \(name)", items: cells, unit: "cell", bytes: cells * 8) {
          try check(name, try Data.range(query, source, grid).map(\.values), library)
        },
        Benchmark(name: "elementary: \(name) by the C library", items: cells, unit: "cell", bytes: cells * 8)
        {
          // What a query as cheap as can be costs, and the function.
          try check(name, try Data.range("m_total / 1", source, grid).map { $0.values.map(library) }, library)
        },
      ]
    }
  }
}
