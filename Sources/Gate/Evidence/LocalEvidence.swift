public import Evaluator
public import TimeSeries

/// Evidence that promgate evaluates itself, over live metrics or a recording.
public struct LocalEvidence: EvidenceSource {
  private let engine: QueryEngine
  private let source: @Sendable () -> any SeriesSource
  public let lastTime: Int64?
  private let countsBasis: Bool

  /// - Parameters:
  ///   - engine: evaluates the queries.
  ///   - countsBasis: whether to find out what each answer stands on; costs up to three more queries.
  ///   - lastTime: the end of a recording; nil for live metrics.
  ///   - source: what there is to know at the moment of the call.
  public init(
    engine: QueryEngine = QueryEngine(), lastTime: Int64? = nil, countsBasis: Bool = false,
    source: @escaping @Sendable () -> any SeriesSource
  ) {
    self.engine = engine
    self.lastTime = lastTime
    self.countsBasis = countsBasis
    self.source = source
  }

  public func evidence(for check: Check, at time: Int64) async throws -> CheckEvidence {
    try Task.checkCancellation()
    guard let query = check.sentQuery else { return CheckEvidence(.success(InstantAnswer())) }
    let answers = LocalAnswers(engine: engine, source: source())
    let basis = countsBasis ? BasisQueries(of: query).map { answers.basis($0, at: time) } : nil
    let answer = answers.answer(to: query, at: time)
    return CheckEvidence(
      answer, findings: answers.findings(answer, to: query, at: time), basis: basis)
  }
}
