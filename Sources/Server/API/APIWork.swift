import Evaluator
import NIOCore
import TimeSeries

/// A request of the API with its parameters read.
enum APIWork: Sendable {
  case query(QueryParameters)
  case series(SeriesParameters)
  case names(SeriesParameters)
  case values(SeriesParameters, name: [UInt8])

  /// Nil for a route that needs no source.
  init?(_ route: Route, _ form: FormValues, now: Int64) throws(APIError) {
    switch route {
    case .query: self = .query(try QueryParameters(instant: form, now: now))
    case .queryRange: self = .query(try QueryParameters(range: form))
    case .series: self = .series(try SeriesParameters(series: form))
    case .labels: self = .names(try SeriesParameters(labels: form))
    case .labelValues(let written):
      let name = LabelNameEscaping.unescaped(written)
      guard LabelNameEscaping.isValid(name) else {
        throw .badData("invalid label name: \(GoText.quoted(name))")
      }
      self = .values(try SeriesParameters(labels: form), name: name)
    case .index, .healthy, .ready, .metrics, .lifecycle, .buildInfo, .formatQuery, .parseQuery,
      .exemplars, .metadata, .targets, .targetsMetadata, .scrapePools, .alertmanagers, .remoteWrite,
      .remoteRead, .rules, .alerts, .runtimeInfo, .configuration, .flags, .storeStatistics, .storeBlocks,
      .logReplay, .admin, .openTelemetry, .federate, .version, .notifications, .notificationStream:
      return nil
    }
  }

  /// How long the work may take; nil for ever.
  func timeout(atMost limit: Duration) throws(APIError) -> TimeAmount? {
    guard case .query(let query) = self else { return nil }
    guard let asked = query.timeout else { return TimeAmount(limit) }
    guard asked > 0 else { throw .parameter("query", "context deadline exceeded") }
    return min(TimeAmount(limit), .nanoseconds(asked))
  }
}

extension APIWork {
  /// Reads and plans what is a query.
  func prepared(_ options: QueryAPI.Options) throws(APIError) -> APITask {
    switch self {
    case .query(let query): .query(query, try query.prepared(options))
    case .series(let parameters): .series(parameters)
    case .names(let parameters): .names(parameters)
    case .values(let parameters, let name): .values(parameters, name: name)
    }
  }
}

/// What is left to do of a request: to look into the source.
enum APITask: Sendable {
  case query(QueryParameters, QueryParameters.Prepared)
  case series(SeriesParameters)
  case names(SeriesParameters)
  case values(SeriesParameters, name: [UInt8])

  /// Whether it may be done where other connections wait meanwhile.
  func isQuick(over source: any SeriesSource) -> Bool {
    switch self {
    case .query(_, let prepared): prepared.query.isQuick(over: source)
    case .series, .names, .values: false
    }
  }

  func answer(
    over source: any SeriesSource, _ cancellation: Cancellation, _ budget: MemoryBudget
  ) throws(APIError) -> APIAnswer {
    switch self {
    case .query(let query, let prepared): try query.answer(prepared, over: source, cancellation)
    case .series(let parameters): try parameters.seriesAnswer(source, MemoryAccount(budget))
    case .names(let parameters): try parameters.namesAnswer(source, MemoryAccount(budget))
    case .values(let parameters, let name): try parameters.valuesAnswer(name, source, MemoryAccount(budget))
    }
  }
}
