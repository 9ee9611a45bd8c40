public import Evaluator
import TimeSeries

/// What an evaluation of our own answers, as Flagger would read it over HTTP.
extension InstantAnswer {
  /// - Parameters:
  ///   - result: the result of an instant query.
  ///   - text: the query, for the places in its annotations.
  public init(_ result: QueryResult, query text: [UInt8]) throws(QueryFailure) {
    let series: [AnsweredSeries]
    switch result.value {
    case .scalar(let time, let value): throw Self.notAVector(time, GoText.json(value))
    case .string(let time, let value): throw Self.notAVector(time, value)
    case .vector(_, let samples):
      series = samples.map { sample in
        AnsweredSeries(labels: sample.labels, content: sample.value.content)
      }
    case .matrix(let rows):
      series = rows.map { AnsweredSeries(labels: $0.labels, content: .points) }
    }
    let warnings = result.annotations.filter { $0.level == .warning }
    self.init(series: series, notes: warnings.map { $0.rendered(in: text) })
  }

  private static func notAVector(_ time: Int64, _ value: String) -> QueryFailure {
    .notAVector(
      "json: cannot unmarshal number into Go struct field .data.result",
      body: "[\(GoText.plain(Double(time) / 1000)),\(JSONText.string(value))]")
  }
}

extension VectorSample.Value {
  fileprivate var content: AnsweredSeries.Content {
    switch self {
    case .float(let value): .value(value)
    case .histogram: .histogram
    }
  }
}

extension QueryFailure {
  /// The refusal that a Prometheus server would answer for an error of our own evaluation.
  public init(_ error: QueryError) {
    let message = error.description
    switch error {
    case .syntax, .creation:
      self = .serverError(
        400, "Bad Request", type: "bad_data", "invalid parameter \"query\": \(message)", message)
    case .evaluation(.timedOut, _):
      self = .serverError(503, "Service Unavailable", type: "timeout", message, message)
    case .evaluation(.canceled, _): self = .serverError(499, "", type: "canceled", message, message)
    case .evaluation, .source:
      self = .serverError(422, "Unprocessable Entity", type: "execution", message, message)
    }
  }

  private static func serverError(
    _ status: Int, _ reason: String, type: String, _ text: String, _ message: String
  ) -> QueryFailure {
    let body = "{\"status\":\"error\",\"errorType\":\"\(type)\",\"error\":\(JSONText.string(text))}"
    return .refused(status: status, reason: reason, body: body, message: message)
  }
}
