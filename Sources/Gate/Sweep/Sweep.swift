/// How sure a replay's verdict is: what comes out when the circumstances were a little different.
public struct Sweep: Sendable {
  /// One row for each circumstance that was varied.
  public var variations: [Variation]
  /// For each bound, where the verdict would change.
  public var flips: [Flip]
  /// What the checks can tell from noise; only for shares of requests that could be counted.
  public var resolutions: [Resolution]
  /// The odds of the whole rollout at several true error rates; empty where nothing could be simulated.
  public var odds: [Odds]

  public init(
    variations: [Variation] = [], flips: [Flip] = [], resolutions: [Resolution] = [], odds: [Odds] = []
  ) {
    self.variations = variations
    self.flips = flips
    self.resolutions = resolutions
    self.odds = odds
  }

  /// A circumstance, and what came out for each value of it.
  public struct Variation: Sendable, Hashable {
    public var kind: Kind
    public var cases: [Case]

    public init(_ kind: Kind, _ cases: [Case]) {
      self.kind = kind
      self.cases = cases
    }

    /// The raw values are stable: they appear in JSON.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
      /// The ticks begin a part of the interval later.
      case phase
      /// The bounds of all checks, in percent of themselves.
      case bounds
      /// The interval of the metrics, which is their window.
      case window
      /// `analysis.threshold`
      case failedChecks
      /// One pod's series left out.
      case pod
    }

    public struct Case: Sendable, Hashable {
      /// `+3s`, `90%`, `2m`, `12`, a pod's name.
      public var name: String
      public var verdict: Verdict

      public init(_ name: String, _ verdict: Verdict) {
        self.name = name
        self.verdict = verdict
      }
    }

    /// How many cases come to another verdict.
    public func flips(from verdict: Verdict) -> Int { cases.count { $0.verdict != verdict } }
  }

  /// Where a bound would have to be for another verdict.
  public struct Flip: Sendable, Hashable {
    /// The check's index.
    public var check: Int
    public var side: Side
    /// As written.
    public var bound: Double
    /// The nearest bound that changes the verdict; nil when none does.
    public var value: Double?
    /// The verdict there; nil when none changes it.
    public var verdict: Verdict?

    /// The raw values are stable: they appear in JSON.
    public enum Side: String, Sendable, Hashable {
      case min, max
    }
  }

  /// What one check can tell from chance, by a binomial model of independent requests.
  public struct Resolution: Sendable, Hashable {
    /// The check's index.
    public var check: Int
    /// Requests in a window: the median over the ticks.
    public var requests: Double
    /// The share of failing requests at which the check's bound lies.
    public var limit: Double
    /// The smallest share of failing requests that fails a check in 95 of 100 cases; nil when none does.
    public var detectable: Double?
    /// How often a check fails although only half as many requests fail as the bound allows.
    public var falseAlarm: Double
  }

  /// What becomes of a rollout whose requests fail at a rate, over many simulations.
  public struct Odds: Sendable, Hashable {
    /// The true share of failing requests.
    public var errorRate: Double
    /// Shares of the simulations; the rest of 1 is undecided.
    public var promoted: Double
    public var rolledBack: Double
  }
}
