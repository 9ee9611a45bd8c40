import Evaluator
import NIOCore
import TimeSeries

/// A request of the API with its parameters read: what is left to do on a thread of the pool.
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
      .logReplay, .admin, .openTelemetry, .federate, .version:
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
