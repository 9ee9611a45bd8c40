public import PromQL
public import TimeSeries

/// Why a query has no answer; `description` is Prometheus' text.
public enum QueryError: Error, Sendable {
  /// The text is no query: parse and type errors, the first one is the one to show.
  case syntax(ParseFailure)
  /// The query cannot be planned for these steps.
  case creation(LoweringError)
  /// The evaluation failed; what had been noted so far comes along.
  case evaluation(EvaluationError, [Annotation])
  /// The source of series failed before anything was evaluated.
  case source(String)
}

/// The door: text and steps in, an answer out.
///
/// Pure: no clock, no input or output beyond the source that it is handed. Safe to share.
public struct QueryEngine: Sendable {
  public var options: EvaluationOptions
  public var features: LanguageFeatures
  /// The memory that queries may hold, each and all together; by default there is no bound.
  public var memory: MemoryBudget

  public init(
    options: EvaluationOptions = EvaluationOptions(), features: LanguageFeatures = .all,
    memory: MemoryBudget = .unlimited
  ) {
    self.options = options
    self.features = features
    self.memory = memory
  }

  /// Evaluates at one time (milliseconds since the epoch).
  public func instant(
    _ text: [UInt8], at time: Int64, over source: any SeriesSource, cancellation: Cancellation? = nil
  ) throws(QueryError) -> QueryResult {
    try answer(try prepare(text, at: time), over: source, cancellation: cancellation)
  }

  /// Evaluates at every step of a grid.
  public func range(
    _ text: [UInt8], over grid: Grid, in source: any SeriesSource, cancellation: Cancellation? = nil
  ) throws(QueryError) -> QueryResult {
    try answer(try prepare(text, over: grid), over: source, cancellation: cancellation)
  }

  /// Reads and plans a query for one time.
  public func prepare(_ text: [UInt8], at time: Int64) throws(QueryError) -> PreparedQuery {
    try prepare(text, context(Grid(instant: time), isInstant: true))
  }

  /// Reads and plans a query for every step of a grid.
  public func prepare(_ text: [UInt8], over grid: Grid) throws(QueryError) -> PreparedQuery {
    try prepare(text, context(grid, isInstant: false))
  }

  private func context(_ grid: Grid, isInstant: Bool) -> QueryContext {
    QueryContext(
      grid: grid, isInstant: isInstant, lookback: options.lookback,
      defaultSubqueryStep: options.defaultSubqueryStep)
  }

  private func prepare(_ text: [UInt8], _ context: QueryContext) throws(QueryError) -> PreparedQuery {
    let account = MemoryAccount(memory)
    try take(QuerySize.bytes(text), from: account)
    let query = try parse(text)
    if query.depth <= Lowering.depthLimit {
      return PreparedQuery(query, context, .planned(try plan(query, context)), account)
    }
    guard query.depth <= DeepStack.depthLimit else { throw .creation(.tooDeep(limit: DeepStack.depthLimit)) }
    return PreparedQuery(query, context, .deep, account)
  }

  private func take(_ bytes: Int, from account: MemoryAccount) throws(QueryError) {
    do { try account.take(bytes) } catch { throw .evaluation(.tooMuchMemory(error), []) }
  }

  /// Fetches what a prepared query selects and evaluates it.
  public func answer(
    _ query: PreparedQuery, over source: any SeriesSource, cancellation: Cancellation? = nil
  ) throws(QueryError) -> QueryResult {
    switch query.state {
    case .planned(let plan): return try evaluate(plan, query.context, over: source, cancellation)
    case .deep:
      let depth = query.parsed.depth
      let stack = MemoryAccount(memory)
      try take(DeepStack.usedBytes(levels: depth), from: stack)
      // The plan lives and dies on the deep stack: releasing it recurses too.
      let result = DeepStack.run(levels: depth) { () -> Result<QueryResult, QueryError> in
        Result { () throws(QueryError) in
          try evaluate(
            try plan(query.parsed, query.context, depthLimit: depth), query.context, over: source,
            cancellation)
        }
      }
      guard let result else { throw .creation(.tooDeep(limit: Lowering.depthLimit)) }
      return try result.get()
    }
  }

  /// Parses and plans a query.
  public func plan(_ text: [UInt8], _ context: QueryContext) throws(QueryError) -> Plan {
    try plan(try parse(text), context)
  }

  private func parse(_ text: [UInt8]) throws(QueryError) -> ParsedQuery {
    do { return try ParsedQueries.shared.query(text, features) } catch { throw .syntax(error) }
  }

  private func plan(
    _ query: ParsedQuery, _ context: QueryContext, depthLimit: Int = Lowering.depthLimit
  ) throws(QueryError) -> Plan {
    do { return try query.plan(context, depthLimit: depthLimit) } catch { throw .creation(error) }
  }

  /// Fetches what the plan selects and evaluates it.
  public func evaluate(
    _ plan: Plan, _ context: QueryContext, over source: any SeriesSource,
    _ cancellation: Cancellation? = nil
  ) throws(QueryError) -> QueryResult {
    let data: [any Selected]
    do { data = try source.select(plan.selections) } catch { throw .source("\(error)") }
    return try evaluate(plan, context, data: data, cancellation)
  }

  /// Evaluates a plan over what its selections found, in their order: pure.
  public func evaluate(
    _ plan: Plan, _ context: QueryContext, data: [any Selected], _ cancellation: Cancellation? = nil
  ) throws(QueryError) -> QueryResult {
    var options = options
    options.lookback = context.lookback
    let account = MemoryAccount(memory)
    let patterns = plan.selections.reduce(0) { $0 + $1.matchers.count { $0.pattern?.hasEngine == true } }
    // What matching takes beside a pattern's program.
    if patterns > 1 { try take(patterns * (128 << 10), from: account) }
    let evaluation = Evaluation(data: data, options: options, memory: account, cancellation: cancellation)
    do throws(EvaluationError) {
      try cancellation?.check(.start)
      let before = account.held
      let value = try evaluation.answer(plan, context)
      // What the answer takes is held as long as somebody has it.
      account.giveBack(downTo: before + value.heldBytes)
      var result = QueryResult(value: value, annotations: annotations(evaluation))
      result.memory = account
      return result
    } catch {
      throw .evaluation(error, annotations(evaluation))
    }
  }

  private func annotations(_ evaluation: Evaluation) -> [Annotation] {
    let all = evaluation.notes.finish()
    guard let muted = options.mutedAnnotation else { return all }
    return all.filter { $0.code != muted }
  }
}

extension QueryError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .syntax(let failure): return "\(failure)"
    case .creation(let error): return "\(error)"
    case .evaluation(let error, _): return "\(error)"
    case .source(let problem): return "expanding series: \(problem)"
    }
  }
}

extension QueryError {
  /// What had been noted before the failure.
  public var annotations: [Annotation] {
    switch self {
    case .evaluation(_, let annotations): annotations
    case .syntax, .creation, .source: []
    }
  }
}
