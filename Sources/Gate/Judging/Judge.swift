/// How the answers to a rollout's queries become verdicts: a name, what it wants to know, and one function.
/// `Analysis` drives all of them alike; to add one is a value like `compatible` below, and its name.
public struct Judge: Sendable {
  public let name: Name
  /// What it means, in a few words.
  public let summary: String
  /// What it wants to know beside the answers.
  public let needs: Set<EvidenceNeed>
  let judge: @Sendable (Check, CheckEvidence, TickTimes) -> Judgement

  /// The raw values are the command line's, and stable in JSON.
  public enum Name: String, Sendable, Hashable, CaseIterable {
    case compatible
    case strict
  }

  init(
    _ name: Name, _ summary: String, needs: Set<EvidenceNeed> = [],
    judge: @escaping @Sendable (Check, CheckEvidence, TickTimes) -> Judgement
  ) {
    self.name = name
    self.summary = summary
    self.needs = needs
    self.judge = judge
  }

  /// What a check comes to in its tick. The same arguments give the same judgement.
  public func judgement(of check: Check, on evidence: CheckEvidence, _ times: TickTimes) -> Judgement {
    judge(check, evidence, times)
  }

  /// Bit for bit Flagger 1.44 on Prometheus 3: the last series wins, no value and an error are failed
  /// checks, an infinite latency passes.
  public static let compatible = Judge(.compatible, "judged as Flagger 1.44 judges") { check, evidence, _ in
    let outcome = check.outcome(of: evidence)
    return Judgement(outcome: outcome, effect: outcome.isPassed ? .goesOn : .fails)
  }

  /// Its name as reports write it.
  public var title: String { name.rawValue }

  /// The judge that a replay is held against.
  public var other: Judge {
    switch name {
    case .compatible: .strict(StrictPolicy())
    case .strict: .compatible
    }
  }
}

/// What may be known of a check beside its answer; it costs further queries.
public enum EvidenceNeed: Sendable, Hashable, CaseIterable {
  /// How many series, samples and requests the answer stands on: `CheckEvidence.Basis`.
  case basis
}

/// When a check is judged, in milliseconds since the epoch.
public struct TickTimes: Sendable, Hashable {
  /// Of the tick: what the query was asked for.
  public var time: Int64
  /// When the canary's rollout began; nil when that is not known.
  public var canarySince: Int64?

  public init(_ time: Int64, canarySince: Int64? = nil) {
    self.time = time
    self.canarySince = canarySince
  }
}

/// What a check came to, and what that does to its tick.
public struct Judgement: Sendable, Hashable {
  public var outcome: CheckOutcome
  public var effect: TickEffect

  public init(outcome: CheckOutcome, effect: TickEffect) {
    self.outcome = outcome
    self.effect = effect
  }
}

/// What a check does to its tick.
public enum TickEffect: Sendable, Hashable {
  case goesOn
  /// It counts as a failed check, and the tick ends.
  case fails
  /// The tick ends; nothing is counted, the weight stays.
  case waits
}
