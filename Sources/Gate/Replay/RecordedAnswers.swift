public import Evaluator
public import PromQL
public import TimeSeries

/// What a rollout's checks answer over a recording, for many times at once: ticks lie on a grid, so
/// each query is evaluated as one range query. What a range query cannot tell exactly as an instant
/// query would (several series at a step, errors, warnings, values at a bound) is asked on its own.
///
/// Pure and safe to share. Every answer is what `LocalEvidence` answers, to the bit.
public struct RecordedAnswers: Sendable {
  private let engine: QueryEngine
  private let source: any SeriesSource
  private let checks: [Check]
  private let basisQueries: [BasisQueries?]
  private let explainsNoValue: Bool
  private var tables: [AnswerTable] = []

  /// - Parameters:
  ///   - explainsNoValue: whether to look closer at the data where there is no value; costs up to sixty
  ///     evaluations each time.
  public init(
    _ checks: [Check], over source: any SeriesSource, engine: QueryEngine = QueryEngine(),
    explainsNoValue: Bool = true
  ) {
    self.checks = checks
    self.source = source
    self.engine = engine
    self.explainsNoValue = explainsNoValue
    basisQueries = checks.map { $0.sentQuery.flatMap(BasisQueries.init(of:)) }
  }

  /// The same, with the answers on a grid worked out.
  public func prepared(for grid: Grid) -> RecordedAnswers {
    var copy = self
    copy.tables = checks.indices.map { index in
      AnswerTable(
        of: checks[index], basis: basisQueries[index], on: grid, over: source, engine: engine)
    }
    return copy
  }

  /// What is found out about a check at a time; on the grid at the cost of a look-up.
  public func evidence(for index: Int, at time: Int64) -> CheckEvidence {
    let check = checks[index]
    guard let query = check.sentQuery else { return CheckEvidence(.success(InstantAnswer())) }
    let table = tables.isEmpty ? nil : tables[index]
    let basis = table?.basis(at: time) ?? basisQueries[index]?.basis { value(of: $0, at: time) }
    let answer = table?.answer(at: time) ?? instant(query, at: time)
    guard explainsNoValue, case .success(let found) = answer, case .noValue = found.reading else {
      return CheckEvidence(answer, basis: basis)
    }
    var examination = Examination(of: query, at: time, over: source, engine: engine)
    return CheckEvidence(answer, findings: examination?.findings() ?? [], basis: basis)
  }

  private func instant(_ query: String, at time: Int64) -> Result<InstantAnswer, QueryFailure> {
    let text = Array(query.utf8)
    let result: QueryResult
    do throws(QueryError) {
      result = try engine.instant(text, at: time, over: source)
    } catch {
      return .failure(QueryFailure(error))
    }
    return Result { () throws(QueryFailure) in try InstantAnswer(result, query: text) }
  }

  private func value(of query: String, at time: Int64) -> Double? {
    guard case .success(let answer) = instant(query, at: time),
      case .value(let bits, _) = answer.reading
    else { return nil }
    return Double(bitPattern: bits)
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
  private var labels: [String] = []
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
    labels = rows.map(\.labels.description)
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
    guard self[root].type == .instantVector, durations.isEmpty else { return false }
    return nodes.allSatisfy { node in
      switch node.form {
      case .selector(let selector): !selector.time.isPinnedToEnds
      case .subquery(let subquery): !subquery.time.isPinnedToEnds
      case .number, .string, .matrix, .aggregation, .binary, .call, .parenthesis, .unary: true
      }
    }
  }
}

extension Expression.TimeModifiers {
  fileprivate var isPinnedToEnds: Bool {
    switch at {
    case .start, .end: true
    case .time, nil: false
    }
  }
}
