import Evaluator
import PromQL
import TimeSeries

/// The parameters that the API's endpoints share, with their errors (http-api.md §4).
extension FormValues {
  /// `limit`: how many series or values to answer; `Int.max` when there is no limit.
  func limit() throws(APIError) -> Int {
    guard let text = text("limit") else { return .max }
    let digits =
      text.utf8.first == UInt8(ascii: "-") || text.utf8.first == UInt8(ascii: "+")
      ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw .parameter("limit", "strconv.Atoi: parsing \(GoText.quoted(text)): invalid syntax")
    }
    guard let limit = Int(text) else {
      throw .parameter("limit", "strconv.Atoi: parsing \(GoText.quoted(text)): value out of range")
    }
    guard limit >= 0 else { throw .parameter("limit", "limit must be non-negative") }
    return limit == 0 ? .max : limit
  }

  /// A time that need not be given, milliseconds.
  func time(_ name: String, default fallback: Int64) throws(APIError) -> Int64 {
    let text = first(name)
    guard !text.isEmpty else { return fallback }
    do {
      return try TimeParameter.milliseconds(text)
    } catch {
      throw .parameter(name, "invalid time value for '\(name)': \(error)")
    }
  }

  /// A time that must be given, milliseconds.
  func time(_ name: String) throws(APIError) -> Int64 {
    do {
      return try TimeParameter.milliseconds(first(name))
    } catch {
      throw .parameter(name, error.description)
    }
  }

  /// `timeout`, nanoseconds; nil when absent.
  func timeout() throws(APIError) -> Int64? {
    let text = first("timeout")
    guard !text.isEmpty else { return nil }
    do {
      return try TimeParameter.nanoseconds(text)
    } catch {
      throw .parameter("timeout", error.description)
    }
  }

  /// `lookback_delta`, milliseconds; nil when absent or not positive.
  func lookback() throws(APIError) -> Int64? {
    let text = first("lookback_delta")
    guard !text.isEmpty else { return nil }
    do {
      let milliseconds = try TimeParameter.nanoseconds(text) / 1_000_000
      return milliseconds > 0 ? milliseconds : nil
    } catch {
      throw .badData("error parsing lookback delta duration: \(error)")
    }
  }

  /// `start`, `end` and `step` of a range query.
  func grid() throws(APIError) -> Grid {
    let start = try time("start")
    let end = try time("end")
    guard end >= start else {
      throw .parameter("end", "end timestamp must not be before start time")
    }
    let step: Int64
    do {
      step = try TimeParameter.nanoseconds(first("step"))
    } catch {
      throw .parameter("step", error.description)
    }
    guard step > 0 else {
      throw .parameter(
        "step",
        "zero or negative query resolution step widths are not accepted. Try a positive integer")
    }
    let length = end.subtractingReportingOverflow(start)
    let nanoseconds = length.partialValue.multipliedReportingOverflow(by: 1_000_000)
    let isTooLong = length.overflow || nanoseconds.overflow
    guard (isTooLong ? Int64.max : nanoseconds.partialValue) / step <= Self.maximumPoints else {
      throw .badData(
        "exceeded maximum resolution of 11,000 points per timeseries. "
          + "Try decreasing the query resolution (?step=XX)")
    }
    guard step >= 1_000_000 else {
      throw .parameter("step", "a step below one millisecond is not accepted")
    }
    try Self.checkEvaluable(start, "start")
    try Self.checkEvaluable(end, "end")
    return Grid(start: start, end: end, step: step / 1_000_000)
  }

  /// The most steps between a range query's ends.
  private static let maximumPoints: Int64 = 11_000

  /// Queries cannot be evaluated at the two extreme times that select "everything" elsewhere.
  static func checkEvaluable(_ time: Int64, _ name: String) throws(APIError) {
    guard time == .min || time == .max else { return }
    throw .parameter(name, "a query cannot be evaluated at this time")
  }
}
