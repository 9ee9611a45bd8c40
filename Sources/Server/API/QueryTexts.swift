import Evaluator
import PromQL
import TimeSeries

/// The endpoints that look at a query and evaluate nothing (http-api.md §13).
extension FormValues {
  /// `/format_query`: the query in its one layout.
  func formattedQuery(_ features: LanguageFeatures, _ memory: MemoryAccount) throws(APIError) -> APIAnswer {
    var writer = ByteWriter()
    let expression = try parsed(features, memory) { .parameter("query", $0) }
    // Each line is indented by its depth.
    let indents = expression.nodes.count.multipliedReportingOverflow(by: 4 * Lowering.depth(of: expression))
    if expression.text.count > 2048 { try take(indents.overflow ? .max : indents.partialValue, from: memory) }
    writer.append(string: expression.pretty())
    return APIAnswer(data: writer.finish())
  }

  /// `/parse_query`: the query as a tree.
  func parsedQuery(_ features: LanguageFeatures, _ memory: MemoryAccount) throws(APIError) -> APIAnswer {
    let expression = try parsed(features, memory) { .parameter("query", $0) }
    var writer = ByteWriter()
    ExpressionJSON.append(expression, to: &writer)
    return APIAnswer(data: writer.finish())
  }

  /// `/query_exemplars`: none are kept, so none are found; nil for a query without a selector.
  func exemplars(_ features: LanguageFeatures, _ memory: MemoryAccount) throws(APIError) -> APIAnswer? {
    let start = try time("start", default: .min)
    let end = try time("end", default: .max)
    guard start <= end else { throw .badData("end timestamp must not be before start timestamp") }
    let expression = try parsed(features, memory, APIError.badData)
    let hasSelector = expression.nodes.contains {
      if case .selector = $0.form { true } else { false }
    }
    return hasSelector ? APIAnswer(data: "[]") : nil
  }

  private func take(_ bytes: Int, from memory: MemoryAccount) throws(APIError) {
    do { try memory.take(bytes) } catch { throw APIError(error) }
  }

  private func parsed(
    _ features: LanguageFeatures, _ memory: MemoryAccount, _ error: (String) -> APIError
  ) throws(APIError) -> Expression {
    try take(QuerySize.bytes(first("query")), from: memory)
    do {
      return try Expression.parse(first("query"), features: features)
    } catch let failure {
      throw error(failure.description)
    }
  }
}
