import ArgumentParser
import Evaluator
import Server
import TimeSeries

/// What clients of the endpoint may ask of it.
struct AnswerArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("How long a query may take.", default: .duration(120_000), valueName: "duration"),
    transform: ArgumentText.duration)
  var queryTimeout: Int64 = 120_000

  @Option(
    help: ArgumentHelp(
      "How many queries are evaluated at once.", default: .count(PrometheusAPI.Options().concurrentQueries),
      valueName: "count"),
    transform: ArgumentText.count)
  var queryConcurrency = PrometheusAPI.Options().concurrentQueries

  @Option(
    help: ArgumentHelp(
      "How many connections may be open.", default: .count(HTTPLimits().connections), valueName: "count"),
    transform: ArgumentText.count)
  var maxConnections = HTTPLimits().connections

  @Option(
    help: ArgumentHelp(
      "The largest body of a request (default: 32M, a sixteenth of the memory where that is less).",
      valueName: "size"),
    transform: ArgumentText.size)
  var maxBodySize: Int?

  @Option(
    help: ArgumentHelp(
      "The bodies of all requests that are under way, together (default: 256M, a sixteenth of the memory "
        + "where that is less).",
      valueName: "size"),
    transform: ArgumentText.size)
  var maxBodiesSize: Int?

  @Option(
    help: ArgumentHelp(
      "Which origins may read answers from a browser (default: all).", valueName: "pattern"),
    transform: { text in
      do { return try LabelPattern(text) } catch { throw ValidationError("\(error)") }
    })
  var corsOrigin: LabelPattern?

  /// The endpoint's options.
  func options(_ engine: QueryEngine) -> PrometheusAPI.Options {
    var options = PrometheusAPI.Options()
    options.evaluation = engine.options
    options.features = engine.features
    options.memory = engine.memory
    options.queryTimeout = .milliseconds(queryTimeout)
    options.concurrentQueries = queryConcurrency
    options.allowedOrigins = corsOrigin
    return options
  }

  /// The server's limits.
  var limits: HTTPLimits {
    var limits = HTTPLimits.ofMachine
    limits.connections = maxConnections
    limits.bodySize = maxBodySize ?? limits.bodySize
    limits.bodiesSize = max(maxBodiesSize ?? limits.bodiesSize, limits.bodySize)
    return limits
  }
}
