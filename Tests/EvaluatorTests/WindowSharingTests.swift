import Evaluator
import PromQL
import Testing
import TimeSeries

/// What windows share changes no answer: a range query answers at each step what an instant query does.
@Suite struct WindowSharingTests {
  private static let queries = [
    "rate(m[2m])", "increase(m[5m])", "delta(m[90s])", "irate(m[1m])", "idelta(m[1m])", "changes(m[10m])",
    "resets(m[10m])", "deriv(m[5m])", "predict_linear(m[5m], 60)", "sum_over_time(m[10m])",
    "avg_over_time(m[10m])", "max_over_time(m[3m])", "min_over_time(m[3m])", "stddev_over_time(m[10m])",
    "quantile_over_time(0.3, m[10m])", "quantile_over_time(0.95, m[1m])", "mad_over_time(m[2m])",
    "count_over_time(m[2m])", "last_over_time(m[2m])", "present_over_time(m[2m])", "m", "count(m)", "avg(m)",
    "sum by (group) (rate(m[1m]))", "max by (series) (m)", "quantile by (group) (0.5, m)",
  ]

  /// Two targets, six series each: counters with resets, decimals, one that comes late, one with gaps, one with
  /// numbers that are none; blocks and rows behind them.
  private static func store() throws -> Store {
    let store = Store()
    var state: UInt64 = 9
    let cohorts = [store.openCohort("one"), store.openCohort("two")]
    for round in 0..<300 {
      for (target, cohort) in cohorts.enumerated() {
        var row: [ScrapedSeries] = []
        for series in 0..<6 {
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          let random = Double(state >> 40)
          let value: Double? =
            switch series {
            case 0: Double(round * 17 + Int(random) % 5)
            case 1: Double(round % 90) * 3 + 1
            case 2: (random / 100).rounded() / 100
            case 3: round < 140 ? nil : random * 1e-9
            case 4: round % 7 == 3 ? nil : -random
            default: [.nan, .infinity, -0.0, 0, random][Int(random) % 5]
            }
          let labels = Labels([
            ("__name__", "m"), ("group", "\(series % 2)"), ("series", "\(series)"), ("target", "\(target)"),
          ])
          row.append(ScrapedSeries(labels: labels, value: value))
        }
        try store.append(&row, at: Int64(round) * 15_000 + Int64(target) * 700, to: cohort)
      }
    }
    return store
  }

  @Test(arguments: queries)
  func `a range query answers what instant queries do`(_ query: String) throws {
    let source = try Self.store().snapshot()
    let engine = QueryEngine()
    for step: Int64 in [30_000, 64_000] {
      let grid = Grid(start: 60_000, end: 4_600_000, step: step)
      guard case .matrix(let matrix) = try engine.range(Array(query.utf8), over: grid, in: source).value
      else {
        return #expect(Bool(false))
      }
      var wrong: [String] = []
      for time in (0..<grid.count).map(grid.time) {
        guard
          case .vector(_, let vector) = try engine.instant(Array(query.utf8), at: time, over: source).value
        else { return #expect(Bool(false)) }
        var expected: [Labels: Double] = [:]
        for sample in vector { if case .float(let value) = sample.value { expected[sample.labels] = value } }
        for series in matrix {
          let found = series.timestamps.firstIndex(of: time).map { series.values[$0] }
          guard !Self.isSame(found, expected[series.labels]) else { continue }
          wrong.append("\(series.labels) at \(time): \(found as Any), \(expected[series.labels] as Any)")
        }
      }
      #expect(wrong.isEmpty, "\(query) by \(step): \(wrong.count), \(wrong.first ?? "")")
    }
  }

  /// Sums may round otherwise in the twelfth digit.
  private static func isSame(_ a: Double?, _ b: Double?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return a == b || a.isNaN && b.isNaN || (a - b).magnitude <= 1e-11 * max(a.magnitude, b.magnitude)
  }

  @Test func `a quantile over time is that of the sorted window`() throws {
    let store = Store()
    let labels = Labels([("__name__", "m")])
    var state: UInt64 = 3
    var values: [Double] = []
    for position in 0..<2000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let random = Int(state >> 44)
      values.append(random % 50 == 0 ? .nan : random % 9 == 0 ? -0.0 : Double(random % 400) - 200)
      try store.append(labels, StoredSample(timestamp: Int64(position) * 1000, .float(values[position])))
    }
    for (length, step) in [(100, 1), (100, 7), (100, 60), (3, 1), (500, 13)] {
      let grid = Grid(start: 0, end: 1_999_000, step: Int64(step) * 1000)
      let query = "quantile_over_time(0.37, m[\(length)s])"
      guard
        case .matrix(let rows) = try QueryEngine().range(Array(query.utf8), over: grid, in: store.snapshot())
          .value,
        let row = rows.first
      else { return #expect(Bool(false)) }
      for (time, value) in zip(row.timestamps, row.values) {
        let last = Int(time / 1000)
        let window = values[max(0, last - length + 1)...last].sorted { $0 < $1 || $0.isNaN && !$1.isNaN }
        let rank = 0.37 * Double(window.count - 1)
        let (low, weight) = (Int(rank), rank - rank.rounded(.down))
        let high = min(low + 1, window.count - 1)
        let expected = window[low] * (1 - weight) + window[high] * weight
        let isRight = value == expected || value.isNaN && expected.isNaN
        #expect(isRight, "\(query) at \(time): \(value), \(expected)")
        if !isRight { return }
      }
    }
  }
}
