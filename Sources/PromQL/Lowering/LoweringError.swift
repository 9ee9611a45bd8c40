import TimeSeries

/// Why a valid expression cannot be planned for a query; `description` is Prometheus' text
/// (promql.md §6).
public enum LoweringError: Error, Sendable, Hashable {
  case duration(DurationProblem, SourceRange)
  /// A range query over what is neither scalar nor instant vector.
  case invalidRangeQueryType(ValueType)
  /// The query uses what has been switched off: `@`, or an offset into the future.
  case disabled(LanguageFeature)
  /// The expression is nested deeper than the limit.
  case tooDeep(limit: Int)

  public enum DurationProblem: String, Sendable, Hashable {
    case notFinite = "duration is NaN or infinite"
    case notPositive = "duration must be greater than 0"
    case outOfRange = "duration is out of range"
    case divisionByZero = "division by zero"
    case moduloByZero = "modulo by zero"
  }
}

extension LoweringError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .duration(let problem, let range): return "\(range.start):\(range.end): \(problem.rawValue)"
    case .invalidRangeQueryType(let type):
      return "invalid expression type \(GoText.quoted(type.name)) for range query, "
        + "must be Scalar or instant Vector"
    case .disabled(let feature):
      return feature == .atModifier ? "@ modifier is disabled" : "negative offset is disabled"
    case .tooDeep(let limit):
      return "expression is nested too deeply: at most \(limit) levels can be evaluated"
    }
  }
}
