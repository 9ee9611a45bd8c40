/// What is asked of an answer before it counts, and what becomes of a tick whose answer does not
/// (docs/strict.md).
public struct StrictPolicy: Sendable, Hashable {
  /// For a check without a value: empty, NaN, several series, too few requests.
  public var onNoValue: UnmeasuredPolicy
  /// For a query that failed: refused, unreachable, unreadable.
  public var onError: UnmeasuredPolicy
  /// Fewer requests in the windows are no measurement; 0 asks for none. Only where the requests of a
  /// query can be counted: see `BasisQueries`.
  public var minimumRequests: Double

  public init(
    onNoValue: UnmeasuredPolicy = .wait, onError: UnmeasuredPolicy = .wait, minimumRequests: Double = 0
  ) {
    self.onNoValue = onNoValue
    self.onError = onError
    self.minimumRequests = minimumRequests
  }
}

/// What a check that was not measured does to its tick. The raw values are the command line's.
public enum UnmeasuredPolicy: String, Sendable, Hashable, CaseIterable {
  /// It counts as a failed check, as it does for Flagger.
  case fail
  /// The tick ends; nothing is counted, the weight stays.
  case wait
  /// As if it had passed.
  case pass
}

extension Judge {
  /// What the people who wrote the checks meant (docs/strict.md).
  public static func strict(_ policy: StrictPolicy) -> Judge {
    let requests =
      policy.minimumRequests > 0 ? ", at least \(policy.minimumRequests.roundedText) requests" : ""
    return Judge(
      .strict,
      "judged strictly: without a value \(policy.onNoValue.rawValue), on an error \(policy.onError.rawValue)"
        + requests, needs: [.basis]
    ) { check, evidence, times in
      let outcome = check.strictOutcome(of: evidence, policy, times)
      return Judgement(outcome: outcome, effect: policy.effect(of: outcome))
    }
  }
}

extension StrictPolicy {
  fileprivate func effect(of outcome: CheckOutcome) -> TickEffect {
    switch outcome {
    case .passed: .goesOn
    case .failed: .fails
    // Whatever the policy says: the window is not the canary's yet, so it has nothing to say.
    case .noValue(let noValue) where noValue.cause.isTooEarly: .waits
    case .noValue: onNoValue.effect
    case .error: onError.effect
    }
  }
}

extension UnmeasuredPolicy {
  fileprivate var effect: TickEffect {
    switch self {
    case .fail: .fails
    case .wait: .waits
    case .pass: .goesOn
    }
  }
}

extension NoValue.Cause {
  fileprivate var isTooEarly: Bool {
    if case .windowBeforeCanary = self { true } else { false }
  }
}

extension Check {
  fileprivate func strictOutcome(
    of evidence: CheckEvidence, _ policy: StrictPolicy, _ times: TickTimes
  ) -> CheckOutcome {
    let compatible = outcome(of: evidence)
    guard case .success(let answer) = evidence.answer else { return compatible }
    func unmeasured(_ cause: NoValue.Cause) -> CheckOutcome {
      .noValue(NoValue(cause: cause, seriesCount: answer.series.count, findings: evidence.findings))
    }
    if let reach = evidence.basis?.reach, reach > 0, let since = times.canarySince,
      times.time &- reach < since
    {
      return unmeasured(.windowBeforeCanary(reach: reach))
    }
    if case .error = compatible { return compatible }
    if let error = answer.errorText { return unmeasured(.hiddenError(error)) }
    if let oddity = answer.oddity { return unmeasured(.oddAnswer(oddity)) }
    guard compatible.isMeasured else { return compatible }
    for sample in answer.series.compactMap(\.time) {
      guard let asked = evidence.asked else { break }
      let (distance, overflow) = sample.subtractingReportingOverflow(asked)
      if overflow || distance.magnitude > Self.tolerance {
        return unmeasured(.anotherTime(overflow ? .max : distance))
      }
    }
    if let requests = evidence.basis?.requests, requests < policy.minimumRequests {
      return unmeasured(.fewRequests(requests, wanted: policy.minimumRequests))
    }
    if answer.series.count > 1 { return unmeasured(.severalSeries) }
    // What Flagger reads as 0s is the worst latency there is.
    if case .passed(let measurement) = compatible, case .duration = measurement.compared,
      measurement.value == .infinity, let bound = bounds.limits(of: kind).max
    {
      var infinite = measurement
      infinite.compared = .number(.infinity)
      infinite.margin = -.infinity
      return .failed(infinite, .above(bound))
    }
    if case .passed(let measurement) = compatible, measurement.value.isInfinite {
      return unmeasured(.infinite(measurement.value))
    }
    return compatible
  }

  /// How far a sample may be from the time that was asked for, milliseconds: clocks differ, answers travel.
  private static let tolerance: UInt64 = 60_000
}
