public import Evaluator
import PromQL
public import TimeSeries

/// Runs scripts as Prometheus' own runner does (promqltest.md §5): every instant query as written, with
/// its selectors pinned, and as a range.
///
/// Pure but for `guarding`: a run of one script depends on the script alone.
public struct ScriptRunner: Sendable {
  /// The engine's settings for scripts: all language features, delayed removal of names, start
  /// timestamps, at most 10,000 samples.
  public static let options = EvaluationOptions(
    lookback: 300_000, maximumSamples: 10_000, defaultSubqueryStep: 60_000, delaysNameRemoval: true,
    usesStartTimestamps: true)

  private let engine: QueryEngine
  private let guarding: @Sendable (Cancellation) -> Void

  /// `guarding` is handed a flag before each query; who has a clock raises it when the query takes
  /// too long.
  public init(
    memory: MemoryBudget = .unlimited, guarding: @escaping @Sendable (Cancellation) -> Void = { _ in }
  ) {
    engine = QueryEngine(options: Self.options, features: .all, memory: memory)
    self.guarding = guarding
  }

  /// Who runs scripts over an engine of its own.
  package init(engine: QueryEngine) {
    self.engine = engine
    guarding = { _ in }
  }

  /// Runs all commands; a failed one does not end the run.
  public func run(_ script: Script) -> ScriptResult {
    var result = ScriptResult(outcomes: [])
    var store = Store()
    for command in script.commands {
      switch command.action {
      case .clear: store = Store()
      case .load(let load):
        do { try load.append(to: store) } catch {
          result.outcomes.append(
            Outcome(
              line: error.line, subject: "load",
              failure: Failure(run: .load, problem: error.message)))
        }
      case .evaluate(let evaluation):
        let subject = String(decoding: evaluation.query, as: UTF8.self)
        let failure = self.failure(of: evaluation, over: store.snapshot())
        result.outcomes.append(Outcome(line: command.line, subject: subject, failure: failure))
      }
    }
    return result
  }

  // MARK: One evaluation

  private func failure(of evaluation: ScriptEvaluation, over source: StoreSnapshot) -> Failure? {
    switch evaluation.mode {
    case .range(let grid):
      return rangeFailure(of: evaluation, over: grid, in: source)
    case .instant(let time):
      var text = evaluation.query
      if let failure = instantFailure(
        of: evaluation, .asWritten(at: time), text: text, at: time, over: source)
      {
        return failure
      }
      guard let pinned = PinnedQuery(evaluation.query, at: time) else { return nil }
      text = pinned.text
      let shown = String(decoding: text, as: UTF8.self)
      for time in pinned.times {
        if let failure = instantFailure(
          of: evaluation, .pinned(text: shown, at: time), text: text, at: time, over: source)
        {
          return failure
        }
      }
      return nil
    }
  }

  private func rangeFailure(
    of evaluation: ScriptEvaluation, over grid: Grid, in source: StoreSnapshot
  ) -> Failure? {
    let answer = answer { cancellation throws(QueryError) in
      try engine.range(evaluation.query, over: grid, in: source, cancellation: cancellation)
    }
    let check = AnswerCheck(expectation: evaluation.expectation)
    return check.mismatch(answer, text: evaluation.query, mode: .range(grid))
      .map { Failure(run: .range, problem: $0.problem, rows: $0.rows) }
  }

  /// One instant run, and after a success the same text as a range around its time.
  private func instantFailure(
    of evaluation: ScriptEvaluation, _ run: Failure.Run, text: [UInt8], at time: Int64,
    over source: StoreSnapshot
  ) -> Failure? {
    let answer = answer { cancellation throws(QueryError) in
      try engine.instant(text, at: time, over: source, cancellation: cancellation)
    }
    let check = AnswerCheck(expectation: evaluation.expectation)
    if let mismatch = check.mismatch(answer, text: text, mode: .instant(at: time)) {
      return Failure(run: run, problem: mismatch.problem, rows: mismatch.rows)
    }
    guard case .success(let result) = answer, evaluation.expectation.holdsAsRange,
      !Self.asksForTheQuerysTimes(text)
    else { return nil }
    let mismatch = asRangeMismatch(
      evaluation.expectation, text: text, around: time, over: source, like: result.value)
    return mismatch.map {
      Failure(
        run: .asRange(text: String(decoding: text, as: UTF8.self), around: time),
        problem: $0.problem, rows: $0.rows)
    }
  }

  /// Evaluates from a minute before to a minute after; the samples in the middle must agree.
  private func asRangeMismatch(
    _ expectation: Expectation, text: [UInt8], around time: Int64, over source: StoreSnapshot,
    like instant: QueryValue
  ) -> ResultComparison.Mismatch? {
    let grid = Grid(start: time - 60_000, end: time + 60_000, step: 60_000)
    let answer = answer { cancellation throws(QueryError) in
      try engine.range(text, over: grid, in: source, cancellation: cancellation)
    }
    switch answer {
    case .failure(let error): return .init(problem: "the query failed: \(error)")
    case .success(let result):
      guard case .matrix(let matrix) = result.value else {
        return .init(problem: "a range query did not answer with a matrix")
      }
      if let problem = ResultComparison.orderProblem(matrix) { return .init(problem: problem) }
      if expectation.isOrdered { return nil }
      let comparison = ResultComparison(expectation: expectation)
      let samples = matrix.compactMap { $0.sample(at: time) }
      if case .scalar = instant {
        guard case .float(let value)? = samples.first?.value else {
          return .init(problem: "the range query has no value at this time")
        }
        return comparison.compare(scalar: value)
      }
      return comparison.compare(vector: samples, at: time)
    }
  }

  private func answer(
    _ ask: (Cancellation) throws(QueryError) -> QueryResult
  ) -> Result<QueryResult, QueryError> {
    let cancellation = Cancellation()
    guarding(cancellation)
    do { return .success(try ask(cancellation)) } catch { return .failure(error) }
  }

  /// Whether the text depends on the bounds of the query, so that a range would answer otherwise.
  private static func asksForTheQuerysTimes(_ text: [UInt8]) -> Bool {
    let text = String(decoding: text, as: UTF8.self)
    return ["start()", "end()", "range()", "step()"].contains { text.contains($0) }
  }
}

extension Expectation {
  /// Whether an instant query's answer can be looked for in the middle of a range.
  fileprivate var holdsAsRange: Bool {
    switch answer {
    case .series, .scalar: failure == nil
    case .rangeVector, .string: false
    }
  }
}

extension MatrixSeries {
  /// The point at a time; nil when there is none.
  fileprivate func sample(at time: Int64) -> VectorSample? {
    if let index = timestamps.firstIndex(of: time) {
      return VectorSample(labels: labels, value: .float(values[index]))
    }
    return histogramTimestamps.firstIndex(of: time).map {
      VectorSample(labels: labels, value: .histogram(histograms[$0]))
    }
  }
}
