import Evaluator
import NIOCore
import TimeSeries

/// A request that reads series, with its parameters read: what is left to do.
enum SeriesWork: Sendable {
  case query(QueryParameters, QueryParameters.Prepared, timeout: TimeAmount)
  case series(SeriesParameters)
  case names(SeriesParameters)
  case values(SeriesParameters, name: [UInt8])

  /// Reads and plans a query.
  static func query(
    _ query: QueryParameters, _ options: PrometheusAPI.Options
  ) throws(APIError) -> SeriesWork {
    var timeout = TimeAmount(options.queryTimeout)
    if let asked = query.timeout {
      guard asked > 0 else { throw .parameter("query", "context deadline exceeded") }
      timeout = min(timeout, .nanoseconds(asked))
    }
    return .query(query, try query.prepared(options), timeout: timeout)
  }

  /// How long it may take. Lists have no parameter for it, and many selectors of many series take long.
  func timeout(atMost limit: Duration) -> TimeAmount {
    switch self {
    case .query(_, _, let timeout): timeout
    case .series, .names, .values: TimeAmount(limit)
    }
  }

  /// Whether it may be done where other connections wait meanwhile.
  func isQuick(over source: any SeriesSource) -> Bool {
    switch self {
    case .query(_, let prepared, _): prepared.query.isQuick(over: source)
    case .series, .names, .values: false
    }
  }

  func answer(
    over source: any SeriesSource, _ cancellation: Cancellation, _ budget: MemoryBudget
  ) throws(APIError) -> APIAnswer {
    switch self {
    case .query(let query, let prepared, _): try query.answer(prepared, over: source, cancellation)
    case .series(let parameters): try parameters.seriesAnswer(source, MemoryAccount(budget), cancellation)
    case .names(let parameters): try parameters.namesAnswer(source, MemoryAccount(budget), cancellation)
    case .values(let parameters, let name):
      try parameters.valuesAnswer(name, source, MemoryAccount(budget), cancellation)
    }
  }
}
