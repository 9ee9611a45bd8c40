import Evaluator
import TimeSeries

/// Answers of our own engine, as Flagger would read them; what evidence over live metrics and over
/// recordings is made of.
struct LocalAnswers {
  let engine: QueryEngine
  let source: any SeriesSource

  func answer(to query: String, at time: Int64) -> Result<InstantAnswer, QueryFailure> {
    let text = Array(query.utf8)
    let result: QueryResult
    do throws(QueryError) {
      result = try engine.instant(text, at: time, over: source)
    } catch {
      return .failure(QueryFailure(error))
    }
    return Result { () throws(QueryFailure) in try InstantAnswer(result, query: text) }
  }

  /// What an answer stands on: up to three more queries.
  func basis(_ queries: BasisQueries, at time: Int64) -> CheckEvidence.Basis {
    queries.basis { query in
      guard case .success(let answer) = answer(to: query, at: time), case .value(let bits, _) = answer.reading
      else { return nil }
      return Double(bitPattern: bits)
    }
  }

  /// The reasons of an answer without a value; empty for any other.
  func findings(
    _ answer: Result<InstantAnswer, QueryFailure>, to query: String, at time: Int64
  ) -> [DataFinding] {
    guard case .success(let found) = answer, case .noValue = found.reading else { return [] }
    var examination = Examination(of: query, at: time, over: source, engine: engine)
    return examination?.findings() ?? []
  }
}
