import Evaluator
import PromQL
import TimeSeries

/// The endpoints that look at a query and evaluate nothing (http-api.md §13).
extension FormValues {
  /// `/format_query`: the query in its one layout.
  func formattedQuery(_ features: LanguageFeatures) throws(APIError) -> APIAnswer {
    var writer = ByteWriter()
    writer.append(string: try parsed(features) { .parameter("query", $0) }.pretty())
    return APIAnswer(data: writer.finish())
  }

  /// `/parse_query`: the query as a tree.
  func parsedQuery(_ features: LanguageFeatures) throws(APIError) -> APIAnswer {
    let expression = try parsed(features) { .parameter("query", $0) }
    var writer = ByteWriter()
    ExpressionJSON.append(expression, to: &writer)
    return APIAnswer(data: writer.finish())
  }

  /// `/query_exemplars`: none are kept, so none are found; nil for a query without a selector.
  func exemplars(_ features: LanguageFeatures) throws(APIError) -> APIAnswer? {
    let start = try time("start", default: .min)
    let end = try time("end", default: .max)
    guard start <= end else { throw .badData("end timestamp must not be before start timestamp") }
    let expression = try parsed(features, APIError.badData)
    let hasSelector = expression.nodes.contains {
      if case .selector = $0.form { true } else { false }
    }
    return hasSelector ? APIAnswer(data: "[]") : nil
  }

  private func parsed(
    _ features: LanguageFeatures, _ error: (String) -> APIError
  ) throws(APIError) -> Expression {
    do {
      return try Expression.parse(first("query"), features: features)
    } catch let failure {
      throw error(failure.description)
    }
  }
}
