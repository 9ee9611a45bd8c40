public import TimeSeries

/// What an instant query answered, in the shape that Flagger reads (flagger.md §4.3): only
/// `data.result` counts for it; the rest is kept for the report.
public struct InstantAnswer: Sendable, Hashable {
  /// In the order of the answer, which decides which one counts.
  public var series: [AnsweredSeries]
  /// The text of an error that came with a status below 400; Flagger never sees it.
  public var errorText: String?
  /// Warnings; what is merely worth knowing is left out.
  public var notes: [String]
  /// What a server of the API never answers, and Flagger does not look at: a status that is not
  /// `success`, a type of result that is no vector, a sample without a time. Nil for an answer in order.
  public var oddity: String?

  public init(
    series: [AnsweredSeries] = [], errorText: String? = nil, notes: [String] = [], oddity: String? = nil
  ) {
    self.series = series
    self.errorText = errorText
    self.notes = notes
    self.oddity = oddity
  }
}

/// One element of `data.result`.
public struct AnsweredSeries: Sendable, Hashable {
  public var labels: Labels
  public var content: Content
  /// Of the sample, milliseconds; nil where it says none, or where the answer is of our own evaluation.
  public var time: Int64?

  public init(labels: Labels = Labels([]), content: Content, time: Int64? = nil) {
    self.labels = labels
    self.content = content
    self.time = time
  }

  public enum Content: Sendable, Hashable {
    /// Compared and hashed by bits, so that NaN equals itself.
    case number(bits: UInt64)
    /// A string that is no number.
    case unreadable(GoNumber.Problem)
    /// `value[1]` is no string: passed over without a word.
    case notText
    /// A range of samples (`values`).
    case points
    /// Neither `value` nor `values`: a native histogram. Flagger's process dies of it.
    case histogram

    /// A sample's value.
    public static func value(_ value: Double) -> Content { .number(bits: value.bitPattern) }
  }
}

/// Why a query has no answer. `description` is what Flagger puts into its event texts.
public enum QueryFailure: Error, Sendable, Hashable {
  /// Nobody answered: refused, timed out, no such host.
  case unreachable(String)
  /// A status of 400 or more; `message` is the error of a Prometheus body, nil for other bodies.
  case refused(status: Int, reason: String, body: String, message: String?)
  /// The body is not what a vector's JSON looks like.
  case undecodable(String, body: String)
  /// A scalar or string result, which Flagger cannot decode.
  case notAVector(String, body: String)
  /// A range vector.
  case multipleValues
  /// `value[1]` is a string that is no number.
  case unreadableNumber(GoNumber.Problem)
  /// A native histogram: Flagger 1.44 crashes (`index out of range`).
  case histogramSample
}

extension QueryFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unreachable(let problem): "request failed: \(problem)"
    case .refused(let status, let reason, let body, _):
      "error response: Status \(status) \(reason): \(body)"
    case .undecodable(let problem, let body), .notAVector(let problem, let body):
      "error unmarshaling result: \(problem), '\(body)'"
    case .multipleValues: "query returned multiple values"
    case .unreadableNumber(let problem): problem.description
    case .histogramSample: "index out of range [1] with length 0"
    }
  }
}

/// What is left of an answer: the one value that counts, or none (flagger.md §4.3, §4.4).
public enum Reading: Sendable, Hashable {
  /// The bits of a value that is no NaN, and the position of its series in the answer.
  case value(bits: UInt64, position: Int)
  case noValue(NoValue.Cause)
  case failure(QueryFailure)
}

extension InstantAnswer {
  /// Reads the answer as Flagger does: in order, the first oddity fails, the last series wins.
  public var reading: Reading {
    var last: (value: Double, position: Int)?
    for (position, element) in series.enumerated() {
      switch element.content {
      case .points: return .failure(.multipleValues)
      case .unreadable(let problem): return .failure(.unreadableNumber(problem))
      case .histogram: return .failure(.histogramSample)
      case .notText: break
      case .number(let bits): last = (Double(bitPattern: bits), position)
      }
    }
    guard let last else {
      if let errorText { return .noValue(.hiddenError(errorText)) }
      return .noValue(series.isEmpty ? .noSeries : .notText)
    }
    if last.value.isNaN { return .noValue(.notANumber) }
    return .value(bits: last.value.bitPattern, position: last.position)
  }
}
