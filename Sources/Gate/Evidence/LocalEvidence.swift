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
    let snapshot = source()
    let answer = answer(to: Array(query.utf8), at: time, over: snapshot)
    let basis = countsBasis ? basis(of: query, at: time, over: snapshot) : nil
    guard case .success(let found) = answer, case .noValue = found.reading else {
      return CheckEvidence(answer, basis: basis)
    }
    var examination = Examination(of: query, at: time, over: snapshot, engine: engine)
    return CheckEvidence(answer, findings: examination?.findings() ?? [], basis: basis)
  }

  private func basis(
    of query: String, at time: Int64, over source: any SeriesSource
  ) -> CheckEvidence.Basis? {
    BasisQueries(of: query)?.basis { text in
      guard case .success(let answer) = self.answer(to: Array(text.utf8), at: time, over: source),
        case .value(let bits, _) = answer.reading
      else { return nil }
      return Double(bitPattern: bits)
    }
  }

  private func answer(
    to text: [UInt8], at time: Int64, over source: any SeriesSource
  ) -> Result<InstantAnswer, QueryFailure> {
    let result: QueryResult
    do throws(QueryError) {
      result = try engine.instant(text, at: time, over: source)
    } catch {
      return .failure(QueryFailure(error))
    }
    return Result { () throws(QueryFailure) in try InstantAnswer(result, query: text) }
  }
}
