/// Functions of one sample: float in, float out, the name dropped (promql-functions.md §3.1).
public enum PointFunction: Sendable, Hashable, CaseIterable {
  case abs, ceil, floor, exp, sqrt, ln, log2, log10, sgn
  case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh
  case deg, rad
}

/// Functions of one sample and scalars of the same step.
public enum BoundedFunction: Sendable, Hashable, CaseIterable {
  /// `round(v, to)`: one scalar, filled in with 1.
  case round
  /// `clamp(v, lower, upper)`: two scalars.
  case clamp
  /// `clamp_min(v, lower)`, `clamp_max(v, upper)`: one scalar.
  case clampMin, clampMax
}

/// Parts of a date, of a sample's value in seconds (promql-functions.md §3.2).
public enum DateFunction: Sendable, Hashable, CaseIterable {
  case minute, hour, dayOfWeek, dayOfMonth, dayOfYear, daysInMonth, month, year
}

/// Numbers read from a native histogram (native-histograms.md §6.3).
public enum HistogramReading: Sendable, Hashable, CaseIterable {
  case count, sum, avg, stddev, stdvar
}

/// Functions of a window of samples (promql-functions.md §4 and §5).
public enum WindowFunction: Sendable, Hashable, CaseIterable {
  case rate, increase, delta, irate, idelta, resets, changes, deriv
  /// One scalar: seconds ahead of the step.
  case predictLinear
  /// Two scalars: smoothing and trend factor.
  case doubleExponentialSmoothing
  case avgOverTime, countOverTime, firstOverTime, lastOverTime, maxOverTime, minOverTime
  case sumOverTime, stddevOverTime, stdvarOverTime, presentOverTime, madOverTime
  case tsOfFirstOverTime, tsOfLastOverTime, tsOfMaxOverTime, tsOfMinOverTime
  /// One scalar: φ.
  case quantileOverTime
}

/// Aggregation operators (promql-evaluation.md §5); the raw value is the operator's name.
public enum AggregationOperator: String, Sendable, Hashable, CaseIterable {
  case sum, avg, count, min, max, group, stddev, stdvar, topk, bottomk, quantile, limitk
  case countValues = "count_values"
  case limitRatio = "limit_ratio"
}

/// Operators that compute (promql-evaluation.md §6.1).
public enum ArithmeticOperator: String, Sendable, Hashable, CaseIterable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case modulo = "%"
  case power = "^"
  case atan2
}

/// Operators that compare.
public enum ComparisonOperator: String, Sendable, Hashable, CaseIterable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
}

/// Operators that cut a native histogram at a value (native-histograms.md §7).
public enum TrimOperator: String, Sendable, Hashable, CaseIterable {
  /// Keeps what is below.
  case upper = "</"
  /// Keeps what is above.
  case lower = ">/"
}

/// Operators on sets of series (promql-evaluation.md §6.6).
public enum SetOperator: String, Sendable, Hashable, CaseIterable {
  case and, or, unless
}
