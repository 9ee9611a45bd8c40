/// How the answers to a rollout's queries become verdicts.
public enum JudgingPolicy: Sendable, Hashable {
  /// Bit for bit Flagger 1.44 on Prometheus 3: the last series wins, no value and an error are failed
  /// checks, an infinite latency passes.
  case compatible
  /// What the people who wrote the checks meant.
  case strict(StrictPolicy)
}

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

/// What an outcome does to its tick.
enum TickEffect: Sendable, Hashable {
  case goesOn
  case fails
  case waits
}

extension JudgingPolicy {
  func effect(of outcome: CheckOutcome) -> TickEffect {
    switch (self, outcome) {
    case (_, .passed): .goesOn
    case (_, .failed), (.compatible, .noValue), (.compatible, .error): .fails
    // Whatever the policy says: the window is not the canary's yet, so it has nothing to say.
    case (.strict, .noValue(let noValue)) where noValue.cause.isTooEarly: .waits
    case (.strict(let policy), .noValue): policy.onNoValue.effect
    case (.strict(let policy), .error): policy.onError.effect
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
