public import Evaluator
import PromQL
import Synchronization
public import TimeSeries

/// What a rollout's checks answer over a recording, for many times at once: ticks lie on a lattice, so
/// each query is evaluated as a range query over a stretch of it when its first tick is asked for. What
/// a range query cannot tell exactly as an instant query would (several series at a step, errors,
/// warnings, values at a bound) is asked on its own.
///
/// Pure and safe to share; copies share what has been worked out. Every answer is what `LocalEvidence`
/// answers, to the bit.
public struct RecordedAnswers: Sendable {
  private let engine: QueryEngine
  private let source: any SeriesSource
  private let checks: [Check]
  private let basisQueries: [BasisQueries?]
  private let stretches: Stretches?
  /// Whether to look closer at the data where there is no value; costs up to sixty evaluations each time.
  public var explainsNoValue: Bool

  /// Times that are asked for together.
  public struct Lattice: Sendable, Hashable {
    /// Milliseconds; one of the times.
    public var origin: Int64
    /// Milliseconds between two times.
    public var step: Int64

    public init(origin: Int64, step: Int64) {
      self.origin = origin
      self.step = max(1, step)
    }
  }

  /// - Parameter lattice: where most times will lie; nil asks every time on its own.
  public init(
    _ checks: [Check], over source: any SeriesSource, engine: QueryEngine = QueryEngine(),
    lattice: Lattice? = nil, explainsNoValue: Bool = true
  ) {
    self.checks = checks
    self.source = source
    self.engine = engine
    self.explainsNoValue = explainsNoValue
    basisQueries = checks.map { $0.sentQuery.flatMap(BasisQueries.init(of:)) }
    stretches = lattice.map { Stretches($0, checks: checks.count) }
  }

  /// What is found out about a check at a time; on the lattice at the cost of a look-up.
  public func evidence(for index: Int, at time: Int64) -> CheckEvidence {
    let check = checks[index]
    guard let query = check.sentQuery else { return CheckEvidence(.success(InstantAnswer())) }
    let table = stretches?.table(of: index, at: time) { grid in
      AnswerTable(of: check, basis: basisQueries[index], on: grid, over: source, engine: engine)
    }
    let answers = LocalAnswers(engine: engine, source: source)
    let basis = table?.basis(at: time) ?? basisQueries[index].map { answers.basis($0, at: time) }
    let answer = table?.answer(at: time) ?? answers.answer(to: query, at: time)
    let findings = explainsNoValue ? answers.findings(answer, to: query, at: time) : []
    return CheckEvidence(answer, findings: findings, basis: basis)
  }
}

/// The stretches of a lattice that have been worked out.
private final class Stretches: Sendable {
  /// Times in a stretch.
  private static let length: Int64 = 128

  private let lattice: RecordedAnswers.Lattice
  /// By check, then by the number of the stretch.
  private let tables: [TableBox]

  private final class TableBox: Sendable {
    let tables = Mutex<[Int64: AnswerTable]>([:])
  }

  init(_ lattice: RecordedAnswers.Lattice, checks: Int) {
    self.lattice = lattice
    tables = (0..<checks).map { _ in TableBox() }
  }

  /// The table that holds a time, made when it is wanted first; nil for a time off the lattice.
  func table(of check: Int, at time: Int64, _ make: (Grid) -> AnswerTable) -> AnswerTable? {
    let (distance, overflow) = time.subtractingReportingOverflow(lattice.origin)
    guard !overflow, distance % lattice.step == 0 else { return nil }
    let position = distance / lattice.step
    let number = position >= 0 ? position / Self.length : (position + 1) / Self.length - 1
    return tables[check].tables.withLock { tables in
      if let table = tables[number] { return table }
      let start = lattice.origin &+ number &* Self.length &* lattice.step
      let table = make(
        Grid(start: start, end: start &+ (Self.length - 1) &* lattice.step, step: lattice.step))
      tables[number] = table
      return table
    }
  }
}

/// The answers of one check at the steps of a grid.
private struct AnswerTable: Sendable {
  enum Step: Sendable {
    case empty
    /// The only series, by its place in `labels`, and its value's bits.
    case one(series: Int32, bits: UInt64)
    /// Has to be asked on its own.
    case unsure
  }

  private let grid: Grid
  /// Empty where every step is unsure.
  private var steps: [Step] = []
  private var labels: [Labels] = []
  private let reach: Int64?
  private var series: [Double] = []
  private var samples: [Double] = []
  private var requests: [Double]?

  init(
    of check: Check, basis: BasisQueries?, on grid: Grid, over source: any SeriesSource,
    engine: QueryEngine
  ) {
    self.grid = grid
    reach = basis?.reach
    guard let query = check.sentQuery, grid.count > 0, let expression = try? Expression.parse(query),
      expression.isSteady
    else { return }
    if let basis {
      series = Self.numbers(basis.series, on: grid, over: source, engine)
      samples = Self.numbers(basis.samples, on: grid, over: source, engine)
      requests = basis.requests.map { Self.numbers($0, on: grid, over: source, engine) }
    }
    guard let result = try? engine.range(Array(query.utf8), over: grid, in: source),
      !result.annotations.contains(where: { $0.level == .warning }),
      case .matrix(let rows) = result.value
    else { return }
    steps = Array(repeating: .empty, count: grid.count)
    labels = rows.map(\.labels)
    let bounds = check.bounds.limits(of: check.kind)
    for (place, row) in rows.enumerated() {
      for (time, value) in zip(row.timestamps, row.values) {
        let step = index(time)
        guard case .empty = steps[step], !isClose(value, bounds.min), !isClose(value, bounds.max) else {
          steps[step] = .unsure
          continue
        }
        steps[step] = .one(series: Int32(place), bits: value.bitPattern)
      }
      for time in row.histogramTimestamps { steps[index(time)] = .unsure }
    }
  }

  /// The answer at a time; nil where it has to be asked.
  func answer(at time: Int64) -> Result<InstantAnswer, QueryFailure>? {
    guard let step = position(time), !steps.isEmpty else { return nil }
    switch steps[step] {
    case .empty: return .success(InstantAnswer())
    case .one(let series, let bits):
      let content = AnsweredSeries.Content.number(bits: bits)
      return .success(
        InstantAnswer(series: [AnsweredSeries(labels: labels[Int(series)], content: content)]))
    case .unsure: return nil
    }
  }

  /// What the answer at a time stands on; nil where it has to be counted.
  func basis(at time: Int64) -> CheckEvidence.Basis? {
    guard let step = position(time), let reach, !series.isEmpty || !samples.isEmpty else { return nil }
    func number(_ values: [Double]) -> Double? {
      values.isEmpty || values[step].isNaN ? nil : values[step]
    }
    return CheckEvidence.Basis(
      reach: reach, series: number(series).flatMap { Int(exactly: $0) },
      samples: number(samples).flatMap { Int(exactly: $0) }, requests: requests.flatMap(number))
  }

  private func index(_ time: Int64) -> Int { Int((time - grid.start) / grid.step) }

  private func position(_ time: Int64) -> Int? {
    guard time >= grid.start, time <= grid.end, (time - grid.start) % grid.step == 0 else { return nil }
    return index(time)
  }

  /// Sliding windows may round otherwise than a window of its own: near a bound that could matter.
  private func isClose(_ value: Double, _ bound: Double?) -> Bool {
    guard let bound else { return false }
    // Durations are compared in milliseconds and queried in seconds or milliseconds.
    return [bound, bound / 1000].contains { (value - $0).magnitude <= 1e-9 * max($0.magnitude, 1e-300) }
  }

  /// One number a step, NaN where there is none.
  private static func numbers(
    _ query: String?, on grid: Grid, over source: any SeriesSource, _ engine: QueryEngine
  ) -> [Double] {
    guard let query, let result = try? engine.range(Array(query.utf8), over: grid, in: source),
      case .matrix(let rows) = result.value, rows.count <= 1
    else { return [] }
    var numbers = [Double](repeating: .nan, count: grid.count)
    for row in rows {
      for (time, value) in zip(row.timestamps, row.values) {
        numbers[Int((time - grid.start) / grid.step)] = value
      }
    }
    return numbers
  }
}

extension Expression {
  /// Whether it means the same at a step of a range query as at an instant: an instant vector, nothing
  /// that is pinned to the ends of the query or measured by its step.
  fileprivate var isSteady: Bool {
    guard self[root].type == .instantVector else { return false }
    return nodes.allSatisfy { node in
      switch node.form {
      case .selector(let selector): selector.time.isSteady
      case .matrix(_, let range): range.isSteady
      case .subquery(let subquery):
        subquery.time.isSteady && subquery.range.isSteady && subquery.step?.isSteady ?? true
      case .number, .string, .aggregation, .binary, .call, .parenthesis, .unary: true
      }
    }
  }
}

extension Expression.Duration {
  /// An expression may ask for the query's own step or range.
  fileprivate var isSteady: Bool {
    if case .literal = self { true } else { false }
  }
}

extension Expression.TimeModifiers {
  fileprivate var isSteady: Bool {
    switch at {
    case .start, .end: false
    case .time, nil: offset?.isSteady ?? true
    }
  }
}
