public import Evaluator
import Manifests
import TimeSeries

/// What was found out about a check: the answer, and for an answer without a value what a closer look
/// at the data says.
public struct CheckEvidence: Sendable, Hashable {
  public var answer: Result<InstantAnswer, QueryFailure>
  public var findings: [DataFinding]
  /// What the answer stands on; nil when nobody asked.
  public var basis: Basis?
  /// For which time another server was asked, milliseconds; nil for evaluations of our own.
  public var asked: Int64?

  public init(
    _ answer: Result<InstantAnswer, QueryFailure>, findings: [DataFinding] = [], basis: Basis? = nil,
    asked: Int64? = nil
  ) {
    self.asked = asked
    self.answer = answer
    self.findings = findings
    self.basis = basis
  }

  /// What a query found and counted at one time; see `BasisQueries`.
  public struct Basis: Sendable, Hashable {
    /// How far the windows look back, in milliseconds; 0 without a window.
    public var reach: Int64
    /// Series that the selectors found; nil where they were not counted.
    public var series: Int?
    /// Samples in the windows; nil where they were not counted.
    public var samples: Int?
    /// Requests in the windows, extrapolated as `increase` does; nil where they cannot be counted.
    public var requests: Double?

    public init(
      reach: Int64 = 0, series: Int? = nil, samples: Int? = nil, requests: Double? = nil
    ) {
      self.reach = reach
      self.series = series
      self.samples = samples
      self.requests = requests
    }
  }
}

extension Check {
  /// The verdict on an answer (flagger.md §3.3, §4.3–§4.4, §5.3).
  public func outcome(of evidence: CheckEvidence) -> CheckOutcome {
    if case .unavailable(let error) = query { return .error(error) }
    let answer: InstantAnswer
    switch evidence.answer {
    case .success(let success): answer = success
    case .failure(let failure): return .error(.query(failure))
    }
    switch answer.reading {
    case .failure(let failure): return .error(.query(failure))
    case .noValue(let cause):
      return .noValue(
        NoValue(cause: cause, seriesCount: answer.series.count, findings: evidence.findings))
    case .value(let bits, let position):
      return compare(Double(bitPattern: bits), position: position, in: answer)
    }
  }

  private func compare(_ value: Double, position: Int, in answer: InstantAnswer) -> CheckOutcome {
    let compared = compared(value)
    let limits = bounds.limits(of: kind)
    let below = limits.min.flatMap { compared.isBelow($0) ? Breach.below($0) : nil }
    let above = limits.max.flatMap { compared.isAbove($0) ? Breach.above($0) : nil }
    // The minimum is tested first.
    let breach = below ?? above
    let distances =
      switch breach {
      case .below(let bound): [compared.distance(above: bound)]
      case .above(let bound): [-compared.distance(above: bound)]
      case nil:
        [limits.min.map { compared.distance(above: $0) }, limits.max.map { -compared.distance(above: $0) }]
          .compactMap { $0 }
      }
    let values = answer.series.compactMap(\.content.finiteOrInfinite)
    let measurement = Measurement(
      value: value, compared: compared, margin: distances.min(),
      seriesCount: answer.series.count,
      seriesLabels: answer.series[position].labels,
      lowest: values.min() ?? value, highest: values.max() ?? value, notes: answer.notes)
    return breach.map { .failed(measurement, $0) } ?? .passed(measurement)
  }

  private func compared(_ value: Double) -> Measurement.Compared {
    switch kind {
    case .builtIn(let metric, let observer):
      switch BuiltInQuery(metric, of: observer).answer {
      case .percent: .percent(value)
      case .duration(let unit, _): .duration(.truncating(milliseconds: value * unit.millisecondsPerUnit))
      }
    case .inline, .template, .unusable: .number(value)
    }
  }
}

extension Measurement.Compared {
  func isBelow(_ bound: Double) -> Bool {
    switch self {
    case .percent(let value), .number(let value): value < bound
    case .duration(let value): value < .truncating(milliseconds: bound)
    }
  }

  func isAbove(_ bound: Double) -> Bool {
    switch self {
    case .percent(let value), .number(let value): value > bound
    case .duration(let value): value > .truncating(milliseconds: bound)
    }
  }

  /// How far the value lies above a bound, in the unit of the bounds.
  func distance(above bound: Double) -> Double {
    switch self {
    case .percent(let value), .number(let value):
      // Infinite on both sides: no distance.
      value == bound ? 0 : value - bound
    case .duration(let value):
      Double(value.nanoseconds) / 1e6
        - Double(GoDuration.truncating(milliseconds: bound).nanoseconds) / 1e6
    }
  }
}

extension GoDuration {
  /// A float of milliseconds as Flagger converts it on amd64: cut towards zero to an int64 (what does
  /// not fit becomes the least one), then multiplied with wrap-around. So +Inf is 0 s.
  static func truncating(milliseconds: Double) -> GoDuration {
    let whole = Int64(exactly: milliseconds.rounded(.towardZero)) ?? .min
    return GoDuration(nanoseconds: whole &* 1_000_000)
  }
}

extension AnsweredSeries.Content {
  /// The sample's value unless it is NaN or none.
  var finiteOrInfinite: Double? {
    switch self {
    case .number(let bits):
      let value = Double(bitPattern: bits)
      return value.isNaN ? nil : value
    case .unreadable, .notText, .points, .histogram: return nil
    }
  }
}
