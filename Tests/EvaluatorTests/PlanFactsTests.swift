import Evaluator
import Lint
import PromQL
import Testing
import TimeSeries

/// What the linter says of a query without data holds over data: random queries over random series.
@Suite struct PlanFactsTests {
  @Test func `what is known without data is never wrong`() throws {
    let engine = QueryEngine()
    var known = Tally()
    for seed in UInt64(1)...8_000 {
      var random = Seeded(seed &* 104_729)
      let store = Store()
      let series = SeriesGenerator.series(&random).filter { !$0.samples.isEmpty && Self.isOrdinary($0) }
      for one in series { SeriesGenerator.load(one, into: store) }
      var generator = QueryGenerator(seed: seed)
      let query = generator.query()
      let grid = Grid(start: 0, end: 600_000, step: 60_000)
      guard let expression = try? PromQL.Expression.parse(query),
        let plan = try? Lowering.plan(expression, in: QueryContext(grid: grid, isInstant: false)),
        let facts = PlanFacts(plan).rootVector,
        let result = try? engine.range(Array(query.utf8), over: grid, in: store.snapshot()),
        case .matrix(let rows) = result.value
      else { continue }
      let isTame = Self.isTame(series)
      if let problem = Self.contradiction(facts, rows, grid, isTame: isTame, &known) {
        Issue.record("seed \(seed): \(query)\n  \(problem)\n  \(facts)")
      }
    }
    print("facts: \(known)")
    // The facts say something often enough to be worth checking.
    #expect(known.atMostOne > 300 && known.always > 100 && known.labels > 2_000 && known.bounded > 300)
  }

  /// How often something was known.
  private struct Tally {
    var never = 0
    var atMostOne = 0
    var always = 0
    var labels = 0
    var bounded = 0
  }

  private static func contradiction(
    _ facts: VectorFacts, _ rows: [MatrixSeries], _ grid: Grid, isTame: Bool, _ known: inout Tally
  ) -> String? {
    var counts = [Int](repeating: 0, count: grid.count)
    for row in rows {
      for time in row.timestamps + row.histogramTimestamps {
        counts[Int((time - grid.start) / grid.step)] += 1
      }
    }
    switch facts.count {
    case .none(let why):
      known.never += 1
      if !rows.isEmpty { return "has \(rows.count) series, must have none: \(why)" }
    case .atMostOne:
      known.atMostOne += 1
      if let most = counts.max(), most > 1 { return "has \(most) series, must have at most one" }
    case .many: break
    }
    if facts.isExactlyOne {
      known.always += 1
      if counts.contains(where: { $0 != 1 }) { return "must always have one series: \(counts)" }
    }
    for row in rows {
      for (label, presence) in facts.labels.known {
        known.labels += 1
        let value = row.labels[label]
        switch presence {
        case .absent where value != nil: return "\(label) is there"
        case .certain where value == nil: return "\(label) is missing in \(row.labels)"
        case .fixed(let only) where value != only: return "\(label) is \(value ?? "missing"), not \(only)"
        case .absent, .certain, .fixed, .possible: break
        }
      }
      if !facts.labels.hasOthers {
        for pair in row.labels.pairs where facts.labels[pair.name] == .absent {
          return "\(pair.name) is there"
        }
      }
      if facts.histograms == .never, !row.histograms.isEmpty { return "has histograms" }
      guard isTame else { continue }
      let values = facts.values
      if values.lower > -.infinity || values.upper < .infinity { known.bounded += 1 }
      for value in row.values {
        if value.isNaN, values.nan.isEmpty { return "is NaN" }
        if value.isInfinite, values.mayDivideByZero { continue }
        let slack = 1e-9 * max(1, value.magnitude)
        if value < values.lower - slack || value > values.upper + slack { return "is \(value)" }
      }
    }
    return nil
  }

  /// Whether what is called a counter or a bucket holds no native histogram: the facts go by the names.
  private static func isOrdinary(_ series: ReferenceEvaluator.Series) -> Bool {
    !counts(series)
      || series.samples.allSatisfy { if case .histogram = $0.value { false } else { true } }
  }

  private static func counts(_ series: ReferenceEvaluator.Series) -> Bool {
    series.labels.metricName == "m1_total" || series.labels.metricName == "h_bucket"
  }

  /// Whether counters count, and everything measured is a finite number.
  private static func isTame(_ series: [ReferenceEvaluator.Series]) -> Bool {
    series.allSatisfy { one in
      let counts = counts(one)
      return one.samples.allSatisfy { sample in
        switch sample.value {
        case .float(let value): value.isFinite && value.magnitude < 1e12 && (!counts || value >= 0)
        case .stale, .histogram: true
        }
      }
    }
  }
}
