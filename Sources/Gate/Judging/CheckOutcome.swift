public import Evaluator
public import Manifests
public import TimeSeries

/// How a check came out. "Cannot measure" and "measured bad" are never the same case.
public enum CheckOutcome: Sendable, Hashable {
  case passed(Measurement)
  case failed(Measurement, Breach)
  case noValue(NoValue)
  case error(CheckError)

  public var isPassed: Bool {
    switch self {
    case .passed: true
    case .failed, .noValue, .error: false
    }
  }

  /// Whether a value was compared with its bounds, whatever came of it.
  public var isMeasured: Bool {
    switch self {
    case .passed, .failed: true
    case .noValue, .error: false
    }
  }
}

/// Which bound was broken.
public enum Breach: Sendable, Hashable {
  case below(Double)
  case above(Double)
}

/// A value, and what it was compared as.
public struct Measurement: Sendable, Hashable {
  /// As the query answered; never NaN.
  public var value: Double
  /// What was compared, and how the event text writes it.
  public var compared: Compared
  /// Distance to the nearest bound in the unit of the bounds (percent, milliseconds, or the query's
  /// own); negative when the check failed; nil without bounds.
  public var margin: Double?
  /// How many series answered; Flagger silently takes the last one.
  public var seriesCount: Int
  /// The labels of the series whose value counts.
  public var seriesLabels: Labels
  /// The lowest and the highest value of all series.
  public var lowest: Double
  public var highest: Double
  /// What the evaluation remarked.
  public var notes: [String]

  public enum Compared: Sendable, Hashable {
    case percent(Double)
    case number(Double)
    /// Cut to whole milliseconds.
    case duration(GoDuration)
  }
}

/// There is no value, and why.
public struct NoValue: Sendable, Hashable {
  public var cause: Cause
  /// How many series answered.
  public var seriesCount: Int
  /// What a closer look at the data found, the most telling first; empty when nobody looked.
  public var findings: [DataFinding]

  public init(cause: Cause, seriesCount: Int = 0, findings: [DataFinding] = []) {
    self.cause = cause
    self.seriesCount = seriesCount
    self.findings = findings
  }

  public enum Cause: Sendable, Hashable {
    /// The result is empty.
    case noSeries
    /// The last series is NaN.
    case notANumber
    /// The values are JSON numbers, which Flagger passes over.
    case notText
    /// An error came with a status below 400, so that Flagger sees an empty result.
    case hiddenError(String)
    /// Strict only: more than one series, so that which one counts is chance.
    case severalSeries
    /// Strict only: too few requests to judge by.
    case fewRequests(Double, wanted: Double)
    /// Strict only: the answer is none that a server of the API gives.
    case oddAnswer(String)
    /// Strict only: the sample is so many milliseconds away from the time that was asked for.
    case anotherTime(Int64)
    /// Strict only: the value is infinite, and would have passed.
    case infinite(Double)
    /// Strict only: the windows, so many milliseconds long, begin before the canary's rollout did.
    case windowBeforeCanary(reach: Int64)
  }
}

/// Why a check could not be made.
public enum CheckError: Error, Sendable, Hashable {
  case query(QueryFailure)
  /// The text/template's own words.
  case rendering(String)
  /// `name.namespace` of the template and the cluster's words.
  case templateMissing(String)
  case secretMissing(String)
  /// A provider type that promgate does not speak, or an address that is none.
  case provider(type: String, String)
  /// Neither a query, nor a template, nor a built-in name.
  case noQuery
}
