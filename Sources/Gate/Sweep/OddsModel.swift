import Manifests

/// What chance does to a rollout: requests fail independently at a rate, checks see them through their
/// windows, and the analysis itself decides (docs/odds.md).
struct OddsModel {
  /// Simulations for each error rate.
  static let simulations = 1_000
  /// Windows of more ticks are not simulated.
  static let spanLimit = 100

  private let run: ReplayRun
  private let base: Replay
  private let shares: [ShareCheck]
  /// Ticks of a rollout on which everything passes.
  private let shortest: Int

  /// A check that compares a share of requests.
  fileprivate struct ShareCheck {
    var index: Int
    /// The share of failing requests at the bound.
    var limit: Double
    /// 1 or 100: what the query's share is measured in.
    var scale: Double
    /// Whether the query yields the share that succeeds.
    var countsSuccess: Bool
    /// Requests in the window, by the number of the tick; ascending numbers.
    var requests: [(tick: Int, count: Double)]
    /// Ticks that a window spans, at least 1.
    var span: Int
  }

  init(_ run: ReplayRun, base: Replay) {
    self.run = run
    self.base = base
    shortest = Forecast(run.rollout).ticks ?? 100
    shares = run.rollout.checks.indices.compactMap { Self.share(run.rollout, $0, base) }
  }

  /// Nil for a check that compares no share, or whose requests cannot be counted.
  private static func share(_ rollout: Rollout, _ index: Int, _ base: Replay) -> ShareCheck? {
    let check = rollout.checks[index]
    guard let query = check.sentQuery, let basis = BasisQueries(of: query), basis.countsShare else {
      return nil
    }
    var requests: [(Int, Double)] = []
    var values: [Double] = []
    for record in base.ticks {
      for checked in record.result.checks where checked.index == index {
        if let count = checked.evidence?.basis?.requests, count > 0 {
          requests.append((record.number, count))
        }
        if let value = checked.outcome.measurement?.comparedNumber { values.append(value) }
      }
    }
    let limits = check.bounds.limits(of: check.kind)
    guard !requests.isEmpty, let bound = limits.min ?? limits.max, bound >= 0 else { return nil }
    let largest = max(values.max() ?? 0, bound)
    guard largest <= 100 else { return nil }
    let scale: Double = largest <= 1 && !check.kind.isPercent ? 1 : 100
    let countsSuccess = limits.min != nil
    let limit = countsSuccess ? 1 - bound / scale : bound / scale
    guard limit > 0 else { return nil }
    let span = Double(basis.reach) / Double(max(1, rollout.interval.milliseconds))
    return ShareCheck(
      index: index, limit: limit, scale: scale, countsSuccess: countsSuccess, requests: requests,
      span: max(1, Int(span.rounded())))
  }

  // MARK: One check

  var resolutions: [Sweep.Resolution] {
    shares.map { share in
      let counts = share.requests.map(\.count).sorted()
      let median = counts[counts.count / 2]
      let trials = max(1, Int(median.rounded()))
      // The check fails when more than this many requests do; a hair for the division.
      let allowed = Int((share.limit * Double(trials) + 1e-9).rounded(.down))
      func fails(_ rate: Double) -> Double { 1 - Binomial(trials: trials, rate: rate).cumulative(allowed) }
      return Sweep.Resolution(
        check: share.index, requests: median, limit: share.limit, detectable: smallest(where: fails, 0.95),
        falseAlarm: fails(share.limit / 2))
    }
  }

  /// The smallest rate whose chance is at least so large; chances rise with the rate.
  private func smallest(where chance: (Double) -> Double, _ wanted: Double) -> Double? {
    guard chance(1) >= wanted else { return nil }
    var low = 0.0
    var high = 1.0
    for _ in 0..<50 {
      let middle = (low + high) / 2
      if chance(middle) >= wanted { high = middle } else { low = middle }
    }
    return high
  }

  // MARK: The whole rollout

  /// At no errors, half the tightest limit, the limit, and two, four and ten times as many.
  var odds: [Sweep.Odds] {
    guard let limit = shares.map(\.limit).min(), shares.allSatisfy({ $0.span <= Self.spanLimit }) else {
      return []
    }
    let rates = [0, 0.5, 1, 2, 4, 10].map { min(1, $0 * limit) }
    return rates.map(simulate)
  }

  private func simulate(_ rate: Double) -> Sweep.Odds {
    var promoted = 0
    var rolledBack = 0
    for number in 0..<Self.simulations {
      var random = SeededNumbers(seed: UInt64(number))
      switch verdict(rate, &random) {
      case .promoted: promoted += 1
      case .rolledBack: rolledBack += 1
      case .undecided: break
      }
    }
    let count = Double(Self.simulations)
    return Sweep.Odds(
      errorRate: rate, promoted: Double(promoted) / count, rolledBack: Double(rolledBack) / count)
  }

  private func verdict(_ rate: Double, _ random: inout SeededNumbers) -> Verdict {
    var simulated = run
    let interval = max(1, run.rollout.interval.milliseconds)
    // Twice what it takes with as many failures as it bears: who still waits then, waits.
    let ticks = 2 * Int64(shortest + run.rollout.failedChecksLimit)
    simulated.lastTime = base.start.addingClamped(ticks, times: interval)
    // What failed in each tick's time, drawn when a window first holds it: windows that overlap share it.
    var failures: [[Int: Int]] = Array(repeating: [:], count: run.rollout.checks.count)
    return simulated.replay(from: base.start) { index, time in
      guard let share = shares.first(where: { $0.index == index }) else {
        return Self.evidence(passing: run.rollout.checks[index])
      }
      let tick = Int((time - base.start) / interval)
      let trials = Int((share.count(at: tick) / Double(share.span)).rounded())
      var failed = 0
      for slice in (tick - share.span + 1)...tick {
        let drawn = failures[index][slice] ?? Binomial(trials: trials, rate: rate).draw(&random)
        failures[index][slice] = drawn
        failed += drawn
      }
      guard trials > 0 else { return CheckEvidence(.success(InstantAnswer())) }
      let part = min(1, Double(failed) / Double(trials * share.span))
      let value = (share.countsSuccess ? 1 - part : part) * share.scale
      return Self.evidence(value, requests: Double(trials * share.span))
    }.verdict
  }

  private static func evidence(_ value: Double, requests: Double? = nil) -> CheckEvidence {
    CheckEvidence(
      .success(InstantAnswer(series: [AnsweredSeries(content: .value(value))])),
      basis: CheckEvidence.Basis(requests: requests))
  }

  /// A value inside the bounds: what is not simulated shall not decide.
  private static func evidence(passing check: Check) -> CheckEvidence {
    let limits = check.bounds.limits(of: check.kind)
    let inside = limits.min ?? limits.max ?? 0
    guard case .builtIn(let metric, let observer) = check.kind,
      case .duration(let unit, _) = BuiltInQuery(metric, of: observer).answer
    else { return evidence(inside) }
    return evidence(inside / unit.millisecondsPerUnit)
  }
}

extension OddsModel.ShareCheck {
  /// Requests in the window at a tick: as recorded, or as at the last recorded tick before it.
  fileprivate func count(at tick: Int) -> Double {
    requests.last { $0.tick <= tick }?.count ?? requests[0].count
  }
}

extension Check.Kind {
  fileprivate var isPercent: Bool {
    if case .builtIn(.requestSuccessRate, _) = self { true } else { false }
  }
}
