import Manifests
import TimeSeries

/// Everything that a report of replays shows. Pure data: the same report makes the same bytes.
public struct ReplayReport: Sendable {
  public var rollout: Rollout
  public var forecast: Forecast
  /// What the replays were judged by.
  public var judge: Judge
  /// What became of the webhooks.
  public var uncalled: UncalledHooks
  /// At least one, by time.
  public var runs: [Run]
  /// What else could have come out; nil when nobody asked.
  public var sweep: Sweep?

  /// One replay.
  public struct Run: Sendable {
    public var replay: Replay
    /// The revision whose pods appeared at its start; nil when the start was given.
    public var revision: String?
    /// The same analysis under the other judge.
    public var other: Replay
    /// Each check's value over time, in the order of the checks; empty when nothing is drawn.
    public var curves: [Curve]

    public init(
      _ replay: Replay, other: Replay, revision: String? = nil, curves: [Curve] = []
    ) {
      self.replay = replay
      self.other = other
      self.revision = revision
      self.curves = curves
    }
  }

  /// A check's value between the ticks too. Compared values: percent, milliseconds, or the query's own.
  public struct Curve: Sendable, Hashable {
    /// Milliseconds, ascending.
    public var times: [Int64]
    /// NaN where there is no value.
    public var values: [Double]

    public init(times: [Int64], values: [Double]) {
      self.times = times
      self.values = values
    }
  }

  public init(
    _ rollout: Rollout, judge: Judge, uncalled: UncalledHooks = .hold, runs: [Run],
    sweep: Sweep? = nil
  ) {
    self.rollout = rollout
    forecast = Forecast(rollout)
    self.judge = judge
    self.uncalled = uncalled
    self.runs = runs
    self.sweep = sweep
  }

  /// The worst of all: rolled back, then undecided, then promoted.
  public var verdict: Verdict {
    let verdicts = Set(runs.map(\.replay.verdict))
    return [.rolledBack, .undecided].first(where: verdicts.contains) ?? .promoted
  }

  /// The first run with that verdict, which reports show in full where there are many.
  public var telling: Run { runs.first { $0.replay.verdict == verdict } ?? runs[0] }

  /// How often each verdict came out, in the order of `Verdict`'s cases; those that did not are left out.
  var counts: [(verdict: Verdict, count: Int)] {
    Verdict.allCases.map { verdict in (verdict, runs.count { $0.replay.verdict == verdict }) }
      .filter { $0.count > 0 }
  }
}

extension TickResult.CheckedMetric {
  /// What the other judge makes of the same answer, where that is not the same verdict.
  func disagreement(_ rollout: Rollout, _ judge: Judge, _ record: TickRecord) -> CheckOutcome? {
    guard let evidence else { return nil }
    let since = record.result.state.since ?? record.before.since
    let other = judge.other.judgement(
      of: rollout.checks[index], on: evidence, TickTimes(record.time, canarySince: since)
    ).outcome
    return other.name == outcome.name ? nil : other
  }
}

extension Check {
  /// What an answer is compared as, in the unit of the bounds: percent, milliseconds or the query's own;
  /// nil without a value.
  public func comparedValue(of evidence: CheckEvidence) -> Double? {
    outcome(of: evidence).measurement?.comparedNumber
  }
}

extension CheckEvidence.Basis {
  /// `4 series, 24 samples, about 812 requests`
  var text: String? {
    let parts = [
      series.map { "\($0) series" }, samples.map { "\($0) samples" },
      requests.map { "about \($0.roundedText) requests" },
    ].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

extension Measurement {
  /// What was compared, as a number in the unit of the bounds.
  var comparedNumber: Double { compared.number }

  /// The value of Flagger's gauge: durations in seconds.
  public var gauge: Double {
    switch compared {
    case .percent(let value), .number(let value): value
    case .duration(let value): value.seconds
    }
  }
}

extension Measurement.Compared {
  /// In the unit of the bounds: percent, milliseconds, or the query's own.
  var number: Double {
    switch self {
    case .percent(let value), .number(let value): value
    case .duration(let value): Double(value.nanoseconds) / 1e6
    }
  }
}

extension Replay {
  /// How it ended and when: `PROMOTED at 10:04:20Z: …`
  func conclusion(in rollout: Rollout) -> String {
    let time = ClockText.time(endTime)
    let words =
      switch end {
      case .finished: "\(verdict.words) at \(time) (\(ticks.count) ticks)"
      case .outOfEvidence, .gateNotAsked: "\(verdict.words) after \(time) (\(ticks.count) ticks)"
      }
    return "\(words): \(end.explanation(in: rollout))"
  }
}
