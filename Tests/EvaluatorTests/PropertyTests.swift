import Evaluator
import Foundation
import PromQL
import Testing
import TimeSeries

/// Random queries over random series: the engine agrees with the reference and keeps its laws.
@Suite struct PropertyTests {
  private static let engine = QueryEngine(
    options: EvaluationOptions(delaysNameRemoval: true), features: .all)

  /// How many cases a run has, and the first seed: `make fuzz` sets both.
  private static var seeds: Range<UInt64> {
    let environment = ProcessInfo.processInfo.environment
    let first = environment["PROMGATE_SEED"].flatMap { UInt64($0) } ?? 1
    let count = environment["PROMGATE_CASES"].flatMap { UInt64($0) } ?? 10_000
    return first..<first + count
  }

  @Test func `the engine agrees with the reference on random queries`() throws {
    var agreed = 0
    var refused = 0
    var failures = 0
    var filled = 0
    for seed in Self.seeds {
      let subject = Case(seed: seed)
      guard let expression = try? PromQL.Expression.parse(subject.query) else {
        refused += 1
        continue
      }
      let expected = try? ReferenceEvaluator(expression, over: subject.series, grid: subject.grid).matrix()
      let got = Self.matrix(subject.query, subject.grid, subject.source)
      switch (expected, got) {
      case (nil, nil): failures += 1
      case (let expected?, let got?):
        if let problem = Self.difference(expected, got, scale: subject.scale) {
          Issue.record("seed \(seed): \(subject.query)\n  \(subject.grid)\n  \(problem)")
          if agreed + failures > 0, Self.seeds.count > 100, seed > Self.seeds.lowerBound + 20_000 { return }
        } else {
          agreed += 1
          if !expected.isEmpty { filled += 1 }
        }
      case (nil, _?): Issue.record("seed \(seed): \(subject.query) must fail\n  \(subject.grid)")
      case (_?, nil):
        let error = Self.error(subject.query, subject.grid, subject.source)
        Issue.record("seed \(seed): \(subject.query) fails: \(error)\n  \(subject.grid)")
      }
    }
    print(
      "random queries: \(agreed) agreed (\(filled) not empty), \(failures) failed alike, \(refused) refused")
    // Most answers say something, and few texts are no queries.
    #expect(filled * 3 > Self.seeds.count && refused * 10 < Self.seeds.count)
  }

  @Test(arguments: Mutation.allCases)
  func `the generator notices a fault`(mutation: Mutation) throws {
    var options = EvaluationOptions(delaysNameRemoval: true)
    options.mutation = mutation
    let faulty = QueryEngine(options: options, features: .all)
    for seed in 1...UInt64(20_000) {
      let subject = Case(seed: seed)
      let sound = Self.matrix(subject.query, subject.grid, subject.source)
      let got = Self.matrix(subject.query, subject.grid, subject.source, engine: faulty)
      guard let sound, let got else {
        if (sound == nil) != (got == nil) { return }
        continue
      }
      if Self.difference(sound, got, scale: subject.scale) != nil { return }
    }
    Issue.record("no query of the generator notices \(mutation)")
  }

  @Test func `a step of a range query is the instant query at its time`() throws {
    for seed in Self.seeds.prefix(1500) {
      let subject = Case(seed: seed)
      guard let expression = try? PromQL.Expression.parse(subject.query), Self.isStepwise(expression) else {
        continue
      }
      guard let range = Self.matrix(subject.query, subject.grid, subject.source) else { continue }
      for index in 0..<subject.grid.count {
        let time = subject.grid.time(index)
        guard let instant = Self.instant(subject.query, time, subject.source) else {
          Issue.record("seed \(seed): \(subject.query) fails at \(time) only")
          continue
        }
        let step = range.compactMapValues { $0[time].map { [time: $0] } }
        if let problem = Self.difference(step, instant, scale: subject.scale) {
          Issue.record("seed \(seed): \(subject.query) at \(time)\n  \(problem)")
        }
      }
    }
  }

  @Test func `what is printed parses to what was printed`() throws {
    for seed in Self.seeds.prefix(3000) {
      var generator = QueryGenerator(seed: seed)
      let query = generator.query()
      // `+Inf ^ x` prints as it is, and reads as the plus of a power: so it does in Prometheus.
      guard !query.contains("Inf"), let expression = try? PromQL.Expression.parse(query) else { continue }
      let printed = expression.description
      let again = try? PromQL.Expression.parse(printed)
      #expect(again?.description == printed, "seed \(seed): \(printed)")
    }
  }

  @Test func `series that nothing selects change nothing, nor does the order of loading`() throws {
    for seed in Self.seeds.prefix(1000) {
      let subject = Case(seed: seed)
      let store = Store()
      for series in subject.series.reversed() { SeriesGenerator.load(series, into: store) }
      let other = Labels([(LabelName.metric, "unselected"), ("a", "x")])
      try store.append(other, StoredSample(timestamp: 0, .float(1)))
      guard !subject.query.contains("__name__"), !subject.query.contains("{") else { continue }
      let first = Self.matrix(subject.query, subject.grid, subject.source)
      let second = Self.matrix(subject.query, subject.grid, store.snapshot())
      #expect((first == nil) == (second == nil), "seed \(seed): \(subject.query)")
      guard let first, let second else { continue }
      let problem = Self.difference(first, second, scale: subject.scale)
      #expect(problem == nil, "seed \(seed): \(subject.query)\n  \(problem ?? "")")
    }
  }

  /// Whether each step stands for itself (design §6 names the exceptions).
  private static func isStepwise(_ expression: PromQL.Expression) -> Bool {
    !expression.nodes.contains { node in
      switch node.form {
      case .call(let call):
        switch call.function.facts.family {
        case .query, .sort, .sortByLabel: true
        default: false
        }
      case .selector(let selector): selector.time.at != nil
      case .subquery: true
      case .aggregation(let aggregation):
        switch aggregation.operation {
        // Ties are broken by position, errors look at all steps.
        case .topk, .bottomk, .limitk, .quantile, .limitRatio: true
        default: false
        }
      default: false
      }
    }
  }

  // MARK: Running

  private typealias Matrix = [Labels: [Int64: ReferenceEvaluator.Sample]]

  private static func matrix(
    _ query: String, _ grid: Grid, _ source: StoreSnapshot, engine: QueryEngine = Self.engine
  ) -> Matrix? {
    guard let result = try? engine.range(Array(query.utf8), over: grid, in: source),
      case .matrix(let series) = result.value
    else { return nil }
    var matrix: Matrix = [:]
    for one in series {
      for (time, value) in zip(one.timestamps, one.values) {
        matrix[one.labels, default: [:]][time] = .float(value)
      }
      for (time, value) in zip(one.histogramTimestamps, one.histograms) {
        matrix[one.labels, default: [:]][time] = .histogram(value)
      }
    }
    return matrix
  }

  private static func instant(_ query: String, _ time: Int64, _ source: StoreSnapshot) -> Matrix? {
    guard let result = try? engine.instant(Array(query.utf8), at: time, over: source) else { return nil }
    switch result.value {
    case .scalar(_, let value): return [.none: [time: .float(value)]]
    case .vector(_, let samples):
      var matrix: Matrix = [:]
      for sample in samples {
        switch sample.value {
        case .float(let value): matrix[sample.labels, default: [:]][time] = .float(value)
        case .histogram(let value): matrix[sample.labels, default: [:]][time] = .histogram(value)
        }
      }
      return matrix
    case .matrix, .string: return nil
    }
  }

  private static func error(_ query: String, _ grid: Grid, _ source: StoreSnapshot) -> String {
    do {
      _ = try engine.range(Array(query.utf8), over: grid, in: source)
      return "nothing"
    } catch { return "\(error)" }
  }

  /// The first difference; `scale` is the largest magnitude in the data: rounding is relative to it.
  private static func difference(_ a: Matrix, _ b: Matrix, scale: Double) -> String? {
    for labels in Set(a.keys).union(b.keys).sorted() {
      let (left, right) = (a[labels] ?? [:], b[labels] ?? [:])
      for time in Set(left.keys).union(right.keys).sorted() {
        switch (left[time], right[time]) {
        case (.float(let x)?, .float(let y)?) where isClose(x, y, scale): break
        case (.histogram(let x)?, .histogram(let y)?) where isClose(x, y): break
        case (let x, let y):
          return "\(labels) at \(time): expected \(text(x)), got \(text(y))"
        }
      }
    }
    return nil
  }

  private static func text(_ sample: ReferenceEvaluator.Sample?) -> String {
    switch sample {
    case nil: "nothing"
    case .float(let value): "\(value)"
    case .histogram(let histogram): histogram.testExpression ?? histogram.description
    case .stale: "stale"
    }
  }

  private static func isClose(_ x: Double, _ y: Double, _ scale: Double) -> Bool {
    if x.isNaN || y.isNaN { return x.isNaN && y.isNaN }
    if x == y { return true }
    let difference = (x - y).magnitude
    return difference <= 1e-9 * max(x.magnitude, y.magnitude) || difference <= 1e-11 * scale
  }

  private static func isClose(_ x: NativeHistogram, _ y: NativeHistogram) -> Bool {
    x.compacted().isAlmostEqual(to: y.compacted(), tolerance: 1e-9)
  }

  /// One seed: series, a query, steps.
  private struct Case {
    let query: String
    let grid: Grid
    let series: [ReferenceEvaluator.Series]
    let source: StoreSnapshot
    let scale: Double

    init(seed: UInt64) {
      var random = Seeded(seed &* 7919)
      let store = Store()
      for series in SeriesGenerator.series(&random) { SeriesGenerator.load(series, into: store) }
      source = store.snapshot()
      series = Self.read(source)
      var generator = QueryGenerator(seed: seed)
      query = generator.query()
      let start = Int64.random(in: -2...20, using: &random) * 30_000
      let step = random.pick([10_000, 30_000, 60_000, 150_000] as [Int64])
      let count = Int64.random(in: 1...8, using: &random)
      grid = Grid(start: start, end: start + step * (count - 1), step: step)
      var scale = 1.0
      for one in series {
        for case (_, .float(let value)) in one.samples where value.isFinite {
          scale = max(scale, value.magnitude)
        }
      }
      // Products of hostile values have no useful scale.
      self.scale = scale > 1e12 ? scale * scale : scale
    }

    /// What the store shows: the hints of histograms are those of reading.
    private static func read(_ source: StoreSnapshot) -> [ReferenceEvaluator.Series] {
      let selected = source.select(Selection(matchers: [], after: .min, through: .max))
      return selected.labels.indices.compactMap { row in
        guard let samples = try? selected.samples(row) else { return nil }
        var values = samples.values.map { ReferenceEvaluator.Sample.float($0) }
        for position in samples.staleMarkers { values[position] = .stale }
        for (position, histogram) in zip(
          samples.histograms?.positions ?? [], samples.histograms?.histograms ?? [])
        {
          values[position] = .histogram(histogram)
        }
        let times = values.indices.map { samples.timestamp($0) }
        return ReferenceEvaluator.Series(
          labels: selected.labels[row], samples: zip(times, values).map { (time: $0, value: $1) })
      }
    }
  }
}
